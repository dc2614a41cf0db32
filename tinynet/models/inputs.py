"""What a model starts with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet.config import unique_name
from tinynet.layers import Array, Backward, Layer
from tinynet.support import settings
from tinynet.symbols import Symbol


class InputLayer(Layer, Symbol):
    """Say the shape of one example: first in a Sequential, or what layers are applied to.

    Args:
        shape: shape of one example, such as (784,) or (28, 28).
        batch_size: int or None; of no effect: batches may have any size.
        dtype: None, or the number type of the model.
        batch_shape: the shape of a batch, (None, 784), in the place of shape.
        name: str or None (default).

    Example:
        >>> Input(shape=(784,)).shape
        (None, 784)

    Source: keras.Input, keras.layers.InputLayer.
    """

    def __init__(
        self,
        shape: Sequence[int] | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        *,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        if batch_shape is not None:
            shape = [size or 0 for size in batch_shape[1:]]
        if "input_shape" in options:  # as InputLayer had it in Keras 2
            shape = options.pop("input_shape")
        if shape is None:
            raise ValueError("Expected the shape of one example: Input(shape=(784,))")
        if batch_size is not None:
            settings.count("batch_size", batch_size)
        size = settings.shape(shape)
        # The data may have any dtype; it is brought into the model's.
        Layer.__init__(self, name=name or unique_name("InputLayer"), input_shape=size, **options)
        Symbol.__init__(self, size, self)

    def __repr__(self) -> str:
        return Symbol.__repr__(self)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return x, lambda dy: dy

    def links(self) -> tuple[Layer, ...]:
        return ()

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": [None, *self.size], "name": self.name}


Input = InputLayer
