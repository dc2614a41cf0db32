"""get_config and from_config, within each library and from one to the other."""

from __future__ import annotations

import json

import numpy as np
import pytest
from nets import classifier
from test_structure import every_layer

import tinynet


def rich(lib):
    """Build a model with something of everything, each with values that are not the default."""
    layers, init, reg = lib.layers, lib.initializers, lib.regularizers
    return lib.Sequential(
        [
            layers.Input((2, 3)),
            layers.Flatten(),
            layers.Rescaling(0.5, offset=-0.25),
            layers.Dense(
                7,
                activation="tanh",
                kernel_initializer=init.HeNormal(seed=3),
                bias_initializer=init.Constant(0.5),
                kernel_regularizer=reg.L1L2(l1=0.01, l2=0.02),
                name="first",
            ),
            layers.Dropout(0.3),
            layers.Dense(6, activation="leaky_relu", use_bias=False, kernel_regularizer="l1"),
            layers.Dense(6, kernel_initializer="he_uniform", kernel_regularizer=reg.L2(0.3)),
            layers.ReLU(),
            layers.Dense(5, kernel_initializer=init.RandomNormal(stddev=0.3)),
            layers.Activation("sigmoid"),
            layers.Dense(4, kernel_initializer=init.RandomUniform(-0.4, 0.4)),
            layers.Softmax(),
        ],
        name="rich",
    )


OPTIMIZERS = ["SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Adamax", "Adagrad", "Adadelta"]
RATE = {"initial_learning_rate": 0.25}
SCHEDULES = [
    ("ExponentialDecay", {**RATE, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("CosineDecay", {**RATE, "decay_steps": 20, "warmup_target": 0.5, "warmup_steps": 5}),
    ("PiecewiseConstantDecay", {"boundaries": [10, 20], "values": [0.5, 0.25, 0.125]}),
    ("PiecewiseConstantDecay", {"boundaries": [0], "values": [1, 0.125], "name": "mine"}),
    ("PolynomialDecay", {**RATE, "decay_steps": 15}),
    ("PolynomialDecay", {**RATE, "decay_steps": 15, "power": 2.0, "cycle": True}),
    ("PolynomialDecay", {**RATE, "decay_steps": 15, "end_learning_rate": 0.5, "power": 0.0}),
    ("InverseTimeDecay", {**RATE, "decay_steps": 7, "decay_rate": 0.5}),
    ("InverseTimeDecay", {**RATE, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
]
MODELS = [classifier, rich, lambda lib: lib.Sequential(every_layer(lib))]


def inputs(model):
    shape = model.input_shape[1:]
    return np.random.default_rng(3).normal(size=(8, *shape)).astype("float32")


@pytest.mark.parametrize("make", MODELS)
def test_from_config_builds_the_same_model_again(lib, make):
    model = make(lib)
    twin = lib.Sequential.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    x = inputs(model)
    np.testing.assert_allclose(twin.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    assert twin.name == model.name
    assert twin.get_config() == model.get_config()


@pytest.mark.parametrize("make", MODELS)
def test_a_config_survives_json(lib, make):
    model = make(lib)
    config = json.loads(json.dumps(model.get_config()))
    assert lib.Sequential.from_config(config).count_params() == model.count_params()


def test_the_config_lists_the_input_first_then_the_layers(lib):
    config = classifier(lib).get_config()
    assert [layer["class_name"] for layer in config["layers"]] == ["InputLayer", "Dense", "Dense"]
    assert config["name"] == "sequential"
    dense = config["layers"][1]["config"]
    assert (dense["units"], dense["activation"], dense["use_bias"]) == (5, "relu", True)
    assert dense["kernel_initializer"]["class_name"] == "GlorotUniform"


def test_a_layer_is_made_again_from_its_config(lib):
    layer = lib.layers.Dense(5, activation="tanh", kernel_regularizer="l2", name="mine")
    twin = lib.layers.Dense.from_config(layer.get_config())
    assert (twin.units, twin.name) == (5, "mine")
    assert twin.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            lambda k: k.initializers.RandomNormal(stddev=0.3, seed=4),
            {"mean": 0.0, "stddev": 0.3, "seed": 4},
        ),
        (
            lambda k: k.initializers.RandomUniform(seed=4),
            {"minval": -0.05, "maxval": 0.05, "seed": 4},
        ),
        (lambda k: k.initializers.Zeros(), {}),
        (lambda k: k.initializers.Constant(0.5), {"value": 0.5}),
        (lambda k: k.regularizers.L1(0.1), {"l1": 0.1}),
        (lambda k: k.regularizers.L2(0.1), {"l2": 0.1}),
        (lambda k: k.regularizers.L1L2(l1=0.1, l2=0.2), {"l1": 0.1, "l2": 0.2}),
    ],
)
def test_small_parts_have_configs_too(lib, make, expected):
    part = make(lib)
    config = part.get_config()
    assert {name: config[name] for name in expected} == pytest.approx(expected)
    assert type(part).from_config(config).get_config() == config


def test_optimizers_have_configs(lib):
    optimizers = lib.optimizers
    made = [
        (optimizers.SGD(0.2, momentum=0.5, nesterov=True), {"momentum": 0.5, "nesterov": True}),
        (optimizers.RMSprop(0.2, rho=0.8, centered=True), {"rho": 0.8, "centered": True}),
        (optimizers.Adam(0.2, beta_1=0.7, clipnorm=1.0), {"beta_1": 0.7, "clipnorm": 1.0}),
    ]
    for optimizer, expected in made:
        config = optimizer.get_config()
        assert config["learning_rate"] == pytest.approx(0.2)
        assert {name: config[name] for name in expected} == expected
        twin = type(optimizer).from_config(config)
        assert twin.get_config() == config


@pytest.mark.parametrize(("name", "arguments"), SCHEDULES)
def test_a_schedule_is_described_as_in_keras_and_gives_its_rates(keras, name, arguments):
    libs = (tinynet, keras)
    mine, theirs = (getattr(lib.optimizers.schedules, name)(**arguments) for lib in libs)
    assert mine.get_config() == theirs.get_config()
    for config in (mine.get_config(), theirs.get_config()):
        assert [type(rate).from_config(config).get_config() for rate in (mine, theirs)] == [
            config
        ] * 2
    steps = range(40)
    expected = [float(theirs(step)) for step in steps]
    np.testing.assert_allclose([mine(step) for step in steps], expected, rtol=2e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_is_described_as_in_keras(keras, name):
    options = {"learning_rate": 0.25, "clipvalue": 0.5}
    mine, theirs = (getattr(lib.optimizers, name)(**options) for lib in (tinynet, keras))
    assert mine.get_config() == theirs.get_config()
    for config in (mine.get_config(), theirs.get_config()):
        for cls in (type(mine), type(theirs)):
            assert cls.from_config(config).get_config() == config


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_takes_what_is_switched_off(lib, name):
    cls = getattr(lib.optimizers, name)
    off = {"use_ema": False, "ema_momentum": 0.99, "loss_scale_factor": None}
    off |= {"ema_overwrite_frequency": None, "gradient_accumulation_steps": None, "name": "mine"}
    config = cls(**off).get_config()
    assert {setting: config[setting] for setting in off} == off
    assert type(lib.optimizers.get(name.lower())) is type(lib.optimizers.get(name.upper())) is cls


@pytest.mark.parametrize("make", MODELS)
def test_a_tinynet_model_becomes_a_keras_model(keras, make):
    tiny = make(tinynet)
    model = keras.Sequential.from_config(tiny.get_config())
    model.set_weights(tiny.get_weights())
    x = inputs(tiny)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), tiny.predict(x, verbose=0), rtol=0, atol=1e-6
    )
    assert [layer.name for layer in model.layers] == [layer.name for layer in tiny.layers]


@pytest.mark.parametrize("make", MODELS)
def test_a_dense_keras_model_becomes_a_tinynet_model(keras, make):
    model = make(keras)
    tiny = tinynet.Sequential.from_config(model.get_config())
    tiny.set_weights(model.get_weights())
    x = inputs(tiny)
    np.testing.assert_allclose(
        tiny.predict(x, verbose=0), model.predict(x, verbose=0), rtol=0, atol=1e-6
    )
    assert [layer.name for layer in tiny.layers] == [layer.name for layer in model.layers]


def test_a_keras_model_with_other_layers_is_refused_by_name(keras):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match="Conv2D"):
        tinynet.Sequential.from_config(model.get_config())
