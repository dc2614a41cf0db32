"""Data that comes batch by batch, numbered, from a class of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any


class PyDataset:
    """Base class: a subclass writes `__getitem__`, which makes batch number i, and `__len__`.

    `fit`, `evaluate` and `predict` take one in the place of x. A batch is (x, y), (x, y,
    sample_weight), or (x,). `fit` takes the batches in a new order every epoch, unless
    shuffle=False.

    Args:
        workers, use_multiprocessing, max_queue_size: how Keras prepares batches ahead, default 1,
            False and 10. They are kept, and without effect here: batches are made one by one.

    Example, of 100 examples in batches of 32, of which the last has 4:
        >>> import numpy as np
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 4
        ...     def __getitem__(self, index):
        ...         x = np.arange(index * 32, min(index * 32 + 32, 100)) / 100
        ...         return x, x**2
        >>> len(list(Squares()))
        4

    Source: keras.utils.PyDataset, once keras.utils.Sequence.
    """

    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Make the batch of this number, the first being 0."""
        raise TypeError(f"{type(self).__name__} has no __getitem__(index), which makes a batch.")

    def __iter__(self) -> Iterator[Any]:
        length = self.num_batches
        for index in count() if length is None else range(length):
            yield self[index]

    @property
    def num_batches(self) -> int | None:
        """How many batches there are, None for no end of them; a subclass writes `__len__`."""
        if hasattr(self, "__len__"):
            return len(self)
        raise TypeError(f"{type(self).__name__} has no __len__(), the number of its batches.")

    def on_epoch_begin(self) -> None:
        """Called before the first batch of an epoch is asked for."""

    def on_epoch_end(self) -> None:
        """Called after the last batch of an epoch, and once before the first of all."""
