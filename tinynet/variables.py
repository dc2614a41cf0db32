"""Arrays with the methods that Keras's tensors and variables have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinynet import config

Array = NDArray[Any]


class Tensor(np.ndarray[Any, np.dtype[Any]]):
    """What a model or a layer gives when it is called: an array that has numpy().

    Example:
        >>> np.ones(2).view(Tensor).numpy()
        array([1., 1.])
    """

    def numpy(self) -> Array:
        """Return the same numbers as a plain array."""
        return np.asarray(self)

    def __repr__(self) -> str:
        return repr(self.numpy())


class Scalar(float):
    """What a loss or a metric gives when it is called: a float that has numpy().

    Example:
        >>> Scalar(0.5).numpy()
        np.float32(0.5)
    """

    def numpy(self) -> Any:
        """Return the same number in floatx, as NumPy has it."""
        return np.dtype(config.floatx()).type(self)


class Variable(Tensor):
    """A weight, as layer.weights and layer.kernel show it: what is written into it is the layer's.

    Attributes:
        name: Keras's, such as "kernel".
        path: with the layer's, such as "dense/kernel".
        trainable: whether fit changes it.
    """

    name: str = ""
    path: str = ""
    trainable: bool = True

    @classmethod
    def of(cls, layer: str, name: str, value: Array, trainable: bool) -> Variable:
        """Show an array as a variable."""
        shown = value.view(cls)
        shown.name, shown.path, shown.trainable = name, f"{layer}/{name}", trainable
        return shown

    def assign(self, value: ArrayLike) -> Variable:
        """Write these numbers into the weight.

        Raises:
            ValueError: they are of another shape.
        """
        if np.shape(value) != self.shape:
            raise ValueError(f"Expected numbers of shape {self.shape}, got {np.shape(value)}.")
        self[...] = value
        return self
