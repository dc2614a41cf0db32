"""Backprop against slopes that are measured: every parameter, and every way to be wrong.

The measure is the central difference (L(w + h) - L(w - h)) / 2h in float64. Nothing of backprop
is in it: it runs the model forward and looks at the loss. `test_a_wrong_derivative_is_caught`
then shows that the measure can tell: each well-known mistake, put in on purpose, is found.
"""

import itertools

import numpy as np
import pytest

from tinynet import Input, Sequential, activations, layers, losses, regularizers
from tinynet.layers import Activation, Dense, Dropout, Flatten, ReLU, Rescaling, Softmax
from tinynet.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tinynet.models import load_model

pytestmark = pytest.mark.usefixtures("_float64")

N, D, M, K = 5, 4, 4, 3  # examples, inputs, hidden units, outputs; D = M makes W square
TOLERANCE = 1e-7
RNG = np.random.default_rng(7)
X = RNG.normal(size=(N, D))
CLASSES = RNG.integers(0, K, N)
ONE_HOT = np.eye(K)[CLASSES]
NUMBERS = RNG.normal(size=(N, K))
WEIGHTS = RNG.uniform(0.5, 2, N)


def make(*chain, loss, shape=(D,)):
    """Compile a float64 model of these layers, with biases that are not 0."""
    model = Sequential([Input(shape), *chain])
    model.compile("sgd", loss)
    model.build()
    model.params += np.random.default_rng(1).normal(0, 0.1, model.params.shape)
    return model


def measured(model, x, t, weights=None):
    """Return the slope of the loss along every parameter, by differences of the loss alone."""
    w, dropout = model.params, [layer for layer in model.layers if isinstance(layer, Dropout)]
    states = [layer.rng.bit_generator.state for layer in dropout]

    def rewind():
        for layer, state in zip(dropout, states, strict=True):
            layer.rng.bit_generator.state = state  # the same mask every time

    def loss_at(i, value):
        rewind()
        before, w[i] = w[i], value
        loss, _ = model.gradients(x, t, weights)
        w[i] = before
        return loss

    def slope(i, h):
        return (loss_at(i, w[i] + h) - loss_at(i, w[i] - h)) / (2 * h)

    # Two differences of two widths cancel each other's error of h²: 9 digits instead of 7.
    slopes = np.array([(4 * slope(i, 1e-4) - slope(i, 2e-4)) / 3 for i in range(w.size)])
    rewind()
    return slopes


def worst_error(model, x, t, weights=None):
    """Return the largest relative error of a parameter's gradient.

    Where a gradient is nearly 0, relative to a hundredth of the largest.
    """
    expected = measured(model, x, t, weights)
    model.gradients(x, t, weights)
    scale = np.maximum(np.abs(expected), np.abs(expected).max() / 100)
    return np.max(np.abs(model.grads - expected) / scale)


class Unfused(CategoricalCrossentropy):
    """The cross-entropy that takes softmax's output, and leaves softmax its own Jacobian."""

    fuses = None


class UnfusedBinary(BinaryCrossentropy):
    fuses = None


HIDDEN = list(activations.BY_NAME)
HEADS = {  # name: activation of the last layer, loss, targets
    "softmax + cross-entropy, fused": ("softmax", CategoricalCrossentropy(), ONE_HOT),
    "softmax + cross-entropy, apart": ("softmax", Unfused(), ONE_HOT),
    "sparse, fused": ("softmax", SparseCategoricalCrossentropy(), CLASSES),
    "from logits": (None, CategoricalCrossentropy(from_logits=True), ONE_HOT),
    "sparse from logits": (None, SparseCategoricalCrossentropy(from_logits=True), CLASSES),
    "smoothed": ("softmax", CategoricalCrossentropy(label_smoothing=0.2), ONE_HOT),
    "cross-entropy of sigmoids": ("sigmoid", CategoricalCrossentropy(), ONE_HOT),
    "sigmoid + binary, fused": ("sigmoid", BinaryCrossentropy(), ONE_HOT),
    "sigmoid + binary, apart": ("sigmoid", UnfusedBinary(), ONE_HOT),
    "binary from logits": (None, BinaryCrossentropy(from_logits=True), ONE_HOT),
    "binary of softmax": ("softmax", BinaryCrossentropy(label_smoothing=0.1), ONE_HOT),
    "squared error": (None, MeanSquaredError(), NUMBERS),
    "squared error of softmax": ("softmax", MeanSquaredError(), ONE_HOT),
    "absolute error": ("tanh", MeanAbsoluteError(), NUMBERS),
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_every_activation_under_every_loss(hidden, head):
    output, loss, t = HEADS[head]
    model = make(Dense(M, hidden), Dense(K, output), loss=loss)
    assert worst_error(model, X, t) < TOLERANCE


class Lift(layers.Layer):
    """Make a (2, d) example of a (d,) one, with a weight for each number."""

    def build(self, input_shape):
        self.add_weight("a", (2, *input_shape), "glorot_uniform")
        return (2, *input_shape)

    def forward(self, x):
        def backward(dy):
            np.einsum("nd,nkd->kd", x, dy, out=self.da)

        return x[:, np.newaxis] * self.a, backward


LAYERS = {
    "three layers": [Dense(M, "tanh"), Dense(4, "relu"), Dense(K)],
    "no bias": [Dense(M, "tanh", use_bias=False), Dense(K, use_bias=False)],
    "activations as layers": [Dense(M), ReLU(), Dense(M), Activation("tanh"), Dense(K), Softmax()],
    "flatten": [Lift(), Flatten(), Dense(K)],
    "rescaling": [Dense(M, "tanh"), Rescaling(0.3, -1.0), Dense(K)],
    "dropout": [Dense(M, "tanh"), Dropout(0.4), Dense(M, "tanh"), Dropout(0.2, seed=1), Dense(K)],
    "penalties": [
        Dense(M, "tanh", kernel_regularizer="l2", bias_regularizer=regularizers.L1(0.1)),
        Dense(K, kernel_regularizer=regularizers.L1L2(0.01, 0.02)),
    ],
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_every_layer(name, weights):
    model = make(*anew(LAYERS[name]), loss="mse")
    assert worst_error(model, X, NUMBERS, weights) < TOLERANCE


def anew(chain):
    """Make layers like these, since each model needs its own."""
    return [type(layer).from_config(layer.get_config()) for layer in chain]


def test_every_layer_loss_and_penalty_of_the_tables_is_tested_here():
    tested = {type(layer) for chain in LAYERS.values() for layer in chain}
    core = {cls for cls in layers.BY_NAME.values() if ".more." not in cls.__module__}
    assert core <= tested  # the others: test_more_gradients.py
    core = {cls for cls in losses.BY_NAME.values() if ".more." not in cls.__module__}
    assert core <= {type(loss) for _, loss, _ in HEADS.values()}  # the others: test_more_losses.py


def test_a_batch_of_one():
    model = make(Dense(M, "relu"), Dense(K, "softmax"), loss=CategoricalCrossentropy())
    assert worst_error(model, X[:1], ONE_HOT[:1]) < TOLERANCE


def test_gradients_do_not_add_up_from_step_to_step():
    model = make(Dense(M, "relu"), Dense(K), loss="mse")
    model.gradients(X, NUMBERS, None)
    once = model.grads.copy()
    model.gradients(X, NUMBERS, None)
    np.testing.assert_array_equal(model.grads, once)


# At full size: along random directions, in a handful of evaluations


def projection_error(seed=0):
    """Compare, for 784-512-512-10, the slope along three random directions."""
    rng = np.random.default_rng(seed)
    chain = [Dense(512, "relu"), Dense(512, "relu"), Dense(10, "softmax")]
    model = make(*chain, loss=CategoricalCrossentropy(), shape=(784,))
    x, t = rng.uniform(size=(8, 784)), np.eye(10)[rng.integers(0, 10, 8)]
    model.gradients(x, t, None)
    w, g, h, errors = model.params.copy(), model.grads.copy(), 1e-7, []
    for _ in range(3):
        v = rng.normal(size=w.shape)
        v *= np.sign(v @ g)  # uphill
        v = v / np.linalg.norm(v) + g / np.linalg.norm(g)  # and not nearly flat
        losses = []
        for side in (h, -h):
            model.params[:] = w + side * v
            losses.append(model.gradients(x, t, None)[0])
        errors.append(abs((losses[0] - losses[1]) / (2 * h) - g @ v) / abs(g @ v))
    return max(errors)


def test_random_projections_at_full_size():
    assert projection_error() < TOLERANCE


def test_random_projections_see_a_wrong_derivative(monkeypatch):
    monkeypatch.setattr(Dense, "forward", dense(db=lambda dy: dy.mean(axis=0)))
    assert projection_error() > 1000 * TOLERANCE


# Fused and apart


@pytest.mark.parametrize(
    ("activation", "fused", "apart"),
    [
        ("softmax", CategoricalCrossentropy, Unfused),
        ("sigmoid", BinaryCrossentropy, UnfusedBinary),
    ],
)
def test_fused_and_apart_agree(activation, fused, apart):
    one = make(Dense(M, "relu"), Dense(K, activation), loss=fused())
    two = make(Dense(M, "relu"), Dense(K, activation), loss=apart())
    two.params[:] = one.params
    loss, p = one.gradients(X, ONE_HOT, None)
    loss_apart, p_apart = two.gradients(X, ONE_HOT, None)
    assert loss == pytest.approx(loss_apart, rel=1e-12)
    np.testing.assert_array_equal(p, p_apart)
    np.testing.assert_allclose(one.grads, two.grads, rtol=1e-9, atol=1e-14)


def test_the_product_of_the_two_derivatives_is_nan_where_the_fused_one_is_exact(recwarn):
    logits, t = np.array([[0.0, 200.0]], np.float32), np.array([[1.0, 0.0]], np.float32)
    p = activations.softmax(logits)
    assert np.isnan(activations.softmax_backward(-t / p, p)).any()
    value, dlogits = CategoricalCrossentropy(from_logits=True).value_and_gradient(t, logits)
    assert value == 200
    np.testing.assert_array_equal(dlogits, [[-1, 1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_ten_thousand_stay_finite(dtype, recwarn):
    for row in itertools.permutations([1e4, 0.0, -1e4]):
        logits, t = np.array([row], dtype), np.array([[1, 0, 0]], dtype)
        for loss in (CategoricalCrossentropy, BinaryCrossentropy):
            value, dlogits = loss(from_logits=True).value_and_gradient(t, logits)
            assert np.isfinite(value)
            assert np.isfinite(dlogits).all()
    assert not recwarn.list


# The model's own backprop with one line of it replaced by a mistake


def dense(
    dW=lambda x, dy: x.T @ dy,
    db=lambda dy: dy.sum(axis=0),
    dx=lambda dy, W: dy @ W.T,
):
    """Return a forward for Dense, of which each derivative can be replaced."""

    def forward(self, x):
        def backward(dy):
            self.dW[:] = dW(x, dy)
            self.db[:] = db(dy)
            return dx(dy, self.W)

        return x @ self.W + self.b, backward

    return forward


def backward(name, wrong):
    """Replace the derivative of an activation."""
    return activations.BACKWARD, activations.BY_NAME[name], wrong


def gradient(loss, wrong):
    """Replace the gradient that a loss gives by wrong(t, y, right one)."""
    right = loss.per_example

    def per_example(self, t, y):
        l, dy = right(self, t, y)
        return l, wrong(t, y, dy)

    return loss, "per_example", per_example


def without_mean(self, t, y, weights=None, right=losses.Loss.value_and_gradient):
    value, dy = right(self, t, y, weights)
    return value, dy * len(y)


def unweighted(self, t, y, weights=None, right=losses.Loss.value_and_gradient):
    return right(self, t, y, weights)[0], right(self, t, y)[1]


def layer_backward(layer, wrong):
    """Replace the backward of a layer by wrong(dy, x, right one)."""
    right = layer.forward

    def forward(self, x):
        y, back = right(self, x)
        return y, lambda dy: wrong(dy, x, back)

    return layer, "forward", forward


SQUARED = ("tanh", None, MeanSquaredError(), NUMBERS)
FUSED = ("relu", "softmax", CategoricalCrossentropy(), ONE_HOT)
SQUARE = ("tanh", None, MeanSquaredError(), X[::-1])  # as many outputs: the mistake has a shape
WRONG = {  # what is wrong: (what to replace, in a net of: hidden, output, loss, targets)
    "dx forgets the transpose": ((Dense, "forward", dense(dx=lambda dy, W: dy @ W)), SQUARE),
    "dW transposed": ((Dense, "forward", dense(dW=lambda x, dy: dy.T @ x)), SQUARE),
    "dW of one example": ((Dense, "forward", dense(dW=lambda x, dy: x[:1].T @ dy[:1])), SQUARED),
    "db the mean, not the sum": ((Dense, "forward", dense(db=lambda dy: dy.mean(0))), SQUARED),
    "db forgotten": ((Dense, "forward", dense(db=lambda dy: 0)), SQUARED),
    "1/n forgotten": ((losses.Loss, "value_and_gradient", without_mean), FUSED),
    "relu let through": (backward("relu", lambda dy, y: dy), FUSED),
    "leaky slope 0": (
        backward("leaky_relu", lambda dy, y: dy * (y > 0)),
        ("leaky_relu", *SQUARED[1:]),
    ),
    "sigmoid p alone": (backward("sigmoid", lambda dy, y: dy * y), ("sigmoid", *SQUARED[1:])),
    "tanh 1 - y": (backward("tanh", lambda dy, y: dy * (1 - y)), SQUARED),
    "softmax p (1 - p)": (
        backward("softmax", lambda dy, y: dy * y * (1 - y)),
        ("tanh", "softmax", MeanSquaredError(), ONE_HOT),
    ),
    "softmax p (1 - p), apart from its loss": (
        backward("softmax", lambda dy, y: dy * y * (1 - y)),
        ("tanh", "softmax", Unfused(), ONE_HOT),
    ),
    "fused p, not p - t": (gradient(CategoricalCrossentropy, lambda t, y, dy: dy + t), FUSED),
    "fused t - p": (gradient(CategoricalCrossentropy, lambda t, y, dy: -dy), FUSED),
    "smoothing forgotten": (
        gradient(CategoricalCrossentropy, lambda t, y, dy: activations.softmax(y) - (t > 0.5)),
        ("relu", "softmax", CategoricalCrossentropy(label_smoothing=0.2), ONE_HOT),
    ),
    "-t / p without the division by the sum": (
        gradient(CategoricalCrossentropy, lambda t, y, dy: -t / y),
        ("relu", "sigmoid", CategoricalCrossentropy(), ONE_HOT),
    ),
    "binary 1/k forgotten": (
        gradient(BinaryCrossentropy, lambda t, y, dy: dy * K),
        ("relu", "sigmoid", BinaryCrossentropy(), ONE_HOT),
    ),
    "binary without p (1 - p)": (
        gradient(BinaryCrossentropy, lambda t, y, dy: (y - t) / K),
        ("relu", "sigmoid", UnfusedBinary(), ONE_HOT),
    ),
    "squared error without its 2": (gradient(MeanSquaredError, lambda t, y, dy: dy / 2), SQUARED),
    "squared error without 1/k": (gradient(MeanSquaredError, lambda t, y, dy: dy * K), SQUARED),
    "absolute error as its value": (
        gradient(MeanAbsoluteError, lambda t, y, dy: np.abs(y - t) / K),
        ("tanh", None, MeanAbsoluteError(), NUMBERS),
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_derivative_is_caught(mistake, monkeypatch):
    (owner, name, wrong), (hidden, output, loss, t) = WRONG[mistake]

    def error():
        return worst_error(make(Dense(M, hidden), Dense(t.shape[1], output), loss=loss), X, t)

    assert error() < TOLERANCE
    replace = monkeypatch.setitem if isinstance(owner, dict) else monkeypatch.setattr
    replace(owner, name, wrong)
    assert error() > 1e-3


def test_the_replaced_dense_without_a_mistake_passes(monkeypatch):
    monkeypatch.setattr(Dense, "forward", dense())
    assert worst_error(make(Dense(M, "tanh"), Dense(K), loss="mse"), X, NUMBERS) < TOLERANCE


WRONG_LAYERS = {
    "flatten in another order": (
        layer_backward(Flatten, lambda dy, x, back: dy.reshape(x.shape, order="F")),
        "flatten",
    ),
    "rescaling forgets its scale": (
        layer_backward(Rescaling, lambda dy, x, back: dy),
        "rescaling",
    ),
    "dropout forgets its mask": (layer_backward(Dropout, lambda dy, x, back: dy), "dropout"),
    "dropout scales twice": (
        layer_backward(Dropout, lambda dy, x, back: back(dy) / 0.6),
        "dropout",
    ),
    "l2 without its 2": (
        (regularizers.L1L2, "gradient", lambda self, W: self.l1 * np.sign(W) + self.l2 * W),
        "penalties",
    ),
    "l1 without the sign": (
        (regularizers.L1L2, "gradient", lambda self, W: self.l1 + 2 * self.l2 * W),
        "penalties",
    ),
    "sample weights in the value only": (
        (losses.Loss, "value_and_gradient", unweighted),
        "three layers",
    ),
}


@pytest.mark.parametrize("mistake", WRONG_LAYERS)
def test_a_wrong_layer_is_caught(mistake, monkeypatch):
    replacement, name = WRONG_LAYERS[mistake]
    monkeypatch.setattr(*replacement)
    model = make(*anew(LAYERS[name]), loss="mse")
    assert worst_error(model, X, NUMBERS, WEIGHTS) > 1e-3


@pytest.mark.parametrize(
    ("wrong", "slope"), [(None, 0), (lambda dy, y: dy * (y >= 0), 1)], ids=["tinynet", "wrong"]
)
def test_relu_has_slope_0_at_0(wrong, slope, monkeypatch):
    if wrong:
        monkeypatch.setitem(activations.BACKWARD, activations.relu, wrong)
    model = make(Dense(1, "relu", use_bias=False), loss="mse", shape=(2,))
    model.params[:] = [1, -1]
    model.gradients(np.array([[1.0, 1.0]]), np.array([[-0.5]]), None)  # x W is 0
    # dy = 2 (0 + 0.5) = 1, and dW = x dy slope
    np.testing.assert_array_equal(model.grads, [slope, slope])


# The views of the vector of gradients stay views


def test_gradients_are_right_in_a_model_that_was_saved_and_loaded(tmp_path):
    make(Dense(M, "tanh"), Dense(K), loss="mse").save(tmp_path / "model.npz")
    assert worst_error(load_model(tmp_path / "model.npz"), X, NUMBERS) < TOLERANCE
