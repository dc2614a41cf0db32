"""A rank's share of the parameters, and an optimizer that moves no more than that."""

from __future__ import annotations

import copy
from typing import Any

from numpy.typing import NDArray

from tinynet.optimizers import LIMITS, Optimizer

Array = NDArray[Any]


class Share:
    """A rank's share of the parameters, with an optimizer that moves it: for step.update."""

    def __init__(self, w: Array, mine: slice, optimizer: Optimizer) -> None:
        self.params, self.mine = w[mine], mine
        self.optimizer = copy.copy(optimizer)
        self.optimizer.slots = {name: slot[mine] for name, slot in optimizer.slots.items()}
        self.g: Any = None

        def clip(g: Any) -> Any:  # a length is that of all of g
            return optimizer.clip(g)[mine] if limited(optimizer) else g

        vars(self.optimizer)["clip"] = clip

    def ready(self, g: Any, rate: float, iterations: float) -> None:
        """Take the summed gradients for the next step, its rate, and how many came before it."""
        self.g, self.optimizer.iterations = g, int(iterations)
        vars(self.optimizer)["current_learning_rate"] = lambda: rate

    def update(self) -> None:
        """Let the optimizer take its step."""
        self.optimizer.step(self.params, self.g)


def limited(optimizer: Optimizer) -> bool:
    """Say whether an optimizer clips gradients."""
    return any(getattr(optimizer, limit) is not None for limit in LIMITS)
