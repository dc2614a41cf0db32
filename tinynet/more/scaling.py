"""Layers that bring inputs into a range that networks learn well from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet import config, layers
from tinynet.layers import Array, Backward, Layer, Shape
from tinynet.support import registry, settings
from tinynet.variables import Tensor

__all__ = ["Normalization", "Rescaling"]

LEAST = 1e-7  # keras.config.epsilon(): a column that is all the same is divided by it


class Rescaling(Layer):
    """Scale the inputs: y = x scale + offset, for instance 1/255 for pixels.

    Args:
        scale: float.
        offset: float, default 0.
        **options: name, input_shape: see Layer.

    Example:
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


class Normalization(Layer):
    """Bring each column to mean 0 and variance 1, by those of a data set that `adapt` is shown.

    y = (x - mean) / deviation      deviation = max(sqrt(variance), 1e-7)

    With `invert` the way back: y = x deviation + mean.

    Args:
        axis: the axis, or the axes, of which every place has its own mean, counted with that of
            the batch, 0; default -1, the last. None: one mean for all numbers.
        mean, variance: number or array, in the place of adapt; both or none, default None.
        invert: default False.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: one of mean and variance alone, or of another shape; an axis that x lacks.

    Example:
        >>> x = np.array([[1.0, 100.0], [3.0, 300.0]])
        >>> layer = Normalization()
        >>> layer.adapt(x)
        >>> layer(x)
        array([[-1., -1.],
               [ 1.,  1.]], dtype=float32)
        >>> layer.mean
        array([[  2., 200.]], dtype=float32)

    Source: keras.layers.Normalization. `count` is a weight that Keras keeps at 0.
    """

    adapt_mean: Array
    adapt_variance: Array
    formulas: Mapping[str, str] = {
        "y": "y = (x - mean) / sqrt(variance)",
        "dx": "dy / sqrt(variance)",
    }

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if (mean is None) != (variance is None) or np.shape(mean) != np.shape(variance):
            raise ValueError("Expected mean and variance of one shape, or neither of them.")
        self.axis: tuple[int, ...] = (axis,) if isinstance(axis, int) else tuple(axis or ())
        self.input_mean: Any = None if mean is None else np.asarray(mean, float).tolist()
        self.input_variance = None if variance is None else np.asarray(variance, float).tolist()
        self.invert = invert
        if invert:
            self.formulas = {"y": "y = x sqrt(variance) + mean", "dx": "dy sqrt(variance)"}

    def setting(self, name: str) -> Any:
        return super().setting(f"input_{name}" if name in ("mean", "variance") else name)

    def build(self, input_shape: Shape) -> Shape:
        sizes = (1, *input_shape)
        self.kept = sorted({axis + len(sizes) if axis < 0 else axis for axis in self.axis})
        if not all(0 < axis < len(sizes) for axis in self.kept):
            raise ValueError(
                f"Normalization has axis={self.axis}, and inputs of shape {(None, *input_shape)}: "
                f"name axes behind the first. A row of numbers becomes a column by x[:, np.newaxis]"
            )
        m = self.places(sizes)
        if self.input_mean is None:
            self.add_weight("adapt_mean", m, "zeros", trainable=False)
            self.add_weight("adapt_variance", m, "ones", trainable=False)
            self.add_weight("count", (), "zeros", trainable=False)
        given = np.shape(self.input_mean)
        if len(given) > len(m) or any(
            a not in (1, b) for a, b in zip(given[::-1], m[::-1], strict=False)
        ):
            raise ValueError(f"Normalization has a mean of shape {given}; its inputs need {m}.")
        self.across = tuple(n if i in self.kept else 1 for i, n in enumerate(sizes))  # (1, m)
        return input_shape

    def places(self, sizes: Sequence[int]) -> Shape:
        """Return how many means there are along each axis that has its own."""
        return tuple(sizes[axis] for axis in self.kept)

    @property
    def mean(self) -> Any:
        """The means, in a shape that goes with x, (1, m); None before they are known."""
        return self._across("mean")

    @property
    def variance(self) -> Any:
        """The variances, (1, m); None before they are known."""
        return self._across("variance")

    def _across(self, name: str) -> Any:
        """Give numbers, one for each place or for all, a shape that goes with x."""
        given = self.setting(name)
        values = getattr(self, f"adapt_{name}", None) if given is None else given
        if values is None or self.output_shape is None:
            return None
        numbers = np.asarray(values, getattr(values, "dtype", config.floatx()))
        return np.broadcast_to(numbers, self.places(self.across)).reshape(self.across).view(Tensor)

    def adapt(self, data: Any) -> None:
        """Take the means and variances of a data set for those of the layer.

        Args:
            data: array (n, ..., m), or what yields such batches; of (x, y), x is taken.

        Raises:
            ValueError: data of another shape than the layer was built for; no arrays; a layer
                whose mean and variance were given.
        """
        x = np.asarray(data) if hasattr(data, "__array__") else joined(data)
        if self.input_mean is not None:
            raise ValueError("This layer was given its mean and variance: leave out adapt.")
        if self.output_shape is None:
            self.declared = {}
            self.output_shape = self.build(x.shape[1:])
            self.initialize(config.floatx(), np.random.default_rng(0))
        if len(self.axis) and (
            x.ndim != len(self.across) or self.places(x.shape) != self.adapt_mean.shape
        ):
            raise ValueError(
                f"Expected data of shape {(None, *self.output_shape)}, as layer {self.name!r} was "
                f"built for, got {x.shape}."
            )
        others = tuple(axis for axis in range(x.ndim) if axis not in self.kept)
        self.adapt_mean[...] = x.mean(axis=others)  # (m,)
        self.adapt_variance[...] = x.var(axis=others)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        mean = np.asarray(self.mean, x.dtype)  # (1, m)
        deviation = np.maximum(np.sqrt(np.asarray(self.variance, x.dtype)), LEAST)
        if self.invert:
            return x * deviation + mean, lambda dy: dy * deviation  # (n, m)
        return (x - mean) / deviation, lambda dy: dy / deviation  # (n, m)


def joined(batches: Any) -> Array:
    """Return the arrays of all batches as one.

    Raises:
        ValueError: something else is among them.
    """
    arrays = [batch[0] if isinstance(batch, tuple) else batch for batch in batches]
    if not arrays or not all(hasattr(array, "shape") for array in arrays):
        raise ValueError("Expected data as an array, or one array after another: np.array(data)")
    return np.concatenate(arrays)


layers.BY_NAME |= registry.names_of([Normalization, Rescaling])
