"""From a graph of symbols to a chain of links.

    value   what one symbol stands for, once there are numbers
    live    a value that a later layer takes, or that is the model's output

Wherever only one value is live, the graph can be cut. Between two cuts stands mostly a single
layer: its links go into the chain as they are. Anything wider, such as a skip connection,
becomes one link, a Graph, which adds up the gradients of values that are used twice. So a last
Dense and its softmax stay links of their own, and the loss may take them over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tinynet.layers import Array, Backward, Layer
from tinynet.symbols import Symbol
from tinynet.weights import Weight

Step = tuple[Any, list[int]]  # a layer, and which of the values so far it takes


def in_order(start: Symbol, end: Symbol) -> list[Symbol]:
    """Return the symbols on the ways from start to end, start left out, in Keras's order.

    That is by the longest way to the end; of those as far from it, as first met from there.

    Raises:
        ValueError: the end needs another input, or not this one.
    """
    met: dict[Symbol, int] = {}
    stack = [end]
    while stack:
        symbol = stack.pop()
        if symbol not in met:
            met[symbol] = len(met)
            if symbol is not start:
                stack += reversed(symbol.sources)
                if not symbol.sources:
                    raise ValueError(
                        f"The outputs need the input {symbol.layer.name!r}, and Model was given "
                        f"{start.layer.name!r} only. tinynet knows models of one input."
                    )
    if start not in met:
        raise ValueError(f"The outputs don't come from the input {start.layer.name!r}.")
    depth = dict.fromkeys(met, 0)
    for symbol in sorted(met, key=lambda symbol: -symbol.serial):  # what takes it before it
        for source in symbol.sources if symbol is not start else ():
            depth[source] = max(depth[source], depth[symbol] + 1)
    order = sorted(met, key=lambda symbol: (-depth[symbol], met[symbol]))
    return [symbol for symbol in order if symbol is not start]


def stretches(start: Symbol, symbols: Sequence[Symbol]) -> Iterator[list[Step]]:
    """Yield the parts of a graph between two cuts; value 0 is what a part starts from."""
    values, steps = [start], list[Step]()
    for i, symbol in enumerate(symbols):
        steps.append((symbol.layer, [values.index(source) for source in symbol.sources]))
        values.append(symbol)
        later = {source for other in symbols[i + 1 :] for source in other.sources}
        if later <= {symbol, *symbols[i + 1 :]}:  # only the newest value is live
            yield steps
            values, steps = [symbol], []


def links_of(layer: Layer) -> tuple[Layer, ...]:
    """Return the links of a layer, and one for the penalty on its outputs, if there is one."""
    penalty = getattr(layer, "activity_regularizer", None)
    if penalty is None:
        return layer.links()
    from tinynet.more import regularization  # only here: import tinynet stays quick

    name = f"{layer.name}_activity_regularizer"
    return (*layer.links(), regularization.ActivityPenalty(penalty, name=name))


def links(start: Symbol, symbols: Sequence[Symbol]) -> list[Layer]:
    """Return the chain of a graph."""
    chain: list[Layer] = []
    for steps in stretches(start, symbols):
        if steps[0][1] == [0] and len(steps) == 1:
            chain += links_of(steps[0][0])
        else:
            chain.append(Graph(steps))
    return chain


class Graph(Layer):
    """A stretch of a network in which several values are live at once, as one link.

    Example, y = x + relu(x):
        >>> import numpy as np
        >>> from tinynet.layers import Activation, Add
        >>> graph = Graph([(Activation("relu"), [0]), (Add(), [0, 1])])
        >>> y, backward = graph.forward(np.array([[-1.0, 2.0]]))
        >>> y, backward(np.array([[1.0, 1.0]]))
        (array([[-1.,  4.]]), array([[1., 2.]]))
    """

    formulas: Mapping[str, str] = {
        "y": "y = the layers within, one after the other",
        "dx": "the sum over all ways",
    }

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps: list[Step] = []  # of links: those of one layer one after the other
        last = [0]  # where each value stands
        for layer, sources in steps:
            taken = [last[source] for source in sources]
            for link in links_of(layer):
                self.steps.append((link, taken))
                taken = [len(self.steps)]
            last.append(taken[0])
        super().__init__(name="_and_".join(layer.name for layer, _ in steps))
        self.declared: dict[str, Weight] = {
            f"{link.name}.{name}": weight
            for link, _ in self.steps
            for name, weight in link.declared.items()
        }

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "needs_dx":  # so does every link behind a weight
            needed = [value]
            for link, sources in self.steps:
                link.needs_dx = any(needed[source] for source in sources)
                needed.append(link.needs_dx or link.trains)
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        for link, _ in vars(self).get("steps", ()):
            for weight in link.declared:
                if name == f"{link.name}.{weight}":
                    return getattr(link, weight)
                if name == f"d{link.name}.{weight}":
                    return getattr(link, "d" + weight)
        raise AttributeError(name)

    @property
    def cost(self) -> float:  # type: ignore[override]
        return sum((link.cost for link, _ in self.steps), 0.0)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        values, backwards = [x], []
        for link, sources in self.steps:
            taken = [values[source] for source in sources]
            y, backward = link.forward(taken if link.several else taken[0])
            values.append(y)
            backwards.append(backward)

        def whole_backward(dy: Array) -> Array | None:
            gradients: list[Array | None] = [*(None for _ in self.steps), dy]  # of the values
            for i in reversed(range(len(self.steps))):
                link, sources = self.steps[i]
                dx: Any = backwards[i](gradients[i + 1])
                for source, part in zip(sources, dx if link.several else [dx], strict=True):
                    if part is not None:  # else nobody asks for it
                        known = gradients[source]
                        gradients[source] = part if known is None else known + part
            return gradients[0]

        return values[-1], whole_backward

    def infer(self, x: Array) -> Array:
        values = [x]
        for link, sources in self.steps:
            taken: Any = [values[source] for source in sources]
            values.append(link.infer(taken if link.several else taken[0]))
        return values[-1]
