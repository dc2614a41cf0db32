"""The metrics by hand, their means over batches of any sizes, and which accuracy is meant."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet import metrics
from tinynet.metrics import (
    BinaryAccuracy,
    CategoricalAccuracy,
    Mean,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from tinynet.models.scores import Scores

P = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1]], np.float32)
CLASSES = np.array([1, 2, 2, 1])  # right, second, right, second
ONE_HOT = np.eye(3)[CLASSES]


@pytest.mark.parametrize(
    ("metric", "t", "p", "expected"),
    [
        (CategoricalAccuracy(), ONE_HOT, P, 0.5),
        (SparseCategoricalAccuracy(), CLASSES, P, 0.5),
        (SparseCategoricalAccuracy(), CLASSES[:, np.newaxis].astype("f"), P, 0.5),
        (TopKCategoricalAccuracy(k=1), ONE_HOT, P, 0.5),
        (TopKCategoricalAccuracy(k=2), ONE_HOT, P, 1.0),
        (SparseTopKCategoricalAccuracy(k=2), CLASSES, P, 1.0),
        (SparseTopKCategoricalAccuracy(), CLASSES, P, 1.0),  # k above the number of classes
        (BinaryAccuracy(), [[1], [0], [1], [0]], [[0.9], [0.4], [0.5], [0.6]], 0.5),
        (BinaryAccuracy(), [1, 0, 1, 0], [[0.9], [0.4], [0.5], [0.6]], 0.5),
        (BinaryAccuracy(threshold=0.3), [[1, 0]], [[0.4, 0.4]], 0.5),
        (MeanSquaredError(), [[1, 2], [3, 4]], [[1, 4], [0, 4]], (4 + 9) / 4),
        (MeanAbsoluteError(), [[1, 2], [3, 4]], [[1, 4], [0, 4]], (2 + 3) / 4),
        (MeanAbsoluteError(), [1, 2], [[1], [4]], 1.0),
    ],
    ids=repr,
)
def test_values_worked_by_hand(metric, t, p, expected):
    assert metric(t, p) == pytest.approx(expected)
    metric.reset_state()
    assert metric.result() == 0


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 99))
def test_batches_of_any_sizes_give_the_mean_over_all_examples(sizes, seed):
    rng = np.random.default_rng(seed)
    t, p = rng.integers(0, 3, sum(sizes)), rng.uniform(size=(sum(sizes), 3))
    whole = SparseCategoricalAccuracy()(t, p)
    parts = SparseCategoricalAccuracy()
    for rows in np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1]):
        parts.update_state(t[rows], p[rows])
    assert parts.result() == pytest.approx(whole)


def test_mean_weighs_what_it_is_given():
    mean = Mean()
    mean.update_state([1.0, 4.0], sample_weight=[3, 1])
    assert mean.result() == 7 / 4


@pytest.mark.parametrize(
    ("targets", "units", "expected"),
    [
        ((8,), 10, SparseCategoricalAccuracy),
        ((8, 1), 10, SparseCategoricalAccuracy),
        ((8, 10), 10, CategoricalAccuracy),
        ((8,), 1, BinaryAccuracy),
        ((8, 1), 1, BinaryAccuracy),
    ],
)
def test_accuracy_is_chosen_by_the_shapes(targets, units, expected):
    metric = metrics.choose_accuracy("acc", targets, units)
    assert (type(metric), metric.name) == (expected, "acc")


def test_scores_weigh_batches_by_their_size_and_sort_the_names():
    scores = Scores(["accuracy", metrics.get("mse")], [], np.ones((4, 3)), 3)
    scores.update(1.0, ONE_HOT[:3], P[:3], None)
    scores.update(5.0, ONE_HOT[3:], P[3:], None)
    logs = scores.logs()
    assert list(logs) == ["accuracy", "loss", "mse"]
    assert logs["loss"] == (3 * 1 + 5) / 4
    assert logs["accuracy"] == 0.5
    assert scores.report() == [logs["loss"], logs["accuracy"], logs["mse"]]
    assert all(type(value) is float for value in logs.values())


def test_two_runs_of_one_metric_do_not_mix():
    metric = SparseCategoricalAccuracy()
    one, two = (Scores([metric], [], np.ones(4), 3) for _ in range(2))
    one.update(0.0, CLASSES, P, None)
    two.update(0.0, np.array([0]), np.array([[0.0, 1.0, 0.0]]), None)
    assert (one.report()[1], two.report()[1], metric.result()) == (0.5, 0, 0)


def test_a_function_of_your_own():
    def farthest(y_true, y_pred):
        return abs(y_true - y_pred).max(axis=-1)

    metric = metrics.get(farthest)
    assert metric.name == "farthest"
    assert metric(np.array([[0.0, 0], [0, 0]]), np.array([[1.0, 2], [3, 4]])) == 3


@pytest.mark.parametrize(
    "name", sorted(n for n in dir(metrics) and metrics.BY_NAME if n.lower() not in metrics.ACCURACY)
)
def test_every_name_and_config_makes_a_metric(name):
    metric = metrics.get(name)
    assert metric.name == name
    twin = metrics.get({"class_name": type(metric).__name__, "config": metric.get_config()})
    assert twin.get_config() == metric.get_config()


def test_get_says_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'accuracy'"):
        metrics.get("acuracy")


def test_nothing_seen_is_0_not_nan():
    assert not math.isnan(Mean().result())
