"""Where ranks of several machines meet: they send each other what others read from memory.

Each rank has vectors of its own. Where all have written their parts of one, an all-gather puts the
parts together; the gradients are summed by a reduce-scatter; what rank 0 alone knows is broadcast.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.distributed.board import Board, Stopped, part

Array = NDArray[Any]

STOP = -np.inf  # in the place of a learning rate


def own(what: str, size: int, dtype: Any) -> Array:
    """Return a vector of zeros of this rank's own."""
    return np.zeros(size, dtype)


class Messages(Board):
    """A board for ranks that share no memory.

    Args:
        ranks, outputs, dtype: as of Board.
        MPI: the module mpi4py.MPI.
        end_all: ends all ranks with the message of an error: those that wait within a step can't
            be told in another way.
    """

    def __init__(
        self,
        ranks: int,
        outputs: tuple[int, ...],
        dtype: Any,
        MPI: Any,
        end_all: Callable[[BaseException], None],
    ) -> None:
        super().__init__(ranks, outputs, dtype, own)
        self.MPI, self.comm, self.end_all = MPI, MPI.COMM_WORLD, end_all

    def come(self, *vectors: Array) -> None:
        for vector in vectors:
            self.comm.Allgatherv(self.MPI.IN_PLACE, [vector, self.counts(vector)])

    def go_on(self, *vectors: Array) -> None:
        for vector in vectors:
            self.comm.Bcast(vector)
            if self.rank and self.rate[0] == STOP:  # nothing else is told then
                raise Stopped

    def counts(self, vector: Array) -> list[int]:
        """Return how many numbers of a vector are each rank's part."""
        parts = (part(len(vector), rank, self.ranks) for rank in range(self.ranks))
        row = vector[:1].size
        return [row * (mine.stop - mine.start) for mine in parts]

    def sum(self, gradients: Array, mine: slice) -> Array:
        total = np.empty(mine.stop - mine.start, gradients.dtype)
        mine_of_all = gradients[self.rank]
        self.comm.Reduce_scatter(mine_of_all, total, self.counts(mine_of_all))
        return total

    def sum_of_all(self, gradients: Array) -> Array:
        total: Array = gradients[self.rank]
        self.comm.Allreduce(self.MPI.IN_PLACE, total)
        return total

    def stop(self) -> None:
        error = sys.exc_info()[1]
        if error is not None and self.within:
            self.end_all(error)
        self.rate[0] = STOP
        self.comm.Bcast(self.rate)

    def fail(self, error: BaseException) -> None:
        self.end_all(error)
