"""Arrays of unlike rank that mean the same: (n,) and (n, 1), targets beside outputs, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def numbers(values: Any, floatx: str) -> Array:
    """Return values as a new array that can be computed with.

    Arrays of float32 and float64 stay as they are. Lists, whole numbers, bools and half precision
    become floatx, in which 3 - 5 is -2 and no sum overflows.
    """
    kept = isinstance(values, np.ndarray) and values.dtype.char in "fd"
    return np.array(values, None if kept else floatx)


def alike(a: Array, b: Array) -> tuple[Array, Array]:
    """Give two arrays as many axes, where a last axis of length 1 is all that tells them apart.

    Example:
        >>> a, b = alike(np.zeros(3), np.zeros((3, 1)))
        >>> a.shape, b.shape
        ((3, 1), (3, 1))
    """
    if a.ndim == b.ndim + 1:
        b, a = alike(b, a)
    elif b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        if a.ndim == 1:
            return a[:, np.newaxis], b
        return a, b[..., 0]
    return a, b


def same(t: Array, y: Array) -> tuple[Array, Array]:
    """Return targets and outputs of one shape, (..., k).

    Raises:
        ValueError: the shapes differ by more than a last axis of length 1.
    """
    t, y = alike(t, y)
    if t.shape != y.shape:
        raise ValueError(f"Expected y_true of the shape of y_pred, {y.shape}, got {t.shape}.")
    return t, y


def weigh(values: Array, weights: Any) -> tuple[Array, Array]:
    """Return values, multiplied by their weights, and the weights, as wide as Keras makes them.

    Args:
        values: (n, ...).
        weights: a number, or an array that broadcasts with the values; (n, 1) is (n,).

    Raises:
        ValueError: weights that don't belong to these values.
    """
    values, weights = alike(values, np.asarray(weights, values.dtype))
    try:
        return values * weights, weights
    except ValueError:
        raise ValueError(
            f"Expected sample_weight as a number or of shape {values.shape}, one number an "
            f"example, got {weights.shape}."
        ) from None


def samples(values: Array, weights: Any) -> tuple[Array, Array]:
    """Return one value for each sample, multiplied by its weight, and these weights, (n,) both.

    Args:
        values: (n, ...), of which each sample's mean is taken; or a single number.
        weights: a number, or an array of the first axes of the values.

    Raises:
        ValueError: weights that don't belong to these values.
    """
    values, weights = alike(values, np.asarray(weights, values.dtype))
    values = values.mean(axis=tuple(range(weights.ndim, values.ndim)))
    weights = widen(weights, values.shape)
    rest = tuple(range(1, values.ndim))
    return (values * weights).mean(axis=rest), weights.mean(axis=rest)


def columns(t: Any, y: Any, weights: Any, floatx: str) -> tuple[Array, Array, Array]:
    """Return targets, outputs and weights, (n, k) each, for what is counted class by class.

    Raises:
        ValueError: outputs of another rank, targets of another shape, or weights of neither.
    """
    y = np.array(y, floatx)
    t, y = same(np.array(t, floatx), y)
    if y.ndim != 2:
        raise ValueError(f"Expected outputs (n, k), got {y.shape}.")
    return t, y, spread(weights, y.shape)


def spread(weights: Any, shape: tuple[int, ...]) -> Array:
    """Return weights as wide as values (n, ..., k) that each count alone.

    Args:
        weights: None for 1, a number, or one for each example, (n,), or for each value.
        shape: of the values.

    Raises:
        ValueError: weights that don't belong to these values.
    """
    if weights is None:
        return np.ones(shape)
    weights = np.asarray(weights, float)
    return widen(weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim)), shape)


def widen(weights: Array, shape: tuple[int, ...]) -> Array:
    """Repeat weights so that they have a shape, or say which one is expected."""
    try:
        return np.broadcast_to(weights, shape)
    except ValueError:
        raise ValueError(
            f"Expected sample_weight as a number or of shape {shape[:1]}, one number an example, "
            f"got {weights.shape}."
        ) from None
