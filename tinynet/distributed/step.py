"""One step of training, taken by several ranks together, equal to the step of one.

    r  ranks, from 0 to r - 1    n  examples in a batch    p  parameters    g (p,) their gradient

**Gradients add.** L is the mean of the losses of a batch's n examples, and a derivative of a sum
is the sum of the derivatives. So the rows of a batch can be dealt out: each rank computes the
gradient of its own rows, into a vector of its own, and the r vectors add up to the gradient that
one process would have found. The 1/n in them has to be that of the whole batch: see `of_rows`.

**The update is dealt out too**, by parameters. An optimizer's rule moves each number by itself, so
each rank sums up its share of the r vectors and moves its share of w; of the slots it needs no
more than the same share. Then all have all of w again, and all have the same:

    rank 0   rows [0, n/2)   its gradient (p,)  \\      /  sums and moves w[0 : p/2]   \\
                                                 meet                                  meet
    rank 1   rows [n/2, n)   its gradient (p,)  /      \\  sums and moves w[p/2 : p]   /

Each meeting is a point that no rank passes before all have come. Where the vectors are memory that
all ranks share, that is all there is to do. Between machines the first meeting is what MPI calls
a reduce-scatter, and the second an all-gather.

Rank 0 leads: it alone runs the callbacks, and before each step it tells the rate and what else
they have changed (news.py).
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.distributed.board import Board, part
from tinynet.distributed.news import News
from tinynet.distributed.share import Share, limited
from tinynet.losses import Loss
from tinynet.models import contracts, nonfinite, step
from tinynet.models.batches import Batch
from tinynet.models.scores import Scores
from tinynet.optimizers import Optimizer
from tinynet.support.interrupts import deferred

Array = NDArray[Any]


def of_rows(loss: Loss, t: Array, weights: Array | None, rows: slice) -> Loss:
    """Return the loss of some rows of a batch, divided as that of the whole batch is.

    Then the losses of all ranks add up to the batch's, and so do the gradients. Whatever a loss
    reads from all targets together, it reads from those of the whole batch.
    """
    rows_only = copy.copy(loss)
    n = loss.divisor(len(t), weights)

    def targets(_: Array, y: Array) -> Array:
        return loss.targets(t, np.zeros((len(t), *y.shape[1:]), y.dtype))[rows]

    vars(rows_only).update(divisor=lambda *_: n, targets=targets)
    return rows_only


class Worker:
    """One rank's part in the steps of an epoch; all ranks call `step` for the same batches."""

    def __init__(self, model: Any, board: Board, gradients: Array, steered: bool) -> None:
        self.model, self.board, self.gradients = model, board, gradients
        self.rows_only = copy.copy(model)  # the same weights and vectors, and another loss
        if board.rank:
            vars(self.rows_only)["regularized"] = lambda: iter(())  # rank 0 adds the penalties
        optimizer = model.ready_optimizer()
        mine = part(model.params.size, board.rank, board.ranks)
        self.share: Any = Share(model.params, mine, optimizer)
        self.alone = contracts.of_ones_own(optimizer) or type(optimizer).step is not Optimizer.step
        if self.alone:  # its rule may be no matter of single numbers: rank 0 moves all
            self.share = Share(model.params, slice(0), optimizer) if board.rank else model
        self.news = News(model, board, steered)
        slots = list(optimizer.slots.values())
        self.moved = [] if self.alone else [model.params, *(slots if steered else [])]
        self.remembered = [] if self.alone else slots
        held = any(True for _ in model.constrained())
        self.told = [model.params, model.kept] if self.alone or steered or held else []
        board.come()

    def step(self, batch: Batch) -> tuple[float, str]:
        """Take this rank's part of a step; return the batch's loss, and what went wrong."""
        board = self.board
        for part_number, name, value in self.news.tell(*self.told):
            if part_number == 0:  # of the optimizer: for its copy, too
                setattr(self.share.optimizer, name, value)
        board.within = True
        with np.errstate(all="ignore"):  # what comes of it is watched here
            board.numbers[board.rank] = *self.gradient(batch), 1
            board.come(board.numbers, board.outputs[: len(batch)])
            with deferred:  # from here on Ctrl-C waits for the end of the step
                board.go_on()  # all gradients are there
                loss, slopes, size = board.numbers[:, :3].sum(axis=0).tolist()
                trouble = "" if math.isfinite(loss + slopes) else self.explain(batch)
                if not trouble and not self.move(careful := step.is_risky(size, board.rate[0])):
                    x = batch.inputs()
                    trouble = nonfinite.advice(self.model, x, step.OVERFLOW, careful)
        board.within = False
        self.news.keep()
        return loss, trouble

    def gradient(self, batch: Batch) -> tuple[float, float, float]:
        """Write the gradient of this rank's rows; return their loss, and sums of squares."""
        t, weights = self.targets = batch.targets()  # of the whole batch
        mine = part(len(t), self.board.rank, self.board.ranks)
        if mine.start == mine.stop:
            self.model.grads[:] = 0
            return 0.0, 0.0, 0.0
        x = batch.inputs(mine)
        self.rows_only.loss = of_rows(self.model.loss, t, weights, mine)
        own = None if weights is None else weights[mine]
        loss, self.board.outputs[mine] = self.rows_only.gradients(x, t[mine], own)
        slopes = nonfinite.square(self.model.grads[self.model.telltales])
        return loss, slopes, nonfinite.square(x) + slopes

    def move(self, careful: bool) -> bool:
        """Move all shares; where one can't be, undo the others, if that was foreseen."""
        board, share, optimizer = self.board, self.share, self.model.optimizer
        if self.alone or limited(optimizer):
            g = board.sum_of_all(self.gradients)
        else:
            g = board.sum(self.gradients, share.mine)
        if share is not self.model:
            share.ready(g, *board.rate[:2].tolist())
        arrays = [share.params, *share.optimizer.slots.values()] if careful else []
        before = [array.copy() for array in arrays]
        board.moving = True
        board.numbers[board.rank, 3] = step.update(share, careful)
        board.come(board.numbers, *self.moved)
        if careful:
            board.go_on()
            if not board.numbers[:, 3].all():
                for array, old in zip(arrays, before, strict=True):
                    array[:] = old
            board.come(*self.moved)
        board.moving = False  # all shares are moved
        good = bool(board.numbers[:, 3].all()) or board.rank > 0
        if board.rank == 0:
            optimizer.iterations = int(board.rate[1]) + good
            if good and share is not self.model:
                self.model.constrain()  # which takes whole weights: the others wait for it
        return good

    def finish(self) -> None:
        """End an epoch: rank 0 needs all that the optimizer remembers; the others wait for it."""
        self.board.go_on(self.board.rate)
        self.board.come(*self.remembered)
        if self.board.rank:
            self.board.go_on(self.board.rate)  # until they are stopped

    def explain(self, batch: Batch) -> str:
        """Let rank 0 find where the numbers stop being finite; "" for all ranks if nowhere."""
        board, found = self.board, ""
        if board.rank == 0:
            found = nonfinite.explain(self.model, *batch)
            if not found:
                self.gradient(batch)  # again, since looking for it has overwritten it
            board.numbers[0, 3] = not found
        board.come()
        board.go_on(board.numbers)
        return "" if board.numbers[0, 3] else found or "found by rank 0"


def take(worker: Worker, batch: Batch, scores: Scores) -> str:
    """Take rank 0's part of a step, score the outputs of all, and return "", as step.take does."""
    kept = worker.model.kept.copy()
    loss, trouble = worker.step(batch)
    t, weights = worker.targets
    scores.update(loss, t, worker.board.outputs[: len(t)], weights)
    if trouble:
        worker.model.kept[:] = kept
    return trouble
