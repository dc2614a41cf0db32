"""check_gradients: what is right passes, what is broken is found where it is."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import right_networks

import tinynet
from tinynet import activations, losses
from tinynet.layers import (
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    Layer,
    ReLU,
    Rescaling,
)
from tinynet.models import Sequential

RNG = np.random.default_rng(7)
X = RNG.normal(size=(6, 4))
LABELS = RNG.integers(0, 3, 6)
T = np.eye(3)[LABELS]


def compiled(*layers: Layer, loss: Any = "categorical_crossentropy") -> Sequential:
    tinynet.utils.set_random_seed(3)
    model = Sequential(list(layers))
    model.compile(loss=loss)
    return model


# ------------------------------------------------------------------------- what is right


@pytest.mark.parametrize("activation", activations.BY_NAME)
def test_a_network_with_this_activation_is_right(activation: str) -> None:
    model = compiled(Dense(5, activation), Dense(3, activation), loss="mse")
    assert tinynet.check_gradients(model, X, T).ok


@pytest.mark.parametrize(
    ("loss", "last", "t"),
    [
        ("categorical_crossentropy", "softmax", T),
        ("sparse_categorical_crossentropy", "softmax", LABELS),
        ("categorical_crossentropy", "sigmoid", T),  # not fused
        (losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), None, T),
        ("binary_crossentropy", "sigmoid", T),
        ("binary_crossentropy", "softmax", T),  # not fused
        ("mse", None, T),
        ("mae", None, T),
    ],
)
def test_a_network_with_this_loss_is_right(loss: Any, last: str | None, t: np.ndarray) -> None:
    report = tinynet.check_gradients(compiled(Dense(5, "tanh"), Dense(3, last), loss=loss), X, t)
    assert report.ok, report


def test_all_the_other_layers_and_the_penalties_are_right() -> None:
    model = compiled(
        Rescaling(0.5, 1.0, input_shape=(2, 2)),
        Flatten(),
        Dense(5, "relu", kernel_regularizer=tinynet.regularizers.L1L2(0.1, 0.2)),
        Dropout(0.4),
        Dropout(0.4, seed=1),
        Dense(3, "softmax", use_bias=False),
    )
    report = tinynet.check_gradients(model, X.reshape(6, 2, 2), T)
    assert report.ok, report
    assert [row.gradient.shape for row in report.rows[:2]] == [(6, 2, 2), (6, 2, 2)]


def test_every_number_of_a_small_network_agrees_to_seven_digits() -> None:
    report = tinynet.check_gradients(compiled(Dense(5, "tanh"), Dense(3, "softmax")), X, T)
    assert {row.checked for row in report.rows[:-1]} == {"all"}
    assert report.rows[-1].name == "grads"  # the whole network, along a few ways
    assert max(row.error for row in report.rows) < 1e-6


def test_corners_are_told_from_mistakes() -> None:
    x = X.copy()
    x[0] = 0  # all of this row stands at ReLU's corner
    report = tinynet.check_gradients(compiled(ReLU(), Dense(3, "softmax")), x, T)
    assert report.ok, report
    assert report.rows[0].verdict == "right; 4 at a corner, as ReLU has at 0"


@pytest.mark.parametrize("near", [0, 1e-15, 4e-14, 1e-9])
def test_what_is_as_good_as_at_a_corner_is_no_mistake(near: float) -> None:
    layer = Dense(3, use_bias=False, kernel_initializer="zeros", trainable=False)
    model = compiled(layer, Rescaling(1.0, near), loss="mae")  # y is near t
    report = tinynet.check_gradients(model, 1e-9 * X, np.eye(3)[LABELS] * 1e5)
    assert report.ok, report


def test_only_a_layer_that_loses_digits_is_checked_roughly() -> None:
    class Cast(Layer):
        def forward(self, x: np.ndarray) -> Any:
            y = np.tanh(x.astype(np.float32))
            return y, lambda dy: dy * (1 - y**2)

    def notes(layer: Layer) -> str:
        x = 1 + 1e-6 * RNG.normal(size=(2, 30))  # scaled, and divided by their scale: the same
        report = tinynet.check_gradients(compiled(layer, loss="mse"), x, np.zeros((2, 30)))
        assert report.ok, report
        return str(report.notes)

    assert "float32" in notes(Cast())
    for layer in (BatchNormalization(), Rescaling(1.0, 1e5), ReLU(), Activation("sigmoid")):
        assert "float32" not in notes(layer)


def test_the_model_stays_as_it_was() -> None:
    model = compiled(Dense(5, "relu"), Dropout(0.5), Dense(3, "softmax"))
    model.fit(X, T, verbose=0)
    before, params, grads = copy.deepcopy(model), model.params.copy(), model.grads.copy()
    tinynet.check_gradients(model, X, T)
    assert model.params.dtype == np.float32
    np.testing.assert_array_equal(model.params, params)
    np.testing.assert_array_equal(model.grads, grads)
    np.testing.assert_array_equal(
        model.optimizer.slots["velocity"], before.optimizer.slots["velocity"]
    )
    assert model.rng.bit_generator.state == before.rng.bit_generator.state
    assert [link.needs_dx for link in model.chain] == [link.needs_dx for link in before.chain]
    model.fit(X, T, verbose=0)
    before.fit(X, T, verbose=0)
    np.testing.assert_array_equal(model.params, before.params)


def test_a_model_that_is_not_built_stays_so() -> None:
    model = compiled(Dense(3, "softmax"))
    assert tinynet.check_gradients(model, X, T).ok
    assert not model.built


@pytest.mark.parametrize("seed", range(40))
def test_a_random_network_that_is_right_is_not_blamed(seed: int) -> None:
    assert right_networks.blamed(seed) == ""  # the script in tests/tools checks thousands


# ------------------------------------------------------------------------ what is broken


class Scale(Layer):
    """y = x a, done right."""

    def build(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        self.add_weight("a", input_shape, tinynet.initializers.Constant(1.5))
        return input_shape

    def forward(self, x: np.ndarray) -> Any:
        def backward(dy: np.ndarray) -> np.ndarray:
            self.write(dy, x)
            return self.dx(dy)

        return x * self.a, backward

    def write(self, dy: np.ndarray, x: np.ndarray) -> None:
        np.sum(dy * x, axis=0, out=self.da)

    def dx(self, dy: np.ndarray) -> np.ndarray:
        return dy * self.a


class MeanForSum(Scale):
    def write(self, dy: np.ndarray, x: np.ndarray) -> None:
        np.mean(dy * x, axis=0, out=self.da)


class ForgottenFactor(Scale):
    def dx(self, dy: np.ndarray) -> np.ndarray:
        return dy


class WrongSign(Scale):
    def write(self, dy: np.ndarray, x: np.ndarray) -> None:
        np.sum(-dy * x, axis=0, out=self.da)


class OneWrongNumber(Scale):
    def write(self, dy: np.ndarray, x: np.ndarray) -> None:
        super().write(dy, x)
        self.da[1] *= 1.01


class NeverWritten(Scale):
    def write(self, dy: np.ndarray, x: np.ndarray) -> None:
        pass


class AddedUp(Scale):
    def write(self, dy: np.ndarray, x: np.ndarray) -> None:
        self.da += np.sum(dy * x, axis=0)


class Function(Layer):
    """y = f(x), with a derivative of our own making."""

    def __init__(self, f: Callable[..., Any], df: Callable[..., Any]) -> None:
        super().__init__(name="function")
        self.f, self.df = f, df

    def forward(self, x: np.ndarray) -> Any:
        y = self.f(x)
        return y, lambda dy: self.df(dy, x, y)


BROKEN_FUNCTIONS = {
    "relu lets everything back": (activations.relu, lambda dy, x, y: dy),
    "relu with a slope of 1 below 0 too": (activations.relu, lambda dy, x, y: dy * (x != 0)),
    "softmax as if it were sigmoid": (activations.softmax, lambda dy, x, y: dy * y * (1 - y)),
    "tanh without the square": (np.tanh, lambda dy, x, y: dy * (1 - y)),
    "the derivative taken at y": (np.square, lambda dy, x, y: dy * 2 * y),
    "dy forgotten": (np.square, lambda dy, x, y: 2 * x),
}


@pytest.mark.parametrize("mistake", BROKEN_FUNCTIONS)
def test_a_wrong_derivative_is_found_and_only_there(mistake: str) -> None:
    broken = Function(*BROKEN_FUNCTIONS[mistake])
    report = tinynet.check_gradients(compiled(Dense(5), broken, Dense(3, "softmax")), X, T)
    assert report.culprits == ["function"], report
    assert not report.ok


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (MeanForSum, "da"),
        (WrongSign, "da"),
        (OneWrongNumber, "da"),
        (NeverWritten, "da"),
        (AddedUp, "da"),
        (ForgottenFactor, "dx"),
    ],
)
def test_a_wrong_layer_is_found_and_the_gradient_in_it(layer: type[Scale], name: str) -> None:
    model = compiled(Dense(5, "tanh"), layer(name="scale"), Dense(3, "softmax"))
    report = tinynet.check_gradients(model, X, T)
    assert report.culprits == ["scale"], report
    assert [row.name for row in report.rows if "WRONG" in row.verdict] == [name]


def test_two_mistakes_are_both_named_where_neither_hides_the_other() -> None:
    model = compiled(WrongSign(name="first"), Dense(4), WrongSign(name="second"), Dense(3))
    model.compile(loss="mse")
    assert set(tinynet.check_gradients(model, X, T).culprits) == {"first", "second"}


def test_what_stands_before_a_wrong_dx_is_checked_all_the_same() -> None:
    model = compiled(Dense(5, name="before"), ForgottenFactor(name="scale"), Dense(3, "softmax"))
    report = tinynet.check_gradients(model, X, T)
    assert {row.verdict for row in report.rows if row.layer == "before"} == {"right"}


def test_a_layer_in_front_of_all_weights_is_checked_too() -> None:
    upside_down = Function(lambda x: x[:, ::-1], lambda dy, x, y: dy)
    report = tinynet.check_gradients(compiled(upside_down, Dense(3, "softmax")), X, T)
    assert report.culprits == ["function"]


def test_a_dropout_with_another_mask_on_the_way_back_is_found() -> None:
    class Forgetful(Dropout):
        def forward(self, x: np.ndarray) -> Any:
            y, _ = super().forward(x)
            return y, super().forward(x)[1]

    model = compiled(Dense(9), Forgetful(0.5, name="forgetful"), Dense(3, "softmax"))
    assert tinynet.check_gradients(model, X, T).culprits == ["forgetful"]


def test_a_wrong_loss_is_found() -> None:
    class Halved(losses.MeanSquaredError):
        def per_example(self, t: np.ndarray, y: np.ndarray) -> Any:
            l, dy = super().per_example(t, y)
            return l, dy / 2

    report = tinynet.check_gradients(compiled(Dense(3), loss=Halved()), X, T)
    assert report.culprits == ["Halved"]
    assert (
        report.rows[-1].verdict == "WRONG: half of it: the 2 that a square brings down is missing"
    )


def test_one_wrong_number_in_a_hundred_thousand_is_found() -> None:
    class Nearly(Dense):
        def forward(self, x: np.ndarray) -> Any:
            y, backward = super().forward(x)

            def nearly(dy: np.ndarray) -> Any:
                dx = backward(dy)
                self.dW[123, 45] *= 1.5
                return dx

            return y, nearly

    model = compiled(Nearly(128, "tanh", name="nearly"), Dense(3, "softmax"))
    x = np.random.default_rng(1).normal(size=(6, 784))
    report = tinynet.check_gradients(model, x, T)
    assert report.culprits == ["nearly"], report
    assert report.rows[1].checked == "3 ways + 12"


def test_a_large_network_is_right_by_samples() -> None:
    model = compiled(Dense(128, "relu"), Dense(128, "relu"), Dense(3, "softmax"))
    x = np.random.default_rng(1).random((6, 784))
    assert tinynet.check_gradients(model, x, T).ok


def test_a_new_array_in_the_place_of_the_gradient_is_named() -> None:
    class Replaced(Scale):
        def write(self, dy: np.ndarray, x: np.ndarray) -> None:
            self.da = np.sum(dy * x, axis=0)

    model = compiled(Replaced(name="scale"), Dense(3, "softmax"))
    with pytest.raises(ValueError, match=r"'scale' .* Write into the old one: self\.da\[\.\.\.\]"):
        tinynet.check_gradients(model, X, T)


def test_a_dx_of_the_wrong_shape_is_named() -> None:
    summed = Function(lambda x: 2 * x, lambda dy, x, y: 2 * dy.sum(axis=0))
    model = compiled(Activation("relu"), summed, Dense(3, "softmax"))
    with pytest.raises(ValueError, match=r"'function' returned a dx of shape \(4,\); its x .*6, 4"):
        tinynet.check_gradients(model, X, T)


def test_a_loss_that_is_not_a_number_is_refused() -> None:
    broken = Function(lambda x: x * np.nan, lambda dy, x, y: dy)
    with pytest.raises(ValueError, match="The loss of this batch is nan"):
        tinynet.check_gradients(compiled(Dense(3), broken, Dense(3)), X, T)


def test_inputs_that_are_not_scaled_are_no_mistake() -> None:
    model = compiled(Dense(5, "tanh"), Dense(3), loss="mse")
    report = tinynet.check_gradients(model, 255 * X, T)
    assert report.ok, report


def test_the_table_says_it_in_words() -> None:
    model = compiled(Dense(5), ForgottenFactor(name="scale"), Dense(3, "softmax"))
    lines = repr(tinynet.check_gradients(model, X, T)).splitlines()
    assert lines[0].split()[-2:] == ["at", "verdict"]
    assert "WRONG: the factor self.a is missing" in lines[4]
    assert lines[-1] == "Fix scale, then check again."


def test_layers_without_numbers_are_right() -> None:
    class Nothing(Layer):
        def build(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
            return (0,)

        def forward(self, x: np.ndarray) -> Any:
            return x[:, :0], lambda dy: np.zeros_like(x)

    report = tinynet.check_gradients(compiled(Nothing(), Dense(3, "softmax")), X, T)
    assert report.ok, report
