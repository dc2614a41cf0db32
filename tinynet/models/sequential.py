"""Sequential: layers in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from tinynet import layers as layer_table
from tinynet.layers import Layer
from tinynet.models import contracts
from tinynet.models.functional import Model
from tinynet.models.inputs import InputLayer
from tinynet.support import registry
from tinynet.symbols import Symbol

S = TypeVar("S", bound="Sequential")


class Sequential(Model):
    """Layers in a row, and the training of them.

    Args:
        layers: list of layers; None (default) starts with none. Input(shape=(784,)) may stand
            first; or the first layer says input_shape=(784,); or fit finds out.
        name: str; None (default) takes the next free one: sequential, sequential_1, ...

    Example:
        >>> import numpy as np
        >>> from tinynet.layers import Dense, Input
        >>> model = Sequential([Input(shape=(4,)), Dense(3, activation="softmax")])
        >>> model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> x, y = np.eye(3, 4), np.arange(3)
        >>> history = model.fit(x, y, epochs=1000, verbose=0)
        >>> model.evaluate(x, y, verbose=0)[1]
        1.0

    Source: keras.Sequential.
    """

    def __init__(self, layers: Sequence[Layer] | None = None, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._named: dict[str, Layer] = {}
        self._start: InputLayer | None = None
        for layer in layers or []:
            self._append(layer)
        if self.layers and self._input_shape is not None:
            self.build()

    @classmethod
    def made(cls) -> type[Model]:
        """Return the class of what is made: no functional form."""
        return cls

    def _begin(self, start: tuple[int, ...] | None) -> None:
        super()._begin(start)
        assert self._input_shape is not None
        row: list[Symbol] = [self._start or InputLayer(self._input_shape, name="input_layer")]
        for layer in self.layers:
            row.append(Symbol(layer.output_shape, layer, row[-1:]))
        self.inputs: list[Symbol] = row[:1]
        self.symbols: list[Symbol] = row[1:]
        self.outputs: list[Symbol] = row[-1:]

    def add(self, layer: Layer) -> None:
        """Add a layer at the end, and make its weights if the shape of its inputs is known.

        Raises:
            ValueError: what is added is no layer, is in a model already, has its name there, or
                can't follow the layer before. The model stays as it was.
        """
        self._append(layer)
        if self.layers and self._input_shape is not None:
            try:
                self.declare_from(self._input_shape)
            except ValueError:
                self._layers.pop()
                raise
            self.build()

    def _append(self, layer: Layer) -> None:
        """Put a layer at the end of the list."""
        if isinstance(layer, Model):
            if not self._layers and layer._input_shape is not None:
                self._input_shape = layer._input_shape
            for inner in layer.in_a_row():
                self._append(inner)
            return
        if not isinstance(layer, Layer) or layer.several:
            raise ValueError(f"Expected a layer such as layers.Dense(10), got {layer!r}.")
        contracts.initialised(layer)
        if isinstance(layer, InputLayer):
            if self._layers or self._input_shape is not None:
                raise ValueError("Input says what the model starts with: add it first, and once.")
            self._input_shape, self._start = layer.size, layer
            return
        if len(self._named) != len(self._layers):  # after a pop
            self._named = {known.name: known for known in self._layers}
        if self._named.get(layer.name) is layer:
            raise ValueError(f"Layer {layer.name!r} is in this model already: make a new one.")
        if layer.name in self._named:
            raise ValueError(
                f"This model has a layer named {layer.name!r} already: give this one another, "
                f"as in Dense(10, name='mine')."
            )
        layer.trainable = layer.trainable and self.trainable
        if not self._layers and layer.input_shape is not None:
            self._input_shape = layer.input_shape
        self._layers.append(layer)
        self._named[layer.name] = layer

    def pop(self) -> Layer:
        """Take the last layer off, and return it."""
        if not self.layers:
            raise ValueError("This model has no layers to take off.")
        layer: Layer = self._layers.pop()
        self.built = False
        return layer

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
    def _described(cls: type[S], config: Mapping[str, Any]) -> S:
        """Make the model of a config, but no weights yet."""
        model = cls(name=config["name"])
        for described in config["layers"]:
            if described["class_name"] == "InputLayer":
                model._append(InputLayer.from_config(described["config"]))
            else:
                model._append(layer_table.get(described))
        return model
