"""The functional form: layers are applied to an Input, and a model is what lies between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tinynet import layers as layer_table
from tinynet.layers import Layer, Shape
from tinynet.models import graph
from tinynet.models.inputs import InputLayer
from tinynet.models.trainer import Trainer
from tinynet.support import refusing, registry
from tinynet.symbols import Symbol

M = TypeVar("M", bound="Model")
F = TypeVar("F", bound="Functional")


class Model(Trainer):
    """What all models are; Model(inputs, outputs) makes one of layers applied to an Input.

    Args:
        inputs: Input(shape=...), or what another layer gives.
        outputs: what the last layer gives.
        name: str; None (default) takes the next free one: functional, functional_1, ...

    Raises:
        ValueError: several inputs or outputs; outputs that need another input; a layer with
            weights that is applied twice.

    Example, with a connection that skips a layer:
        >>> from tinynet.layers import Add, Dense, Input
        >>> inputs = Input(shape=(4,))
        >>> x = Dense(4, activation="relu")(inputs)
        >>> x = Add()([x, inputs])
        >>> model = Model(inputs, Dense(3, activation="softmax")(x))
        >>> model.output_shape
        (None, 3)

    Source: keras.Model.
    """

    def __new__(cls: type[M], *args: Any, **options: Any) -> M:
        refusing.overrides(cls)
        made: Any = super().__new__(cls.made())
        return made  # type: ignore[no-any-return]

    @classmethod
    def made(cls) -> type[Model]:
        """Return the class of what Model(inputs, outputs), or a subclass of it, makes."""
        if cls is Model or issubclass(cls, Functional):
            return Functional if cls is Model else cls
        return type(cls.__name__, (cls, Functional), {"__module__": cls.__module__})

    if TYPE_CHECKING:  # what Model(inputs, outputs) takes

        def __init__(
            self, inputs: Any = None, outputs: Any = None, *, name: str | None = None
        ) -> None: ...

    inputs: list[Symbol]
    outputs: list[Symbol]
    symbols: list[Symbol]  # from the one to the other

    def __repr__(self) -> str:
        what = "not built yet"
        if self.built:
            what = f"{self.input_shape} to {self.output_shape}, {self.count_params():,} parameters"
        return f"<{type(self).__name__} {self.name!r}: {len(self.layers)} layers, {what}>"

    @property
    def input(self) -> Symbol:
        """What stands for the inputs; Model(model.input, model.layers[0].output) is a part."""
        return self.inputs[0]

    @property
    def output(self) -> Symbol:
        """What stands for the outputs."""
        return self.outputs[0]

    def __call__(self, x: Any, training: bool = False) -> Any:
        """Return the outputs for a batch, (n, k), all at once and without a progress line.

        Args:
            x: examples, (n, d) or (n, ...); or what stands for them, an Input or what a layer
                gives: then the layers of this model go on from there, with the same weights.
            training: whether to compute as in training, where Dropout drops; default False.
        """
        if not isinstance(x, Symbol):
            return super().__call__(x, training)
        if not self.built:
            self.build(x.shape)
        values = {self.input: x}
        for symbol in self.symbols:
            taken = [values[source] for source in symbol.sources]
            values[symbol] = symbol.layer(taken if symbol.layer.several else taken[0])
        return values[self.output]

    def in_a_row(self) -> list[Layer]:
        """Return the layers that another model may go on with, in a row.

        Raises:
            ValueError: they are in no row.
        """
        row = [layer for layer in self.layers if not isinstance(layer, InputLayer)]
        if self.built and any(layer.several for layer in row):
            raise ValueError(
                f"The layers of {self.name!r} are in no row. Go on with what it gives: "
                f"Model({self.name}.input, Dense(10)({self.name}.output))"
            )
        return row

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """Make a model, with new weights, from what get_config returned, here or in Keras.

        Args:
            config: the description.
            custom_objects: {class name: class} for layers of your own.

        Raises:
            ValueError: a layer or a setting that tinynet does not have.
        """
        with registry.custom_objects(custom_objects or {}):
            model = (Functional if cls is Model else cls)._described(config)
        if model._input_shape is not None:
            model.build()
        return model

    @classmethod
    def _described(cls, config: Mapping[str, Any]) -> Any:
        """Make the model of a config, but no weights yet."""
        raise NotImplementedError


class Functional(Model):
    """The model between an input and an output: see Model."""

    def __init__(self, inputs: Any = None, outputs: Any = None, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._span(inputs, outputs)
        self.build()

    def _span(self, inputs: Any, outputs: Any) -> None:
        """Take up the layers between these."""
        start, end = only("inputs", inputs), only("outputs", outputs)
        self.inputs: list[Symbol] = [start]
        self.outputs: list[Symbol] = [end]
        self.symbols: list[Symbol] = graph.in_order(start, end)
        first = start if isinstance(start, InputLayer) else InputLayer(start.size)
        applied = [symbol.layer for symbol in self.symbols]
        self._layers = [first, *dict.fromkeys(applied)]
        for layer in self.layers:
            if applied.count(layer) > 1 and layer.declared:
                raise ValueError(
                    f"Layer {layer.name!r} is applied twice, and has weights: tinynet writes "
                    f"the gradient of a weight once. Make two layers."
                )
            if sum(layer.name == other.name for other in self.layers) > 1:
                raise ValueError(f"Two layers are named {layer.name!r}: give one another name.")
        self._input_shape = start.size

    def _check_fit(self, start: Shape) -> None:
        pass  # each layer was applied to what it takes

    def declare(self, shape: Shape) -> int:
        sizes = {self.inputs[0]: shape}
        self.layers[0].output_shape = shape
        for symbol in self.symbols:
            taken: Any = [sizes[source] for source in symbol.sources]
            layer = symbol.layer
            layer.output_shape = layer.build(taken if layer.several else taken[0])
            sizes[symbol] = layer.output_shape
        return sum(self.sizes())

    def links(self) -> list[Layer]:
        return graph.links(self.inputs[0], self.symbols)

    def _connections(self) -> list[str]:
        taken: dict[Any, list[str]] = {layer: [] for layer in self.layers}
        for symbol in self.symbols:
            names = [f"{source.layer.name}[{source.index}][0]" for source in symbol.sources]
            taken[symbol.layer] += names
        row = [symbol.layer for symbol in self.symbols] == self.layers[1:]
        if row and all(len(symbol.sources) == 1 for symbol in self.symbols):
            live = [self.input, *self.symbols]
            if all(s.sources[0] is before for s, before in zip(self.symbols, live, strict=False)):
                return []
        return [", ".join(taken[layer]) or "-" for layer in self.layers]

    def get_config(self) -> dict[str, Any]:
        """Return the layers, their settings and what they are applied to, as Keras writes them.

        Source: keras.Model.get_config; keras.Model.from_config reads it.
        """
        names = {self.inputs[0]: (self.layers[0].name, 0)}
        seen: dict[Any, int] = {}
        described = [self._described_layer(self.layers[0], [])]
        for symbol in self.symbols:
            seen[symbol.layer] = seen.get(symbol.layer, -1) + 1
            names[symbol] = (symbol.layer.name, seen[symbol.layer])
        for layer in self.layers[1:]:
            calls = [symbol for symbol in self.symbols if symbol.layer is layer]
            described.append(
                self._described_layer(layer, [[(s, *names[s]) for s in c.sources] for c in calls])
            )
        start, end = names[self.inputs[0]], names[self.outputs[0]]
        return {
            "name": self.name,
            "layers": described,
            "input_layers": [*start, 0],
            "output_layers": [*end, 0],
        }

    def _described_layer(self, layer: Any, calls: list[Any]) -> dict[str, Any]:
        """Describe a layer and what it is applied to, once for each time."""
        nodes: list[dict[str, Any]] = []
        for sources in calls:
            tensors = [
                {
                    "class_name": "__keras_tensor__",
                    "config": {
                        "shape": list(symbol.shape),
                        "dtype": self.params.dtype.name,
                        "keras_history": [name, index, 0],
                    },
                }
                for symbol, name, index in sources
            ]
            nodes.append({"args": [tensors] if layer.several else tensors, "kwargs": {}})
        return {**registry.serialize(layer), "name": layer.name, "inbound_nodes": nodes}

    @classmethod
    def _described(cls: type[F], config: Mapping[str, Any]) -> F:
        """Make the model of a config, but no weights yet."""
        symbols: dict[tuple[str, int], Symbol] = {}
        left = []  # what is applied to what
        for described in config["layers"]:
            name = described["config"]["name"]
            if described["class_name"] == "InputLayer":
                symbols[name, 0] = InputLayer.from_config(described["config"])
                continue
            layer = layer_table.get(described)
            for index, node in enumerate(described["inbound_nodes"]):
                left.append(((name, index), layer, histories(node)))
        while left:
            ready = [call for call in left if all(place in symbols for place in call[2])]
            if not ready:
                raise ValueError(f"nothing gives what the layer {left[0][1].name!r} is applied to")
            for place, layer, sources in ready:
                taken = [symbols[source] for source in sources]
                symbols[place] = layer(taken if layer.several else only("args", taken))
            left = [call for call in left if call not in ready]
        model: F = cls.__new__(cls)
        Trainer.__init__(model, name=config["name"])
        start, end = histories(config["input_layers"]), histories(config["output_layers"])
        model._span([symbols[place] for place in start], [symbols[place] for place in end])
        return model


def only(name: str, given: Any) -> Symbol:
    """Return the one symbol that is given, alone or in a list or dict of one."""
    found = list(given.values()) if isinstance(given, dict) else given
    if isinstance(found, (list, tuple)) and len(found) == 1:
        found = found[0]
    if isinstance(found, (list, tuple)):
        raise ValueError(
            f"Expected one of the {name}, got {len(found)}: tinynet knows models with one input "
            f"and one output. Put several arrays side by side: np.concatenate([a, b], axis=1)."
        )
    if not isinstance(found, Symbol):
        raise ValueError(
            f"Expected {name} as what layers are applied to or give, got {found!r}: "
            f"x = Input(shape=(784,)); model = Model(inputs=x, outputs=Dense(10)(x))"
        )
    return found


def histories(value: Any) -> list[tuple[str, int]]:
    """Return the (layer, which time) pairs in a part of a config, in Keras 3's form or 2's."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            return histories(value["config"]["keras_history"])
        return histories(value.get("args", []))
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [(value[0], value[1])]
    return [pair for item in value for pair in histories(item)]
