"""Numbers that must lie in a range: what is taken, what is refused, and in which words."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet import layers, losses, metrics, schedules
from tinynet.support import settings

ENDS = {"[": lambda a, b: a <= b, "(": lambda a, b: a < b, "]": lambda a, b: a <= b}
ENDS[")"] = ENDS["("]


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from("[("),
    st.sampled_from("])"),
    st.floats(-10, 10),
    st.floats(-10, 10),
)
def test_an_interval_means_what_it_means_in_mathematics(value, left, right, low, high):
    inside = ENDS[left](low, value) and ENDS[right](value, high)
    interval = f"{left}{low!r}, {high!r}{right}"
    if inside:
        assert settings.number("x", value, interval) == value
    else:
        with pytest.raises(ValueError, match=r"^Expected x as a number "):
            settings.number("x", value, interval)


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.float64(1), np.int8(1), np.array(1.0)])
def test_a_number_of_any_kind_becomes_a_python_float(value):
    assert type(settings.number("x", value)) is float


@pytest.mark.parametrize("value", ["1", True, np.True_, None, [1], 1j, math.nan, math.inf, 10**400])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^Expected x as a finite number, got "):
        settings.number("x", value)


def test_a_fraction_is_a_number():
    assert settings.number("x", Fraction(1, 4)) == 0.25


@pytest.mark.parametrize("value", [1.0, True, "1", None, 0, -1, math.nan, np.float32(1)])
def test_a_count_is_a_whole_number_from_its_least(value):
    with pytest.raises(ValueError, match=r"^Expected n as a whole number from 1, got "):
        settings.count("n", value)


@pytest.mark.parametrize("value", [1, np.int64(1), np.uint8(1)])
def test_a_count_becomes_a_python_int(value):
    assert type(settings.count("n", value)) is int


@pytest.mark.parametrize("value", ["max", 1, None, ["auto"], np.zeros(3)])
def test_a_choice_is_one_of_a_few(value):
    with pytest.raises(ValueError, match=r"^Expected mode as 'auto' or 0, got "):
        settings.choice("mode", value, "auto", 0)


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(ValueError, match=r"^Expected") as caught:
        settings.number("x", "9" * 10**6)
    assert len(str(caught.value)) < 200
    assert "very large" in settings.short(10**5000)


@pytest.mark.parametrize(
    "make",
    [
        lambda: losses.CategoricalCrossentropy(label_smoothing=1),
        lambda: losses.BinaryCrossentropy(label_smoothing=-0.1),
        lambda: metrics.TopKCategoricalAccuracy(k=0),
        lambda: metrics.BinaryAccuracy(threshold=1),
        lambda: schedules.CosineDecay(0.1, 0),
        lambda: schedules.CosineDecay(0.1, 10, alpha=2),
        lambda: schedules.ExponentialDecay(0.1, 0, 0.5),
        lambda: schedules.ExponentialDecay(math.inf, 10, 0.5),
        lambda: layers.Dropout(1),
        lambda: layers.Rescaling(math.nan),
    ],
)
def test_what_docstrings_promise_is_checked(make):
    with pytest.raises(ValueError, match=r"^Expected "):
        make()


def test_a_warm_up_may_take_no_step():
    assert schedules.CosineDecay(0.0, 100, warmup_target=0.1)(0) == 0.1
