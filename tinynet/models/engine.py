"""Who computes the batches of fit, evaluate and predict: this process, or several together.

They go through the batches of their engine and say of each when it is to be computed. `Alone` is
one process; tinynet.distributed puts others into its place.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.callbacks import Callback
from tinynet.layers import Layer
from tinynet.models import step
from tinynet.models.feeds import Feed
from tinynet.models.scores import Scores

Array = NDArray[Any]
Steps = Generator[Callable[[Scores], str], None, None]
Outputs = Generator[Callable[[], tuple[Any, ...]], None, None]  # of y, t, weights


class Alone:
    """The engine of one process."""

    leads = True  # whether callbacks, files and the progress line are this process's

    def train(
        self,
        model: Any,
        run: Callable[[], None],
        feeds: Sequence[Feed | None],
        callbacks: Sequence[Callback],
    ) -> None:
        """Train a model by running that, which goes through the epochs of these feeds."""
        run()

    def steps(self, model: Any, feed: Feed, shuffling: np.random.Generator | None) -> Steps:
        """Yield for every batch of the next epoch a function that takes the step: see step.take."""
        for x, t, weights in feed.epoch(shuffling):
            yield partial(step.take, model, x, t, weights)

    def outputs(self, model: Any, links: Sequence[Layer], feed: Feed) -> Outputs:
        """Yield for every batch a function that returns what links make of x, t, and weights."""
        for x, t, weights in feed.epoch():
            yield partial(computed, model, links, x, t, weights)


def computed(model: Any, links: Sequence[Layer], x: Array, *rest: Any) -> tuple[Any, ...]:
    """Return what links make of x, and the rest."""
    return step.through(model, links, x), *rest


current: ContextVar[Alone] = ContextVar("engine", default=Alone())  # noqa: B039, it has no state
