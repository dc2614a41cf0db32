"""Names and configs: objects out of tables, and nothing out of anywhere else."""

import json

import numpy as np
import pytest

from tinynet import activations, initializers, layers, losses, metrics, optimizers, regularizers
from tinynet import schedules as schedule_table
from tinynet.support.registry import (
    Configurable,
    custom_objects,
    find,
    get,
    nearest,
    serialize,
    snake_case,
)

TABLES = [initializers, layers, losses, metrics, optimizers, regularizers, schedule_table]


class Base(Configurable):
    def __init__(self, a, b=2, **options):
        self.a, self.b, self.c = a, b, options.get("c", 3)


class Sub(Base):
    def __init__(self, d=4, **options):
        super().__init__(**options)
        self.d = d


def test_arguments_are_read_off_the_constructors():
    assert list(Sub.arguments()) == ["d", "a", "b"]
    assert Sub(a=1).get_config() == {"d": 4, "a": 1, "b": 2}
    assert repr(Sub(a="x")) == "Sub(d=4, a='x', b=2)"


def test_each_setting_is_printed_once():
    text = repr(optimizers.RMSprop())
    assert text.count("learning_rate=") == 1
    assert text.startswith("RMSprop(learning_rate=0.001, rho=0.9")


@pytest.mark.parametrize(
    ("thing", "shown"),
    [
        (layers.Dense(3, name="last"), "Dense(units=3, activation='linear', name='last')"),
        (
            layers.Dense(3, "relu", kernel_initializer="zeros", input_shape=(4,), name="first"),
            "Dense(units=3, activation='relu', kernel_initializer=Zeros(), name='first', "
            "input_shape=(4,))",
        ),
        (
            layers.Dense(3, kernel_regularizer="l2", use_bias=False, trainable=False, name="a"),
            "Dense(units=3, activation='linear', use_bias=False, kernel_regularizer=L2(l2=0.01), "
            "name='a', trainable=False)",
        ),
        (
            layers.BatchNormalization(gamma_initializer="zeros", name="b"),
            "BatchNormalization(axis=-1, momentum=0.99, epsilon=0.001, "
            "gamma_initializer=Zeros(), name='b')",
        ),
        (optimizers.SGD(0.5), "SGD(learning_rate=0.5, momentum=0.0, name='sgd')"),
        (initializers.GlorotUniform(), "GlorotUniform()"),
        (initializers.GlorotUniform(seed=1), "GlorotUniform(seed=1)"),
    ],
)
def test_it_shows_numbers_and_what_is_not_as_by_default(thing, shown):
    assert repr(thing) == shown


def test_a_config_of_keras_is_read_though_it_has_more_settings_that_are_off():
    config = {"learning_rate": 0.5, "ema_momentum": None, "use_ema": False, "jit": 0, "dtype": "x"}
    assert optimizers.SGD.from_config(config).learning_rate == 0.5


def test_a_setting_that_does_not_exist_here_is_named():
    with pytest.raises(ValueError, match=r"SGD has no setting 'use_ema'.*True.*learning_rate"):
        optimizers.SGD.from_config({"use_ema": True})


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_class_survives_json(table):
    needed = {
        "Dense": (3,),
        "Activation": ("relu",),
        "Dropout": (0.5,),
        "Rescaling": (2.0,),
        "GaussianNoise": (0.5,),
        "GaussianDropout": (0.5,),
        "Reshape": ((2, -1),),
        "ExponentialDecay": (0.1, 10, 0.5),
        "CosineDecay": (0.1, 10),
        "PiecewiseConstantDecay": ([5], [0.1, 0.2]),
        "PolynomialDecay": (0.1, 10),
        "InverseTimeDecay": (0.1, 10, 0.5),
    }
    for cls in set(table.BY_NAME.values()):
        one = cls(*needed.get(cls.__name__, ()))
        two = table.get(json.loads(json.dumps(serialize(one))))
        assert type(two) is cls
        assert two.get_config() == one.get_config()


def test_nested_objects_and_numpy_scalars_are_described_in_json():
    dense = layers.Dense(
        np.int64(3), kernel_regularizer=regularizers.L2(np.float32(0.5)), activation="relu"
    )
    config = json.loads(json.dumps(dense.get_config()))
    assert config["activation"] == "relu"
    assert config["kernel_regularizer"]["config"] == {"l2": 0.5}
    assert config["units"] == 3


@pytest.mark.parametrize(
    "name", ["os.system", "__import__", "builtins.eval", "tinynet.layers.Dense", "", "Layer"]
)
def test_nothing_is_looked_for_outside_the_table(name):
    with pytest.raises(ValueError, match="Unknown layer"):
        layers.get({"class_name": name, "config": {}})


def test_custom_objects_hold_inside_their_block_and_nest():
    class One(layers.Layer):
        pass

    class Two(layers.Layer):
        pass

    with custom_objects({"One": One}):
        with custom_objects({"Two": Two}):
            assert find("layer", layers.BY_NAME, "One") is One
            assert find("layer", layers.BY_NAME, "Two") is Two
        with pytest.raises(ValueError, match="'Two'"):
            find("layer", layers.BY_NAME, "Two")
    with pytest.raises(ValueError, match="'One'"):
        find("layer", layers.BY_NAME, "One")


@pytest.mark.parametrize(
    "identifier", [losses.MeanSquaredError(), losses.MeanSquaredError, "mse", "MeanSquaredError"]
)
def test_an_object_a_class_and_a_name_all_do(identifier):
    assert type(losses.get(identifier)) is losses.MeanSquaredError


@pytest.mark.parametrize("identifier", [3, None, 1.5, [], object(), layers.Dense(1)])
def test_anything_else_is_answered_with_an_example(identifier):
    with pytest.raises(ValueError, match=r"Expected the loss as a name such as '\w+'"):
        get("loss", losses.Loss, losses.BY_NAME, identifier)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("rleu", "relu"), ("Softmax", "softmax"), ("sigmod", "sigmoid"), ("tahn", "tanh")],
)
def test_the_nearest_name_is_said(typo, meant):
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        find("activation", activations.BY_NAME, typo)


def test_a_name_that_is_near_to_none_gets_the_list():
    with pytest.raises(ValueError, match=r"'xyzzy'\. tinynet has: 'linear', 'relu'"):
        find("activation", activations.BY_NAME, "xyzzy")


@pytest.mark.parametrize(
    ("name", "snake"),
    [("Dense", "dense"), ("MeanSquaredError", "mean_squared_error"), ("RMSprop", "rm_sprop")],
)
def test_snake_case(name, snake):
    assert snake_case(name) == snake


def test_a_word_far_too_long_is_compared_with_none():
    assert nearest("dense" * 100_000, ["dense"]) is None
