"""Penalties: their value, their slope, and how they are named. Golden tests train with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet import regularizers

KINDS = [regularizers.L1(0.3), regularizers.L2(0.2), regularizers.L1L2(0.3, 0.2)]


def kind(regularizer):
    return type(regularizer).__name__


@pytest.mark.parametrize("regularizer", KINDS, ids=kind)
@given(st.lists(st.floats(0.01, 10) | st.floats(-10, -0.01), min_size=1, max_size=5))
def test_the_gradient_is_the_slope(regularizer, numbers):
    W = np.array(numbers)
    gradient = regularizer.gradient(W)
    for i in range(W.size):
        h = np.zeros_like(W)
        h[i] = 1e-5
        slope = (regularizer(W + h) - regularizer(W - h)) / 2e-5
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-7)
        assert gradient[i] / 2 != pytest.approx(slope, rel=1e-2)  # what halves L2 is caught


@pytest.mark.parametrize("regularizer", KINDS, ids=kind)
def test_float32_stays_float32(regularizer):
    assert regularizer.gradient(np.ones(3, np.float32)).dtype == np.float32


def test_at_zero_the_slope_of_l1_is_zero():
    assert regularizers.L1(1.0).gradient(np.zeros(2)).tolist() == [0, 0]


@pytest.mark.parametrize("factor", [-1, np.nan, np.inf, "0.1", None, True])
def test_factors_that_are_none_are_refused(factor):
    with pytest.raises(ValueError, match="Expected the penalty factor l2"):
        regularizers.L2(factor)
