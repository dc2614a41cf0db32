"""Numbers that are not finite: noticed before they reach the weights, traced to where they began.

NaN and infinity spread: forward to the loss, and backward through every dx to the gradients of
the layers in front. Each number of a dy goes into a whole column of dW = x.T @ dy, so one row
of dW tells of any that is not finite. A step is watched by the loss and those few rows; the
rest is looked at only when they are not finite.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.models.trace import trace
from tinynet.weights import Weight

Array = NDArray[Any]


def telltales(weights: Sequence[Weight]) -> NDArray[np.intp]:
    """Return where the last row of every weight's gradient lies in the vector of them all."""
    ends = np.cumsum([weight.size for weight in weights], dtype=np.intp)
    rows = [np.arange(e - (w.shape or (1,))[-1], e) for e, w in zip(ends, weights, strict=True)]
    return np.concatenate([np.zeros(0, np.intp), *rows])


def square(a: Array) -> float:
    """Return the sum of squares, in one quick pass: not finite where a number is not."""
    return float(np.vdot(a, a))


def explain(model: Any, x: Array, t: Array, weights: Array | None) -> str:
    """Say where in a step the numbers stopped being finite, and what to try; "" if nowhere."""
    with np.errstate(all="ignore"):
        found = origin(model, x, t, weights)
    return found and advice(model, x, found)


def advice(model: Any, x: Array, found: str, undone: bool = True) -> str:
    """Say what was found in a step, what became of the weights, and what to try."""
    rate, largest = model.optimizer.current_learning_rate(), float(np.abs(x).max())
    if not math.isfinite(rate):
        found = f"the learning rate is {rate}"
    kept = (
        "The step was not taken: the weights are those before it"
        if undone
        else "Part of the step was taken: go back to a model that was saved before it"
    )
    scale = f"smaller inputs, which reach {largest:.4g} here, or " if largest > 10 else ""
    smaller = min(rate / 10, 0.01) if math.isfinite(rate) else 0.001
    return (
        f"{found}. {kept}. Try {scale}a smaller learning rate or shorter gradients: "
        f"{type(model.optimizer).__name__}(learning_rate={smaller:.3g}, clipnorm=1.0)"
    )


def origin(model: Any, x: Array, t: Array, weights: Array | None) -> str:
    """Go through a step again, and name the first number in it that is not finite."""
    twin = copy.copy(model)  # the same weights; only its chain becomes another
    links = trace(twin)
    loss, _ = twin.gradients(x, t, weights)
    for link in links:
        if not np.isfinite(link.y).all():
            return f"the output of layer {link.name!r} is not finite"
    dy = links[-1].dy
    if dy is not None and not (math.isfinite(loss) and np.isfinite(dy).all()):
        return f"the loss is {loss}, and its gradient reaches {np.abs(dy).max()}"
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    for link in reversed(links):
        gradients = [
            getattr(link.layer, "d" + name)
            for name, weight in link.layer.declared.items()
            if weight.trained
        ]
        gradients += [] if link.dx is None else [link.dx]
        if not all(np.isfinite(gradient).all() for gradient in gradients):
            return f"the gradient of layer {link.name!r} is not finite"
    return ""
