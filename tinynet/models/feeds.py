"""Where the batches of an epoch come from: arrays, a generator, or a PyDataset.

A Feed goes through a source epoch by epoch. Arrays are a source (batches.Examples); so is a
Stream, whose batches somebody else makes: each is checked when it comes.
"""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain, count, islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tinynet.models import checks
from tinynet.models.batches import Batch, Examples
from tinynet.support import settings
from tinynet.support.py_dataset import PyDataset

Array = NDArray[Any]
Order = NDArray[np.intp]


class Source(Protocol):
    """What a Feed goes through."""

    where: str  # it came from, for messages

    @property
    def units(self) -> int:
        """How many rows, or batches, can be put in another order; 0 for none."""

    @property
    def x(self) -> Array:
        """The inputs, or those of the first batch."""

    @property
    def y(self) -> Array:
        """The targets, or those of the first batch."""

    def steps(self, size: int) -> int | None:
        """How many batches of that size there are; None where nobody knows."""

    def some(self, size: int) -> Batch:
        """Return a few examples from the beginning."""

    def batches(self, size: int, order: Order | None = None) -> Iterator[Batch]:
        """Yield the batches from the first to the last."""

    def tell(self, hook: str) -> None:
        """Say that an epoch begins or ends."""


class Stream:
    """A generator or a PyDataset as a source.

    Args:
        given: what the user handed over.
        check: makes examples of (x, y, sample_weight), or refuses them.
        where: which argument it was, for messages.
    """

    def __init__(self, given: Any, check: Callable[..., Examples], where: str = "") -> None:
        self.given, self.check, self.where = given, check, where
        self.ended = False  # a generator can't start again
        self.numbered = isinstance(given, PyDataset)
        if self.numbered and given.num_batches == 0:
            raise ValueError(f"{type(given).__name__} has no batches: its length is 0.")
        # Keras looks at two batches of a generator first, and gives them at every start.
        self.first = [given[0]] if self.numbered else list(islice(given, 2))
        if not self.first:
            raise ValueError("The generator gives no batch: it is empty, or used up.")

    @property
    def units(self) -> int:
        return self.given.num_batches or 0 if self.numbered else 0

    @cached_property
    def head(self) -> Examples:
        """The first batch."""
        return self.check(*unpacked(self.first[0]))

    @property
    def x(self) -> Array:
        return self.head.x

    @property
    def y(self) -> Array:
        return self.head.y

    def steps(self, size: int) -> int | None:
        return self.units or None

    def some(self, size: int) -> Batch:
        return self.head.some(size)

    def batches(self, size: int, order: Order | None = None) -> Iterator[Batch]:
        numbers = count() if order is None else iter(order.tolist())
        for batch in self.by_number(numbers) if self.numbered else self.on():
            with checks.within(self.where):
                examples = self.check(*unpacked(batch))
                examples.where = self.where
                yield from examples.batches(len(examples))

    def weighted(self, weigh: Callable[[Examples], Examples]) -> Stream:
        """Let the examples of every batch count as that function says.

        Raises:
            ValueError: of a generator, as in Keras.
        """
        if not self.numbered:
            raise ValueError("class_weight takes arrays or a PyDataset: yield (x, y, weights).")
        return Stream(self.given, lambda *batch: weigh(self.check(*batch)), self.where)

    def by_number(self, numbers: Iterator[int]) -> Iterator[Any]:
        """Yield the batches of a PyDataset."""
        return (self.given[i] for i in islice(numbers, self.units or None))

    def on(self) -> Iterator[Any]:
        """Yield what a generator gives."""
        if self.ended:
            raise ValueError(
                "The generator is used up, and there are epochs left. Let it go on for ever "
                "(while True: ...) and say steps_per_epoch, or validation_steps; or write a "
                "utils.PyDataset, which can start again."
            )
        yield from chain(self.first, self.given)
        self.ended = True

    def tell(self, hook: str) -> None:
        if self.numbered:
            getattr(self.given, hook)()


class Feed:
    """The batches of a training or an evaluation, epoch by epoch.

    Args:
        source: arrays or a stream.
        batch_size: examples a batch, of arrays; None for 32, or for what makes `limit` batches.
        limit: batches an epoch, or None for all. The next epoch goes on where this one stopped;
            where the source ends within an epoch, the epoch is shorter, and the next one starts
            from the beginning.
        name: of the limit, among the arguments.
    """

    def __init__(self, source: Source, batch_size: Any, limit: Any, name: str) -> None:
        self.source, self.limit = source, limit
        if limit is not None:
            self.limit = settings.count(name, limit)
        if batch_size is not None:
            self.size = settings.count("batch_size", batch_size)
        elif self.limit and isinstance(source, Examples):
            self.size = math.ceil(len(source) / self.limit)
        else:
            self.size = 32
        self.current: Iterator[Batch] | None = None
        if isinstance(source, Stream):
            if batch_size is not None:
                warnings.warn(
                    "batch_size is without effect: the batches are as they come.", stacklevel=3
                )
            if source.numbered and self.steps is None:
                kind = type(source.given).__name__
                raise ValueError(f"{kind} has no last batch: say {name}=...")

    @property
    def steps(self) -> int | None:
        """How many batches an epoch has; None where nobody knows."""
        return self.limit or self.source.steps(self.size)

    def reset(self) -> None:
        """Start from the beginning again."""
        self.current = None
        self.source.tell("on_epoch_end")

    def start(self, rng: np.random.Generator | None) -> Iterator[Batch]:
        """Start from the beginning, in a new order where a random generator is given."""
        units = self.source.units
        return self.source.batches(self.size, rng.permutation(units) if rng and units else None)

    def epoch(self, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield the batches of the next epoch."""
        self.source.tell("on_epoch_begin")
        yield from self.start(rng) if self.limit is None else self.next(self.limit, rng)
        self.source.tell("on_epoch_end")

    def next(self, limit: int, rng: np.random.Generator | None) -> Iterator[Batch]:
        """Yield that many batches, from where the last epoch stopped."""
        for i in range(limit):
            batch = next(self.current, None) if self.current else None
            if batch is None and i == 0:
                self.current = self.start(rng)
                batch = next(self.current, None)
            if batch is None:
                warnings.warn(
                    f"The data ran out after {i} of {limit} batches: this epoch is shorter.",
                    stacklevel=2,
                )
                self.current = None
                return
            yield batch


def is_stream(x: Any) -> bool:
    """Say whether somebody else makes the batches."""
    return isinstance(x, (types.GeneratorType, PyDataset))


def unpacked(batch: Any) -> tuple[Any, Any, Any]:
    """Return (x, y, sample_weight) of a batch, None for what is not there.

    Raises:
        ValueError: no tuple of one to three arrays.
    """
    if isinstance(batch, (tuple, list)) and 1 <= len(batch) <= 3:
        parts = [*batch, None, None]
        return parts[0], parts[1], parts[2]
    if isinstance(batch, np.ndarray):
        return batch, None, None
    raise ValueError(
        f"Expected a batch as a tuple (x, y), (x, y, sample_weight) or (x,), got "
        f"{type(batch).__name__}."
    )


def of_arrays(source: Source) -> Examples:
    """Return a source that consists of arrays, to be cut in two.

    Raises:
        ValueError: it is a stream.
    """
    if not isinstance(source, Examples):
        raise ValueError(
            "validation_split cuts arrays: give validation_data=..., such as another generator."
        )
    return source
