"""ReLU and its relatives as layers: they bend a line at a corner, and differ below it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet import constraints, initializers, layers, regularizers
from tinynet.layers import Array, Backward, Layer, Shape
from tinynet.support import registry, settings

__all__ = ["ELU", "LeakyReLU", "PReLU", "ReLU"]


class ReLU(Layer):
    """Keep what is positive: y = max(x, 0); with options, above a threshold and up to a limit.

    y = min(x, max_value) where x > threshold, else negative_slope (x - threshold)

    Args:
        max_value: float from 0; None (default) sets no limit.
        negative_slope: float from 0, default 0.
        threshold: float from 0, default 0.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: a setting below 0.

    Example:
        >>> ReLU(max_value=3).infer(np.array([[-1.0, 2.0, 4.0]]))
        array([[0., 2., 3.]])

    Source: keras.layers.ReLU. At the corners the slope is that of the lower side; where x is the
    limit itself, it is 0.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.max_value: float | None = settings.optional("max_value", max_value, "[0, inf)")
        self.negative_slope: float = settings.number("negative_slope", negative_slope, "[0, inf)")
        self.threshold: float = settings.number("threshold", threshold, "[0, inf)")

    def forward(self, x: Array) -> tuple[Array, Backward]:
        limit = math.inf if self.max_value is None else self.max_value
        above = x > self.threshold  # (n, m) of bool
        y: Array = np.where(above, np.minimum(x, limit), 0)  # (n, m)
        if self.negative_slope:
            y += self.negative_slope * np.minimum(x - self.threshold, 0)  # (n, m)

        def backward(dy: Array) -> Array:
            dx: Array = dy * (above & (x < limit))  # (n, m)
            if self.negative_slope:
                dx += dy * ~above * self.negative_slope  # (n, m)
            return dx

        return y, backward


class LeakyReLU(Layer):
    """Let a part of what is negative through: y = x where x > 0, else negative_slope x.

    Args:
        negative_slope: float from 0, default 0.3. (The activation "leaky_relu" has 0.2.)
        **options: name, input_shape: see Layer. `alpha`, the older name of negative_slope, is
            taken with a warning.

    Raises:
        ValueError: a slope below 0.

    Example:
        >>> LeakyReLU(0.1).infer(np.array([[-1.0, 2.0]]))
        array([[-0.1,  2. ]])

    Source: Maas et al., 2013; keras.layers.LeakyReLU. At x = 0 the slope is that of the negative
    side, as in Keras on TensorFlow; on JAX it is 1.
    """

    def __init__(self, negative_slope: float = 0.3, **options: Any) -> None:
        if "alpha" in options:
            warnings.warn("LeakyReLU's alpha is called negative_slope now.", stacklevel=2)
            negative_slope = options.pop("alpha")
        super().__init__(**options)
        self.negative_slope: float = settings.number("negative_slope", negative_slope, "[0, inf)")

    def forward(self, x: Array) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return np.where(x > 0, dy, self.negative_slope * dy)  # (n, m)

        return np.where(x > 0, x, self.negative_slope * x), backward  # (n, m)


class ELU(Layer):
    """Bend smoothly towards -alpha: y = x where x > 0, else alpha (e^x - 1).

    Args:
        alpha: float, default 1.
        **options: name, input_shape: see Layer.

    Example:
        >>> ELU().infer(np.array([[-1000.0, 2.0]]))
        array([[-1.,  2.]])

    Source: Clevert et al., 2015; keras.layers.ELU.
    """

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha: float = settings.number("alpha", alpha)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y = np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))  # (n, m)

        def backward(dy: Array) -> Array:
            return np.where(x > 0, dy, dy * (y + self.alpha))  # (n, m): alpha e^x = y + alpha

        return y, backward


class PReLU(Layer):
    """Learn how much of what is negative to let through: y = x where x > 0, else alpha x.

    Args:
        alpha_initializer: the first alpha (m,), one for each input; default "Zeros".
        alpha_regularizer: a penalty on alpha; default None.
        alpha_constraint: what alpha holds to after every step; default None.
        shared_axes: axes along which one alpha serves all, such as [1]; 1 is the first axis
            behind the batch; default None.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: an axis that inputs don't have.

    Example:
        >>> layer = PReLU(alpha_initializer="ones", input_shape=(2,))
        >>> layer(np.array([[-1.0, 2.0]]))
        array([[-1.,  2.]], dtype=float32)

    Source: He et al., 2015; keras.layers.PReLU. At x = 0 the slope is 0.
    """

    alpha: Array
    dalpha: Array
    formulas: Mapping[str, str] = {
        "y": "y = x where x > 0, else alpha x",
        "dalpha": "the sum of dy min(x, 0) over the batch",
        "dx": "dy where x > 0, alpha dy where x < 0",
    }

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Sequence[int] | int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if axes is None else [settings.count("an axis", a) for a in axes]

    def build(self, input_shape: Shape) -> Shape:
        shape = list(input_shape)
        for axis in self.shared_axes or []:
            if axis > len(shape):
                raise ValueError(f"Inputs of shape {input_shape} have no axis {axis} to share.")
            shape[axis - 1] = 1
        self.add_weight("alpha", tuple(shape), **self.made_from("alpha"))
        return input_shape

    def forward(self, x: Array) -> tuple[Array, Backward]:
        shared = (0, *(self.shared_axes or []))  # alpha reached the whole batch, and these

        def backward(dy: Array) -> Array:
            dalpha: Array = (dy * np.minimum(x, 0)).sum(axis=shared, keepdims=True)  # (1, m)
            self.dalpha[...] = dalpha[0]  # (m,)
            return dy * np.where(x > 0, 1, np.where(x < 0, self.alpha, 0))  # (n, m)

        return np.where(x > 0, x, self.alpha * x), backward  # (n, m)


layers.BY_NAME |= registry.names_of([ReLU, LeakyReLU, ELU, PReLU])
