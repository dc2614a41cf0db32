"""A network under Keras's names: its building, shapes, weights and layers, and what it prints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import config, symbols
from tinynet.layers import Layer
from tinynet.models import arguments, contracts, graph, keras_configs, nonfinite
from tinynet.network import Network
from tinynet.support import registry, settings, summary
from tinynet.variables import Variable
from tinynet.weights import Weight

Array = NDArray[Any]

COMPILE_AGAIN = "Compile the model again, with a new optimizer: model.compile(Adam(), ...)"


class Structure(Network, registry.Configurable):
    """What a model is made of."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(config.floatx(), config.new_generator())
        self.name: str = settings.text("name", name or config.unique_name(type(self).__name__))
        self.epoch = 0  # how many epochs fit has finished: where to go on
        self.built: bool = False
        self._trainable = True
        self._input_shape: tuple[int, ...] | None = None

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Make the weights; called by whatever first needs them.

        Args:
            input_shape: shape of a batch, (None, 784); default: what the first layer said.

        Raises:
            ValueError: no layers, no shape, or a layer that can't follow the one before.
        """
        start = self._input_shape if input_shape is None else settings.shape(input_shape[1:])
        self.declare_from(start)
        self._begin(start)

    def _begin(self, start: tuple[int, ...] | None) -> None:
        """Make the weights that were declared for examples of that shape."""
        self.start()
        self._input_shape, self.built = start, True

    def declare_from(self, start: tuple[int, ...] | None) -> int:
        """Let every layer say what it needs for examples of that shape; return how many weights.

        Raises:
            ValueError: as build.
        """
        if not self.layers:
            raise ValueError("This model has no layers yet: model.add(layers.Dense(10))")
        if start is None:
            raise ValueError(
                "The shape of the inputs is not known yet. Name it in the first layer, as in "
                "Dense(512, input_shape=(784,)), or start with Input(shape=(784,))."
            )
        before = [(layer, layer.declared, layer.output_shape) for layer in self.layers]
        for layer in self.layers:
            layer.declared = {}
        try:
            size = self._declared(start)
            self._check_fit(start)
        except ValueError:
            for layer, declared, shape in before:
                layer.declared, layer.output_shape = declared, shape
            raise
        return size

    def _declared(self, start: tuple[int, ...]) -> int:
        """Let every layer declare its weights, and check that build has returned a shape."""
        try:
            size = self.declare(start)
        except Exception:
            contracts.declared(self.layers, start)  # it may have begun in the layer before
            raise
        for layer in self.layers:
            contracts.built(layer, layer.output_shape)
        return size

    def _check_fit(self, start: tuple[int, ...]) -> None:
        """Refuse layers that say or have something else than what they are needed for."""
        shapes = [start, *(layer.output_shape for layer in self.layers)]
        for layer, shape in zip(self.layers, shapes, strict=False):
            if layer.input_shape not in (None, shape):
                raise ValueError(
                    f"Layer {layer.name!r} says input_shape={layer.input_shape}, but what comes "
                    f"before it gives {shape}. Only the first layer needs an input_shape."
                )
            symbols.check_weights(layer)

    def _forget(self, layers: Sequence[Layer]) -> None:
        """Take these layers' weights away again, as if they had never been built."""
        for layer in layers:
            for name in layer.declared:
                delattr(layer, name)
            layer.declared, layer.output_shape = {}, None
        self._input_shape, self.built = None, False

    def _own(self) -> None:
        """Take the weights over where they lie elsewhere.

        A layer may be in several models: its weights lie in the vector of the one that trained
        last. And somebody may have put an array into the place of a weight.
        """
        known, optimizer = self.params, self.optimizer
        weights = [getattr(layer, name) for layer in self.layers for name in layer.declared]
        self._refresh()
        vectors = (known, self.kept)
        if all(any(np.may_share_memory(w, vector) for vector in vectors) for w in weights):
            return
        self.gather()
        if optimizer is not None and optimizer.built_for is known:
            if known.size != self.params.size and optimizer.iterations:
                raise ValueError(f"Another model has frozen layers of this one. {COMPILE_AGAIN}")
            optimizer.built_for = self.params if known.size == self.params.size else None

    def _refresh(self) -> None:
        """Make the chain again where an activation was changed."""
        if self.built and self._changes != sum(layer.changes for layer in self.layers):
            self.connect()

    def links(self) -> list[Layer]:
        return [link for layer in self.layers for link in graph.links_of(layer)]

    def connect(self) -> None:
        super().connect()
        self._changes = sum(layer.changes for layer in self.layers)

    def __getstate__(self) -> dict[str, Any]:
        if self.built:
            self._own()  # a copy has weights of its own
        return self.__dict__

    @property
    def layers(self) -> list[Any]:
        """The layers, in order."""
        return list(self._layers)

    @layers.setter
    def layers(self, value: list[Any]) -> None:
        if "_layers" in vars(self):
            raise AttributeError("The layers can't be set: model.add(layer), model.pop()")
        self._layers = value

    def bind(self, params: Array, kept: Array, grads: Array | None = None) -> None:
        super().bind(params, kept, grads)
        weights = [weight for _, _, weight in self.weights_in(trained=True)]
        self.telltales: NDArray[np.intp] = nonfinite.telltales(weights)

    @property
    def trainable(self) -> bool:
        """Whether fit changes the weights; setting it freezes all layers, or sets them free.

        Source: keras.Model.trainable. As there, a model that has taken steps has to be compiled
        again before it trains on.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self.layers:
            layer.trainable = self._trainable

    def _places(self) -> Iterator[tuple[Weight, bool]]:
        """Yield every weight, and whether it is to be trained as things stand."""
        for layer in self.layers:
            for weight in layer.declared.values():
                yield weight, bool(weight.trainable and layer.trainable)

    def _settle(self) -> None:
        """Move weights where layers were frozen, or set free, since the vectors were made.

        Raises:
            ValueError: the optimizer has taken steps with the old ones.
        """
        places = list(self._places())
        if all(weight.trained is trained for weight, trained in places):
            return
        if self._took_steps():
            raise ValueError(
                "Layers were frozen, or set free, since the optimizer took its first step. "
                + COMPILE_AGAIN
            )
        for weight, trained in places:
            weight.trained = trained
        self.gather()

    def _took_steps(self) -> bool:
        """Say whether the optimizer remembers steps of these weights."""
        optimizer = self.optimizer
        return bool(optimizer and optimizer.built_for is self.params and optimizer.iterations)

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

    @arguments.answering
    def summary(
        self,
        line_length: int | None = None,
        positions: None = None,
        print_fn: Callable[[str], object] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: None = None,
    ) -> None:
        """Print a table of the layers, their output shapes and how many parameters they have.

        Args:
            line_length: characters in a line, default 76, as in Keras on 80 columns.
            positions: None.
            print_fn: what is called with the table in the place of print.
            expand_nested: without effect: the layers of a nested model stand in its place.
            show_trainable: False.
            layer_range: None.

        Source: keras.Model.summary, less the optimizer's own numbers, which Keras adds to the
        total after training.
        """
        arguments.only("positions", positions, None)
        arguments.only("show_trainable", show_trainable, False)
        arguments.only("layer_range", layer_range, None)
        length = 76 if line_length is None else settings.count("line_length", line_length, 30)
        if not self.built and self._input_shape is not None:
            self.build()
        trained, kept = (
            sum(weight.size for weight, trained in self._places() if trained is wanted)
            for wanted in (True, False)
        )
        sizes = (trained, kept, self.params.itemsize)
        connections = self._connections()
        text = summary.table(self.name, self.layers, self.built, *sizes, connections, length)
        (print if print_fn is None else print_fn)(text)

    def _connections(self) -> list[str]:
        """Return what each layer is applied to, where the layers are in no row."""
        return []

    @property
    def weights(self) -> list[Variable]:
        """All weights, in the order of get_weights; writing into one changes the model."""
        return [weight for layer in self.layers for weight in layer.weights]

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

    def count_params(self) -> int:
        """Return how many numbers all weights hold together."""
        self._need_built()
        return self.params.size + self.kept.size

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
        rest = [np.asarray(value, self.params.dtype) for value in weights]  # all, or none
        for layer in self.layers:
            own, rest = rest[: len(layer.declared)], rest[len(layer.declared) :]
            layer.set_weights(own)

    def _need_built(self) -> None:
        """Make the weights if that has not been done yet, and have them here."""
        if self.built:
            self._own()
        else:
            self.build()

    def save(
        self,
        filepath: str | os.PathLike[str],
        overwrite: bool = True,
        zipped: bool | None = None,
        **options: Any,
    ) -> None:
        """Write the model to one file: layers, weights, and all that training goes on from.

        That is how it was compiled, the optimizer's slots, the state of the random generators
        and the epoch: `load_model(path).fit(..., initial_epoch=4, epochs=10)` gives the same
        bits as ten epochs at once. What was at `filepath` stays there until the new file is whole.

        Args:
            filepath: where to. The ending says in which format: .keras and .h5 are Keras's own,
                which Keras reads too and which take h5py; any other name is a file of NumPy's.
            overwrite: whether what is there may be replaced; default True.
            zipped: None or True.
            **options: include_optimizer=False leaves out of an .h5 file how the model was
                compiled; save_format is without effect, since the ending says it.

        Raises:
            TypeError: another option.
            FileExistsError: something is there, and overwrite is False.
            ImportError: the path ends in .keras or .h5, and h5py is not installed.

        Source: keras.Model.save; an .h5 file does not hold the random generators.
        """
        settings.choice("zipped", zipped, None, True)
        include_optimizer = options.pop("include_optimizer", True)
        options.pop("save_format", None)
        if options:
            raise TypeError(f"save has no argument {next(iter(options))!r}.")
        self._need_built()
        self._may_write(filepath, overwrite)
        from tinynet.models import formats  # only here: import tinynet stays quick

        formats.save(self, filepath, include_optimizer)

    @arguments.answering
    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write the weights, and what the optimizer remembers, to one file.

        Args:
            filepath: where to; .weights.h5 is Keras's own format and takes h5py.
            overwrite: whether what is there may be replaced; default True.

        Raises:
            FileExistsError, ImportError: as in save.

        Source: keras.Model.save_weights.
        """
        self._need_built()
        self._may_write(filepath, overwrite)
        from tinynet.models import formats

        formats.save_weights(self, filepath)

    @arguments.answering
    def load_weights(self, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
        """Take the weights out of a file that save or save_weights has written, here or in Keras.

        Where the model was compiled alike, its optimizer goes on from there too.

        Args:
            filepath: any model file.
            skip_mismatch: False.

        Raises:
            saving.ModelFileError: no such file, or weights of other shapes; nothing is changed.

        Source: keras.Model.load_weights.
        """
        arguments.only("skip_mismatch", skip_mismatch, False)
        self._need_built()
        from tinynet.models import formats

        formats.load_weights(self, filepath)

    def to_json(self, **options: Any) -> str:
        """Return the model's layers and how it was compiled as a text, without the weights.

        Args:
            **options: of json.dumps, such as indent=2.

        Source: keras.Model.to_json; models.model_from_json reads it.
        """
        import json

        return json.dumps(keras_configs.of_model(self), **options)

    def _may_write(self, path: str | os.PathLike[str], overwrite: bool) -> None:
        """Refuse to write over a file that is to be kept."""
        if not overwrite and os.path.exists(path):
            raise FileExistsError(f"{os.fspath(path)} is there, and overwrite is False.")

    def generators(self) -> dict[str, np.random.Generator]:
        """Return the model's random generator and those of layers with a seed of their own."""
        own = {layer.name: layer.rng for layer in self.layers if hasattr(layer, "rng")}
        return {name: rng for name, rng in own.items() if rng is not self.rng} | {"": self.rng}
