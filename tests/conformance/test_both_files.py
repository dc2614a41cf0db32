"""Files: each library reads its own, and Keras and tinynet read each other's."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tinynet

pytest.importorskip("h5py")

ENDINGS = [".keras", ".h5"]
OPTIMIZERS = {
    "sgd": lambda lib: lib.optimizers.SGD(0.1),
    "momentum": lambda lib: lib.optimizers.SGD(0.1, momentum=0.9),
    "rmsprop": lambda lib: lib.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adam": lambda lib: lib.optimizers.Adam(0.01, clipnorm=1.0),
    "adamw": lambda lib: lib.optimizers.AdamW(0.01),
    "nadam": lambda lib: lib.optimizers.Nadam(0.01),
    "adamax": lambda lib: lib.optimizers.Adamax(0.01),
    "adagrad": lambda lib: lib.optimizers.Adagrad(0.1),
    "adadelta": lambda lib: lib.optimizers.Adadelta(1.0),
    "piecewise": lambda lib: lib.optimizers.SGD(
        lib.optimizers.schedules.PiecewiseConstantDecay([5, 9], [0.1, 0.2, 0.3])
    ),
    "polynomial": lambda lib: lib.optimizers.SGD(
        lib.optimizers.schedules.PolynomialDecay(0.1, 7, cycle=True)
    ),
    "inverse_time": lambda lib: lib.optimizers.SGD(
        lib.optimizers.schedules.InverseTimeDecay(0.1, 7, 0.5)
    ),
    "schedule": lambda lib: lib.optimizers.Adam(
        lib.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    ),
}

PAIRS = [(".keras", name) for name in OPTIMIZERS]


def trained(lib, data, optimizer="adam"):
    x, y = data
    model = lib.Sequential(
        [
            lib.layers.Input((6,)),
            lib.layers.Dense(5, activation="relu", kernel_regularizer="l2"),
            lib.layers.Dense(3, use_bias=False, name="mine"),
            lib.layers.ReLU(),
            lib.layers.Dense(4, activation="softmax"),
        ]
    )
    metrics = ["accuracy", lib.metrics.MeanSquaredError(name="error")]
    model.compile(OPTIMIZERS[optimizer](lib), "categorical_crossentropy", metrics=metrics)
    model.fit(x, y, epochs=2, batch_size=4, verbose=0)
    return model


def check_equal(one, other, data, abs=1e-6):
    """Check that two models predict and report the same."""
    x, y = data
    close = {"rtol": 0, "atol": abs}
    np.testing.assert_allclose(one.predict(x, verbose=0), other.predict(x, verbose=0), **close)
    scores = [model.evaluate(x, y, verbose=0) for model in (one, other)]
    np.testing.assert_allclose(*scores, **close)


def train_on(one, other, data):
    """Check that two models go on training alike, their slots included."""
    for model in (one, other):
        model.fit(*data, epochs=2, batch_size=4, shuffle=False, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
    assert int(one.optimizer.iterations) == int(other.optimizer.iterations)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_gives_the_model_again(lib, data, tmp_path, ending):
    model = trained(lib, data)
    model.save(tmp_path / f"m{ending}")
    twin = lib.models.load_model(tmp_path / f"m{ending}")
    check_equal(twin, model, data)
    assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    bare = lib.models.load_model(tmp_path / f"m{ending}", compile=False)
    with pytest.raises(ValueError, match="compile"):
        bare.evaluate(*data, verbose=0)


def test_weights_alone(lib, data, tmp_path):
    model = trained(lib, data)
    model.save_weights(tmp_path / "m.weights.h5")
    twin = trained(lib, data)
    twin.load_weights(tmp_path / "m.weights.h5")
    check_equal(twin, model, data)
    train_on(twin, model, data)  # the slots are in the file as well


def test_load_weights_reads_whole_models_too(lib, data, tmp_path):
    model = trained(lib, data)
    twin = trained(lib, data, "sgd")
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="optimizer"):  # of another kind
        twin.load_weights(tmp_path / "m.keras")
    check_equal(twin, model, data)
    twin = trained(lib, data, "sgd")
    model.save(tmp_path / "m.h5")
    twin.load_weights(tmp_path / "m.h5")
    check_equal(twin, model, data)


@pytest.mark.parametrize("whole", [True, False])
def test_checkpoints(lib, data, tmp_path, whole):
    path = tmp_path / ("best-{epoch}.keras" if whole else "best-{epoch}.weights.h5")
    checkpoint = lib.callbacks.ModelCheckpoint(path, save_weights_only=not whole)
    model = trained(lib, data)
    model.fit(*data, epochs=2, verbose=0, callbacks=[checkpoint])
    twin = trained(lib, data)
    twin.load_weights(str(path).format(epoch=2))
    check_equal(twin, model, data)


def test_json_and_clone(lib, data):
    model = trained(lib, data)
    described = json.loads(model.to_json())
    assert described["class_name"] == "Sequential"
    for twin in (lib.models.model_from_json(model.to_json()), lib.models.clone_model(model)):
        twin.set_weights(model.get_weights())
        twin.compile(loss="categorical_crossentropy", metrics=["accuracy", "mse"])
        check_equal(twin, model, data)


@pytest.mark.parametrize(("ending", "optimizer"), [*PAIRS, (".h5", "adam")])
def test_keras_reads_what_tinynet_writes(keras, data, tmp_path, ending, optimizer):
    model = trained(tinynet, data, optimizer)
    model.save(tmp_path / f"m{ending}")
    read = keras.models.load_model(tmp_path / f"m{ending}")
    check_equal(read, model, data)
    if ending == ".keras":  # Keras can't train on from its own .h5 files either
        train_on(read, model, data)


@pytest.mark.parametrize(("ending", "optimizer"), [*PAIRS, (".h5", "adam")])
def test_tinynet_reads_what_keras_writes(keras, data, tmp_path, ending, optimizer):
    model = trained(keras, data, optimizer)
    model.save(tmp_path / f"m{ending}")
    read = tinynet.models.load_model(tmp_path / f"m{ending}")
    check_equal(read, model, data)
    train_on(read, model, data)


def test_weights_go_both_ways(keras, data, tmp_path):
    path = tmp_path / "m.weights.h5"
    for one, other in ((keras, tinynet), (tinynet, keras)):
        model, twin = trained(one, data), trained(other, data)
        model.save_weights(path)
        twin.load_weights(path)
        check_equal(twin, model, data)
        train_on(twin, model, data)


def test_json_goes_both_ways(keras, data):
    for one, other in ((keras, tinynet), (tinynet, keras)):
        model = trained(one, data)
        twin = other.models.model_from_json(model.to_json())
        twin.set_weights(model.get_weights())
        twin.compile(loss="categorical_crossentropy", metrics=["accuracy", "mse"])
        check_equal(twin, model, data)


def test_a_layer_that_tinynet_has_not_is_named(keras, tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)])
    for ending in ENDINGS:
        model.save(tmp_path / f"m{ending}")
        with pytest.raises(ValueError, match="Conv2D"):
            tinynet.models.load_model(tmp_path / f"m{ending}")
