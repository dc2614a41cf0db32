"""The normal distribution's integral, which NumPy has not."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# Chebyshev's coefficients, computed with 40 digits, of e^(a²) erfc(a) as a function of
# s = 7 / (a + 3.5) - 1, which goes from 1 at a = 0 to -1 at infinity.
COEFFICIENTS = (
    0.312623801551655,
    0.44084753071180292,
    0.17181431344409017,
    0.055832842231794467,
    0.01502267215259511,
    0.0032641939881747373,
    0.0005390059133983518,
    5.6479369091502362e-5,
    3.4961512125906757e-7,
    -1.0543363198198797e-6,
    -1.4704494089405748e-7,
    7.8871847919820091e-9,
    4.4818663935657393e-9,
    1.5906948259894791e-10,
    -1.1689383426881348e-10,
    -1.1251509135116534e-11,
    3.2056390449979716e-12,
    4.7054177500226654e-13,
    -1.0078278428030264e-13,
    -1.7727012020671193e-14,
    3.7416073847435757e-15,
    6.3859959982561149e-16,
    -1.601479943089965e-16,
)


def below(x: Array) -> Array:
    """Return P(X <= x) for a normal X, in both tails to a few units of the last digit.

    Example:
        >>> below(np.array([-1.0, 0.0, 1.0])).round(4)
        array([0.1587, 0.5   , 0.8413])

    Source: erfc(|x| / sqrt(2)) / 2 is the probability of what is beyond |x| on one side.
    """
    s = 7 / (np.abs(x) / math.sqrt(2) + 3.5) - 1  # (n, m)
    first, *others = COEFFICIENTS[:12] if s.dtype == np.float32 else COEFFICIENTS
    double, b, c = 2 * s, 0 * s, 0 * s
    for coefficient in reversed(others):  # Clenshaw's recurrence
        b, c = coefficient + double * b - c, b
    beyond = np.exp(-x * x / 2) * (first + s * b - c) / 2
    return np.where(x < 0, beyond, 1 - beyond)


def density(x: Array) -> Array:
    """Return the derivative of `below`: e^(-x²/2) / sqrt(2 pi)."""
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)  # (n, m)
