"""The table of a model's layers, drawn as Keras draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet.support.progress import can_encode

WIDTHS = (33, 24, 15)  # of the three columns, paddings included
IN_ASCII = str.maketrans("┏━┳┓┃┡╇┩│├─┼┤└┴┘…", "+=++|+++|+-+++++~")
HEADS = ("Layer (type)", "Output Shape", "Param #")


def table(
    title: str, layers: Sequence[Any], built: bool, trained: int, kept: int, itemsize: int
) -> str:
    """Return the table of these layers, with the totals below.

    Args:
        title: the model's name.
        layers: the layers, with their output shapes.
        built: whether their weights are made.
        trained, kept: how many numbers are trained, and how many are not.
        itemsize: bytes of each.
    """
    lines = [f'Model: "{title}"', rule("┏", "━", "┳", "┓")]
    lines += [line("┃", HEADS), rule("┡", "━", "╇", "┩")]
    for i, layer in enumerate(layers):
        lines += [rule("├", "─", "┼", "┤")] if i else []
        lines += [line("│", row(layer, built))]
    lines += [rule("└", "─", "┴", "┘")]
    for kind, n in (("Total", trained + kept), ("Trainable", trained), ("Non-trainable", kept)):
        lines.append(f" {kind} params: {n:,} ({readable_size(n * itemsize)})")
    text = "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    return text if can_encode(text) else text.translate(IN_ASCII)


def row(layer: Any, built: bool) -> tuple[str, str, str]:
    """Return the three cells of a layer."""
    head = f"{layer.name} ({type(layer).__name__})"
    if not built:
        return head, "?", "0 (unbuilt)"
    shape = ", ".join(["None", *map(str, layer.output_shape)])
    return head, f"({shape})", f"{layer.count_params():,}"


def rule(left: str, dash: str, cross: str, right: str) -> str:
    """Return a horizontal rule of these characters."""
    return left + cross.join(dash * width for width in WIDTHS) + right


def line(bar: str, cells: Sequence[str]) -> str:
    """Return a line of cells, the last one right-aligned; what is too long is cut."""
    fitted = [
        cell if len(cell) <= width - 2 else cell[: width - 3] + "…"
        for cell, width in zip(cells, WIDTHS, strict=True)
    ]
    layer, shape, params = fitted
    a, b, c = (width - 2 for width in WIDTHS)
    return f"{bar} {layer:<{a}} {bar} {shape:<{b}} {bar} {params:>{c}} {bar}"


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
