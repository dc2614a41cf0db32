"""Layers that put several arrays together: sums, products, and one beside the other.

xs  what comes in, arrays (n, ...)      dy  dL/dy; backward returns a dx for each x
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from tinynet import layers
from tinynet.layers import Array, Layer, Shape
from tinynet.support import registry

__all__ = [
    "Add", "Average", "Concatenate", "Multiply", "Subtract",
    "add", "average", "concatenate", "multiply", "subtract",
]  # fmt: skip


class Merge(Layer):
    """Base class: a layer that takes a list of arrays of one shape, applied as layer([a, b])."""

    several = True

    def build(self, input_shape: Any) -> Shape:
        first, *others = input_shape
        if not others or any(shape != first for shape in others):
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r} expected two or more inputs of one "
                f"shape, got {list(input_shape)}."
            )
        return tuple(first)


class Add(Merge):
    """Add: y = a + b + ...; a skip connection adds what a layer was given to what it gives.

    Args:
        **options: name: see Layer.

    Example:
        >>> Add()([np.array([[1.0]]), np.array([[2.0]])])
        array([[3.]], dtype=float32)

    Source: keras.layers.Add, for inputs of one shape.
    """

    formulas: Mapping[str, str] = {"y": "y = a + b + ...", "dx": "dy, for each of them"}

    def forward(self, xs: Any) -> tuple[Array, Any]:
        return sum(xs[1:], xs[0]), lambda dy: [dy for _ in xs]


class Subtract(Merge):
    """Subtract: y = a - b.

    Args:
        **options: name: see Layer.

    Example:
        >>> Subtract()([np.array([[1.0]]), np.array([[2.0]])])
        array([[-1.]], dtype=float32)

    Source: keras.layers.Subtract, for inputs of one shape.
    """

    formulas: Mapping[str, str] = {"y": "y = a - b", "dx": "dy for a, -dy for b"}

    def build(self, input_shape: Any) -> Shape:
        if len(input_shape) != 2:
            raise ValueError(f"Subtract takes two inputs, got {len(input_shape)}.")
        return super().build(input_shape)

    def forward(self, xs: Any) -> tuple[Array, Any]:
        return xs[0] - xs[1], lambda dy: [dy, -dy]


class Multiply(Merge):
    """Multiply: y = a b ...

    Args:
        **options: name: see Layer.

    Example:
        >>> Multiply()([np.array([[3.0]]), np.array([[2.0]])])
        array([[6.]], dtype=float32)

    Source: keras.layers.Multiply, for inputs of one shape.
    """

    formulas: Mapping[str, str] = {"y": "y = a b ...", "dx": "dy times the others"}

    def forward(self, xs: Any) -> tuple[Array, Any]:
        def backward(dy: Array) -> list[Array]:
            return [
                reduce(np.multiply, [*xs[:i], *xs[i + 1 :]], dy)  # (n, m)
                for i in range(len(xs))
            ]

        return reduce(np.multiply, xs), backward


class Average(Merge):
    """Average: y = (a + b + ...) / how many.

    Args:
        **options: name: see Layer.

    Example:
        >>> Average()([np.array([[1.0]]), np.array([[2.0]])])
        array([[1.5]], dtype=float32)

    Source: keras.layers.Average, for inputs of one shape.
    """

    formulas: Mapping[str, str] = {"y": "y = (a + b + ...) / k", "dx": "dy / k, for each"}

    def forward(self, xs: Any) -> tuple[Array, Any]:
        k = len(xs)
        return sum(xs[1:], xs[0]) / k, lambda dy: [dy / k for _ in xs]


class Concatenate(Merge):
    """Put arrays beside each other: (n, a) and (n, b) become (n, a + b).

    Args:
        axis: along which axis, the batch's being 0; default -1, the last.
        **options: name: see Layer.

    Raises:
        ValueError: when built, inputs that differ along another axis, or the batch's axis.

    Example:
        >>> Concatenate()([np.array([[1.0]]), np.array([[2.0]])])
        array([[1., 2.]], dtype=float32)

    Source: keras.layers.Concatenate.
    """

    formulas: Mapping[str, str] = {"y": "y = a, b, ... side by side", "dx": "its part of dy"}

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def build(self, input_shape: Any) -> Shape:
        first, *others = (list(shape) for shape in input_shape)
        at = self.axis - 1 if self.axis > 0 else self.axis + len(first)
        fits = 0 <= at < len(first) and self.axis != 0
        rests = [shape[:at] + shape[at + 1 :] for shape in (first, *others)] if fits else []
        if not others or not fits or any(rest != rests[0] for rest in rests):
            raise ValueError(
                f"Concatenate layer {self.name!r} can't put inputs of shapes {list(input_shape)} "
                f"together along axis {self.axis}."
            )
        first[at] = sum(shape[at] for shape in (first, *others))
        return tuple(first)

    def forward(self, xs: Any) -> tuple[Array, Any]:
        ends = np.cumsum([x.shape[self.axis] for x in xs])[:-1].tolist()
        y = np.concatenate(xs, axis=self.axis)  # (n, a), (n, b) -> (n, a + b)
        return y, lambda dy: np.split(dy, ends, axis=self.axis)


def add(inputs: Sequence[Any], **options: Any) -> Any:
    """Return Add(**options)(inputs). Source: keras.layers.add."""
    return Add(**options)(inputs)


def subtract(inputs: Sequence[Any], **options: Any) -> Any:
    """Return Subtract(**options)(inputs). Source: keras.layers.subtract."""
    return Subtract(**options)(inputs)


def multiply(inputs: Sequence[Any], **options: Any) -> Any:
    """Return Multiply(**options)(inputs). Source: keras.layers.multiply."""
    return Multiply(**options)(inputs)


def average(inputs: Sequence[Any], **options: Any) -> Any:
    """Return Average(**options)(inputs). Source: keras.layers.average."""
    return Average(**options)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **options: Any) -> Any:
    """Return Concatenate(axis, **options)(inputs). Source: keras.layers.concatenate."""
    return Concatenate(axis, **options)(inputs)


layers.BY_NAME |= registry.names_of([Add, Average, Concatenate, Multiply, Subtract])
