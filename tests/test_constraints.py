"""Constraints: what they allow, that weights hold to them, and who breaks their promise.

Golden tests train with each of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinynet
from tinynet import Sequential, constraints, explain
from tinynet.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from tinynet.layers import BatchNormalization, Dense
from tinynet.models import contracts, load_model
from tinynet.optimizers import SGD

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 4)), RNG.normal(size=(20, 3))
ALL = [MaxNorm(0.5), NonNeg(), UnitNorm(), MinMaxNorm(0.2, 0.4)]


def lengths(W, axis=0):
    return np.sqrt(np.square(W).sum(axis=axis))


def make(**constrained):
    model = Sequential([Dense(3, input_shape=(4,), **constrained)])
    model.compile(SGD(0.5), "mse")
    return model


@given(st.lists(st.floats(-100, 100), min_size=6, max_size=6))
def test_the_lengths_of_the_columns_are_those_promised(numbers):
    W = np.array(numbers).reshape(3, 2)
    W[np.abs(W) < 1e-3] = 0  # nor nearly as short as epsilon
    before, length = W.copy(), lengths(W)
    close = {"rtol": 2e-4, "atol": 1e-12}
    np.testing.assert_allclose(lengths(MaxNorm(2)(W)), np.minimum(length, 2), **close)
    np.testing.assert_allclose(lengths(UnitNorm()(W)), length > 0, **close)
    wanted = np.where(length > 0, np.clip(length, 1, 2), 0)
    np.testing.assert_allclose(lengths(MinMaxNorm(1, 2)(W)), wanted, **close)
    half = (wanted + length) / 2
    np.testing.assert_allclose(lengths(MinMaxNorm(1, 2, 0.5)(W)), half, **close)
    np.testing.assert_allclose(lengths(UnitNorm(axis=1)(W), 1), lengths(W, 1) > 0, **close)
    whole = lengths(MaxNorm(2, [0, 1])(W), None)
    np.testing.assert_allclose(whole, min(lengths(W, None), 2), **close)
    np.testing.assert_array_equal(NonNeg()(W), np.where(W > 0, W, 0))
    np.testing.assert_array_equal(W, before)


@pytest.mark.parametrize("constraint", ALL, ids=repr)
def test_float32_stays_and_names_and_configs_make_the_same(constraint):
    assert constraint(np.ones((2, 2), np.float32)).dtype == np.float32
    described = tinynet.support.registry.serialize(constraint)
    assert described["module"] == "keras.constraints"
    assert constraints.get(described).get_config() == constraint.get_config()
    snake = tinynet.support.registry.snake_case(type(constraint).__name__)
    for name in (type(constraint).__name__, snake, type(constraint), getattr(constraints, snake)):
        assert type(constraints.get(name)) is type(constraint)
    assert constraints.get(None) is None


def test_weights_hold_to_their_constraint_after_every_step():
    seen = []
    model = make(kernel_constraint=MaxNorm(0.3), bias_constraint="non_neg")
    note = tinynet.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(model.get_weights())
    )
    model.fit(X, Y - 5, batch_size=5, epochs=2, verbose=0, callbacks=[note])
    model.train_on_batch(X, Y)
    for W, b in [*seen, model.get_weights()]:
        assert lengths(W).max() <= 0.3 * (1 + 1e-6)
        assert b.min() >= 0
    assert len(seen) == 8
    free = make()
    free.fit(X, Y - 5, batch_size=5, epochs=2, verbose=0)
    assert lengths(free.layers[0].W).max() > 0.31
    assert free.layers[0].b.min() < 0


def test_what_is_not_trained_is_left_alone():
    model = make(kernel_constraint=MaxNorm(0.001))
    before = model.get_weights()[0]
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before)
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_gamma_and_beta_hold_to_theirs():
    layer = BatchNormalization(gamma_constraint=MaxNorm(0.25), beta_constraint="NonNeg")
    model = Sequential([Dense(3, input_shape=(4,)), layer, Dense(3)])
    model.compile(SGD(0.5), "mse")
    model.fit(X, Y, verbose=0)
    assert lengths(layer.gamma) <= 0.25 * (1 + 1e-6)
    assert layer.beta.min() >= 0


def test_a_constraint_goes_with_the_model_into_a_file(tmp_path):
    model = make(kernel_constraint=MinMaxNorm(0.1, 0.2, rate=0.5))
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.npz")
    twin = load_model(tmp_path / "m.npz")
    for each in (model, twin):
        each.fit(X, Y, verbose=0, shuffle=False)
    np.testing.assert_array_equal(twin.params, model.params)
    assert twin.layers[0].kernel_constraint.get_config() == {
        "min_value": 0.1,
        "max_value": 0.2,
        "rate": 0.5,
        "axis": 0,
    }


def test_explain_shows_the_weights_that_training_gets(capsys):
    model = make(kernel_constraint=MaxNorm(0.3))
    step = explain(model, X, Y)
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(step.new_params, model.params)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MaxNorm(-1), "max_value as a number from 0"),
        (lambda: MinMaxNorm(rate=2), "rate as a number from 0 to 1"),
        (lambda: MinMaxNorm(min_value=-1), "min_value as a number from 0"),
        (lambda: Dense(3, kernel_constraint="maxnorm"), "Did you mean 'max_norm'"),
        (lambda: Dense(3, kernel_constraint=2.0), "MaxNorm"),
        (lambda: make_model(bias_constraint=UnitNorm(axis=1)), r"axis 1.*shape \(3,\) has none"),
        (lambda: make_model(kernel_constraint=MaxNorm(2, [0, 2])), r"axis 2.*\(4, 3\) has none"),
    ],
)
def test_what_has_no_meaning_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def make_model(**constrained):
    return make(**constrained).build()


class Clip(Constraint):
    """A constraint of one's own."""

    def __init__(self, most=0.1):
        self.most = most

    def __call__(self, W):
        return np.clip(W, -self.most, self.most)


def test_a_constraint_of_ones_own(tmp_path):
    model = make(kernel_constraint=Clip(0.05))
    model.fit(X, Y, verbose=0)
    assert np.abs(model.layers[0].W).max() <= np.float32(0.05)
    model.save(tmp_path / "m.npz")
    twin = load_model(tmp_path / "m.npz", custom_objects={"Clip": Clip})
    assert twin.layers[0].kernel_constraint.most == 0.05


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            lambda W: W[0],
            r"Constraint Broken returned an array of shape \(3,\); expected .*\(4, 3\)",
        ),
        (lambda W: None, "Constraint Broken returned None"),
        (lambda W: np.multiply(W, 2, out=W), "Constraint Broken writes into the weights"),
    ],
)
def test_one_that_breaks_its_promise_is_named_before_the_first_step(wrong, words):
    class Broken(Constraint):
        def __call__(self, W):
            return wrong(W)

    model = make(kernel_constraint=Broken())
    model.build()
    before = model.params.copy()
    with pytest.raises(contracts.BrokenContract, match=words):
        model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.params, before)


def test_the_base_class_says_what_is_missing():
    with pytest.raises(TypeError, match="Constraint has no __call__"):
        Constraint()(np.ones(2))
