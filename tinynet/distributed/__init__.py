"""Training on all cores and all machines: several processes that together take one step.

    with tinynet.distributed.processes():
        model.fit(x, y, batch_size=128)

step.py         how a step is shared out, and why it is the step of one: read it after network.py
share.py        a rank's share of the parameters, and an optimizer that moves it
board.py        where ranks meet: memory that they share
team.py         what fit, evaluate and predict ask for, shared out
news.py         what rank 0's callbacks have changed, for the others to know
forks.py        the processes of one machine as ranks
messages.py     where ranks of several machines meet: what they send each other
mpiexec.py      the processes that mpiexec has started as ranks
independence.py which layers and losses treat each row of a batch by itself

The numbers are those of one process, but for the order in which sums are rounded.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from tinynet.models import engine
from tinynet.support import blas, settings

__all__ = ["mpi", "processes"]


@contextmanager
def processes(number: int | None = None) -> Iterator[None]:
    """Let fit, evaluate and predict use so many processes of this machine, in a `with` block.

    Each takes its rows of every batch and moves its share of the weights: see step.py. The data
    is not copied, and the processes end with each epoch. Callbacks, files and the progress line
    are this process's alone. Dropout draws other numbers in each process: the same seed and the
    same number of processes give the same bits. train_on_batch and its relatives stay alone.

    Args:
        number: how many, this one included; None (default) is one for each core that this
            process may use.

    Raises:
        ValueError: a number below 1; in fit, a layer or loss that looks across the rows of a
            batch, or does not say `rows_independent = True`.
        RankLost: in fit, a process was killed.

    Example:
        >>> import numpy as np
        >>> import tinynet
        >>> x = np.linspace(-1, 1, 64)[:, np.newaxis]
        >>> model = tinynet.Sequential([tinynet.layers.Dense(1, input_shape=(1,))])
        >>> model.compile(tinynet.optimizers.SGD(0.3), "mse")
        >>> with tinynet.distributed.processes(2):
        ...     history = model.fit(x, 3 * x, epochs=15, verbose=0)
        >>> history.history["loss"][-1] < 0.1
        True

    Source: synchronous data parallelism, as in Keras's keras.distribution.DataParallel. Where
    processes can't fork (Windows; macOS, whose libraries don't stand it) one process trains.
    """
    ranks = blas.cores() if number is None else settings.count("number", number)
    if ranks > 1 and not (hasattr(os, "fork") and sys.platform != "darwin"):
        warnings.warn(f"No fork on {sys.platform}: training in one process.", stacklevel=3)
        ranks = 1
    if ranks == 1:
        yield
        return
    from tinynet.distributed.forks import Forks

    token = engine.current.set(Forks(ranks))
    try:
        yield
    finally:
        engine.current.reset(token)


@contextmanager
def mpi() -> Iterator[int]:
    """Let fit, evaluate and predict be shared by the processes of mpiexec, in a `with` block.

    All of them run the same script, with the same data and the same model; in the block they call
    fit, evaluate and predict alike, and get the same results. Callbacks are rank 0's alone, and
    so are their files and the progress line.

        with tinynet.distributed.mpi() as rank:
            model.fit(x, y)
            if rank == 0:
                model.save("model.npz")

    An error in any of them ends them all, with its message.

    Yields:
        int: this process's rank, 0 for the one that leads; 0 too where there is only one.

    Raises:
        ImportError: mpi4py or an MPI is missing; with what to install.
        ValueError: as with processes.

    Example:
        mpiexec -n 4 python examples/train_mpi.py

    Source: data parallelism by all-reduce, as in Horovod (Sergeev and Del Balso, 2018).
    """
    from tinynet.distributed.mpiexec import running

    with running() as rank:
        yield rank
