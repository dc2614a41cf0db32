"""Layers that keep a network from learning by heart: noise while training, penalties on outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet import layers, regularizers
from tinynet.layers import Array, Backward, Dropout, Layer
from tinynet.support import registry, settings

__all__ = ["ActivityRegularization", "GaussianDropout", "GaussianNoise"]


class GaussianNoise(Layer):
    """In training, add noise of a bell curve to each input: y = x + e. When not training, y = x.

    Args:
        stddev: of e, float in [0, 1].
        seed: int or None (default): None takes the model's own random generator.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: stddev outside [0, 1].

    Example:
        >>> GaussianNoise(0.5).infer(np.array([[1.0, 2.0]]))
        array([[1., 2.]])

    Source: keras.layers.GaussianNoise. The random numbers are NumPy's.
    """

    formulas: Mapping[str, str] = {"y": "y = x + e, e drawn anew", "dx": "dy"}

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.stddev = settings.number("stddev", stddev, "[0, 1]")
        self.seed = seed
        self.rng = np.random.default_rng(seed)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        e: Array = self.stddev * self.rng.standard_normal(x.shape, x.dtype)  # (n, m)
        return x + e, lambda dy: dy

    def infer(self, x: Array) -> Array:
        return x

    def use_generator(self, rng: np.random.Generator) -> None:
        if self.seed is None:
            self.rng = rng


class GaussianDropout(Dropout):
    """In training, multiply each input by noise around 1: y = x e. When not training, y = x.

    e has mean 1 and deviation sqrt(rate / (1 - rate)), as the mask of Dropout has.

    Args:
        rate: float in [0, 1).
        seed: int or None (default): None takes the model's own random generator.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: rate outside [0, 1).

    Example:
        >>> GaussianDropout(0.5).infer(np.array([[1.0, 2.0]]))
        array([[1., 2.]])

    Source: Srivastava et al., 2014, section 10; keras.layers.GaussianDropout. The random numbers
    are NumPy's.
    """

    formulas: Mapping[str, str] = {"y": "y = x e, e drawn anew", "dx": "dy e"}

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(rate, seed=seed, **options)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        deviation = math.sqrt(self.rate / (1 - self.rate))
        e: Array = 1 + deviation * self.rng.standard_normal(x.shape, x.dtype)  # (n, m)

        def backward(dy: Array) -> Array:
            return dy * e  # (n, m)

        return x * e, backward


class ActivityPenalty(Layer):
    """Add a penalty on x to the loss: cost = R(x) / n, and dx = dy + R'(x) / n, R being L1 or L2.

    A layer with an activity_regularizer has such a link behind it.
    """

    rows_independent = False  # n is that of the whole batch
    formulas: Mapping[str, str] = {
        "y": "y = x, and R(x) / n is added to the loss",
        "dx": "dy + R'(x) / n",
    }

    def __init__(self, regularizer: regularizers.Regularizer, **options: Any) -> None:
        super().__init__(**options)
        self.regularizer = regularizer

    def forward(self, x: Array) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return dy + self.regularizer.gradient(x) / len(x)  # (n, m)

        return self.infer(x), backward

    def infer(self, x: Array) -> Array:
        self.cost = self.regularizer(x) / max(len(x), 1)
        return x


class ActivityRegularization(Layer):
    """Add a penalty on the inputs to the loss: (l1 sum |x| + l2 sum x²) / n, and y = x.

    Args:
        l1: float from 0, default 0.
        l2: float from 0, default 0.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: a factor below 0.

    Example:
        >>> from tinynet import Sequential
        >>> model = Sequential([ActivityRegularization(l1=0.5, input_shape=(2,))])
        >>> model.compile(loss="mse")
        >>> x = np.array([[-2.0, 4.0], [2.0, 0.0]])
        >>> model.evaluate(x, x, verbose=0)  # 0.5 * 8 / 2
        2.0

    Source: keras.layers.ActivityRegularization.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.regularizer = regularizers.L1L2(l1, l2)
        self.l1, self.l2 = self.regularizer.l1, self.regularizer.l2

    def links(self) -> tuple[Layer, ...]:
        # A link of its own for each time that it is applied: each has its cost.
        return (ActivityPenalty(self.regularizer, name=self.name),)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return self.links()[0].forward(x)


layers.BY_NAME |= registry.names_of([GaussianNoise, GaussianDropout, ActivityRegularization])
