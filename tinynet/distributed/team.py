"""The engine of several ranks: what fit, evaluate and predict ask for, shared out.

How ranks come to be, and how they share memory, is for subclasses to say.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.callbacks import Callback, ProgressLine
from tinynet.distributed import independence
from tinynet.distributed.board import Board, Stopped, part
from tinynet.distributed.step import Worker, take
from tinynet.layers import Layer
from tinynet.models import step
from tinynet.models.batches import Batch, Examples
from tinynet.models.engine import Alone, Outputs, Steps
from tinynet.models.feeds import Feed
from tinynet.support.interrupts import deferred

Array = NDArray[Any]
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


class Team(Alone):
    """An engine whose batches several ranks compute together.

    Args:
        ranks: how many.
        rank: which of them this process is; 0 leads.
    """

    def __init__(self, ranks: int, rank: int = 0) -> None:
        self.ranks, self.rank = ranks, rank
        self.leads = rank == 0
        self.gradients = np.zeros((ranks, 0))  # (r, p), while a model is trained
        self.steered = False  # whether a callback acts between two steps

    # ------------------------------------------------------------------ what subclasses say

    def memory(self, what: str, size: int, dtype: Any) -> Array:
        """Return a vector of zeros that all ranks share."""
        raise NotImplementedError

    def section(self, board: Board, follow: Callable[[], None]) -> AbstractContextManager[None]:
        """Let the other ranks follow as long as the block runs."""
        raise NotImplementedError

    def call(self, model: Any, what: str, feed: Feed) -> bool:
        """Call the other ranks to the batches of a feed; say whether they can be had for it."""
        return isinstance(feed.source, Examples)

    def agree(self, *vectors: Array) -> None:
        """Let all ranks have these vectors as rank 0 has them."""

    # ----------------------------------------------------------------- what all of them do

    def board(self, model: Any, feed: Feed) -> Board:
        """Return a board for the batches of that feed."""
        outputs = (feed.size, *model.layers[-1].output_shape)
        return Board(self.ranks, outputs, model.params.dtype, self.memory)

    def train(
        self,
        model: Any,
        run: Callable[[], None],
        feeds: Sequence[Feed | None],
        callbacks: Sequence[Callback],
    ) -> None:
        independence.check(model)
        self.steered = any(map(acts_on_batches, callbacks))
        with self.vectors(model):
            run()

    @contextmanager
    def vectors(self, model: Any) -> Iterator[None]:
        """Let a model's vectors lie in memory that is shared as long as the block runs."""
        own = model.params, model.kept, model.grads
        params = self.memory("params", model.params.size, model.params.dtype)
        kept = self.memory("kept", model.kept.size, model.kept.dtype)
        gradients = self.memory("gradients", self.ranks * params.size, params.dtype)
        self.gradients = gradients.reshape(self.ranks, -1)
        with deferred:
            move(model, params, kept, self.gradients[self.rank], self.memory, self.leads)
        self.agree(params, kept, *model.optimizer.slots.values())
        try:
            yield
        finally:
            with deferred:
                move(model, *own, lambda what, size, dtype: np.empty(size, dtype))

    def steps(self, model: Any, feed: Feed, shuffling: np.random.Generator | None) -> Steps:
        if not self.call(model, "steps" if shuffling is None else "shuffled steps", feed):
            warnings.warn("Training in one process: batches that come one by one.", stacklevel=1)
            yield from super().steps(model, feed, shuffling)
            return
        board = self.board(model, feed)
        follow = partial(self.follow_steps, model, board, feed, shuffling)
        with self.section(board, follow):
            worker = Worker(model, board, self.gradients, self.steered)
            for batch in feed.epoch(shuffling):
                yield partial(take, worker, batch)
            worker.finish()

    def follow_steps(
        self, model: Any, board: Board, feed: Feed, shuffling: np.random.Generator | None
    ) -> None:
        """Do the part of another rank than 0 in an epoch."""
        with drawing_apart(model, board.rank):
            model.bind(model.params, model.kept, self.gradients[board.rank])
            worker = Worker(model, board, self.gradients, self.steered)
            for batch in feed.epoch(shuffling):
                worker.step(batch)
            worker.finish()

    def outputs(self, model: Any, links: Sequence[Layer], feed: Feed) -> Outputs:
        alone = feed.steps == 1 or independence.dependent(model)  # one batch is not worth it
        if alone or not self.call(model, "outputs", feed):
            yield from super().outputs(model, links, feed)
            return
        board = self.board(model, feed)

        def compute(batch: Batch) -> tuple[Any, ...]:
            board.go_on(board.rate)
            y = board.outputs[: len(batch)]
            mine = part(len(batch), board.rank, board.ranks)
            if mine.start < mine.stop:
                y[mine] = step.through(model, links, batch.inputs(mine))
            board.come(y)
            board.go_on()
            y = y.copy()
            board.come()  # now there may be another y
            return y, *batch.targets()

        def follow() -> None:
            board.come()
            for batch in feed.epoch():
                compute(batch)
            board.go_on(board.rate)  # until it is stopped

        with self.section(board, follow), suppress(Stopped):
            board.come()
            for batch in feed.epoch():
                yield partial(compute, batch) if self.leads else partial(tuple, compute(batch))
            if not self.leads:
                board.go_on(board.rate)


def acts_on_batches(callback: Callback) -> bool:
    """Say whether a callback does something between two steps, other than to show."""
    return not isinstance(callback, ProgressLine) and any(
        getattr(type(callback), hook) is not getattr(Callback, hook) or hook in vars(callback)
        for hook in BATCH_HOOKS
    )


def move(
    model: Any,
    params: Array,
    kept: Array,
    grads: Array,
    memory: Callable[[str, int, Any], Array],
    fill: bool = True,
) -> None:
    """Let a model's vectors be these, with the same numbers; those of its optimizer are made."""
    optimizer = model.ready_optimizer()
    made = {name: memory(f"slot {name}", s.size, s.dtype) for name, s in optimizer.slots.items()}
    if fill:
        params[:], kept[:] = model.params, model.kept
        for name, slot in made.items():
            slot[:] = optimizer.slots[name]
    optimizer.slots = made
    model.bind(params, kept, grads)
    optimizer.built_for = params


@contextmanager
def drawing_apart(model: Any, rank: int) -> Iterator[None]:
    """Let a rank's layers draw other random numbers than rank 0's would, but always the same."""
    own = {layer: layer.rng for layer in model.layers if hasattr(layer, "rng")}
    apart = {}
    for rng in own.values():
        twin = np.random.Generator(type(rng.bit_generator)())
        twin.bit_generator.state = rng.bit_generator.state  # so that rng stays where it is
        apart[id(rng)] = np.random.default_rng([rank, *twin.integers(2**32, size=4)])
    for layer, rng in own.items():
        layer.rng = apart[id(rng)]
    try:
        yield
    finally:
        for layer, rng in own.items():
            layer.rng = rng
