"""The layers beyond the core, constraints and penalties on outputs: what both libraries give."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tinynet

LAYERS = {
    "Normalization": lambda k: k.layers.Normalization(mean=[1.0] * 4, variance=[4.0] * 4),
    "adapted": lambda k: adapted(k),
    "inverted": lambda k: k.layers.Normalization(axis=None, mean=1.0, variance=4.0, invert=True),
    "LayerNormalization": lambda k: k.layers.LayerNormalization(epsilon=0.01),
    "LayerNormalization bare": lambda k: k.layers.LayerNormalization(center=False, scale=False),
    "BatchNormalization": lambda k: k.layers.BatchNormalization(gamma_constraint="max_norm"),
    "PReLU": lambda k: k.layers.PReLU("ones", alpha_constraint=k.constraints.NonNeg()),
    "PReLU shared": lambda k: k.layers.PReLU(shared_axes=[1], alpha_regularizer="l2"),
    "GaussianNoise": lambda k: k.layers.GaussianNoise(0.5, seed=3),
    "GaussianDropout": lambda k: k.layers.GaussianDropout(0.5),
    "Reshape": lambda k: k.layers.Reshape((2, -1)),
    "ActivityRegularization": lambda k: k.layers.ActivityRegularization(l1=0.1, l2=0.2),
    "Dense": lambda k: k.layers.Dense(
        3,
        activity_regularizer=k.regularizers.L1(0.1),
        kernel_constraint=k.constraints.MinMaxNorm(0.5, 1.5, rate=0.5, axis=1),
        bias_constraint="unit_norm",
    ),
}
X = np.random.default_rng(0).normal(size=(9, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(9, 2)).astype("float32")


def adapted(lib):
    layer = lib.layers.Normalization(name="adapted")
    layer.adapt(X)
    return layer


def make(lib, name):
    """Build and compile a model with that layer in its middle."""
    layer = LAYERS[name](lib)
    chain = [lib.layers.Input((4,)), layer, lib.layers.Flatten(), lib.layers.Dense(2)]
    model = lib.Sequential(chain)
    model.compile(lib.optimizers.SGD(0.1), "mse")
    return model


def plain(config):
    """Leave out of a config what one library has to say and the other has not."""
    if isinstance(config, dict) and "class_name" in config:
        return config["class_name"], plain(config["config"])
    if isinstance(config, dict):
        off = (None, False)  # as a setting that is missing
        kept = {name: plain(value) for name, value in config.items() if value not in off}
        left_out = ("dtype", "trainable", "renorm_momentum")
        return {name: v for name, v in kept.items() if name not in left_out}
    if isinstance(config, list | tuple):
        return [plain(item) for item in config]
    return round(config, 6) if isinstance(config, float) else config  # float32 is enough


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_described_as_in_keras(keras, name):
    mine, theirs = LAYERS[name](tinynet), LAYERS[name](keras)
    assert plain(mine.get_config()) == plain(theirs.get_config())
    for config in (mine.get_config(), theirs.get_config()):
        config = json.loads(json.dumps(config))
        for cls in (type(mine), type(theirs)):
            assert plain(cls.from_config(config).get_config()) == plain(mine.get_config())


@pytest.mark.parametrize("name", LAYERS)
def test_both_give_the_same_and_train_alike(keras, name):
    models = [make(lib, name) for lib in (tinynet, keras)]
    rng = np.random.default_rng(2)
    start = [w + rng.uniform(0, 0.3, w.shape) for w in models[0].get_weights()]
    if name == "adapted":
        start[:3] = models[0].get_weights()[:3]
    shapes = [[w.shape for w in model.get_weights()] for model in models]
    assert shapes[0] == shapes[1]
    assert models[0].count_params() == models[1].count_params()
    for model in models:
        model.set_weights(start)
        if "Gaussian" not in name:
            model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    mine, theirs = ([np.asarray(w) for w in model.get_weights()] for model in models)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
    scores = [model.evaluate(X, Y, batch_size=4, verbose=0) for model in models]
    assert scores[0] == pytest.approx(scores[1], rel=2e-5)
    predicted = [model.predict(X, verbose=0) for model in models]
    np.testing.assert_allclose(*predicted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_files_go_both_ways(keras, ending, tmp_path):
    pytest.importorskip("h5py")

    def everything(lib):
        lib.utils.clear_session()
        made = [layer(lib) for name, layer in LAYERS.items() if name not in ("Reshape", "adapted")]
        chain = [lib.layers.Input((4,)), adapted(lib), lib.layers.Dense(4), *made]
        model = lib.Sequential(
            [*chain[:-1], lib.layers.Reshape((2, -1)), lib.layers.Flatten(), made[-1]]
        )
        model.compile("adam", "mse")
        return model

    for one, other in ((keras, tinynet), (tinynet, keras)):
        model = everything(one)
        model.fit(X, X[:, :3], verbose=0)
        model.save(tmp_path / f"m{ending}")
        read = other.models.load_model(tmp_path / f"m{ending}")
        predicted = [each.predict(X, verbose=0) for each in (model, read)]
        np.testing.assert_allclose(*predicted, rtol=2e-5, atol=2e-6)
        scores = [each.evaluate(X, X[:, :3], verbose=0) for each in (model, read)]
        assert scores[0] == pytest.approx(scores[1], rel=2e-5)


@pytest.mark.parametrize(
    ("axis", "shape"),
    [
        (-1, (9, 4)),
        ((-1,), (9, 4)),
        (None, (9, 4)),
        (1, (9, 2, 3)),
        ((1, 2), (9, 2, 3)),
        (None, (9,)),
    ],
)
def test_adapt(lib, axis, shape):
    x = np.random.default_rng(3).normal(2, 3, shape).astype("float32")
    layer = lib.layers.Normalization(axis)
    layer.adapt(x)
    kept = () if axis is None else tuple(np.atleast_1d(axis) % len(shape))
    others = tuple(i for i in range(len(shape)) if i not in kept)
    mean, variance = (f(x, axis=others, keepdims=True) for f in (np.mean, np.var))
    np.testing.assert_allclose(np.reshape(layer.mean, mean.shape), mean, rtol=1e-5)
    np.testing.assert_allclose(np.reshape(layer.variance, mean.shape), variance, rtol=1e-5)
    if len(shape) > 1:
        expected = (x - mean) / np.sqrt(variance)
        np.testing.assert_allclose(np.asarray(layer(x)), expected, rtol=1e-4, atol=1e-5)
    weights = [np.asarray(weight) for weight in layer.get_weights()]
    assert [w.shape for w in weights] == [mean.squeeze(others).shape] * 2 + [()]


def test_adapt_takes_batches(lib):
    if lib is not tinynet:
        pytest.importorskip("tensorflow")  # Keras asks it what the data are
    layer = lib.layers.Normalization()
    layer.adapt(iter([X[:4], X[4:]]))
    np.testing.assert_allclose(np.ravel(layer.mean), X.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.ravel(layer.variance), X.var(axis=0), rtol=1e-4)


def test_mean_without_variance_is_an_error(lib):
    with pytest.raises(ValueError, match="mean"):
        lib.layers.Normalization(mean=1.0)


@pytest.mark.parametrize(
    "constraint",
    [
        lambda k: k.constraints.MaxNorm(0.5),
        lambda k: k.constraints.max_norm(0.5, axis=1),
        lambda k: k.constraints.NonNeg(),
        lambda k: k.constraints.UnitNorm(axis=[0, 1]),
        lambda k: k.constraints.MinMaxNorm(0.8, 0.9, 0.25),
        lambda k: k.constraints.get("max_norm"),
        lambda k: k.constraints.get({"class_name": "NonNeg", "config": {}}),
    ],
)
def test_a_constraint_gives_the_same_weights(keras, constraint):
    W = np.random.default_rng(4).normal(size=(4, 3)).astype("float32")
    W[:, 1] = 0
    mine, theirs = constraint(tinynet), constraint(keras)
    np.testing.assert_allclose(mine(W), np.asarray(theirs(W)), rtol=1e-6)
    assert mine.get_config() == theirs.get_config()


def test_a_penalty_on_outputs_is_divided_by_the_batch(lib):
    layer = lib.layers.Dense(2, use_bias=False, activity_regularizer=lib.regularizers.L2(0.5))
    model = lib.Sequential([lib.layers.Input((4,)), layer])
    model.compile(lib.optimizers.SGD(0.0), "mse")
    y = model.predict(X, verbose=0)
    expected = np.mean((y - Y) ** 2) + 0.5 * np.square(y).sum() / len(X)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)
    loss = model.train_on_batch(X, Y, sample_weight=np.zeros(9))  # weights don't count for it
    assert float(loss) == pytest.approx(0.5 * np.square(y).sum() / len(X), rel=1e-5)


def test_noise_is_there_in_training_only(lib):
    x = np.ones((200, 50), "float32")
    for layer in (lib.layers.GaussianNoise(0.5), lib.layers.GaussianDropout(0.2)):
        np.testing.assert_array_equal(np.asarray(layer(x)), x)
        noisy = np.asarray(layer(x, training=True))
        assert noisy.mean() == pytest.approx(1, abs=0.05)
        assert noisy.std() == pytest.approx(0.5, rel=0.05)
