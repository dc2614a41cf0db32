"""A network: layers in a row, all their weights in one vector and all gradients in another.

    params, grads (p,)  the weights of all layers, one after the other, and their gradients

Every layer's W and b are windows onto `params`, its dW and db windows onto `grads`. So an
optimizer sees two plain vectors, counting parameters is `params.size`, and saving them is
saving one array. What a network learns by stands in models.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinynet import blowups, config, layers, registry, summary
from tinynet.layers import Input, Layer
from tinynet.regularizers import Regularizer

Array = NDArray[Any]
N = TypeVar("N", bound="Network")


class Network(registry.Configurable):
    """Layers in a row: the part of Sequential that does not learn."""

    def __init__(self, layers: Sequence[Layer] | None = None, *, name: str | None = None) -> None:
        self.name = name or config.unique_name(type(self).__name__)
        self.layers: list[Any] = []
        self._input_shape: tuple[int, ...] | None = None
        self.params: Array = np.zeros(0, config.floatx())
        self.grads: Array = self.params
        self.built = False
        self._rng = config.new_generator()
        for layer in layers or []:
            self._append(layer)
        if self.layers and self._input_shape is not None:
            self.build()

    def add(self, layer: Layer) -> None:
        """Add a layer at the end, and make its weights if the shape of its inputs is known.

        Raises:
            ValueError: what is added is no layer, is in a model already, has its name there, or
                can't follow the layer before. The model stays as it was.
        """
        self._append(layer)
        if self.layers and self._input_shape is not None:
            try:
                self.declare(self._input_shape)
            except ValueError:
                self.layers.pop().in_model = False
                raise
            self.build()

    def _append(self, layer: Layer) -> None:
        """Put a layer at the end of the list."""
        if isinstance(layer, Network):
            layer = Nested(layer)
        if not isinstance(layer, Layer):
            raise ValueError(f"Expected a layer such as layers.Dense(10), got {layer!r}.")
        if isinstance(layer, Input):
            if self.layers:
                raise ValueError("Input says what the model starts with: add it first.")
            self._input_shape = layer.shape
            return
        if layer.in_model:
            raise ValueError(f"Layer {layer.name!r} is in a model already: make a new one.")
        if any(layer.name == other.name for other in self.layers):
            raise ValueError(
                f"This model has a layer named {layer.name!r} already: give this one another, "
                f"as in Dense(10, name='mine')."
            )
        layer.in_model = True
        if not self.layers and layer.input_shape is not None:
            self._input_shape = layer.input_shape
        self.layers.append(layer)

    def pop(self) -> Layer:
        """Take the last layer off, and return it."""
        if not self.layers:
            raise ValueError("This model has no layers to take off.")
        layer: Layer = self.layers.pop()
        layer.in_model = self.built = False
        return layer

    def build(self, input_shape: Sequence[int] | None = None) -> None:
        """Make the weights; called by whatever first needs them.

        Args:
            input_shape: shape of a batch, (None, 784); default: what the first layer said.

        Raises:
            ValueError: no layers, no shape, or a layer that can't follow the one before.
        """
        start = self._input_shape if input_shape is None else tuple(input_shape[1:])
        self.declare(start)
        values = []
        for layer in self.layers:
            layer.use_generator(self._rng)
            values += layer.first_values(self.params.dtype, self._rng)
        self.bind(np.concatenate([np.zeros(0, self.params.dtype), *map(np.ravel, values)]))
        self._chain = [link for layer in self.layers for link in layer.links()]
        weighted = [i for i, link in enumerate(self._chain) if link.declared]
        self._first = min(weighted, default=len(self._chain))  # no gradient goes further back
        for i, link in enumerate(self._chain):
            link.needs_dx = i > self._first
        self._input_shape, self.built = start, True

    def declare(self, start: tuple[int, ...] | None) -> int:
        """Let every layer say what it needs for examples of that shape; return how many weights.

        No memory is taken for them yet.
        """
        if not self.layers:
            raise ValueError("This model has no layers yet: model.add(layers.Dense(10))")
        if start is None:
            raise ValueError(
                "The shape of the inputs is not known yet. Name it in the first layer, as in "
                "Dense(512, input_shape=(784,)), or start with Input(shape=(784,))."
            )
        shape = start
        for layer in self.layers:
            if layer.input_shape not in (None, shape):
                raise ValueError(
                    f"Layer {layer.name!r} says input_shape={layer.input_shape}, but what comes "
                    f"before it gives {shape}. Only the first layer needs an input_shape."
                )
            shape = layer.output_shape = layer.build(shape)
        return sum(self._sizes())

    def bind(self, params: Array, grads: Array | None = None) -> None:
        """Make these the model's vectors, and all layers' weights windows onto them."""
        self.params, self.grads = params, np.zeros_like(params) if grads is None else grads
        start = 0
        for layer in self.layers:
            window = slice(start, start + layer.count_params())
            layer.bind(self.params[window], self.grads[window])
            start = window.stop
        self._telltales = blowups.telltales(self.layers)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Copying and pickling turn windows into arrays of their own: make them windows again.
        self.__dict__.update(state)
        self.bind(self.params, self.grads)

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of a batch of inputs, such as (None, 784)."""
        self._need_built()
        return (None, *(self._input_shape or ()))

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of a batch of outputs, such as (None, 10)."""
        self._need_built()
        return (None, *self.layers[-1].output_shape)

    def summary(self) -> None:
        """Print a table of the layers, their output shapes and how many parameters they have.

        Source: keras.Model.summary, less the optimizer's own numbers, which Keras adds to the
        total after training.
        """
        if not self.built and self._input_shape is not None:
            self.build()
        print(summary.table(self.name, self.layers, self.params if self.built else None))

    def count_params(self) -> int:
        """Return how many numbers all weights hold together."""
        self._need_built()
        return self.params.size

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name, or by its place.

        Raises:
            ValueError: there is no such layer.
        """
        if name is not None and index is not None:
            raise ValueError("Expected the layer's name or its index, got both.")
        if index is not None and -len(self.layers) <= index < len(self.layers):
            name = self.layers[index].name
        by_name: dict[str | None, Layer] = {layer.name: layer for layer in self.layers}
        if name not in by_name:
            had = ", ".join(layer.name for layer in self.layers)
            raise ValueError(f"No layer {name or index!r} in this model. It has: {had}.")
        return by_name[name]

    def get_weights(self) -> list[Array]:
        """Return copies of all weights: W (d, m) and b (m,) of the first layer, and so on.

        Source: keras.Model.get_weights, in the same order.
        """
        return [value for layer in self.layers for value in layer.get_weights()]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Put these numbers into the weights, in the order of get_weights.

        Raises:
            ValueError: a wrong number of arrays, or one of another shape; nothing is changed.

        Source: keras.Model.set_weights.
        """
        shapes = [np.shape(value) for value in weights]
        expected = [value.shape for value in self.get_weights()]
        if shapes != expected:
            raise ValueError(f"Expected weights of shapes {expected}, got {shapes}.")
        rest = list(weights)
        for layer in self.layers:
            own, rest = rest[: len(layer.declared)], rest[len(layer.declared) :]
            layer.set_weights(own)

    def _need_built(self) -> None:
        """Make the weights if that has not been done yet."""
        if not self.built:
            self.build()

    def get_config(self) -> dict[str, Any]:
        """Return the layers and their settings, without the weights, as Keras writes them.

        Source: keras.Sequential.get_config; keras.Sequential.from_config reads it.
        """
        described = [registry.serialize(layer) for layer in self.layers]
        config: dict[str, Any] = {"name": self.name, "layers": described}
        if self._input_shape is not None:
            shape = [None, *self._input_shape]
            start: dict[str, Any] = {"module": "keras.layers", "class_name": "InputLayer"}
            start |= {"config": {"batch_shape": shape}, "registered_name": None}
            config |= {"layers": [start, *described], "build_input_shape": shape}
        return config

    @classmethod
    def from_config(
        cls: type[N], config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> N:
        """Make a model, with new weights, from what get_config returned, here or in Keras.

        Args:
            config: the description.
            custom_objects: {class name: class} for layers of your own.

        Raises:
            ValueError: a layer or a setting that tinynet does not have.
        """
        with registry.custom_objects(custom_objects or {}):
            model = cls._described(config)
        if model._input_shape is not None:
            model.build()
        return model

    @classmethod
    def _described(cls: type[N], config: Mapping[str, Any]) -> N:
        """Make the model of a config, but no weights yet."""
        model = cls(name=config["name"])
        for described in config["layers"]:
            if described["class_name"] == "InputLayer":
                model._append(Input(described["config"]["batch_shape"][1:]))
            else:
                model._append(layers.get(described))
        return model

    def _sizes(self) -> list[int]:
        """Return the size of every weight, in order."""
        return [weight.size for layer in self.layers for weight in layer.declared.values()]

    def _regularized(self) -> Iterator[tuple[Array, Array, Regularizer]]:
        """Yield every weight that has a penalty, with its gradient and the penalty."""
        for layer in self.layers:
            for name, weight in layer.declared.items():
                if weight.regularizer is not None:
                    yield getattr(layer, name), getattr(layer, "d" + name), weight.regularizer

    def _generators(self) -> dict[str, np.random.Generator]:
        """Return the model's random generator and those of layers with a seed of their own."""
        own = {layer.name: layer.rng for layer in self.layers if hasattr(layer, "rng")}
        return {name: rng for name, rng in own.items() if rng is not self._rng} | {"": self._rng}


class Nested(Layer):
    """A whole model as the first layer of another, to be used but not trained.

    Its weights stay windows onto its own model's vector, so what that learns later shows here:
    Sequential([model, Softmax()]) makes probabilities of a trained model's logits.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(name=model.name, input_shape=model.input_shape[1:])
        self.model = model

    def build(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(self.model.output_shape[1:])

    def forward(self, x: Array) -> tuple[Array, layers.Backward]:
        raise ValueError(
            f"The model {self.name!r} is part of another one, which can't train it: "
            f"compile and fit {self.name!r} itself."
        )

    def infer(self, x: Array) -> Array:
        return self.model(x)  # type: ignore[no-any-return]  # (n, d) -> (n, k)

    def get_config(self) -> dict[str, Any]:
        raise ValueError(
            f"A model inside a model can't be written down: save {self.name!r} itself."
        )
