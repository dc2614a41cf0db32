"""Each activation against its definition, and at the points where a careless one breaks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinynet import activations
from tinynet.activations import BACKWARD, BY_NAME
from tinynet.more import activations as more

DEFINITIONS = {
    "linear": lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)),
}
POINTS = [-3.0, -0.5, 0.0, 1e-3, 0.7, 4.0]


def test_every_activation_is_tested_here_or_with_those_of_more():
    assert set(BY_NAME) == {*DEFINITIONS, "softmax", *more.__all__}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_values_are_those_of_the_definition(name):
    expected = [DEFINITIONS[name](x) for x in POINTS]
    np.testing.assert_allclose(BY_NAME[name](np.array(POINTS)), expected, rtol=1e-14)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_slopes_are_those_of_the_definition(name):
    f, h = DEFINITIONS[name], 1e-6
    x = np.array([p for p in POINTS if p])  # 0, where some have a corner, has its own test
    expected = [(f(p + h) - f(p - h)) / (2 * h) for p in x]
    slopes = BACKWARD[BY_NAME[name]](np.ones_like(x), BY_NAME[name](x))
    np.testing.assert_allclose(slopes, expected, rtol=1e-8)


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("leaky_relu", 0.2)])
def test_the_slope_at_the_corner_is_the_left_one(name, slope):
    f = BY_NAME[name]
    y = f(np.array([0.0, -0.0]))
    np.testing.assert_array_equal(BACKWARD[f](np.ones(2), y), slope)


def test_softmax_in_numbers():
    # e^ln1 : e^ln2 : e^ln5 = 1 : 2 : 5, and they sum to 8
    p = activations.softmax(np.log([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(p, [[1 / 8, 2 / 8, 5 / 8]], rtol=1e-15)
    # Jacobian: dp_j/dx_i = p_j ((i == j) - p_i); its first column:
    dx = activations.softmax_backward(np.array([[1.0, 0.0, 0.0]]), p)
    np.testing.assert_allclose(dx, [[1 / 8 * 7 / 8, -1 / 8 * 2 / 8, -1 / 8 * 5 / 8]], rtol=1e-14)


rows = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-1e4, 1e4),
)


@given(rows, st.floats(-1e3, 1e3))
def test_softmax_gives_probabilities_and_ignores_a_shift(x, shift):
    p = activations.softmax(x)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(activations.softmax(x + shift), p, atol=1e-11)


@given(rows)
def test_softmax_gradient_sums_to_0_since_the_probabilities_sum_to_1(x):
    dx = activations.softmax_backward(np.sin(x), activations.softmax(x))
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("name", [*DEFINITIONS, "softmax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stays_finite_and_keeps_its_dtype_at_any_size(name, dtype, recwarn):
    x = np.array([[-1e4, -100.0, 0.0, 100.0, 1e4]], dtype)
    before = x.copy()
    y = BY_NAME[name](x)
    dx = BACKWARD[BY_NAME[name]](np.ones_like(y), y)
    assert y.dtype == dx.dtype == dtype
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()
    assert not recwarn.list  # no overflow on the way either
    np.testing.assert_array_equal(x, before)


def test_get_knows_names_functions_and_none():
    assert activations.get("relu") is activations.get(activations.relu) is activations.relu
    assert activations.get(None) is activations.linear


def test_get_says_the_nearest_name():
    with pytest.raises(ValueError, match=r"'sofmax'.*Did you mean 'softmax'"):
        activations.get("sofmax")


def test_get_refuses_a_function_without_a_derivative():
    with pytest.raises(ValueError, match="write a Layer"):
        activations.get(np.sin)
