"""Which layers and losses may be given the rows of a batch apart, and which look across them.

A rank has some rows of each batch only. A layer that computes a mean over the batch would compute
another one there. So a layer or a loss of one's own has to say that it treats each row by itself:
`rows_independent = True` in its class. tinynet's own do, but those that say False.
"""

from __future__ import annotations

from typing import Any

from tinynet.layers import Layer
from tinynet.losses import Loss
from tinynet.models import contracts


def of(part: Any) -> bool:
    """Say whether a layer or a loss treats each row by itself."""
    return not is_silent(part) and bool(getattr(part, "rows_independent", True))


def is_silent(part: Any) -> bool:
    """Say whether a class of one's own does not say what it does; a class above it can't."""
    return contracts.of_ones_own(part) and "rows_independent" not in vars(type(part))


def dependent(model: Any) -> Any:
    """Return the first layer or loss of a model that may look across rows, or None."""
    parts = (part for part in contracts.parts(model) if isinstance(part, (Layer, Loss)))
    return next((part for part in parts if not of(part)), None)


def check(model: Any) -> None:
    """Refuse to deal out the rows of batches to what looks across them.

    Raises:
        ValueError: with its name, and what to type.
    """
    loss, part = model.loss, dependent(model)
    if type(loss).value_and_gradient is not Loss.value_and_gradient:
        raise ValueError(
            f"Loss {type(loss).__name__} has a value_and_gradient of its own, and several ranks "
            f"need the losses of single rows: write per_example(t, y) instead, or train in one "
            f"process."
        )
    if part is None:
        return
    name = f"Layer {part.name!r}" if isinstance(part, Layer) else f"Loss {type(part).__name__}"
    if is_silent(part):
        raise ValueError(
            f"{name} does not say whether it treats each row of a batch by itself, and each of "
            f"several ranks has some rows only. If it does, write into class "
            f"{type(part).__name__}: rows_independent = True. If not, train in one process."
        )
    raise ValueError(
        f"{name} looks across the rows of a batch, and each of several ranks has some of them "
        f"only. Freeze it (layer.trainable = False), leave it out, or train in one process."
    )
