"""Where ranks of one machine meet: memory that all of them share.

    turn      how often all have met so far
    arrived   for each rank, at which turn it has come to; for rank 0, which turn may begin

A rank that waits looks again and again for a moment; then it gives its core away, and looks
whether those that it waits for are alive. So more ranks than cores work, and none waits for ever.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import math
import mmap
import os
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LINE = 8  # words of 8 bytes, so that each rank's counter is alone in a line of the CPU's cache
LOOKS = 3000  # at a counter, some 0.1 ms, before the core is given away
YIELDS = 100  # times that it is given away to whoever wants it, before sleeping
NAP = 2e-4  # seconds
TEXT = 8192  # bytes for a rank's last words
NUMBERS = 4  # that a rank reports


class Stopped(Exception):
    """Rank 0 has ended the work, or is gone: for the others to end too."""


class RankLost(RuntimeError):
    """A rank has ended before its work was done; the message says which, and how."""


def part(whole: int, rank: int, ranks: int) -> slice:
    """Return the stretch of a whole that is one rank's; the first is never empty.

    Example:
        >>> part(5, 0, 2), part(5, 1, 2)
        (slice(0, 3, None), slice(3, 5, None))
    """
    return slice(-(-whole * rank // ranks), -(-whole * (rank + 1) // ranks))


def shared(what: str, size: int, dtype: Any) -> Array:
    """Return a vector of zeros that this process shares with those that it forks."""
    space = mmap.mmap(-1, max(1, size * np.dtype(dtype).itemsize))
    return np.frombuffer(space, dtype, size)


def described(error: BaseException) -> tuple[str, str]:
    """Return the builtin class of an error, by name, and what it says."""
    kind = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return kind, str(error.args[0] if len(error.args) == 1 else error)[: TEXT // 8]


def rebuilt(kind: str, text: str) -> Exception:
    """Return the error that was described."""
    with contextlib.suppress(TypeError):  # a class that takes more than a text
        error = getattr(builtins, kind)(text)
        if isinstance(error, Exception):
            return error
    return RuntimeError(f"{kind}: {text}")


class Sum:
    """The sum of all ranks' gradients, computed where and when a stretch of it is asked for."""

    def __init__(self, gradients: Array) -> None:
        self.gradients = gradients  # (r, p)

    def __getitem__(self, block: slice) -> Array:
        first: Array = self.gradients[0, block]
        for other in self.gradients[1:]:
            first += other[block]  # always in this order: the same bits every time
        return first


class Board:
    """What each rank has to know of the others.

    Args:
        ranks: how many they are.
        outputs: shape of a batch's outputs, (n, ...).
        dtype: that of the outputs.
        memory: makes vectors (what, size, dtype) that all ranks share.
    """

    def __init__(
        self,
        ranks: int,
        outputs: tuple[int, ...],
        dtype: Any,
        memory: Callable[[str, int, Any], Array] = shared,
    ) -> None:
        self.ranks, self.rank, self.turn = ranks, 0, 0
        self.words = memory("words", LINE * (ranks + 2), np.int64).data.cast("B").cast("q")
        self.arrived = [LINE * rank for rank in range(ranks)]
        self.failed, self.stopped = LINE * ranks, LINE * (ranks + 1)
        self.numbers = memory("numbers", ranks * NUMBERS, np.float64).reshape(ranks, NUMBERS)
        self.rate = memory(
            "rate", 3, np.float64
        )  # of the coming step, how many came before it, news
        self.texts = memory("texts", ranks * TEXT, np.uint8).reshape(ranks, TEXT)
        self.outputs = memory("outputs", math.prod(outputs), dtype).reshape(outputs)
        self.lock = threading.Lock()
        self.ended: Callable[[int], str] = lambda rank: ""  # how a rank has ended, if it has
        self.within = self.moving = False  # a step; that part of it which moves the parameters

    # ------------------------------------------------------------------------------ meeting

    def come(self, *vectors: Array) -> None:
        """Say that this rank has come here; rank 0 waits until all have.

        Each rank has written its part of these vectors: when it goes on, all have all of them.
        """
        self.turn += 1
        self.fence()
        if self.rank:
            self.words[self.arrived[self.rank]] = self.turn
        for other in range(1, self.ranks if self.rank == 0 else 0):
            self.wait(other)

    def go_on(self, *vectors: Array) -> None:
        """Wait until rank 0 lets all ranks go on, which it does by calling this.

        Rank 0 has written these vectors: then all have them.
        """
        if self.rank:
            self.wait(0)
        else:
            self.fence()
            self.words[0] = self.turn

    def meet(self) -> None:
        """Wait until all ranks have come here."""
        self.come()
        self.go_on()

    def sum(self, gradients: Array, mine: slice) -> Any:
        """Return the sum of a part of all ranks' gradients (r, p), after they have met."""
        return Sum(gradients[:, mine])

    def sum_of_all(self, gradients: Array) -> Array:
        """Return the sum of all ranks' gradients (r, p), (p,); each sums up a part."""
        Sum(gradients)[part(gradients.shape[1], self.rank, self.ranks)]
        self.meet()
        total: Array = gradients[0]
        return total

    def fence(self) -> None:
        """See to it that others find all that was written before, when they find what comes next.

        A CPU may write in another order than the program says, unless there is a lock between.
        """
        for _ in range(2):
            with self.lock:
                pass

    def wait(self, rank: int) -> None:
        """Wait until a rank has come as far as this one.

        Raises:
            Stopped, RankLost, or the error of another rank.
        """
        counter, looks = self.arrived[rank], 0
        while self.words[counter] < self.turn:
            looks += 1
            if looks > LOOKS:
                self.look_around(rank, looks - LOOKS)
        self.fence()

    def look_around(self, rank: int, looks: int) -> None:
        """Give the core away, unless there is nothing left to wait for."""
        if self.words[self.stopped] if self.rank else self.words[self.failed]:
            raise Stopped if self.rank else self.error()
        if looks % 16 == 0:
            how = self.ended(rank)  # it may just have come, and then ended
            if how and self.words[self.arrived[rank]] < self.turn:
                raise Stopped if self.rank else self.lost(rank, how)
        if looks < YIELDS:
            os.sched_yield()
        else:
            time.sleep(NAP)

    def write(self, text: str) -> None:
        """Leave a text, in ASCII, for other ranks to read."""
        self.texts[self.rank] = 0
        self.texts[self.rank, : len(text)] = np.frombuffer(text.encode(), np.uint8)

    def read(self, rank: int) -> str:
        """Return the text that a rank has left."""
        return str(self.texts[rank].tobytes().rstrip(b"\0"), "ascii")

    # ------------------------------------------------------------------------------- ending

    def stop(self) -> None:
        """Make the other ranks end where they wait next."""
        self.words[self.stopped] = 1

    def fail(self, error: BaseException) -> None:
        """Leave an error of this rank for rank 0 to raise."""
        kind, text = described(error)
        trace = "".join(traceback.format_exception(error))
        self.write(json.dumps([kind, text, trace[-TEXT // 8 :]]))
        self.fence()
        self.words[self.failed] = self.rank + 1

    def error(self) -> Exception:
        """Return the error of another rank, of the same builtin class."""
        rank = self.words[self.failed] - 1
        self.fence()
        kind, text, trace = json.loads(self.read(rank))
        error = rebuilt(kind, text)
        error.__cause__ = RuntimeError(f"in rank {rank}:\n{trace}")
        return error

    def lost(self, rank: int, how: str) -> RankLost:
        """Return the error to raise where a rank has ended."""
        weights = (
            "Its share of the weights may have taken half of a step: go back to a model that was "
            "saved before, as BackupAndRestore does when you start the same script again."
            if self.moving
            else "The weights are those of the last whole step."
        )
        return RankLost(f"Rank {rank} {how}, and so all have ended. {weights}")
