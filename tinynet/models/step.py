"""One step of training, guarded: what would spoil the weights is noticed, and not taken.

NaN and infinity are looked for in the loss and in a few rows of the gradients (nonfinite.py says
why those). An optimizer can overflow on finite gradients too, on their squares. NumPy then raises
an error in the middle of the step; so where inputs, gradients or the rate are very large, the
weights are copied before it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.layers import Layer
from tinynet.models import contracts, nonfinite
from tinynet.models.scores import Scores
from tinynet.support.interrupts import deferred

Array = NDArray[Any]

LARGE = 1e18  # a sum of squares above it may lead to a gradient whose square is no float32
FAST = 1e3  # so may a learning rate above it
OVERFLOW = "a number in the optimizer's step is not finite"


def take(model: Any, x: Array, t: Array, weights: Array | None, scores: Scores) -> str:
    """Take one step, score the outputs that it started from, and return "".

    Where a number in it is not finite, take none, and return where that began.
    """
    kept = model.kept.copy()  # running means, if there are any
    with np.errstate(all="ignore"):  # what comes of it is watched here
        loss, y = model.gradients(x, t, weights)
        slopes = nonfinite.square(model.grads[model.telltales])
        size = nonfinite.square(x) + slopes
    scores.update(loss, t, y, weights)
    trouble = ""
    if not math.isfinite(loss + slopes):
        trouble = nonfinite.explain(model, x, t, weights)
    if not trouble and model.params.size:  # with all frozen there is no step, as in Keras
        rate = model.ready_optimizer().current_learning_rate()
        careful = is_risky(size, rate)
        with deferred:  # Ctrl-C waits
            if not update(model, careful):
                trouble = nonfinite.advice(model, x, OVERFLOW, careful)
    if trouble:
        model.kept[:] = kept
    return trouble


def is_risky(size: float, rate: float) -> bool:
    """Say whether a step may overflow, by the sum of squares and the learning rate."""
    return not (size < LARGE and 0 <= rate < FAST)


def update(model: Any, careful: bool) -> bool:
    """Let the optimizer take its step; where it can't, undo it if it was careful, and say False."""
    optimizer = model.optimizer
    everything = [model.params, *optimizer.slots.values()] if careful else []
    before, steps = [array.copy() for array in everything], optimizer.iterations
    try:
        with np.errstate(all="raise", under="ignore"):
            model.update()
            if all(np.isfinite(array).all() for array in everything):
                return True
    except FloatingPointError:
        pass
    for array, old in zip(everything, before, strict=True):
        array[:] = old
    optimizer.iterations = steps
    return False


def through(model: Any, links: Sequence[Layer], x: Array, training: bool = False) -> Array:
    """Return what a model's links make of a batch; where one fails, it is named."""
    with np.errstate(all="ignore"), contracts.naming(model.chain, x, training):
        y = x
        for link in links:
            y = link.forward(y)[0] if training else link.infer(y)  # (n, d) -> (n, m)
        shape = (len(x), *model.layers[-1].output_shape)
        contracts.of_shape(y, shape, f"Model {model.name!r}", "as its last layer said in build")
        return y if y.flags.writeable else y.copy()
