"""One step of training, guarded: what would spoil the weights is noticed, and not taken.

NaN and infinity are looked for in the loss and in a few rows of the gradients (nonfinite.py says
why those). An optimizer can overflow on finite gradients too, on their squares. NumPy then raises
an error in the middle of the step; so where inputs, gradients or the rate are very large, the
weights are copied before it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.models import nonfinite
from tinynet.models.scores import Scores
from tinynet.support.interrupts import deferred

Array = NDArray[Any]

LARGE = 1e18  # a sum of squares above it may lead to a gradient whose square is no float32
FAST = 1e3  # so may a learning rate above it


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
    if not trouble:
        rate = model.ready_optimizer().current_learning_rate()
        with deferred:  # Ctrl-C waits
            trouble = update(model, x, careful=not (size < LARGE and 0 <= rate < FAST))
    if trouble:
        model.kept[:] = kept
    return trouble


def update(model: Any, x: Array, careful: bool) -> str:
    """Let the optimizer take its step; where it can't, undo it and say why."""
    optimizer = model.optimizer
    everything = [model.params, *optimizer.slots.values()] if careful else []
    before, steps = [array.copy() for array in everything], optimizer.iterations
    try:
        with np.errstate(all="raise", under="ignore"):
            model.update()
            if all(np.isfinite(array).all() for array in everything):
                return ""
    except FloatingPointError:
        pass
    for array, old in zip(everything, before, strict=True):
        array[:] = old
    optimizer.iterations = steps
    return nonfinite.advice(model, x, "a number in the optimizer's step is not finite", careful)
