"""The activations by name, as functions and in layers, in both libraries."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet

NAMES = [
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
X = np.random.default_rng(0).normal(0, 2, (6, 4)).astype("float32")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_a_function_and_a_layer_are_the_same(lib, name):
    function = getattr(lib.activations, name)
    expected = np.asarray(function(X))
    for activation in (name, function):
        for layer in (
            lib.layers.Activation(activation),
            lib.layers.Dense(4, activation=activation, kernel_initializer="identity"),
        ):
            y = lib.Sequential([lib.layers.Input((4,)), layer]).predict(X, verbose=0)
            np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    config = lib.layers.Activation(name).get_config()["activation"]
    assert config == {"swish": "silu"}.get(name, name)


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_are_keras(keras, name):
    x = np.concatenate([X, [[-60, 60, 0, 5]]]).astype("float32")
    ours = getattr(tinynet.activations, name)(x)
    theirs = np.asarray(getattr(keras.activations, name)(x))
    assert ours.dtype == theirs.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_training_goes_the_same_way(keras, name):
    y = np.random.default_rng(1).normal(size=(6, 2)).astype("float32")
    losses = []
    for lib in (tinynet, keras):
        model = lib.Sequential(
            [
                lib.layers.Input((4,)),
                lib.layers.Dense(4, activation=name, kernel_initializer="identity"),
                lib.layers.Dense(2, kernel_initializer="ones"),
            ]
        )
        model.compile(lib.optimizers.SGD(0.01), "mse")
        losses.append(model.fit(X / 2, y, epochs=5, batch_size=6, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


@pytest.mark.parametrize("name", ["glu", "sparsemax", "hard_tanh"])
def test_what_is_outside_is_refused_by_name(name):
    with pytest.raises(AttributeError, match=f"Keras has activations.{name}"):
        getattr(tinynet.activations, name)
    with pytest.raises(ValueError, match="Keras has it"):
        tinynet.layers.Dense(3, activation=name)
