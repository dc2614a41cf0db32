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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from tinynet.distributed.board import Board, Stopped, shared
from tinynet.distributed.team import Team
from tinynet.support import blas
from tinynet.support.interrupts import deferred

Array = NDArray[Any]

PATIENCE = 5.0  # seconds for a rank to end by itself


class Forks(Team):
    """A team of this process, which leads, and of forks of it."""

    def memory(self, what: str, size: int, dtype: Any) -> Array:
        return shared(what, size, dtype)

    @contextmanager
    def section(self, board: Board, follow: Callable[[], None]) -> Iterator[None]:
        """Let forks follow as long as the block runs, all with one thread for matrix products."""
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
