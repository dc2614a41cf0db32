"""The layers of more/: their slopes against measured ones, their noise, what they refuse.

Golden tests train with those whose numbers are not drawn."""

import copy

import numpy as np
import pytest

import tinynet
from tinynet import Input, Model, Sequential, check_gradients, explain, layers
from tinynet.layers import (
    ELU,
    Activation,
    ActivityRegularization,
    Add,
    BatchNormalization,
    Dense,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    LayerNormalization,
    LeakyReLU,
    Normalization,
    PReLU,
    ReLU,
    Reshape,
)
from tinynet.models import load_model
from tinynet.more.regularization import ActivityPenalty
from tinynet.regularizers import L1L2

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 4)), RNG.normal(size=(12, 3))
WEIGHTS = RNG.uniform(0.5, 2, 12)
TOLERANCE = 1e-7

LAYERS = {
    "rectifiers": [Dense(4), LeakyReLU(), Dense(4), ELU(0.5), Dense(4), ReLU(1.0, 0.1, 0.05)],
    "batch": [Dense(4), BatchNormalization(), Activation("tanh")],
    "layer": [Dense(4), LayerNormalization(), Activation("tanh")],
    "layer bare": [Dense(4), LayerNormalization(center=False, scale=False), Activation("tanh")],
    "layer of rows": [Dense(6), Reshape((2, 3)), LayerNormalization(), Flatten(), Dense(4, "tanh")],
    "PReLU": [Dense(4), PReLU("glorot_uniform", "l2")],
    "PReLU shared": [Dense(6), Reshape((2, -1)), PReLU("ones", shared_axes=[1]), Flatten()],
    "PReLU one": [Dense(6), Reshape((2, 3)), PReLU("ones", shared_axes=[1, 2]), Flatten()],
    "noise": [Dense(4, "tanh"), GaussianNoise(0.3), Dense(4, "tanh"), GaussianDropout(0.3)],
    "normalization": [Dense(4), Normalization(mean=0.5, variance=2.0), Activation("tanh")],
    "inverted": [Dense(4, "tanh"), Normalization(None, 0.5, 2.0, invert=True)],
    "activity": [Dense(4, "tanh", activity_regularizer=L1L2(0.1, 0.2))],
    "activity layer": [Dense(4), ActivityRegularization(0.1, 0.2), Activation("tanh")],
}


def make(chain):
    """Compile a float64 model of layers like these, and a last one, with weights that are moved."""
    before = tinynet.config.floatx()
    tinynet.config.set_floatx("float64")
    chain = [type(layer).from_config(layer.get_config()) for layer in chain]
    model = Sequential([Input((4,)), *chain, Dense(3, name="last")])
    tinynet.config.set_floatx(before)
    model.compile("sgd", "mse")
    model.params += np.random.default_rng(1).normal(0, 0.1, model.params.shape)
    return model


def loss_of(model):
    """Return the loss on the batch; random numbers and running means are the same every time."""
    states = {name: rng.bit_generator.state for name, rng in model.generators().items()}
    kept = model.kept.copy()
    loss, _ = model.gradients(X, Y, WEIGHTS)
    for name, rng in model.generators().items():
        rng.bit_generator.state = states[name]
    model.kept[:] = kept
    return loss


def worst_error(model, h=1e-5):
    """Return how far backprop is from differences of the loss, relative to the largest slope."""
    loss_of(model)
    found, w, slopes = model.grads.copy(), model.params, np.zeros_like(model.params)
    for i in range(w.size):
        start = w[i]
        w[i] = start + h
        up = loss_of(model)
        w[i] = start - h
        slopes[i] = (up - loss_of(model)) / (2 * h)
        w[i] = start
    return np.abs(found - slopes).max() / np.abs(slopes).max()


@pytest.mark.parametrize("name", LAYERS)
def test_the_gradient_is_the_slope(name):
    assert worst_error(make(LAYERS[name])) < TOLERANCE


@pytest.mark.parametrize("name", LAYERS)
def test_check_gradients_agrees(name):
    assert check_gradients(make(LAYERS[name]), X, Y).ok


def test_every_layer_of_more_is_tested_here():
    tested = {type(layer) for chain in LAYERS.values() for layer in chain}
    more = {cls for cls in layers.BY_NAME.values() if ".more." in cls.__module__}
    assert {cls for cls in more if not cls.several} - tested == {layers.Rescaling}


def wrong(cls, mistake):
    """Return a forward whose backward is mistake(layer, x, dy, right dx)."""
    right = cls.forward

    def forward(self, x):
        y, backward = right(self, x)
        return y, lambda dy: mistake(self, x, dy, backward(dy))

    return cls, "forward", forward


def of_example(x):
    return x.var(axis=-1, keepdims=True) + 1e-3


WRONG = {
    "the mean forgotten": (
        "layer",
        wrong(
            LayerNormalization,
            lambda self, x, dy, dx: (
                dx + (dy * self.gamma).mean(-1, keepdims=True) / of_example(x) ** 0.5
            ),
        ),
    ),
    "the deviation forgotten": (
        "layer",
        wrong(LayerNormalization, lambda self, x, dy, dx: dx * of_example(x) ** 0.5),
    ),
    "alpha let through everywhere": (
        "PReLU",
        wrong(PReLU, lambda self, x, dy, dx: dy * self.alpha),
    ),
    "half of alpha's gradient": (
        "PReLU one",
        wrong(PReLU, lambda self, x, dy, dx: halved(self, dx)),
    ),
    "noise let through": ("noise", wrong(GaussianDropout, lambda self, x, dy, dx: dy)),
    "scaled the wrong way": ("inverted", wrong(Normalization, lambda self, x, dy, dx: dx / 2)),
    "penalty's slope forgotten": (
        "activity layer",
        wrong(ActivityPenalty, lambda self, x, dy, dx: dy),
    ),
    "penalty's slope not divided by n": (
        "activity layer",
        wrong(ActivityPenalty, lambda self, x, dy, dx: dy + (dx - dy) * len(x)),
    ),
}


def halved(layer, dx):
    layer.dalpha *= 0.5
    return dx


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_backward_is_caught(mistake, monkeypatch):
    name, replacement = WRONG[mistake]
    model = make(LAYERS[name])
    assert worst_error(model) < TOLERANCE
    monkeypatch.setattr(*replacement)
    assert worst_error(model) > 1e-3
    assert not check_gradients(model, X, Y).ok


# Noise


@pytest.mark.parametrize(
    ("layer", "mean", "deviation"),
    [(GaussianNoise(0.5, seed=1), 3, 0.5), (GaussianDropout(0.2, seed=1), 3, 3 * 0.5)],
)
def test_noise_has_the_mean_and_deviation_that_it_promises(layer, mean, deviation):
    x = np.full((1000, 100), 3, np.float32)
    y, _ = layer.forward(x)
    assert y.dtype == np.float32
    assert y.mean() == pytest.approx(mean, abs=0.01)
    assert y.std() == pytest.approx(deviation, rel=0.01)
    np.testing.assert_array_equal(layer.infer(x), x)
    again = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(again.forward(x)[0], y)  # the seed


@pytest.mark.parametrize("noise", [GaussianNoise, GaussianDropout])
def test_noise_goes_on_from_a_file_and_in_copies(noise, tmp_path):
    model = Sequential([Input((4,)), noise(0.3), noise(0.2, seed=3), Dense(3)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.npz")
    twins = [load_model(tmp_path / "m.npz"), copy.deepcopy(model)]
    for each in (model, *twins):
        each.fit(X, Y, verbose=0)
    for twin in twins:
        np.testing.assert_array_equal(twin.params, model.params)


# Normalization


def test_adapt_takes_mean_and_variance_of_each_column():
    x = np.array([[1.0, 10, 5], [3.0, 30, 5]])
    layer = Normalization()
    layer.adapt(x)
    np.testing.assert_array_equal(layer.mean, [[2, 20, 5]])
    np.testing.assert_array_equal(layer.variance, [[1, 100, 0]])
    np.testing.assert_allclose(layer(x), [[-1, -1, 0], [1, 1, 0]])
    model = Sequential([layer, Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, np.ones(2), verbose=0)
    np.testing.assert_array_equal(layer.mean, [[2, 20, 5]])
    assert [w.shape for w in model.get_weights()] == [(3,), (3,), (), (3, 1), (1,)]
    assert [w.name for w in layer.weights] == ["mean", "variance", "count"]
    assert layer.weights[2] == 0
    assert model.trainable_weights[0].name == "kernel"
    layer.adapt(x * 2)  # again, inside of a model
    np.testing.assert_array_equal(model.get_weights()[0], [4, 40, 10])


@pytest.mark.parametrize(
    ("axis", "shape"), [(-1, (1, 1, 3)), (1, (1, 2, 1)), ((1, 2), (1, 2, 3)), (None, (1, 1, 1))]
)
def test_axes_are_those_that_keep_their_own_mean(axis, shape):
    x = RNG.normal(size=(50, 2, 3)) * 3 + 1
    layer = Normalization(axis)
    layer.adapt(x)
    others = tuple(i for i, size in enumerate(shape) if size == 1)
    np.testing.assert_allclose(layer.mean, x.mean(axis=others, keepdims=True), rtol=1e-5)
    y = layer(x)
    np.testing.assert_allclose(y.mean(axis=others), 0, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=others), 1, rtol=1e-5)
    back = Normalization(axis, layer.mean.reshape(layer.adapt_mean.shape),
                         layer.variance.reshape(layer.adapt_mean.shape), invert=True)  # fmt: skip
    np.testing.assert_allclose(back(y), x, rtol=1e-4, atol=1e-5)


def test_one_column_as_a_row_of_numbers():
    layer = Normalization(axis=None, input_shape=[1])
    layer.adapt(np.array([1.0, 3.0]))
    model = Sequential([layer, Dense(1, kernel_initializer="ones")])
    np.testing.assert_allclose(model.predict(np.array([3.0, 5.0]), verbose=0), [[1], [3]])


@pytest.mark.parametrize("batches", [list, iter, lambda parts: ((part, 0) for part in parts)])
def test_adapt_takes_batches(batches):
    layer, whole = Normalization(), Normalization()
    layer.adapt(batches([X[:5], X[5:]]))
    whole.adapt(X)
    np.testing.assert_array_equal(layer.mean, whole.mean)
    np.testing.assert_array_equal(layer.variance, whole.variance)


@pytest.mark.parametrize("ending", [".npz", ".keras", ".h5"])
def test_what_was_adapted_is_in_the_file(ending, tmp_path):
    if ending != ".npz":
        pytest.importorskip("h5py")
    model = Sequential([Input((4,)), Normalization(), Dense(2)])
    model.layers[0].adapt(X)
    model.save(tmp_path / f"m{ending}")
    twin = load_model(tmp_path / f"m{ending}")
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    assert twin.layers[0].axis == (-1,)


def built(layer, shape=(4,)):
    return Sequential([Input(shape), layer])


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: Normalization(mean=1.0), "mean and variance of one shape, or neither"),
        (lambda: Normalization(mean=[1, 2], variance=[1]), "mean and variance of one shape"),
        (lambda: built(Normalization(mean=[1, 2], variance=[1, 2])), r"mean of shape \(2,\)"),
        (lambda: built(Normalization(axis=2)), "name axes behind the first"),
        (lambda: built(Normalization(axis=0)), "name axes behind the first"),
        (lambda: Normalization().adapt(np.ones(3)), r"x\[:, np.newaxis\]"),
        (lambda: Normalization().adapt([[1, 2], [3, 4]]), r"np.array\(data\)"),
        (lambda: Normalization().adapt([]), r"np.array\(data\)"),
        (lambda: Normalization(mean=1, variance=1).adapt(X), "leave out adapt"),
        (lambda: built(Normalization()).layers[0].adapt(X[:, :3]), r"\(None, 4\).*got \(12, 3\)"),
        (lambda: GaussianNoise(1.5), "stddev as a number from 0 to 1"),
        (lambda: GaussianDropout(1.0), "rate as a number from 0 to below 1"),
        (lambda: built(LayerNormalization(axis=0)), "works along the last axis"),
        (lambda: LayerNormalization(epsilon=0), "epsilon as a number above 0"),
        (lambda: LayerNormalization(rms_scaling=True), "no argument 'rms_scaling'"),
        (lambda: built(PReLU(shared_axes=[2])), "no axis 2 to share"),
        (lambda: built(Reshape((3,))), r"can't lay 4 numbers.*out as \(3,\)"),
        (lambda: built(Reshape((3, -1))), r"can't lay 4 numbers"),
        (lambda: Reshape((-1, -1)), "at most one size as -1"),
        (lambda: Reshape((0,)), "shape of one example"),
        (lambda: Reshape(()), "shape of one example"),
        (lambda: Reshape(4), r"Write \(4,\) with a comma"),
        (lambda: ActivityRegularization(l1=-1), "l1 as a number from 0"),
    ],
)
def test_what_has_no_meaning_is_refused(act, words):
    with pytest.raises(ValueError, match=words):
        act()


# Penalties on outputs


def test_a_penalty_on_outputs_is_in_the_loss_in_training_and_evaluation_divided_by_n():
    model = Sequential([Dense(3, "relu", activity_regularizer="l2", input_shape=(4,))])
    model.compile(tinynet.optimizers.SGD(0.0), "mse")
    y = model.predict(X, verbose=0)
    each = 0.01 * np.square(y).sum(axis=1)
    expected = np.mean((y - Y) ** 2) + each.mean()
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-6)
    assert model.train_on_batch(X, Y) == pytest.approx(expected, rel=1e-6)
    # batches of 8 and 4: each has its own mean, and they count by their sizes
    assert model.evaluate(X, Y, batch_size=8, verbose=0) == pytest.approx(expected, rel=1e-6)
    history = model.fit(X, Y, batch_size=8, verbose=0, validation_data=(X, Y)).history
    for name in ("loss", "val_loss"):
        assert history[name] == pytest.approx([expected], rel=1e-6)


def test_a_penalty_in_a_skip_connection_counts_each_time_it_is_applied():
    inputs, penalty = Input((4,)), ActivityRegularization(l2=0.1)
    first = Dense(4, activity_regularizer="l2")
    second = Dense(4)
    once = penalty(first(inputs))
    model = Model(inputs, Dense(3)(Add()([once, penalty(second(once))])))
    model.compile("sgd", "mse")
    a, b = first(X), second(first(X))
    expected = (0.11 * np.square(a).sum() + 0.1 * np.square(b).sum()) / len(X)
    loss = np.mean((model.predict(X, verbose=0) - Y) ** 2)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(loss + expected, rel=1e-6)
    assert model.train_on_batch(X, Y) == pytest.approx(loss + expected, rel=1e-6)
    assert check_gradients(model, X, Y).ok


def test_explain_shows_a_penalty_on_outputs(capsys):
    model = Sequential([Dense(3, activity_regularizer="l2", input_shape=(4,))])
    model.compile("sgd", "mse")
    step = explain(model, X, Y)
    assert "R(x) / n is added to the loss" in step.text
    assert step.loss == pytest.approx(model.evaluate(X, Y, verbose=0))


def test_a_penalty_behind_softmax_leaves_the_gradient_right():
    chain = [Dense(3, "softmax", activity_regularizer="l2", input_shape=(4,))]
    model = Sequential(chain)
    model.compile("sgd", "categorical_crossentropy")
    assert check_gradients(model, X, np.eye(3)[RNG.integers(0, 3, 12)]).ok
