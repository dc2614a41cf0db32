"""What a layer owns: weights, which it declares, and which are views of the model's vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import activations, constraints, initializers, regularizers
from tinynet.support import registry
from tinynet.variables import Variable

Array = NDArray[np.floating]
Shape = tuple[int, ...]


KERAS = {  # what Keras calls weights that have another name here
    "W": "kernel",
    "b": "bias",
    "adapt_mean": "mean",
    "adapt_variance": "variance",
}
FIXED = ("units", "use_bias", "center")  # what a layer's weights are made from, besides these:
MADE_FROM = ("_initializer", "_regularizer", "_constraint")


class Weight:
    """What a layer declares of a weight: its shape, first values, penalty and constraint."""

    trainable = True  # whether it ever may be trained: a running mean is not
    trained = True  # whether it lies in `params`: not if its layer is frozen

    def __init__(
        self,
        shape: Shape,
        initializer: initializers.Initializer,
        regularizer: regularizers.Regularizer | None,
        constraint: constraints.Constraint | None,
    ) -> None:
        self.shape = shape
        self.size: int = math.prod(shape)
        self.initializer = initializer
        self.regularizer = regularizer
        self.constraint = constraint
        if constraint is not None:
            constraint.check(shape)

    def first(self, dtype: Any, rng: np.random.Generator) -> Any:
        """Return the first values. A __call__ of the user's is as Keras has it, without rng."""
        if type(self.initializer).__call__ is initializers.Initializer.__call__:
            return self.initializer(self.shape, dtype, rng)
        value = self.initializer(self.shape, dtype=dtype)
        if np.shape(value) != self.shape:
            raise ValueError(
                f"{type(self.initializer).__name__} gave numbers of shape {np.shape(value)}; "
                f"expected shape {self.shape}, as the weight has."
            )
        return value


class Weighted(registry.Configurable):
    """The base of Layer: what can have weights."""

    trainable: bool
    declared: dict[str, Weight]
    changes = 0  # how often a setting was changed: models then make their chain again
    cost = 0.0  # what is added to the loss for the outputs that it gave last

    def __setattr__(self, name: str, value: Any) -> None:
        made = [weight for weight in vars(self).get("declared", ()) if weight in vars(self)]
        if name in made and name != "declared":  # W = array writes into the weight: it stays a view
            if np.shape(value) != self.declared[name].shape:
                raise ValueError(
                    f"Expected {name} of shape {self.declared[name].shape}, got {np.shape(value)}."
                )
            vars(self)[name][...] = value
            return
        if made and name == "activation":
            value = activations.get(value)
        if made and (name in FIXED or name.endswith(MADE_FROM)):
            raise ValueError(
                f"The weights of this layer were made with another {name}: make a new layer, with "
                f"{type(self).__name__}({name}=...), and the model from it."
            )
        super().__setattr__(name, value)
        if made and name == "activation":
            super().__setattr__("changes", self.changes + 1)

    def __getattr__(self, name: str) -> Any:
        for own, keras in KERAS.items():
            if name == keras and own in vars(self):
                return self._shown(own)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _shown(self, name: str) -> Variable:
        """Return a weight as Keras shows it."""
        weight = self.declared[name]
        trained = bool(weight.trainable and self.trainable)
        layer = getattr(self, "name", "layer")
        return Variable.of(layer, KERAS.get(name, name), getattr(self, name), trained)

    @property
    def weights(self) -> list[Variable]:
        """The weights, in the order of get_weights; writing into one changes the layer."""
        return [self._shown(name) for name in self.declared if hasattr(self, name)]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that fit changes."""
        return [weight for weight in self.weights if weight.trainable]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that fit leaves as they are."""
        return [weight for weight in self.weights if not weight.trainable]

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def made_from(self, prefix: str) -> dict[str, Any]:
        """Return the settings kernel_initializer, ... as arguments of add_weight."""
        kinds = ("initializer", "regularizer", "constraint")
        return {kind: getattr(self, f"{prefix}_{kind}", None) for kind in kinds}

    def add_weight(
        self,
        name: str,
        shape: Shape,
        initializer: Any,
        regularizer: Any = None,
        trainable: bool = True,
        constraint: Any = None,
    ) -> None:
        """Declare a weight "a": once built, self.a is its value and self.da its gradient.

        One that is not trainable is kept and saved, and no optimizer sees it: running means.
        """
        given = initializers.get(initializer), regularizers.get(regularizer)
        weight = Weight(shape, *given, constraints.get(constraint))
        weight.trainable, weight.trained = trainable, bool(trainable and self.trainable)
        self.declared[name] = weight

    def initialize(self, dtype: Any, rng: np.random.Generator) -> None:
        """Give each weight its first values: those it has already where they fit, else new ones."""
        for name, weight in self.declared.items():
            value: Any = getattr(self, name, None)
            if value is None or np.shape(value) != weight.shape:
                value = weight.first(dtype, rng)
            setattr(self, name, np.asarray(value, dtype))

    def bind(self, name: str, value: Array, gradient: Array) -> None:
        """Make a weight and its gradient views of these stretches of the model's vectors."""
        vars(self)[name] = value.reshape(self.declared[name].shape)
        setattr(self, "d" + name, gradient.reshape(self.declared[name].shape))

    @property
    def trains(self) -> bool:
        """Whether a weight of it lies in `params`."""
        return any(weight.trained for weight in self.declared.values())

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
        values = [np.asarray(value, np.float64) for value in weights]  # all are numbers, or none
        for name, value in zip(self.declared, values, strict=True):
            getattr(self, name)[...] = value
