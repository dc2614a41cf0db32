"""The engine of several ranks: what fit, evaluate and predict ask for, shared out.

How ranks come to be, and how they share memory, is for subclasses to say.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.callbacks import Callback, ProgressLine
from tinynet.distributed import independence
from tinynet.distributed.board import Board, part
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
        self.ranks, self.rank, self.leads = ranks, rank, rank == 0
        self.gradients = np.zeros((ranks, 0))  # (r, p), while a model is trained
        self.steered = False  # whether a callback acts between two steps

    # ------------------------------------------------------------------ what subclasses say

    def memory(self, what: str, size: int, dtype: Any) -> Array:
        """Return a vector that all ranks share."""
        raise NotImplementedError

    def board(self, model: Any, feed: Feed) -> Board:
        """Return a board for the batches of that feed."""
        outputs = (feed.size, *model.layers[-1].output_shape)
        return Board(self.ranks, outputs, model.params.dtype, partial(self.memory, "board"))

    @contextmanager
    def section(self, board: Board, follow: Callable[[], None]) -> Iterator[None]:
        """Let the other ranks follow as long as the block runs."""
        raise NotImplementedError

    # ----------------------------------------------------------------- what all of them do

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
        params, kept = (
            self.memory(what, vector.size, vector.dtype)
            for what, vector in zip(("params", "kept"), own, strict=False)
        )
        size = self.ranks * params.size
        self.gradients = self.memory("grads", size, params.dtype).reshape(self.ranks, -1)
        with deferred:
            move(model, params, kept, self.gradients[self.rank], self.memory)
        try:
            yield
        finally:
            with deferred:
                move(model, *own, lambda what, size, dtype: np.empty(size, dtype))

    def steps(self, model: Any, feed: Feed, shuffling: np.random.Generator | None) -> Steps:
        if not isinstance(feed.source, Examples):
            warnings.warn("Training in one process: batches that come one by one.", stacklevel=1)
            yield from super().steps(model, feed, shuffling)
            return
        board = self.board(model, feed)

        def follow() -> None:
            with drawing_apart(model, board.rank):
                model.bind(model.params, model.kept, self.gradients[board.rank])
                worker = Worker(model, board, self.gradients, self.steered)
                for batch in feed.epoch(shuffling):
                    if worker.step(batch)[1]:
                        break

        with self.section(board, follow):
            worker = Worker(model, board, self.gradients, self.steered)
            for batch in feed.epoch(shuffling):
                yield partial(take, worker, batch)

    def outputs(self, model: Any, links: Sequence[Layer], feed: Feed) -> Outputs:
        several = isinstance(feed.source, Examples) and feed.steps != 1  # or it is not worth it
        if not several or independence.dependent(model) is not None:
            yield from super().outputs(model, links, feed)
            return
        board = self.board(model, feed)

        def compute(batch: Batch) -> tuple[Any, ...]:
            board.go_on()
            mine = part(len(batch), board.rank, board.ranks)
            if mine.start < mine.stop:
                board.outputs[mine] = step.through(model, links, batch.inputs(mine))
            board.come(board.outputs[: len(batch)])
            return board.outputs[: len(batch)].copy(), *batch.targets()

        def follow() -> None:
            board.come()
            for batch in feed.epoch():
                compute(batch)

        with self.section(board, follow):
            board.come()
            for batch in feed.epoch():
                yield partial(compute, batch)


def acts_on_batches(callback: Callback) -> bool:
    """Say whether a callback does something between two steps, other than to show."""
    return not isinstance(callback, ProgressLine) and any(
        getattr(type(callback), hook) is not getattr(Callback, hook) or hook in vars(callback)
        for hook in BATCH_HOOKS
    )


def move(
    model: Any, params: Array, kept: Array, grads: Array, memory: Callable[..., Array]
) -> None:
    """Let a model's vectors be these, with the same numbers; those of its optimizer are made."""
    optimizer = model.ready_optimizer()
    params[:], kept[:] = model.params, model.kept
    for name, slot in optimizer.slots.items():
        optimizer.slots[name] = memory(f"slot {name}", slot.size, slot.dtype)
        optimizer.slots[name][:] = slot
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
