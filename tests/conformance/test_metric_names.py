"""Which metric a name stands for, under which key it is reported, and what it computes."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import tinynet


def identity(lib, width):
    """Build a model that gives its input back, so that a test can choose the predictions."""
    return lib.Sequential([lib.layers.Input((width,)), lib.layers.Activation("linear")])


def measured(lib, metric, y, p, loss="mse"):
    """Evaluate one metric and give its {name: value}."""
    p = np.asarray(p, "float32")
    model = identity(lib, p.shape[1])
    model.compile(loss=loss, metrics=[metric])
    result = model.evaluate(p, np.asarray(y), batch_size=2, return_dict=True, verbose=0)
    del result["loss"]
    return result


P = [[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5], [0.3, 0.4, 0.3], [0.8, 0.15, 0.05]]
ONE_HOT = np.eye(3, dtype="float32")[[1, 0, 0, 1, 2]]  # three of five right
INTEGERS = np.array([1, 0, 0, 1, 2])


@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_accuracy_of_one_hot_labels_is_categorical_and_keeps_its_key(lib, name):
    assert measured(lib, name, ONE_HOT, P) == pytest.approx({name: 0.6})


@pytest.mark.parametrize("shape", [(5,), (5, 1)])
def test_accuracy_of_integer_labels_is_sparse(lib, shape):
    result = measured(
        lib, "accuracy", INTEGERS.reshape(shape), P, loss="sparse_categorical_crossentropy"
    )
    assert result == pytest.approx({"accuracy": 0.6})


def test_accuracy_of_one_output_is_binary(lib):
    p = [[0.9], [0.2], [0.6], [0.4], [0.5]]
    y = np.array([[1], [0], [0], [0], [1]])  # 0.5 itself counts as 0
    expected = {"accuracy": 0.6}
    assert measured(lib, "accuracy", y, p, "binary_crossentropy") == pytest.approx(expected)
    assert measured(lib, "accuracy", y[:, 0], p, "binary_crossentropy") == pytest.approx(expected)


def test_two_metrics_of_one_name_are_numbered(lib):
    model = identity(lib, 3)
    model.compile(loss="mse", metrics=["accuracy", "accuracy"])
    result = model.evaluate(np.array(P, "float32"), ONE_HOT, return_dict=True, verbose=0)
    assert list(result) == ["accuracy", "accuracy_1", "loss"]


@pytest.mark.parametrize(
    ("name", "y", "expected"),
    [
        ("categorical_accuracy", ONE_HOT, 0.6),
        ("sparse_categorical_accuracy", INTEGERS, 0.6),
        ("binary_accuracy", ONE_HOT, 10 / 15),
        ("mse", ONE_HOT, ((P - ONE_HOT) ** 2).mean()),
        ("mae", ONE_HOT, np.abs(P - ONE_HOT).mean()),
        ("mean_squared_error", ONE_HOT, ((P - ONE_HOT) ** 2).mean()),
        ("mean_absolute_error", ONE_HOT, np.abs(P - ONE_HOT).mean()),
        ("top_k_categorical_accuracy", ONE_HOT, 1.0),
    ],
)
def test_names_of_metrics(lib, name, y, expected):
    loss = "sparse_categorical_crossentropy" if y is INTEGERS else "mse"
    assert measured(lib, name, y, P, loss) == pytest.approx({name: expected}, rel=1e-5)


def test_metric_objects_report_under_their_own_name(lib):
    cases = [
        (lib.metrics.CategoricalAccuracy(), ONE_HOT, {"categorical_accuracy": 0.6}),
        (lib.metrics.CategoricalAccuracy(name="hits"), ONE_HOT, {"hits": 0.6}),
        (lib.metrics.BinaryAccuracy(threshold=0.35), ONE_HOT, {"binary_accuracy": 11 / 15}),
        (lib.metrics.TopKCategoricalAccuracy(k=2), ONE_HOT, {"top_k_categorical_accuracy": 0.6}),
        (
            lib.metrics.MeanSquaredError(),
            ONE_HOT,
            {"mean_squared_error": ((P - ONE_HOT) ** 2).mean()},
        ),
        (
            lib.metrics.MeanAbsoluteError(),
            ONE_HOT,
            {"mean_absolute_error": np.abs(P - ONE_HOT).mean()},
        ),
    ]
    for metric, y, expected in cases:
        assert measured(lib, metric, y, P) == pytest.approx(expected, rel=1e-5)


def test_sparse_metric_objects(lib):
    loss = "sparse_categorical_crossentropy"
    cases = [
        (lib.metrics.SparseCategoricalAccuracy(), {"sparse_categorical_accuracy": 0.6}),
        (
            lib.metrics.SparseTopKCategoricalAccuracy(k=2),
            {"sparse_top_k_categorical_accuracy": 0.6},
        ),
    ]
    for metric, expected in cases:
        assert measured(lib, metric, INTEGERS, P, loss) == pytest.approx(expected, rel=1e-5)


def test_a_function_is_a_metric_under_its_own_name(lib):
    def first_column(y_true, y_pred):
        return y_pred[:, 0]

    assert measured(lib, first_column, ONE_HOT, P) == pytest.approx(
        {"first_column": np.mean([row[0] for row in P])}
    )


def test_a_function_may_give_one_number_a_batch(lib):
    def largest(y_true, y_pred):
        return y_pred.max()

    # Batches of 2, 2 and 1: unlike every other figure, one number counts once a batch.
    expected = (0.6 + 0.5 + 0.8) / 3
    assert measured(lib, largest, ONE_HOT, P) == pytest.approx({"largest": expected})


@pytest.mark.parametrize(
    "name",
    [
        "categorical_crossentropy",
        "CategoricalCrossentropy",
        "binary_crossentropy",
        "mean_squared_error",
        "MeanSquaredError",
        "mse",
        "mae",
        "mean_absolute_error",
    ],
)
def test_names_of_losses(lib, name):
    model = identity(lib, 3)
    model.compile(loss=name)
    p = np.clip(P, 0, 1)
    error = p - ONE_HOT
    expected = {
        "c": -(ONE_HOT * np.log(p)).sum(axis=1).mean(),
        "b": -(ONE_HOT * np.log(p) + (1 - ONE_HOT) * np.log(1 - p)).mean(),
        "mse": (error**2).mean(),
        "mae": np.abs(error).mean(),
    }
    short = {"m": "mae" if "abs" in name or name == "mae" else "mse"}.get(
        name[0].lower(), name[0].lower()
    )
    value = model.evaluate(np.array(P, "float32"), ONE_HOT, verbose=0)
    assert value == pytest.approx(expected[short], rel=1e-5)


def test_losses_can_be_called_on_arrays(lib):
    p = np.array(P, "float32")
    cases = [
        (lib.losses.CategoricalCrossentropy(), ONE_HOT, -(ONE_HOT * np.log(p)).sum(axis=1).mean()),
        (
            lib.losses.SparseCategoricalCrossentropy(),
            INTEGERS,
            -(ONE_HOT * np.log(p)).sum(axis=1).mean(),
        ),
        (lib.losses.MeanSquaredError(), ONE_HOT, ((p - ONE_HOT) ** 2).mean()),
        (lib.losses.MeanAbsoluteError(), ONE_HOT, np.abs(p - ONE_HOT).mean()),
    ]
    for loss, y, expected in cases:
        assert float(loss(y, p)) == pytest.approx(expected, rel=1e-5)


def farthest(y_true, y_pred, power=1):
    return abs(y_true - y_pred).max(axis=-1) ** power


class Farthest:
    def method(self, y_true, y_pred):
        return farthest(y_true, y_pred)

    def __call__(self, y_true, y_pred):
        return farthest(y_true, y_pred)


class Named(Farthest):
    name = "given"


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (functools.partial(farthest, power=2), "partial"),
        (Farthest().method, "method"),
        (Farthest(), "farthest"),
        (Named(), "given"),
        (lambda y_true, y_pred: farthest(y_true, y_pred), "lambda"),
    ],
)
def test_all_that_can_be_called_is_a_metric(lib, function, name):
    expected = np.abs(ONE_HOT - P).max(axis=1) ** (2 if name == "partial" else 1)
    assert measured(lib, function, ONE_HOT, P) == pytest.approx({name: expected.mean()}, rel=1e-5)


def test_metrics_may_stand_in_lists_and_under_the_name_of_the_output(lib):
    assert sorted(measured(lib, ["mse", ["mae"]], ONE_HOT, P)) == ["mae", "mse"]
    model = identity(lib, 3)
    model.compile("sgd", "mse", metrics={"activation": ["mae", "accuracy"]})
    result = model.evaluate(np.array(P, "float32"), ONE_HOT, return_dict=True, verbose=0)
    assert sorted(result) == ["accuracy", "loss", "mae"]


def test_several_numbers_are_kept_whole_and_shown_by_their_mean(lib, tmp_path, capsys):
    model = identity(lib, 3)
    model.compile("sgd", "mse", metrics=[lib.metrics.F1Score()])
    logger = lib.callbacks.CSVLogger(tmp_path / "log.csv")
    x = np.array(P, "float32")
    history = model.fit(x, ONE_HOT, verbose=2, callbacks=[logger])
    scores = np.asarray(history.history["f1_score"][0])
    np.testing.assert_allclose(scores, [0.5, 1.0, 0.0], atol=1e-6)
    assert f"f1_score: {scores.mean():.4f}" in capsys.readouterr().out
    line = (tmp_path / "log.csv").read_text().splitlines()[1]
    assert line.startswith('0,"""[0.')
    assert line.count(",") >= 4
    np.testing.assert_allclose(model.evaluate(x, ONE_HOT, verbose=0)[1], scores)


def test_a_metric_of_ones_own_keeps_its_numbers_as_attributes():
    class Largest(tinynet.metrics.Metric):
        def __init__(self, name="largest"):
            super().__init__(name)
            self.found = 0.0

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.found = max(self.found, float(np.max(y_pred)))

        def result(self):
            return self.found

        def reset_state(self):
            self.found = 0.0

    assert measured(tinynet, Largest(), ONE_HOT, P) == pytest.approx({"largest": 0.8})


@pytest.mark.parametrize("method", ["add_weight", "add_variable"])
def test_a_metric_has_no_weights(method):
    class Counting(tinynet.metrics.Metric):
        def __init__(self):
            super().__init__("counting")
            self.hits = getattr(self, method)(shape=(), name="hits", initializer="zeros")

        def reset_state(self):
            self.hits.assign(0)

    with pytest.raises(TypeError, match=r"self\.hits = 0\.0 in __init__"):
        Counting()


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("losses", "crossentropy", "Type 'categorical_crossentropy' for one-hot rows"),
        ("losses", "ce", "'binary_crossentropy' for 0 and 1"),
        ("losses", "logcosh", "Did you mean 'log_cosh'"),
        ("losses", "huber_loss", "Did you mean 'huber'"),
        ("losses", "cosine_proximity", "Did you mean 'cosine_similarity'"),
        ("losses", "binary_focal_crossentropy", "Keras has it; tinynet knows dense networks only"),
        ("metrics", "logcosh", "Did you mean 'log_cosh_error'"),
        ("metrics", "f1", "Did you mean 'f1_score'"),
        ("metrics", "MeanIoU", "Keras has it; tinynet knows dense networks only"),
    ],
)
def test_a_name_that_is_none_leads_to_the_one_meant(kind, name, said):
    with pytest.raises(ValueError, match=said):
        getattr(tinynet, kind).get(name)


def test_what_losses_and_metrics_give_has_numpy():
    t, p = np.zeros((2, 3), "float32"), np.ones((2, 3), "float32")
    losses, metrics = tinynet.losses, tinynet.metrics
    for one in (losses.MeanSquaredError()(t, p), metrics.MeanSquaredError()(t, p)):
        assert (type(one.numpy()), one) == (np.float32, 1.0)
    for several in (losses.mse(t, p), metrics.binary_accuracy(t, p), metrics.F1Score()(t, p)):
        assert type(several.numpy()) is np.ndarray
