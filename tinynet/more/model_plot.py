"""A model as boxes and arrows, drawn with matplotlib."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinynet import config
from tinynet.layers import Activation
from tinynet.support import settings
from tinynet.support.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_model"]

LINE, LETTER, PAD, GAP = 0.2, 0.085, 0.15, 0.45  # inches: of text, of its letters, around, between


@dataclass
class Box:
    """One use of a layer, or, without lines, a place that an arrow goes through.

    Levels follow each other along the drawing; the boxes of one level stand across it.
    """

    lines: list[str]
    sources: list[int]  # the boxes it takes from
    level: int = 0  # how many boxes the longest way here has
    across: float = 0.0  # of its middle, in inches
    along: float = 0.0
    wide: float = LINE
    deep: float = 0.0


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] | None = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Figure:
    """Draw a model's layers as boxes, with an arrow from each to those that take its output.

    Args:
        model: a Sequential or a Model, built.
        to_file: where to keep the picture, default "model.png"; its ending says the format: png,
            pdf or svg. None writes no file.
        show_shapes: whether to write the shapes that go in and come out; default False.
        show_dtype: whether to write the number type; default False.
        show_layer_names: whether to write each layer's name; default False.
        rankdir: "TB" (default), from top to bottom, or "LR", from left to right.
        expand_nested: without effect: a model within a model is its layers here.
        dpi: int from 1, default 200: dots an inch.
        show_layer_activations: whether to write the activation functions; default False.
        show_trainable: whether to write if a layer is trained; default False.

    Returns:
        The Figure: the last line of a notebook cell shows it.

    Raises:
        ValueError: the model is not built; a file name with another ending.

    Example:
        >>> from tinynet import Input, Sequential
        >>> from tinynet.layers import Dense
        >>> model = Sequential([Input(shape=(784,)), Dense(10, activation="softmax")])
        >>> figure = plot_model(model, to_file=None, show_shapes=True)
        >>> print(figure.axes[0].texts[-1].get_text())
        Dense
        (None, 784) to (None, 10)

    Source: keras.utils.plot_model, which needs Graphviz and pydot.
    """
    if not model.built:
        raise ValueError(
            "This model has no shapes yet, so there is nothing to draw: begin it with "
            "Input(shape=(784,)), or call model.build((None, 784))."
        )
    options = {
        "name": show_layer_names,
        "shapes": show_shapes,
        "dtype": show_dtype,
        "activation": show_layer_activations,
        "trainable": show_trainable,
    }
    downwards = settings.choice("rankdir", rankdir, "TB", "LR") == "TB"
    boxes = list(used(model, {kind for kind, shown in options.items() if shown}))
    figure = drawn(boxes, place(boxes, downwards), downwards)
    if to_file is not None:
        path = Path(to_file)
        ending = settings.choice("the file's ending", path.suffix or ".png", ".png", ".pdf", ".svg")
        with replacing(path.with_suffix(ending)) as file:
            figure.savefig(file, format=ending[1:], dpi=settings.count("dpi", dpi))
    return figure


def used(model: Any, shown: set[str]) -> Iterator[Box]:
    """Yield a box for the input and one for each use of a layer, sources first."""
    start = model.inputs[0]
    yield Box(lines(start.layer, [start.shape], start.shape, shown), [])
    if hasattr(model, "symbols"):
        places = {start: 0} | {symbol: i for i, symbol in enumerate(model.symbols, 1)}
        for symbol in model.symbols:
            shapes = [source.shape for source in symbol.sources]
            sources = [places[source] for source in symbol.sources]
            yield Box(lines(symbol.layer, shapes, symbol.shape, shown), sources)
    else:
        shape = start.shape
        for i, layer in enumerate(model.layers):
            before, shape = shape, (None, *layer.output_shape)
            yield Box(lines(layer, [before], shape, shown), [i])


def lines(layer: Any, before: list[Any], after: Any, shown: set[str]) -> list[str]:
    """Return what stands in a layer's box."""
    kind = type(layer).__name__
    found = [f"{layer.name} ({kind})" if "name" in shown else kind]
    if "activation" in shown and hasattr(layer, "activation") and type(layer) is not Activation:
        found.append(f"activation: {layer.activation.__name__}")
    if "shapes" in shown:
        found.append(f"{', '.join(map(str, before))} to {after}")
    if "dtype" in shown:
        found.append(f"dtype: {config.floatx()}")
    if "trainable" in shown:
        found.append("trained" if getattr(layer, "trainable", True) else "not trained")
    return found


def ways(boxes: list[Box]) -> list[list[Box]]:
    """Return the way of each arrow: from box to box, with a place in every level between."""
    return [
        [before, *(Box([], [], n) for n in range(before.level + 1, box.level)), box]
        for box in boxes
        for before in (boxes[source] for source in box.sources)
    ]


def place(boxes: list[Box], downwards: bool) -> list[list[Box]]:
    """Put the levels one behind the other, each centred, and each box near what it takes from.

    Returns the ways of the arrows.
    """
    for box in boxes:
        size = max(map(len, box.lines)) * LETTER + 2 * PAD, len(box.lines) * LINE + 2 * PAD
        box.wide, box.deep = size if downwards else size[::-1]
        box.level = max((boxes[source].level + 1 for source in box.sources), default=0)
    arrows = ways(boxes)
    everything = boxes + [box for way in arrows for box in way[1:-1]]
    along = 0.0
    for n in range(boxes[-1].level + 1):
        level = [box for box in everything if box.level == n]
        before = {
            id(box): [one.across for way in arrows for one, two in pairwise(way) if two is box]
            for box in level
        }
        level.sort(key=lambda box: sum(before[id(box)]) / max(len(before[id(box)]), 1))
        deep = max(box.deep for box in level)
        across = -(sum(box.wide for box in level) + GAP * (len(level) - 1)) / 2
        for box in level:
            box.across, box.along = across + box.wide / 2, along + deep / 2
            box.deep = box.deep or deep
            across += box.wide + GAP
        along += deep + GAP
    return arrows


def route(way: list[Box]) -> list[tuple[float, float]]:
    """Return the points of an arrow: from the first box's end, through all levels, to the last."""
    ends = [(box.across, box.along + side * box.deep / 2) for box in way for side in (-1, 1)]
    return ends[1:-1]


def drawn(boxes: list[Box], arrows: list[list[Box]], downwards: bool) -> Figure:
    """Draw the boxes, and the arrows between them, in their true size."""
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch, Rectangle
    from matplotlib.path import Path as Line

    def at(across: float, along: float) -> tuple[float, float]:
        return (across, -along) if downwards else (along, -across)

    figure = Figure()
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    for box in boxes:
        x, y = at(box.across, box.along)
        width, height = (box.wide, box.deep) if downwards else (box.deep, box.wide)
        axes.add_patch(Rectangle((x - width / 2, y - height / 2), width, height, fill=False))
        axes.text(x, y, "\n".join(box.lines), ha="center", va="center", fontsize=9)
    for way in arrows:
        line = Line([at(*point) for point in route(way)])
        axes.add_patch(FancyArrowPatch(path=line, arrowstyle="-|>", mutation_scale=10, color="k"))
    across = max(abs(box.across) + box.wide / 2 for way in [boxes, *arrows] for box in way) + GAP
    along = max(box.along + box.deep / 2 for box in boxes) + GAP
    corners = at(-across, -GAP), at(across, along)
    (left, right), (low, high) = (sorted(ends) for ends in zip(*corners, strict=True))
    axes.set(xlim=(left, right), ylim=(low, high))
    figure.set_size_inches(right - left, high - low)
    return figure
