"""The table of a model's layers, drawn as Keras draws it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from tinynet.support.progress import can_encode

IN_ASCII = str.maketrans("┏━┳┓┃┡╇┩│├─┼┤└┴┘…", "+=++|+++|+-+++++~")
HEADS = ("Layer (type)", "Output Shape", "Param #", "Connected to")
# Where three or four columns end, as parts of the length, and how many characters the bars take.
ENDS = ((0.45, 0.80, 1.0), (0.3, 0.56, 0.74, 1.0))
BARS = ((1, 2, 1), (1, 1, 2, 1))


def table(
    title: str,
    layers: Sequence[Any],
    built: bool,
    trained: int,
    kept: int,
    itemsize: int,
    connections: Sequence[str] = (),
    length: int = 76,
) -> str:
    """Return the table of these layers, with the totals below.

    Args:
        title: the model's name.
        layers: the layers, with their output shapes.
        built: whether their weights are made.
        trained, kept: how many numbers are trained, and how many are not.
        itemsize: bytes of each.
        connections: what each layer is applied to, for a fourth column.
        length: of a line, in characters.
    """
    wide = bool(connections)
    ends = [0, *(int(end * length) for end in ENDS[wide])]
    widths = [b - a - bar for a, b, bar in zip(ends, ends[1:], BARS[wide], strict=False)]
    rows = [row(layer, built) for layer in layers]
    if connections:
        rows = [(*cells, place) for cells, place in zip(rows, connections, strict=True)]
    lines = [f'Model: "{title}"', rule(widths, "┏", "━", "┳", "┓")]
    lines += [*drawn("┃", HEADS, widths), rule(widths, "┡", "━", "╇", "┩")]
    for i, cells in enumerate(rows):
        lines += [rule(widths, "├", "─", "┼", "┤")] if i else []
        lines += drawn("│", cells, widths)
    lines += [rule(widths, "└", "─", "┴", "┘")]
    for kind, n in (("Total", trained + kept), ("Trainable", trained), ("Non-trainable", kept)):
        lines.append(f" {kind} params: {n:,} ({readable_size(n * itemsize)})")
    text = "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    return text if can_encode(text) else text.translate(IN_ASCII)


def row(layer: Any, built: bool) -> tuple[str, ...]:
    """Return the first three cells of a layer."""
    head = f"{layer.name} ({type(layer).__name__})"
    if not built:
        return head, "?", "0 (unbuilt)"
    shape = ", ".join(["None", *map(str, layer.output_shape)])
    return head, f"({shape})", f"{layer.count_params():,}"


def rule(widths: Sequence[int], left: str, dash: str, cross: str, right: str) -> str:
    """Return a horizontal rule of these characters."""
    return left + cross.join(dash * width for width in widths) + right


def drawn(bar: str, cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the lines of some cells, the third one right-aligned; what is too long is cut."""
    wrapped = [wrap(cell, width - 2) for cell, width in zip(cells, widths, strict=False)]
    lines = []
    for parts in zip_longest(*wrapped, fillvalue=""):
        fitted = []
        for i, (part, width) in enumerate(zip(parts, widths, strict=True)):
            cell = part if len(part) <= width - 2 else part[: width - 3] + "…"
            fitted.append(f" {cell:>{width - 2}} " if i == 2 else f" {cell:<{width - 2}} ")
        lines.append(bar + bar.join(fitted) + bar)
    return lines


def wrap(text: str, width: int) -> list[str]:
    """Break a text at its spaces into lines, of that width where that can be."""
    lines = [""]
    for word in text.split(" "):
        fits = len(lines[-1]) + 1 + len(word) <= width
        lines[-1:] = [f"{lines[-1]} {word}".strip()] if fits else [lines[-1], word]
    return lines[1:] if lines[0] == "" else lines


def readable_size(nbytes: float) -> str:
    """Write a size in units of 1024.

    Example:
        >>> readable_size(2678824)
        '2.55 MB'
    """
    for unit in ("B", "KB", "MB"):
        if nbytes < 1024:
            return f"{nbytes:.2f} {unit}"
        nbytes /= 1024
    return f"{nbytes:.2f} GB"
