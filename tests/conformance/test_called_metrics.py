"""Metrics called by hand, as Keras does: any rank and dtype, weights of every shape.

What Keras computes is compared with where it is installed; elsewhere with sums worked out here.
"""

from __future__ import annotations

import numpy as np
import pytest

import tinynet

NAMES = [
    "MeanSquaredError",
    "MeanAbsoluteError",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "Accuracy",
    "RootMeanSquaredError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "LogCoshError",
    "CosineSimilarity",
    "KLDivergence",
    "Poisson",
    "Hinge",
    "SquaredHinge",
    "CategoricalHinge",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
]
SPARSE = [
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
]


def drawn(*shape):
    """Draw targets of 0 and 1, and outputs between 0 and 1, no two of them alike."""
    rng = np.random.default_rng(sum(shape))
    return rng.integers(0, 2, shape).astype("float32"), rng.random(shape, "float32")


def updated(metric, *batches):
    """Return what a metric says after some batches, or that it refuses one."""
    try:
        for batch in batches:
            metric.update_state(*batch)
    except (ValueError, TypeError, IndexError) as error:
        return type(error)
    return float(metric.result())


def same_as_keras(ours, theirs, *batches):
    """Compare two metrics after the same batches."""
    a, b = updated(ours, *batches), updated(theirs, *batches)
    assert isinstance(a, type) == isinstance(b, type), (ours, batches, a, b)
    if not isinstance(a, type):
        assert a == pytest.approx(b, rel=1e-5, abs=1e-6), (ours, batches)


# ------------------------------------------------------------------- worked out by hand, in both


def test_an_example_without_its_last_axis_counts_once(lib):
    metric = lib.metrics.BinaryAccuracy()
    metric.update_state(np.array([1.0, 0.0]), np.array([0.9, 0.8]))
    metric.update_state(np.array([[1.0], [0.0]]), np.array([[0.2], [0.3]]))
    assert float(metric.result()) == 0.5


def test_a_row_without_its_batch_axis_counts_once(lib):
    metric = lib.metrics.MeanSquaredError()
    metric.update_state(np.zeros(4), np.ones(4))
    metric.update_state(np.zeros((3, 4)), np.zeros((3, 4)))
    assert float(metric.result()) == 0.25


@pytest.mark.parametrize("weights", [[1.0, 3.0], [[1.0], [3.0]]])
def test_weights_say_how_much_an_example_counts(lib, weights):
    metric = lib.metrics.MeanAbsoluteError()
    t, p = np.array([[0.0], [0.0]]), np.array([[4.0], [8.0]])
    assert float(metric(t, p, sample_weight=np.array(weights))) == 7.0
    assert float(metric(t, p)) == pytest.approx((4 + 24 + 4 + 8) / 6)


def test_examples_of_no_weight_give_0_and_not_nan(lib):
    metric = lib.metrics.MeanAbsoluteError()
    assert float(metric(np.zeros((2, 1)), np.ones((2, 1)), sample_weight=np.zeros(2))) == 0.0


def test_a_mean_counts_rows_and_weighs_them(lib):
    mean = lib.metrics.Mean()
    mean.update_state([[1.0, 3.0], [5.0, 7.0]])
    mean.update_state(10.0)
    assert float(mean.result()) == pytest.approx((2 + 6 + 10) / 3)
    mean.reset_state()
    assert float(mean([[1.0, 3.0], [5.0, 7.0]], sample_weight=[1.0, 3.0])) == 5.0


def test_numbers_of_any_kind(lib):
    assert float(lib.metrics.MeanAbsoluteError()(np.uint8([[5]]), np.uint8([[3]]))) == 2.0
    assert float(lib.metrics.BinaryAccuracy()([[True]], [[1]])) == 1.0


def test_whole_numbers_do_not_overflow():
    """In Keras they do: the first is 254 there, the second 1,410,065,408."""
    assert tinynet.metrics.MeanAbsoluteError()(np.uint8([[3]]), np.uint8([[5]])) == 2.0
    assert tinynet.metrics.MeanSquaredError()(np.int32([[100_000]]), np.int32([[0]])) == 1e10


def test_a_config_holds_name_and_dtype(lib):
    metric = lib.metrics.BinaryAccuracy("hits", None, 0.25)
    config = metric.get_config()
    assert config == {"name": "hits", "dtype": "float32", "threshold": 0.25}
    assert type(metric).from_config(config).get_config() == config


@pytest.mark.parametrize("shape", [(3, 2), (2, 2), (3,), ()])
def test_targets_of_another_shape_are_refused(shape):
    for name in NAMES:
        with pytest.raises(ValueError, match="Expected y_true of"):
            getattr(tinynet.metrics, name)()(np.zeros(shape), np.zeros((2, 3)))


def test_weights_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"sample_weight as a number or of shape \(2,\)"):
        tinynet.metrics.MeanSquaredError()(np.zeros((2, 5)), np.zeros((2, 5)), np.ones(3))


def test_another_dtype_than_that_of_all_is_refused():
    with pytest.raises(ValueError, match=r"float32: see config\.set_floatx"):
        tinynet.metrics.MeanSquaredError(dtype="float64")


# ------------------------------------------------------------------------------- beside Keras


@pytest.mark.parametrize("name", NAMES)
def test_every_rank_weight_and_dtype_gives_keras_numbers(keras, name):
    for shape in [(4, 3), (3,), (4, 1), (2, 3, 2)]:
        if shape == (3,) and "Top" in name:  # Keras asks for two axes
            continue
        t, p = drawn(*shape)
        each = np.arange(1.0, shape[0] + 1)
        weights = [None, 2.0, each, each[:, np.newaxis], np.ones(shape[:-1])]
        for weight in weights:
            ours, theirs = getattr(tinynet.metrics, name)(), getattr(keras.metrics, name)()
            same_as_keras(ours, theirs, (t, p, weight), (1 - t, p))
    t, p = drawn(4, 3)
    for dtype in ("float16", "int32", "bool"):
        ours, theirs = getattr(tinynet.metrics, name)(), getattr(keras.metrics, name)()
        same_as_keras(ours, theirs, (t.astype(dtype), p))


@pytest.mark.parametrize("name", SPARSE)
def test_sparse_metrics_give_keras_numbers(keras, name):
    for shape in [(4, 3), (4, 7), (2, 3, 6)]:
        p = drawn(*shape)[1]
        classes = np.random.default_rng(1).integers(0, shape[-1], shape[:-1])
        for t in (classes, classes[..., np.newaxis], classes.astype("float32")):
            ours, theirs = getattr(tinynet.metrics, name)(), getattr(keras.metrics, name)()
            same_as_keras(ours, theirs, (t, p), (t, p, np.arange(1.0, shape[0] + 1)))


@pytest.mark.parametrize("shape", [(), (4,), (4, 3), (2, 3, 2)])
def test_means_of_every_rank_give_keras_numbers(keras, shape):
    values = np.random.default_rng(2).random(shape)
    weights = [None, 2.0, *(np.arange(1.0, n + 1) for n in shape[:1]), np.ones(shape)]
    for weight in weights:
        same_as_keras(tinynet.metrics.Mean(), keras.metrics.Mean(), (values, weight), (1.0,))


@pytest.mark.parametrize("name", [*NAMES, *SPARSE, "Mean"])
def test_configs_go_to_keras_and_back(keras, name):
    ours, theirs = getattr(tinynet.metrics, name), getattr(keras.metrics, name)
    config = theirs(name="mine").get_config()
    assert config.items() <= ours.from_config(config).get_config().items()  # Keras forgets an axis
    assert theirs().get_config().items() <= ours().get_config().items()
