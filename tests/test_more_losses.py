"""The losses of more/ against slopes that are measured, and what a function is answered with."""

import itertools

import numpy as np
import pytest

from tinynet import Input, Sequential, check_gradients, losses
from tinynet.layers import Dense
from tinynet.losses import Hinge, Huber, Loss
from tinynet.more.losses import OTHERS

RNG = np.random.default_rng(3)
Y = RNG.uniform(0.1, 0.9, (6, 3)) * [1, 1, 4]
T = {"Hinge": np.sign(RNG.normal(size=(6, 3))), "CategoricalHinge": np.eye(3)[[0, 1, 2, 0, 1, 2]]}
T["SquaredHinge"] = T["Hinge"]
OTHER = RNG.uniform(0.1, 0.9, (6, 3))


def measured(loss, t, y, h=1e-6):
    """Return dL/dy by differences of L alone."""
    slopes = np.zeros_like(y)
    for place in itertools.product(*map(range, y.shape)):
        step = np.zeros_like(y)
        step[place] = h
        slopes[place] = (loss(t, y + step) - loss(t, y - step)) / (2 * h)
    return slopes


@pytest.mark.parametrize("cls", OTHERS)
@pytest.mark.parametrize("weights", [None, np.arange(1.0, 7)])
def test_the_gradient_is_the_slope(cls, weights):
    t = T.get(cls.__name__, OTHER)
    value, dy = cls().value_and_gradient(t, Y, weights)
    assert value == pytest.approx(cls()(t, Y, weights))
    expected = measured(lambda t, y: cls()(t, y, weights), t, Y)
    np.testing.assert_allclose(dy, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("cls", OTHERS)
def test_a_gradient_that_is_wrong_is_caught(cls):
    class Wrong(cls):
        def per_example(self, t, y):
            l, dy = super().per_example(t, y)
            return l, dy * np.where(y > 0.5, 1.01, 1)

    model = Sequential([Input((4,)), Dense(3, "sigmoid")])
    x = RNG.normal(size=(6, 4))
    for loss, right in ((cls(), True), (Wrong(), False)):
        model.compile("sgd", loss)
        assert check_gradients(model, x, T.get(cls.__name__, OTHER)).ok == right


@pytest.mark.parametrize("cls", OTHERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(cls, dtype):
    t, y = OTHER.astype(dtype), Y.astype(dtype)
    l, dy = cls().per_example(cls().targets(t, y), y)
    assert (l.dtype, dy.dtype) == (dtype, dtype)
    assert (l.shape, dy.shape) == ((6,), (6, 3))


@pytest.mark.parametrize("cls", OTHERS)
def test_outputs_at_the_ends_cost_finite_numbers(cls, recwarn):
    y = np.float32([[0, 1], [1, 0], [0, 0], [1e4, 1]])
    value, dy = cls().value_and_gradient(np.float32([[1, 0], [1, 0], [0, 0], [0, 1]]), y)
    assert np.isfinite(value)
    assert np.isfinite(dy).all()
    assert not recwarn.list


@pytest.mark.parametrize("cls", OTHERS)
def test_explain_has_formulas_to_print(cls):
    assert {"l", "dy"} <= set(cls.formulas)


def test_hinge_takes_0_and_1_for_minus_1_and_1():
    y = np.array([[0.5], [-2.0], [0.25]])
    assert Hinge()([[1], [0], [1]], y) == Hinge()([[1], [-1], [1]], y)


@pytest.mark.parametrize("delta", [0, -1, np.inf, "1"])
def test_huber_refuses_a_delta_that_is_not_above_0(delta):
    with pytest.raises(ValueError, match="delta as a number above 0"):
        Huber(delta)


def test_a_function_of_your_own_is_answered_with_the_class_to_write():
    def mine(y_true, y_pred):
        return abs(y_true - y_pred)

    model = Sequential([Dense(1)])
    with pytest.raises(ValueError, match="class MyLoss") as refused:
        model.compile("sgd", mine)
    model.compile("sgd", "mse")
    scope = {"tinynet": __import__("tinynet")}
    code = str(refused.value).partition("class MyLoss")[1:]
    exec("".join(code).partition("\n\n")[0], scope)  # the advice works as it stands
    model.compile("sgd", scope["MyLoss"]())
    assert check_gradients(model, OTHER, OTHER[:, :1]).ok


def test_no_model_is_trained_by_many_numbers():
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", losses.MeanSquaredError(reduction="none"))
    with pytest.raises(ValueError, match="trained on one number"):
        model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)


def test_another_dtype_is_refused_and_floatx_taken():
    assert losses.MeanSquaredError(dtype="float32").name == "mean_squared_error"
    with pytest.raises(ValueError, match="computed in float32"):
        losses.MeanSquaredError(dtype="float16")


@pytest.mark.parametrize("name", losses.FUNCTIONS)
def test_every_function_stands_for_its_class(name):
    assert isinstance(losses.get(name), Loss)
    assert type(losses.get(name)) is losses.FUNCTIONS[name]
