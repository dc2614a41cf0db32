"""A layer that lays the same numbers out in another shape."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tinynet import layers
from tinynet.layers import Array, Backward, Layer, Shape
from tinynet.support import registry, settings

__all__ = ["Reshape"]


class Reshape(Layer):
    """Lay each example out in another shape, row by row: (n, 784) becomes (n, 28, 28).

    Args:
        target_shape: shape of one example, such as (28, 28); one size may be -1, for what is left.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: no such shape, or (when built) one of another size.

    Example:
        >>> import numpy as np
        >>> Reshape((2, -1)).infer(np.zeros((5, 6))).shape
        (5, 2, 3)

    Source: keras.layers.Reshape.
    """

    formulas: Mapping[str, str] = {
        "y": "y = x in another shape",
        "dx": "dy in the shape of x",
    }

    def __init__(self, target_shape: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        if isinstance(target_shape, int):
            target_shape = settings.shape(target_shape)  # which says that it needs a comma
        settings.shape([1 if size == -1 else size for size in target_shape] or target_shape)
        if list(target_shape).count(-1) > 1:
            raise ValueError(f"Expected at most one size as -1, got {tuple(target_shape)}.")
        self.target_shape = tuple(target_shape)

    def build(self, input_shape: Shape) -> Shape:
        size, known = math.prod(input_shape), abs(math.prod(self.target_shape))
        left = size // known
        shape = tuple(left if length == -1 else length for length in self.target_shape)
        if math.prod(shape) != size:
            raise ValueError(
                f"Reshape layer {self.name!r} can't lay {size} numbers, those of shape "
                f"{input_shape}, out as {self.target_shape}."
            )
        return shape

    def forward(self, x: Array) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return dy.reshape(x.shape)  # (n, a b ...) -> (n, c d ...)

        return x.reshape(len(x), *self.target_shape), backward


layers.BY_NAME |= registry.names_of([Reshape])
