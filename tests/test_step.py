"""A step that would spoil the weights is not taken: also where the optimizer itself overflows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinynet import Sequential, optimizers
from tinynet.layers import BatchNormalization, Dense
from tinynet.optimizers import SGD, Adam, RMSprop, schedules

RNG = np.random.default_rng(0)
X, Y = RNG.random((64, 3)), RNG.random((64, 1))
OPTIMIZERS = {
    "sgd": lambda **o: SGD(0.01, **o),
    "momentum": lambda **o: SGD(0.01, momentum=0.9, **o),
    "rmsprop": lambda **o: RMSprop(0.01, **o),
    "centered": lambda **o: RMSprop(0.01, centered=True, momentum=0.9, **o),
    "adam": lambda **o: Adam(0.01, **o),
    "decay": lambda **o: Adam(0.01, weight_decay=0.1, **o),
}


def make(optimizer, loss="mse"):
    model = Sequential([Dense(4, "tanh", input_shape=(3,)), BatchNormalization(), Dense(1)])
    model.compile(optimizer, loss)
    model.fit(X, Y, verbose=0)
    return model


def state(model):
    slots = [slot.copy() for slot in model.optimizer.slots.values()]
    return [model.params.copy(), model.kept.copy(), *slots], model.optimizer.iterations


def unchanged(before, model):
    arrays, steps = state(model)
    for old, new in zip(before[0], arrays, strict=True):
        np.testing.assert_array_equal(old, new)
        assert np.isfinite(new).all()
    assert steps == before[1]


def trouble(model, x):
    """Train on one batch, and return what is said against it."""
    try:
        model.fit(x, Y, batch_size=64, verbose=0)
    except FloatingPointError as error:
        return str(error)
    return ""


def huge(column, size=1e20):
    x = X.copy()
    x[:, column] *= size
    return x


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("size", [1e20, 1e30, 1.7e18])
def test_a_gradient_whose_square_is_no_float32(name, column, size):
    model = Sequential([Dense(4, "linear", input_shape=(3,)), Dense(1)])
    model.compile(OPTIMIZERS[name](), "mae")
    model.fit(X, Y, verbose=0)
    before = state(model)
    said = trouble(model, huge(column, size))
    if said:
        assert "The step was not taken: the weights are those before it" in said
        assert "smaller inputs, which reach" in said
        unchanged(before, model)
        model.fit(X, Y, verbose=0)
    else:  # no square was needed: the step was large, and no harm
        assert name in ("sgd", "momentum") or size < 1e19
        assert all(np.isfinite(array).all() for array in state(model)[0])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("rate", [1e39, 1e300])
def test_a_rate_that_is_no_float32(name, rate):
    model = make(OPTIMIZERS[name]())
    model.optimizer.learning_rate = rate
    before = state(model)
    with pytest.raises(FloatingPointError, match="the weights are those before it"):
        model.train_on_batch(X, Y)
    unchanged(before, model)
    model.optimizer.learning_rate = 0.01
    model.fit(X, Y, verbose=0)


class Sudden(schedules.LearningRateSchedule):
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        return self.rate if step == 3 else 0.01


@pytest.mark.parametrize("rate", [math.nan, math.inf, -math.inf])
def test_a_schedule_that_gives_no_number(rate):
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile(SGD(Sudden(rate)), "mse")
    model.fit(X, Y, batch_size=32, verbose=0)
    before = state(model)
    model.optimizer.iterations = 3
    with pytest.raises(FloatingPointError, match=r"the learning rate is (nan|inf|-inf)"):
        model.train_on_batch(X, Y)
    np.testing.assert_array_equal(model.params, before[0][0])


def test_the_advice_works():
    model = Sequential([Dense(4, input_shape=(3,)), Dense(1)])
    model.compile(Adam(), "mae")
    advice = r"Try smaller inputs, .*Adam\(learning_rate=0.0001, clipnorm=1.0\)"
    with pytest.raises(FloatingPointError, match=advice):
        model.fit(huge(1, 1e25), Y, verbose=0)
    model.compile(Adam(learning_rate=0.0001, clipnorm=1.0), "mae")
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("what", ["all", "under", "over", "invalid", "divide"])
def test_numpy_set_to_raise_does_not_stop_a_training(what):
    model = Sequential([Dense(8, "sigmoid", input_shape=(3,)), Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    with np.errstate(**{what: "raise"}):
        model.fit(1e3 * X, (Y[:, 0] > 0.5).astype(int), epochs=3, verbose=0, validation_split=0.2)
        model.evaluate(1e3 * X, (Y[:, 0] > 0.5).astype(int), verbose=0)
        model.predict(1e3 * X, verbose=0)
        model(1e3 * X)
        linear = Sequential([Dense(2, input_shape=(3,)), Dense(1)])
        linear.compile("adam", "mse")
        linear.evaluate(1e38 * X, Y, verbose=0)
        with pytest.raises(FloatingPointError, match="the weights are those before it"):
            linear.fit(1e38 * X, Y, verbose=0)


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(OPTIMIZERS)),
    st.floats(0, 1e38),
    st.floats(0, 1e38),
    st.integers(0, 2),
)
def test_whatever_comes_the_weights_stay_finite(name, scale, rate, column):
    model = Sequential([Dense(2, "relu", input_shape=(3,)), Dense(1)])
    model.compile(OPTIMIZERS[name](), "mse")
    model.optimizer.learning_rate = rate
    for _ in range(3):
        assert trouble(model, huge(column, scale))[:8] in ("", "Training")
    assert np.isfinite(model.params).all()
    assert all(np.isfinite(slot).all() for slot in model.optimizer.slots.values())


def test_an_optimizer_of_ones_own_that_overflows_unforeseen_is_not_called_undone():
    class Squares(optimizers.Optimizer):
        def update(self, lr, w, g, slots):
            w -= lr * np.sign(g) * np.square(g * 1e30)

    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile(Squares(0.1), "mse")
    with pytest.raises(FloatingPointError, match="Part of the step was taken"):
        model.fit(X, Y, verbose=0)
