"""The losses against their formulas, worked by hand, and where logs and exps run out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinynet import losses
from tinynet.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)

LN2 = math.log(2)


@pytest.mark.parametrize(
    ("loss", "t", "y", "expected"),
    [
        # -(1 ln 1/4) and -(1 ln 1/2): the mean of 2 ln 2 and ln 2
        (CategoricalCrossentropy(), [[0, 1], [1, 0]], [[3 / 4, 1 / 4], [1 / 2, 1 / 2]], 1.5 * LN2),
        # Rows that don't sum to 1 are divided by their sum first: 1/4 of 2
        (CategoricalCrossentropy(), [[0, 1]], [[1.5, 0.5]], 2 * LN2),
        # softmax of (ln 3, 0) is (3/4, 1/4)
        (CategoricalCrossentropy(from_logits=True), [[0, 1]], [[math.log(3), 0]], 2 * LN2),
        # s = 1/2 over 2 classes: t = (1/4, 3/4), and p = (1/2, 1/2) costs ln 2 whatever t is;
        (CategoricalCrossentropy(label_smoothing=0.5), [[0, 1]], [[1 / 2, 1 / 2]], LN2),
        # ... p = (1/4, 3/4): -(1/4 ln 1/4 + 3/4 ln 3/4)
        (
            CategoricalCrossentropy(label_smoothing=0.5),
            [[0, 1]],
            [[1 / 4, 3 / 4]],
            2 * LN2 - 0.75 * math.log(3),
        ),
        (SparseCategoricalCrossentropy(), [1, 0], [[3 / 4, 1 / 4], [1 / 2, 1 / 2]], 1.5 * LN2),
        (SparseCategoricalCrossentropy(from_logits=True), [[1]], [[math.log(3), 0]], 2 * LN2),
        # -ln 1/4 for a yes, -ln (1 - 1/2) for a no: their mean in the row
        (BinaryCrossentropy(), [[1, 0]], [[1 / 4, 1 / 2]], 1.5 * LN2),
        (BinaryCrossentropy(from_logits=True), [[1, 0]], [[-math.log(3), 0]], 1.5 * LN2),
        (BinaryCrossentropy(label_smoothing=1 / 2), [[1]], [[1 / 4]], 2 * LN2 - math.log(3) / 4),
        (MeanSquaredError(), [[1, 2], [3, 4]], [[1, 4], [0, 4]], (4 + 9) / 4),
        (MeanAbsoluteError(), [[1, 2], [3, 4]], [[1, 4], [0, 4]], (2 + 3) / 4),
    ],
)
def test_values_worked_by_hand(loss, t, y, expected):
    assert loss(t, np.array(y, np.float64)) == pytest.approx(expected, rel=1e-12)


EVERY = [
    CategoricalCrossentropy(),
    CategoricalCrossentropy(from_logits=True),
    CategoricalCrossentropy(label_smoothing=0.1),
    SparseCategoricalCrossentropy(),
    SparseCategoricalCrossentropy(from_logits=True),
    BinaryCrossentropy(),
    BinaryCrossentropy(from_logits=True),
    BinaryCrossentropy(label_smoothing=0.1),
    MeanSquaredError(),
    MeanAbsoluteError(),
]


def targets(loss, n, k):
    """Return targets of the form that a loss wants."""
    classes = np.arange(n) % k
    return classes if isinstance(loss, SparseCategoricalCrossentropy) else np.eye(k)[classes]


@pytest.mark.parametrize("loss", EVERY, ids=repr)
def test_a_weight_counts_like_so_many_copies(loss):
    t, y = targets(loss, 3, 3), np.array([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3], [0.4, 0.5, 0.1]])
    value, dy = loss.value_and_gradient(t, y, np.array([2.0, 0.0, 1.0]))
    rows = [0, 0, 2]
    copies, dcopies = loss.value_and_gradient(t[rows], y[rows])
    assert value == pytest.approx(copies)
    np.testing.assert_allclose(dy[0], dcopies[0] + dcopies[1])
    np.testing.assert_array_equal(dy[1], 0)


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_has_the_shape_and_dtype_of_the_outputs(loss, dtype):
    y = np.full((4, 3), 1 / 3, dtype)
    for weights in (None, np.ones(4, dtype)):
        value, dy = loss.value_and_gradient(targets(loss, 4, 3).astype(dtype), y, weights)
        assert type(value) is float
        assert (dy.shape, dy.dtype) == (y.shape, dtype)


@pytest.mark.parametrize("loss", EVERY, ids=repr)
@pytest.mark.parametrize("wrong", [False, True])
def test_sure_outputs_cost_finite_numbers(loss, wrong, recwarn):
    y = np.eye(3, dtype=np.float32)[[1, 2, 0] if wrong else [0, 1, 2]]
    value, dy = loss.value_and_gradient(targets(loss, 3, 3), y)
    assert np.isfinite(value)
    assert np.isfinite(dy).all()
    assert not recwarn.list


def test_the_most_confident_mistake_on_probabilities_costs_what_keras_says():
    assert CategoricalCrossentropy()([[1.0, 0.0]], [[0.0, 1.0]]) == pytest.approx(-math.log(1e-7))
    assert CategoricalCrossentropy(from_logits=True)([[1.0, 0.0]], [[0.0, 1e4]]) == 1e4


@given(
    hnp.arrays(np.float64, (4, 3), elements=st.floats(-50, 50)),
    hnp.arrays(np.int64, 4, elements=st.integers(0, 2)),
)
def test_sparse_and_one_hot_say_the_same(logits, classes):
    for from_logits in (True, False):
        y = logits if from_logits else 1 / (1 + np.exp(-logits))
        sparse = SparseCategoricalCrossentropy(from_logits).value_and_gradient(classes, y)
        one_hot = CategoricalCrossentropy(from_logits).value_and_gradient(np.eye(3)[classes], y)
        assert sparse[0] == one_hot[0]
        np.testing.assert_array_equal(sparse[1], one_hot[1])


@given(hnp.arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4)))
def test_the_gradient_from_logits_is_p_minus_t_over_n(logits):
    t = np.eye(4)[:3]
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    dlogits = CategoricalCrossentropy(from_logits=True).value_and_gradient(t, logits)[1]
    np.testing.assert_allclose(dlogits, (p - t) / 3, atol=1e-12)


def test_a_setting_that_is_a_numpy_scalar_does_not_make_float64():
    t, y = np.eye(2, dtype=np.float32), np.full((2, 2), 0.5, np.float32)
    for cls in (CategoricalCrossentropy, BinaryCrossentropy):
        dy = cls(label_smoothing=np.float64(0.1)).value_and_gradient(t, y)[1]
        assert dy.dtype == np.float32


def test_on_logits_leaves_the_loss_itself_alone():
    loss = CategoricalCrossentropy(label_smoothing=0.1)
    twin = loss.on_logits()
    assert (loss.from_logits, twin.from_logits, twin.label_smoothing) == (False, True, 0.1)


@pytest.mark.parametrize("name", losses.BY_NAME)
def test_every_name_and_config_makes_a_loss(name):
    loss = losses.get(name)
    twin = losses.get({"class_name": type(loss).__name__, "config": loss.get_config()})
    assert twin.get_config() == loss.get_config()


def test_get_says_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'categorical_crossentropy'"):
        losses.get("categorial_crossentropy")


def test_a_loss_without_a_formula_says_what_to_write():
    with pytest.raises(TypeError, match=r"Mine has no per_example"):
        type("Mine", (Loss,), {})()([[1.0]], [[1.0]])
