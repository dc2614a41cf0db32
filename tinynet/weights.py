"""What a layer owns: weights, which it declares, and which are views of the model's vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import initializers, regularizers
from tinynet.support import registry

Array = NDArray[np.floating]
Shape = tuple[int, ...]


class Weight:
    """What a layer declares of a weight: its shape, its first values, its penalty."""

    trainable = True  # whether it ever may be trained: a running mean is not
    trained = True  # whether it lies in `params`: not if its layer is frozen

    def __init__(
        self,
        shape: Shape,
        initializer: initializers.Initializer,
        regularizer: regularizers.Regularizer | None,
    ) -> None:
        self.shape = shape
        self.size = math.prod(shape)
        self.initializer = initializer
        self.regularizer = regularizer


class Weighted(registry.Configurable):
    """The base of Layer: what can have weights."""

    trainable: bool
    declared: dict[str, Weight]

    def add_weight(
        self,
        name: str,
        shape: Shape,
        initializer: Any,
        regularizer: Any = None,
        trainable: bool = True,
    ) -> None:
        """Declare a weight "a": once built, self.a is its value and self.da its gradient.

        One that is not trainable is kept and saved, and no optimizer sees it: running means.
        """
        weight = Weight(shape, initializers.get(initializer), regularizers.get(regularizer))
        weight.trainable, weight.trained = trainable, bool(trainable and self.trainable)
        self.declared[name] = weight

    def initial_values(self, dtype: Any, rng: np.random.Generator) -> list[Array]:
        """Return the weights to start from: those it has already where they fit, else new ones."""
        values = []
        for name, weight in self.declared.items():
            value: Any = getattr(self, name, None)
            if np.shape(value) != weight.shape:
                value = weight.initializer(weight.shape, dtype, rng)
            values.append(np.asarray(value, dtype))
        return values

    def bind(self, name: str, value: Array, gradient: Array) -> None:
        """Make a weight and its gradient views of these stretches of the model's vectors."""
        setattr(self, name, value.reshape(self.declared[name].shape))
        setattr(self, "d" + name, gradient.reshape(self.declared[name].shape))

    def count_params(self) -> int:
        """Return how many numbers the weights hold."""
        return sum(weight.size for weight in self.declared.values())

    def get_weights(self) -> list[Array]:
        """Return copies of the weights, in the order in which they were declared."""
        return [getattr(self, name).copy() for name in self.declared]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Put these numbers into the weights, in the order of get_weights.

        Raises:
            ValueError: a wrong number of arrays, or one of another shape; nothing is changed.
        """
        shapes = [np.shape(value) for value in weights]
        expected = [weight.shape for weight in self.declared.values()]
        if shapes != expected:
            raise ValueError(f"Expected weights of shapes {expected}, got {shapes}.")
        for name, value in zip(self.declared, weights, strict=True):
            getattr(self, name)[...] = value
