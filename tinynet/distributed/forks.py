"""The processes of one machine as ranks: fork, and memory that all of them share.

An epoch's ranks are forked when it begins. So each has all that this process has, the data too,
without a copy being made, and whatever callbacks have changed between epochs. They end with the
epoch, and so do those that evaluate or predict.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.distributed import independence
from tinynet.distributed.board import Board, Stopped, part, shared
from tinynet.distributed.step import Worker, take
from tinynet.layers import Layer
from tinynet.models import step
from tinynet.models.batches import Batch, Examples
from tinynet.models.engine import Alone, Outputs, Steps
from tinynet.models.feeds import Feed
from tinynet.support import blas
from tinynet.support.interrupts import deferred

Array = NDArray[Any]

PATIENCE = 5.0  # seconds for a rank to end by itself


class Processes(Alone):
    """The engine of several processes; this one is rank 0.

    Args:
        ranks: how many processes, this one included.
    """

    def __init__(self, ranks: int) -> None:
        self.ranks = ranks
        self.gradients: Array | None = None  # (r, p), while a model is trained

    @contextmanager
    def training(self, model: Any) -> Iterator[None]:
        """Let the model's vectors lie in shared memory as long as the block runs.

        Raises:
            ValueError: a part of the model does not say that rows are independent.
        """
        independence.check(model)
        own = model.params, model.kept, model.grads
        params, kept = (shared(vector.size, vector.dtype) for vector in own[:2])
        self.gradients = shared(self.ranks * own[0].size, own[0].dtype).reshape(self.ranks, -1)
        with deferred:
            move(model, params, kept, self.gradients[0], shared)
        try:
            yield
        finally:
            with deferred:
                move(model, *own, np.empty)
                self.gradients = None

    def steps(self, model: Any, feed: Feed, shuffling: np.random.Generator | None) -> Steps:
        gradients = self.gradients
        assert gradients is not None
        if not isinstance(feed.source, Examples):
            warnings.warn("Training in one process: batches that come one by one.", stacklevel=1)
            yield from super().steps(model, feed, shuffling)
            return
        board = self.board(model, feed)

        def follow() -> None:
            draw_apart(model, board.rank)
            model.bind(model.params, model.kept, gradients[board.rank])
            worker = Worker(model, board, gradients)
            for batch in feed.epoch(shuffling):
                if worker.step(batch)[1]:
                    break

        with self.forked(board, follow):
            worker = Worker(model, board, gradients)
            for batch in feed.epoch(shuffling):
                yield partial(take, worker, batch)

    def outputs(self, model: Any, links: Sequence[Layer], feed: Feed) -> Outputs:
        several = isinstance(feed.source, Examples) and feed.steps != 1  # or it is not worth a fork
        if not several or independence.dependent(model) is not None:
            yield from super().outputs(model, links, feed)
            return
        board = self.board(model, feed)

        def compute(batch: Batch) -> tuple[Any, ...]:
            board.go_on()
            mine = part(len(batch), board.rank, board.ranks)
            if mine.start < mine.stop:
                board.outputs[mine] = step.through(model, links, batch.inputs(mine))
            board.come()
            return board.outputs[: len(batch)].copy(), *batch.targets()

        def follow() -> None:
            board.come()
            for batch in feed.epoch():
                compute(batch)

        with self.forked(board, follow):
            board.come()
            for batch in feed.epoch():
                yield partial(compute, batch)

    def board(self, model: Any, feed: Feed) -> Board:
        """Return a board for the batches of that feed."""
        return Board(self.ranks, (feed.size, *model.layers[-1].output_shape), model.params.dtype)

    @contextmanager
    def forked(self, board: Board, follow: Callable[[], None]) -> Iterator[None]:
        """Let forked processes follow as long as the block runs, each with one BLAS thread."""
        children: list[int] = []
        try:
            with blas.limited(1):
                with deferred:
                    for rank in range(1, self.ranks):
                        children.append(fork(board, rank, follow))
                board.ended = lambda rank: how_it_ended(children[rank - 1])
                yield
        finally:
            with deferred:
                board.stop()
                end(children)


def move(
    model: Any, params: Array, kept: Array, grads: Array, memory: Callable[..., Array]
) -> None:
    """Let a model's vectors be these, with the same numbers; those of its optimizer are made."""
    optimizer = model.ready_optimizer()
    params[:], kept[:] = model.params, model.kept
    for name, slot in optimizer.slots.items():
        optimizer.slots[name] = memory(slot.size, slot.dtype)
        optimizer.slots[name][:] = slot
    model.bind(params, kept, grads)
    optimizer.built_for = params


def draw_apart(model: Any, rank: int) -> None:
    """Let this rank's layers draw other random numbers than rank 0's, but always the same."""
    anew = {}
    for rng in model.generators().values():
        now = np.random.Generator(type(rng.bit_generator)())
        now.bit_generator.state = rng.bit_generator.state  # a copy: rng itself stays where it is
        anew[id(rng)] = np.random.default_rng([rank, *now.integers(2**32, size=4)])
    for layer in model.layers:
        if hasattr(layer, "rng"):
            layer.rng = anew[id(layer.rng)]


def fork(board: Board, rank: int, follow: Callable[[], None]) -> int:
    """Return the number of a new process, which follows and then ends."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()  # else both processes would write what it holds
    parent = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads don't matter: below
        child = os.fork()
    if child:
        return child
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 hears Ctrl-C, and tells
        board.rank, board.ended = rank, lambda _: "" if os.getppid() == parent else "is gone"
        follow()
    except Stopped:
        pass
    except BaseException as error:
        board.fail(error)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(0)


def how_it_ended(child: int) -> str:
    """Say how a process has ended, "" while it is there."""
    try:
        found, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return "is gone"
    if not found:
        return ""
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by signal {-code}" if code < 0 else f"has ended with status {code}"


def end(children: list[int]) -> None:
    """See to it that these processes have ended."""
    last = time.monotonic() + PATIENCE
    for child in children:
        while not how_it_ended(child):
            if time.monotonic() > last:
                os.kill(child, signal.SIGKILL)
            time.sleep(1e-4)
