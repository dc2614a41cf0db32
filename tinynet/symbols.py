"""What stands for arrays that are not there yet: layers applied to it make the graph of a model.

inputs = Input(shape=(784,))               stands for x (n, 784), for any n
outputs = Dense(10)(inputs)                stands for y (n, 10), and knows where it comes from
model = Model(inputs, outputs)             see models/functional.py
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from tinynet import config
from tinynet.variables import Tensor

Array = NDArray[Any]
_serial = itertools.count()
# What each layer gave last. Neither holds the other here, or models would not be freed at once.
_given: weakref.WeakKeyDictionary[Any, weakref.ref[Symbol]] = weakref.WeakKeyDictionary()


class Symbol:
    """What a layer gives, for a batch of any size.

    Attributes:
        size: shape of one example.
        layer: what gives it.
        sources: the symbols that the layer is applied to; none of an Input.
        index: how many times the layer had been applied before.
    """

    def __init__(self, size: tuple[int, ...], layer: Any, sources: Sequence[Symbol] = ()) -> None:
        self.size = size
        self._layer = None if layer is self else layer  # an Input must not hold itself
        self.sources: tuple[Symbol, ...] = tuple(sources)
        self.serial: int = next(_serial)  # sources come first
        self.index: Any = layer.applied
        layer.applied += 1
        _given[layer] = weakref.ref(self)

    @property
    def layer(self) -> Any:
        """What gives it."""
        return self if self._layer is None else self._layer

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape of a batch, such as (None, 784)."""
        return (None, *self.size)

    @property
    def dtype(self) -> str:
        """The number type."""
        return config.floatx()

    def __repr__(self) -> str:
        return f"<Symbol shape={self.shape}, of layer {self.layer.name!r}>"

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} stands for arrays that are not there yet: it has no numbers. Make a "
            f"Model(inputs, outputs), and call model.predict(x)."
        )

    def _computed_with(self, *others: Any) -> NoReturn:
        raise TypeError(
            "Only layers can be applied to what stands for arrays: layers.Add()([a, b]) for "
            "a + b, layers.Multiply()([a, b]) for a * b, layers.Rescaling(2)(a) for 2 * a."
        )

    if not TYPE_CHECKING:  # a type checker knows that Symbol has no operators
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _computed_with
        __truediv__ = __rtruediv__ = __matmul__ = __getitem__ = __neg__ = _computed_with


class Applicable:
    """The base of layers: what makes them functions."""

    several = False  # whether it takes a list of inputs, as Add and Concatenate do
    applied = 0  # how many times

    def __call__(self, x: Any, training: bool = False) -> Any:
        """Return y for examples x; for what stands for them, what stands for y."""
        return apply(self, x, training)

    @property
    def output(self) -> Symbol:
        """What the layer gave when it was last applied to what stands for arrays."""
        given = _given.get(self)
        symbol = None if given is None else given()
        if symbol is None:
            raise AttributeError(f"Layer {self.name!r} has not been applied to an Input yet.")  # type: ignore[attr-defined]
        return symbol

    @property
    def input(self) -> Any:
        """What the layer was last applied to."""
        sources = self.output.sources
        return list(sources) if self.several else sources[0]


def apply(layer: Any, x: Any, training: bool) -> Any:
    """Apply a layer to a symbol, or to the symbols that it puts together, or to arrays.

    Raises:
        ValueError: a layer that can't take what it is applied to.
    """
    given = list(x) if isinstance(x, (list, tuple)) else [x]
    if not any(isinstance(item, Symbol) for item in given):
        return computed(layer, x, training)
    if not all(isinstance(item, Symbol) for item in given):
        raise ValueError(f"Layer {layer.name!r} can't be applied to symbols and arrays together.")
    if layer.several != isinstance(x, (list, tuple)):
        how = "a list, as in layer([a, b])" if layer.several else "one, as in layer(a)"
        raise ValueError(f"Layer {layer.name!r} expected what it is applied to as {how}.")
    taken = [symbol.size for symbol in given]
    declared = layer.declared
    layer.declared = {}
    size = layer.build(taken if layer.several else taken[0])
    try:
        check_weights(layer)
    except ValueError:
        layer.declared = declared
        raise
    return Symbol(size, layer, given)


def check_weights(layer: Any) -> None:
    """Refuse a layer that has weights of other shapes than it has just declared.

    Raises:
        ValueError: with the weight's name and both shapes.
    """
    for name, weight in layer.declared.items():
        shape = np.shape(getattr(layer, name)) if hasattr(layer, name) else weight.shape
        if shape != weight.shape:
            raise ValueError(
                f"Layer {layer.name!r} has {name} of shape {shape} already, and here it would "
                f"need {weight.shape}: make a new layer."
            )


def computed(layer: Any, x: Any, training: bool) -> Array:
    """Return what a layer gives for arrays; its weights are made where it has none yet."""
    dtype = config.floatx()
    if layer.several:
        x = [np.asarray(item, dtype) for item in x]
        layer.build([item.shape[1:] for item in x])
    else:
        x = np.asarray(x, dtype)
    if not layer.several and not layer.declared:
        layer.output_shape = layer.build(x.shape[1:])
        layer.initialize(dtype, config.new_generator())
    for link in layer.links():
        x = link.forward(x)[0] if training else link.infer(x)
    found: Tensor = x.view(Tensor)
    return found
