"""What weights have to hold to: after every step they are put back to where they are allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.support import registry, settings

Array = NDArray[np.floating]

EPSILON = 1e-7  # keras.config.epsilon(): a length of 0 can be divided by


class Constraint(registry.Configurable):
    """Base class: a subclass says in `__call__` which weights take the place of W.

    Source: keras.constraints.Constraint.
    """

    axis: int | Sequence[int] = ()  # along which it sums

    def __call__(self, W: Array) -> Array:
        """Return the weights that are allowed, of W's shape; W stays as it is."""
        raise TypeError(f"{type(self).__name__} has no __call__(W).")

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse weights of a shape that this constraint does not fit.

        Raises:
            ValueError: they lack its axis.
        """
        for axis in self.axes():
            if not -len(shape) <= axis < len(shape):
                raise ValueError(
                    f"{type(self).__name__} works along axis {axis}, and a weight of shape {shape} "
                    f"has none: leave out the axis."
                )

    def axes(self) -> tuple[int, ...]:
        """Return the axes as a tuple."""
        return (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)

    def lengths(self, W: Array) -> Array:
        """Return |w|, the length of every column: W (d, m) -> (1, m)."""
        lengths: Array = np.sqrt(np.sum(np.square(W), axis=self.axes(), keepdims=True))
        return lengths


class MaxNorm(Constraint):
    """Shorten each column w that is too long: w min(|w|, max_value) / (|w| + epsilon).

    The weights into one unit are a column of W (d, m).

    Args:
        max_value: the greatest length, from 0; default 2.
        axis: along which the length is measured, default 0: of each column.

    Raises:
        ValueError: a length below 0.

    Example:
        >>> MaxNorm(1.0)(np.array([[3.0, 0.1], [4.0, 0.2]])).round(3)
        array([[0.6, 0.1],
               [0.8, 0.2]])

    Source: Srebro and Shraibman, 2005; keras.constraints.MaxNorm. epsilon is 1e-7.
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = settings.number("max_value", max_value, "[0, inf)")
        self.axis = axis

    def __call__(self, W: Array) -> Array:
        lengths = self.lengths(W)  # (1, m)
        factors: Array = np.minimum(lengths, self.max_value) / (lengths + EPSILON)  # (1, m)
        return W * factors  # (d, m)


class NonNeg(Constraint):
    """Put 0 in the place of each negative weight: max(W, 0).

    Example:
        >>> NonNeg()(np.array([-1.0, 2.0]))
        array([0., 2.])

    Source: keras.constraints.NonNeg.
    """

    def __call__(self, W: Array) -> Array:
        return np.maximum(W, 0)  # (d, m)


class UnitNorm(Constraint):
    """Give each column w the length 1: w / (|w| + epsilon).

    Args:
        axis: along which the length is measured, default 0: of each column.

    Example:
        >>> UnitNorm()(np.array([[3.0], [4.0]])).round(3)
        array([[0.6],
               [0.8]])

    Source: keras.constraints.UnitNorm. epsilon is 1e-7.
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axis

    def __call__(self, W: Array) -> Array:
        return W / (self.lengths(W) + EPSILON)  # (d, m)


class MinMaxNorm(Constraint):
    """Bring the length of each column w into a range, or nearer to it.

    w (rate clip(|w|, min_value, max_value) + (1 - rate) |w|) / (|w| + epsilon)

    Args:
        min_value: the least length, from 0; default 0.
        max_value: the greatest length, from 0; default 1.
        rate: in [0, 1], how much of the way to go in a step; default 1, all.
        axis: along which the length is measured, default 0: of each column.

    Raises:
        ValueError: a value out of its range.

    Example:
        >>> MinMaxNorm(1.0, 2.0)(np.array([[0.3, 6.0], [0.4, 8.0]])).round(3)
        array([[0.6, 1.2],
               [0.8, 1.6]])

    Source: keras.constraints.MinMaxNorm. epsilon is 1e-7.
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        self.min_value = settings.number("min_value", min_value, "[0, inf)")
        self.max_value = settings.number("max_value", max_value, "[0, inf)")
        self.rate = settings.number("rate", rate, "[0, 1]")
        self.axis = axis

    def __call__(self, W: Array) -> Array:
        lengths = self.lengths(W)  # (1, m)
        wanted = np.minimum(np.maximum(lengths, self.min_value), self.max_value)
        wanted = self.rate * wanted + (1 - self.rate) * lengths
        factors: Array = wanted / (lengths + EPSILON)  # (1, m)
        return W * factors  # (d, m)


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm  # Keras has both

BY_NAME: dict[str, type[Constraint]] = registry.names_of([MaxNorm, NonNeg, UnitNorm, MinMaxNorm])


def get(identifier: Any) -> Constraint | None:
    """Return the constraint meant by a name, a class, a config, an instance or None.

    Example:
        >>> get("non_neg")
        NonNeg()
    """
    if identifier is None:
        return None
    return registry.get("constraint", Constraint, BY_NAME, identifier)
