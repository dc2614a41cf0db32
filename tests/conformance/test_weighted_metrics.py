"""What metrics see: weights, if they are to, and targets as they were given."""

from __future__ import annotations

import numpy as np
import pytest
from nets import suffix

X = np.array([[0.0], [1.0], [2.0], [4.0]], "float32")
Y = np.array([[0.0], [2.0], [1.0], [1.0]])
ERRORS = np.array([0.0, 1.0, 1.0, 3.0])  # |x - y|
WEIGHTS = np.array([1.0, 0.5, 2.0, 4.0])


def same(lib, **compile_arguments):
    """Build a model whose output is its input."""
    layers = [lib.Input((1,)), lib.layers.Dense(1, kernel_initializer="ones", use_bias=False)]
    model = lib.Sequential(layers)
    model.compile(lib.optimizers.SGD(0.0), "mae", **compile_arguments)
    return model


def logs(model, x=X, y=Y, **options):
    """Fit once, and return what the history says."""
    history = model.fit(x, y, verbose=0, **options).history
    return {name: value for name, (value,) in history.items()}


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ({}, np.ones(4)),
        ({"sample_weight": WEIGHTS}, WEIGHTS),
        ({"sample_weight": WEIGHTS[:, np.newaxis]}, WEIGHTS),
        ({"class_weight": {0: 5.0, 2: 0.25}}, np.array([5.0, 0.25, 1.0, 1.0])),
        ({"sample_weight": WEIGHTS, "batch_size": 3, "shuffle": False}, WEIGHTS),
    ],
)
def test_weighted_metrics_see_the_weights(lib, options, weights):
    found = logs(same(lib, metrics=["mse"], weighted_metrics=["mean_absolute_error"]), **options)
    assert list(found) == ["loss", "mean_absolute_error", "mse"]
    assert found["loss"] == pytest.approx((ERRORS * weights).sum() / 4, rel=1e-6)
    assert found["mse"] == pytest.approx((ERRORS**2).mean(), rel=1e-6)
    mean = (ERRORS * weights).sum() / weights.sum()
    assert found["mean_absolute_error"] == pytest.approx(mean, rel=1e-6)


def test_evaluate_and_single_batches(lib):
    model = same(lib, metrics=["mse"], weighted_metrics=["mae"])
    mean = (ERRORS * WEIGHTS).sum() / WEIGHTS.sum()
    expected = [(ERRORS * WEIGHTS).mean(), (ERRORS**2).mean(), mean]
    options = {"sample_weight": WEIGHTS}
    assert model.evaluate(X, Y, verbose=0, **options) == pytest.approx(expected, rel=1e-6)
    assert [float(v) for v in model.test_on_batch(X, Y, **options)] == pytest.approx(expected)
    assert [float(v) for v in model.train_on_batch(X, Y, **options)] == pytest.approx(expected)
    named = model.evaluate(X, Y, verbose=0, return_dict=True, **options)
    assert {name: float(v) for name, v in named.items()} == pytest.approx(
        dict(zip(["loss", "mse", "mae"], expected, strict=True))
    )


def test_weights_of_the_validation(lib):
    model = same(lib, weighted_metrics=["mae"])
    found = logs(model, validation_data=(X, Y, WEIGHTS))
    assert found["mae"] == pytest.approx(ERRORS.mean())
    assert found["val_mae"] == pytest.approx((ERRORS * WEIGHTS).sum() / WEIGHTS.sum(), rel=1e-6)
    found = logs(same(lib, weighted_metrics=["mae"]), validation_split=0.5, sample_weight=WEIGHTS)
    assert found["val_mae"] == pytest.approx((1 * 2 + 3 * 4) / 6, rel=1e-6)


def test_names_that_both_kinds_have(lib):
    model = same(lib, metrics=["mae", "mae"], weighted_metrics=["mae", "mse", "mae"])
    found = logs(model, sample_weight=WEIGHTS)
    assert list(found) == ["loss", "mae", "mae_1", "mse", "weighted_mae", "weighted_mae_1"]
    assert found["mae"] == found["mae_1"] == pytest.approx(ERRORS.mean())
    assert found["weighted_mae"] == found["weighted_mae_1"] != found["mae"]


@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_accuracy_as_a_weighted_metric(lib, name):
    model = lib.Sequential([lib.Input((3,)), lib.layers.Softmax()])
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=[name])
    x = np.eye(3, dtype="float32")
    found = model.evaluate(x, np.array([0, 1, 1]), sample_weight=np.array([1, 2, 5]), verbose=0)
    assert found[1] == pytest.approx(3 / 8)


@pytest.mark.parametrize("given", ["mae", 3])
def test_weighted_metrics_are_a_list(lib, given):
    with pytest.raises(ValueError, match="weighted_metrics"):
        same(lib, weighted_metrics=given)


def test_a_monitor_may_be_a_weighted_metric(lib):
    model = same(lib, weighted_metrics=[lib.metrics.BinaryAccuracy(name="right")])
    stopping = lib.callbacks.EarlyStopping("val_right", patience=0)
    history = model.fit(X, Y, validation_data=(X, Y), epochs=5, callbacks=[stopping], verbose=0)
    assert len(history.epoch) == 2


def test_weighted_metrics_are_saved(lib, tmp_path):
    model = same(lib, metrics=["mse"], weighted_metrics=["mae"])
    expected = model.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0)
    path = tmp_path / f"model{suffix(lib)}"
    model.save(path)
    again = lib.models.load_model(path)
    found = again.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32", "float64"])
def test_targets_stay_whole_numbers_for_metrics(lib, dtype):
    seen = set()

    def kind(y_true, y_pred):
        seen.add(np.dtype(str(y_true.dtype)).kind)
        return y_pred[:, 0]

    model = same(lib, metrics=[kind])
    logs(model, y=np.array([0, 1, 2, 3], dtype))
    assert seen == {np.dtype(dtype).kind}
