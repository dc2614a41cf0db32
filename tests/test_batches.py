"""From arrays to batches: every example once, the right rows together, nothing copied whole."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet.models.batches import Examples


def examples(n, weights=True, dtype="float32"):
    """Make n examples of which x, y and weights all tell the row."""
    rows = np.arange(n)
    return Examples(np.c_[rows, rows], -rows, rows / 2 if weights else None, dtype)


@given(st.integers(1, 50), st.integers(1, 60), st.booleans())
def test_every_example_comes_once_with_its_own_target_and_weight(n, size, shuffled):
    order = np.random.default_rng(0).permutation(n) if shuffled else None
    batches = [tuple(batch) for batch in examples(n).batches(size, order)]
    assert [len(x) for x, _, _ in batches] == [size] * (n // size) + [n % size] * (n % size > 0)
    rows = np.concatenate([x[:, 0] for x, _, _ in batches])
    np.testing.assert_array_equal(rows, np.arange(n) if order is None else order)
    np.testing.assert_array_equal(np.concatenate([t for _, t, _ in batches]), -rows)
    np.testing.assert_array_equal(np.concatenate([w for _, _, w in batches]), rows / 2)


@pytest.mark.parametrize("given_dtype", ["uint8", "int64", "float32", "float64", "bool"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batches_have_the_models_dtype(given_dtype, dtype):
    x = np.ones((5, 2), given_dtype)
    for order in (None, np.arange(5)):
        for batch in Examples(x, x, np.ones(5), dtype).batches(2, order):
            assert [part.dtype for part in batch] == [dtype] * 3


def test_without_weights_there_are_none():
    assert all(w is None for _, _, w in examples(5, weights=False).batches(2))


@given(st.integers(2, 1000), st.floats(0.01, 0.99))
def test_split_cuts_the_last_fraction_off(n, fraction):
    at = int(n * (1 - fraction))
    if at == 0:
        with pytest.raises(ValueError, match="leaves none"):
            examples(n).split(fraction)
        return
    train, valid = examples(n).split(fraction)
    assert (len(train), len(valid)) == (at, n - at)
    np.testing.assert_array_equal(train.x[:, 0], np.arange(at))
    np.testing.assert_array_equal(valid.weights, np.arange(at, n) / 2)


def test_a_large_set_is_neither_copied_nor_changed():
    x = np.ones((4000, 784))  # 25 MB of float64, as x / 255 gives it
    whole = Examples(x, np.ones(4000), None, "float32")
    tracemalloc.start()
    for part in whole.split(0.5):
        for _ in map(tuple, part.batches(32, np.arange(2000))):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
    assert np.shares_memory(x, whole.split(0.5)[1].x)
