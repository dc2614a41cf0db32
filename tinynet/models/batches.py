"""From the user's arrays to batches of the model's dtype, one batch at a time.

A data set may fill half of the memory, and `x / 255` has already made it float64. It is never
copied as a whole: rows are picked and converted when their batch is due. They may be the user's
own rows still, so that a batch can be read and not written into.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.models import checks

Array = NDArray[Any]
Batch = tuple[Array, Array, "Array | None"]  # x (n, ...), t (n, ...), weights (n,)


def readable(rows: Array) -> Array:
    """Return a view that can't be written into, whatever a layer or a loss does to its inputs."""
    view = rows.view()
    view.flags.writeable = False
    return view


class Examples:
    """Inputs, targets and weights of the same length; `where` they came from, for messages."""

    def __init__(
        self, x: Array, y: Array, weights: Array | None, dtype: Any, where: str = ""
    ) -> None:
        self.x = x
        self.y = y
        self.weights = weights
        self.dtype = dtype
        self.where = where

    def __len__(self) -> int:
        return len(self.x)

    @property
    def units(self) -> int:
        """How many rows can be put in another order."""
        return len(self)

    def steps(self, size: int) -> int:
        """How many batches of that size there are."""
        return math.ceil(len(self) / size)

    def some(self, size: int) -> Batch:
        """Return the first examples."""
        return next(self.batches(size))

    def tell(self, hook: str) -> None:
        """Do nothing: arrays take no interest in epochs."""

    def batches(self, size: int, order: NDArray[np.intp] | None = None) -> Iterator[Batch]:
        """Yield the batches, the last one maybe smaller, in the order given or as they are."""
        for start in range(0, len(self), size):
            rows: Any = slice(start, start + size)
            if order is not None:
                rows = order[rows]
            weights = None if self.weights is None else self.convert(self.weights[rows])
            x, y = self.convert(self.x[rows]), self.convert(self.y[rows])
            with checks.within(self.where):
                checks.finite("x", x, rows)
                checks.finite("y", y, rows)
            yield x, y, weights

    def convert(self, rows: Array) -> Array:
        """Bring a batch into the model's dtype; what has it already is not copied."""
        return readable(rows.astype(self.dtype, copy=False))

    def weighted(self, weights: Array) -> Examples:
        """Return the same examples, counting as these weights say."""
        return Examples(self.x, self.y, weights, self.dtype, self.where)

    def split(self, fraction: float) -> tuple[Examples, Examples]:
        """Cut the last `fraction` off, and return what stays and what was cut off.

        Raises:
            ValueError: nothing would stay.
        """
        at = int(len(self) * (1 - fraction))
        if at == 0:
            raise ValueError(
                f"validation_split={fraction} leaves none of the {len(self)} examples to train on: "
                f"take a smaller one."
            )
        return self.part(slice(None, at)), self.part(slice(at, None))

    def part(self, rows: slice) -> Examples:
        """Return a stretch of the examples, without copying it."""
        weights = None if self.weights is None else self.weights[rows]
        return Examples(self.x[rows], self.y[rows], weights, self.dtype, self.where)
