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
Rows = slice | NDArray[np.intp]  # which examples


def readable(rows: Array) -> Array:
    """Return a view that can't be written into, whatever a layer or a loss does to its inputs."""
    view = rows.view()
    view.flags.writeable = False
    return view


class Batch:
    """Rows of examples, picked and converted when they are asked for: x, t, weights = batch."""

    def __init__(self, examples: Examples, rows: Rows) -> None:
        self.examples, self.rows = examples, rows

    def __len__(self) -> int:
        return self.rows.stop - self.rows.start if isinstance(self.rows, slice) else len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        yield self.inputs()
        yield from self.targets()

    def inputs(self, part: slice | None = None) -> Array:
        """Return the inputs x (n, ...), or a part of them."""
        rows = self.rows
        if part is not None:
            if isinstance(rows, slice):
                rows = slice(rows.start + part.start, rows.start + part.stop)
            else:
                rows = rows[part]
        x = self.examples.convert(self.examples.x[rows])
        with checks.within(self.examples.where):
            return checks.finite("x", x, rows)

    def targets(self) -> tuple[Array, Array | None]:
        """Return the targets t (n, ...), and their weights (n,)."""
        examples, weights = self.examples, self.examples.weights
        t = examples.convert(examples.y[self.rows])
        with checks.within(examples.where):
            checks.finite("y", t, self.rows)
        return t, None if weights is None else examples.convert(weights[self.rows])


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
            rows = slice(start, min(start + size, len(self)))
            yield Batch(self, rows if order is None else order[rows])

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
