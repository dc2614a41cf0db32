"""The processes that mpiexec has started as ranks.

All of them run the same script. Rank 0 runs fit as one process would and calls the others to each
epoch and each validation; they wait for its calls, and end fit when it does.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.callbacks import Callback
from tinynet.distributed import news
from tinynet.distributed.board import NAP, Board, Stopped, described, rebuilt
from tinynet.distributed.messages import Messages
from tinynet.distributed.team import Team
from tinynet.models import engine
from tinynet.models.batches import Examples
from tinynet.models.feeds import Feed
from tinynet.support import blas

Array = NDArray[Any]

PATIENCE = 2.0  # seconds for rank 0 to say what is wrong in all


class Told(Exception):
    """Rank 0 has raised the same error."""


class Started(Team):
    """A team of processes that mpiexec has started.

    Args:
        MPI: the module mpi4py.MPI.
    """

    def __init__(self, MPI: Any) -> None:
        self.MPI, self.comm = MPI, MPI.COMM_WORLD
        super().__init__(self.comm.size, self.comm.rank)
        self.here = self.comm.Split_type(MPI.COMM_TYPE_SHARED)  # those on this machine
        self.one_machine = self.comm.allreduce(self.here.size, MPI.MIN) == self.ranks
        self.windows: dict[str, Any] = {}
        self.feeds: list[Feed | None] = []  # of the fit that is running

    def memory(self, what: str, size: int, dtype: Any) -> Array:
        """Return a vector of zeros that all ranks share; the one of that name before is gone.

        On several machines each rank has its own.
        """
        if not self.one_machine:
            return np.zeros(size, dtype)
        length = max(1, size * np.dtype(dtype).itemsize)
        window = self.windows.get(what)
        if window is None or window.Shared_query(0)[0].nbytes < length:
            window = self.MPI.Win.Allocate_shared(0 if self.rank else length, 1, comm=self.here)
            self.windows[what] = window  # never freed: somebody may still look at the old one
        vector = np.frombuffer(window.Shared_query(0)[0], dtype, size)
        self.comm.Barrier()
        if self.leads:
            vector[:] = 0
        self.comm.Barrier()
        return vector

    def board(self, model: Any, feed: Feed) -> Board:
        self.latest = super().board(model, feed)
        if not self.one_machine:
            outputs = self.latest.outputs
            self.latest = Messages(self.ranks, outputs.shape, outputs.dtype, self.MPI, self.end_all)
        self.latest.rank = self.rank
        return self.latest

    @contextmanager
    def section(self, board: Board, follow: Callable[[], None]) -> Iterator[None]:
        try:
            yield
        finally:
            if self.leads:
                board.stop()

    def agree(self, *vectors: Array) -> None:
        for vector in () if self.one_machine else vectors:
            self.comm.Bcast(vector)
        self.comm.Barrier()

    def call(self, model: Any, what: str, feed: Feed) -> bool:
        if not isinstance(feed.source, Examples):
            return False
        if not self.feeds:
            return True  # all ranks are in evaluate or predict
        if feed not in self.feeds:
            return False  # a callback has called it, and the others know nothing of it
        if self.leads:
            feed_number = self.feeds.index(feed)
            self.tell(do=what, feed=feed_number, steered=self.steered, **state(model))
        self.agree(model.params, model.kept, *model.optimizer.slots.values())
        return True

    def end_all(self, error: BaseException) -> None:
        """End all processes with the message of one."""
        if isinstance(error.__cause__, Told):
            time.sleep(PATIENCE)  # rank 0 has the same to say, and ends this process, too
        trace = "".join(traceback.format_exception(error))
        sys.stdout.flush()
        print(f"{trace}Rank {self.rank} of {self.ranks} has failed: all end.", file=sys.stderr)
        sys.stderr.flush()
        self.comm.Abort(1)

    # ---------------------------------------------------------------------------------- fit

    def train(
        self,
        model: Any,
        run: Callable[[], None],
        feeds: Sequence[Feed | None],
        callbacks: Sequence[Callback],
    ) -> None:
        self.feeds = list(feeds)
        part_of_it = partial(self.lead, run) if self.leads else self.follow
        try:
            super().train(model, partial(part_of_it, model), feeds, callbacks)
        finally:
            self.feeds = []
            self.comm.Barrier()  # nobody looks at the shared vectors any more

    def lead(self, run: Callable[[], None], model: Any) -> None:
        """Run fit, and tell the others how it has ended."""
        error = None
        try:
            run()
        except BaseException as raised:
            error = described(raised)
            raise
        finally:
            self.tell(do="end", error=error, **state(model), **outcome(model))
            self.agree(model.params, model.kept, *model.optimizer.slots.values())

    def follow(self, model: Any) -> None:
        """Do what rank 0 calls for, until fit has ended."""
        while True:
            call = self.told()
            take_over(model, call)
            if call["do"] == "end":
                break
            feed, self.steered = self.feeds[call["feed"]], call["steered"]
            assert feed is not None
            try:
                if call["do"] == "outputs":
                    feed.reset()
                    for compute in self.outputs(model, model.fused()[0], feed):
                        compute()
                else:
                    shuffling = model.rng if call["do"] == "shuffled steps" else None
                    self.agree(model.params, model.kept, *model.optimizer.slots.values())
                    self.follow_steps(model, self.board(model, feed), feed, shuffling)
            except Stopped:
                pass
            except Exception as error:
                self.latest.fail(error)
        self.agree(model.params, model.kept, *model.optimizer.slots.values())
        for name in ("epoch", "stop_training", "was_stopped"):
            setattr(model, name, call[name])
        model.history.history.update(call["history"].pop("history"))
        vars(model.history).update(call["history"])
        if call["error"]:
            raise rebuilt(*call["error"]) from Told()

    def tell(self, **what: Any) -> None:
        """Tell the other ranks something that can be written as JSON."""
        text = np.frombuffer(json.dumps(what, default=float).encode(), np.uint8)
        self.send(np.array([text.size]))
        self.send(text.copy())

    def told(self) -> dict[str, Any]:
        """Wait for what rank 0 tells."""
        size = np.zeros(1, np.intp)
        self.send(size)
        text = np.zeros(size[0], np.uint8)
        self.send(text)
        what: dict[str, Any] = json.loads(text.tobytes())
        return what

    def send(self, vector: Array) -> None:
        """Let all ranks have rank 0's vector, and the core be another's until it is there."""
        request = self.comm.Ibcast(vector)
        while not request.Test():
            time.sleep(NAP)


def state(model: Any) -> dict[str, Any]:
    """Return what the other ranks need to know of a model before they begin."""
    states = [rng.bit_generator.state for rng in model.generators().values()]
    return {"settings": news.settings(model), "generators": states}


def take_over(model: Any, told: dict[str, Any]) -> None:
    """Set what state has told."""
    for part, values in zip(news.parts(model), told["settings"], strict=True):
        for name, value in values.items():
            if name != "name" and vars(part).get(name) != value:
                setattr(part, name, value)
    for rng, written in zip(model.generators().values(), told["generators"], strict=True):
        rng.bit_generator.state = written


def outcome(model: Any) -> dict[str, Any]:
    """Return what fit leaves behind besides the weights."""
    history = {name: getattr(model.history, name) for name in ("history", "epoch", "when")}
    names = ("epoch", "stop_training", "was_stopped")
    return {name: getattr(model, name) for name in names} | {"history": history}


@contextmanager
def running() -> Iterator[int]:
    """Let the processes of mpiexec be a team as long as the block runs.

    An error that leaves the block in any of them ends all: else the others would wait for it.
    """
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ImportError(
            "tinynet.distributed.mpi() needs mpi4py and an MPI: pip install mpi4py mpich; then "
            "mpiexec -n 4 python train.py"
        ) from error
    team = Started(MPI)
    before = engine.current.set(team) if team.ranks > 1 else None
    try:
        with blas.limited(max(1, blas.cores() // team.here.size)):
            yield team.rank
    except BaseException as error:
        if team.ranks > 1 and not (isinstance(error, SystemExit) and not error.code):
            team.end_all(error)
        raise
    finally:
        if before:
            engine.current.reset(before)
