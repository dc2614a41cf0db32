"""Where the core computes a formula in a faster form, the two agree to rounding."""

import numpy as np
import pytest

from tinynet.layers import product
from tinynet.optimizers import BLOCK, RMSprop


@pytest.mark.parametrize("rows", [1, 2, 32, 500])
def test_product_is_the_matrix_product(rows):
    rng = np.random.default_rng(rows)
    a = rng.standard_normal((rows, 300), dtype=np.float32)
    b = rng.standard_normal((300, 70), dtype=np.float32)
    found = product(a, b)
    assert found.shape == (rows, 70)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, a.astype(np.float64) @ b, atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"centered": True}])
def test_rmsprop_in_blocks_and_in_place_is_the_plain_formula(options):
    rng = np.random.default_rng(1)
    p, lr, rho, epsilon = BLOCK + 1000, 1e-3, 0.9, 1e-7
    w = rng.standard_normal(p, dtype=np.float32)
    rmsprop = RMSprop(lr, rho, epsilon=epsilon, **options)
    rmsprop.build(w, [p])
    plain_w, v, a, m = w.astype(np.float64), np.zeros(p), np.zeros(p), np.zeros(p)
    for _ in range(5):
        g = (rng.standard_normal(p) * 10.0 ** rng.integers(-8, 3, p)).astype(np.float32)
        rmsprop.step(w, g)
        g = g.astype(np.float64)
        v = rho * v + (1 - rho) * g**2
        a = rho * a + (1 - rho) * g if rmsprop.centered else a
        m = rmsprop.momentum * m + lr * g / np.sqrt(v - a**2 + epsilon)
        plain_w -= m
    np.testing.assert_allclose(rmsprop.slots["velocity"], v, rtol=1e-6)
    np.testing.assert_allclose(w, plain_w, atol=2e-6)
