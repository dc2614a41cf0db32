"""A layer that brings inputs into a range that networks learn well from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinynet import layers
from tinynet.layers import Array, Backward, Layer
from tinynet.support import registry, settings

__all__ = ["Rescaling"]


class Rescaling(Layer):
    """Scale the inputs: y = x scale + offset, for instance 1/255 for pixels.

    Args:
        scale: float.
        offset: float, default 0.
        **options: name, input_shape: see Layer.

    Example:
        >>> import numpy as np
        >>> Rescaling(1 / 255).infer(np.array([[0.0, 255.0]]))
        array([[0., 1.]])

    Source: keras.layers.Rescaling.
    """

    formulas: Mapping[str, str] = {"y": "y = x scale + offset", "dx": "dy scale"}

    def __init__(self, scale: float, offset: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.scale: float = settings.number("scale", scale)
        self.offset: float = settings.number("offset", offset)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return dy * self.scale  # (n, m)

        return x * self.scale + self.offset, backward  # (n, m)


layers.BY_NAME |= registry.names_of([Rescaling])
