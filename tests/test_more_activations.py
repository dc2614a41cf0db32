"""The activations of more/: their slopes measured, their numbers beside other ways to them."""

import math

import numpy as np
import pytest

from tinynet import Input, Sequential, activations, check_gradients, layers
from tinynet.more import activations as more
from tinynet.support.normal import below, density

FUNCTIONS = [activations.BY_NAME[name] for name in more.__all__ if name != "swish"]
X = np.random.default_rng(1).normal(0, 3, (40, 5))
BY_HAND = {  # one number of each, on either side of 0
    "elu": {-1.0: math.expm1(-1), 2.0: 2.0},
    "selu": {
        -1.0: 1.0507009873554805 * 1.6732632423543772 * math.expm1(-1),
        1.0: 1.0507009873554805,
    },
    "gelu": {-1.0: -0.15865525393145707, 1.0: 0.8413447460685429},
    "silu": {-1.0: -1 / (1 + math.e), 2.0: 2 / (1 + math.exp(-2))},
    "mish": {1.0: math.tanh(math.log(1 + math.e)), -2.0: -2 * math.tanh(math.log1p(math.exp(-2)))},
    "softplus": {-1.0: math.log1p(math.exp(-1)), 3.0: math.log(1 + math.exp(3))},
    "softsign": {-3.0: -0.75, 1.0: 0.5},
    "exponential": {-1.0: math.exp(-1), 2.0: math.exp(2)},
    "hard_sigmoid": {-3.5: 0.0, 1.5: 0.75, 4.0: 1.0},
    "relu6": {-1.0: 0.0, 2.0: 2.0, 7.0: 6.0},
}


@pytest.mark.parametrize("name", BY_HAND)
def test_numbers_worked_by_hand(name):
    for x, y in BY_HAND[name].items():
        assert activations.get(name)(np.array([[x]])) == pytest.approx(y, rel=1e-15, abs=1e-15)


def test_log_softmax_is_the_log_of_softmax():
    y = activations.get("log_softmax")(X)
    np.testing.assert_allclose(y, np.log(activations.softmax(X)), rtol=1e-12)
    assert np.isfinite(activations.get("log_softmax")(1e4 * X)).all()


def measured(function, dy, h=1e-6):
    """Return dx by differences of sum(dy y), one place of every row at a time."""
    dx = np.zeros_like(X)
    for j in range(X.shape[1]):
        step = h * (np.arange(X.shape[1]) == j)
        difference = function(X + step) - function(X - step)
        dx[:, j] = (dy * difference).sum(axis=1) / (2 * h)
    return dx


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_the_derivative_is_the_slope(function):
    y, dy = function(X), np.random.default_rng(2).normal(size=X.shape)
    seen = X if function in activations.FROM_INPUT else y
    dx = activations.BACKWARD[function](dy, seen)
    np.testing.assert_allclose(dx, measured(function, dy), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_a_derivative_that_takes_the_other_array_is_caught(function, monkeypatch):
    """Handed y where it needs x, or the other way round, it is seen to be wrong."""
    model = Sequential([Input((5,)), layers.Dense(6), layers.Activation(function), layers.Dense(2)])
    model.compile("sgd", "mse")
    t = np.random.default_rng(3).normal(size=(40, 2))
    assert check_gradients(model, X / 3, t).ok
    if function is activations.BY_NAME["relu6"]:  # its sides are the same in x and in y
        return
    monkeypatch.setattr(activations, "FROM_INPUT", activations.FROM_INPUT ^ {function})
    assert not check_gradients(model, X / 3, t).ok


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays_and_nothing_overflows(function, dtype):
    x = np.array([[-1e4, -80, -1, 0, 1, 80]], dtype)
    y = function(x)
    seen = x if function in activations.FROM_INPUT else y
    dx = activations.BACKWARD[function](np.ones_like(x), seen)
    assert (y.dtype, dx.dtype) == (dtype, dtype)
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_normal_integral(dtype):
    x = np.linspace(-8, 8, 1601).astype(dtype)
    expected = np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x.astype(float)])
    few = 64 * np.finfo(dtype).eps
    np.testing.assert_allclose(below(x), expected, rtol=few, atol=0)
    slope = (below(np.array([1.0001])) - below(np.array([0.9999]))) / 2e-4
    np.testing.assert_allclose(slope, density(np.array([1.0])), rtol=1e-7)


def test_the_formulas_are_there_for_explain():
    for function in FUNCTIONS:
        layer = layers.Activation(function)
        assert set(layer.formulas) == {"y", "dx"}
        assert layer.get_config()["activation"] == function.__name__
