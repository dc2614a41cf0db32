"""Callbacks that show and keep what the logs say."""

from __future__ import annotations

import csv
import os
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.callbacks.base import Callback, Logs
from tinynet.support import settings
from tinynet.support.interrupts import deferred
from tinynet.support.progress import Progress, show, values
from tinynet.support.registry import nearest


class Records(dict[str, list[float]]):
    """A dict of lists that answers for a name it does not have with the nearest that it has."""

    def __missing__(self, name: str) -> list[float]:
        meant = nearest(name, self)
        raise KeyError(
            f"There is no {name!r} here. "
            + (f"Did you mean {meant!r}? " if meant else "")
            + f"There are: {', '.join(self)}; metrics are named in compile(metrics=[...])."
        )


class History(Callback):
    """Keep what every epoch's logs said: `history.history["loss"]` is a list of floats.

    fit makes one by itself and returns it.

    Source: keras.callbacks.History.
    """

    _model: weakref.ref[Any] | None = None

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = Records()
        self.epoch: list[int] = []
        self.when: dict[str, list[int]] = {}  # for each name, the epochs of its values

    def set_model(self, model: Any) -> None:
        # The model holds its history: held in turn, it would wait for the garbage collector.
        self._model = weakref.ref(model)

    @property
    def model(self) -> Any:
        """The model, as long as somebody else keeps it; else None."""
        return self._model() if self._model else None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_model": None}  # a weak reference can't be copied or pickled

    def __repr__(self) -> str:
        last = {name: numbers[-1] for name, numbers in self.history.items() if numbers}
        return f"<History of {len(self.epoch)} epochs{values(last)}>"

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.history, self.epoch, self.when = Records(), [], {}

    def __getitem__(self, name: str) -> list[float]:
        meant = nearest(name, self.history) or name
        raise TypeError(f"A History is no dict. Type history.history[{meant!r}]")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.record(epoch, logs or {})

    def record(self, epoch: int, logs: Logs) -> None:
        """Keep the logs of an epoch; called again, put the newer ones in their place."""
        with deferred:  # Ctrl-C waits: an epoch is kept whole or not at all
            if not self.epoch or self.epoch[-1] != epoch:
                self.epoch.append(epoch)
            for name, value in logs.items():
                values, when = self.history.setdefault(name, []), self.when.setdefault(name, [])
                if when[-1:] == [epoch]:
                    values.pop()
                else:
                    when.append(epoch)
                values.append(value)


class ProgressLine(Callback):
    """Show how far training, evaluation or prediction has come; `verbose` says how.

    Source: keras.callbacks.ProgbarLogger.
    """

    in_fit: bool = False

    def begin(self) -> None:
        """Start a line."""
        self.line: Progress = Progress(self.params["steps"], self.params["verbose"])

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.in_fit = True  # the validation in fit shows in its epoch's line

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.params["verbose"]:
            show(f"Epoch {epoch + 1}/{self.params['epochs']}\n")
        self.begin()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.line.update(batch + 1, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.line.finish(logs or {})

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self.in_fit:
            self.begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self.in_fit:
            self.line.update(batch + 1, logs or {})

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self.in_fit:
            self.line.finish(logs or {})

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self.begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.line.update(batch + 1, {})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self.line.finish({})


class CSVLogger(Callback):
    """Write a line of comma-separated values for every epoch.

    Args:
        filename: where to.
        separator: what stands between values, default ",".
        append: whether to go on with a file that is there; default False starts anew.

    Raises:
        ValueError: in fit, a file to go on with that has other columns.

    Example:
        >>> logger = CSVLogger("training.csv")

    Source: keras.callbacks.CSVLogger, which appends under other columns, too.
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        self.filename = filename
        self.separator = separator
        self.append = append

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.names: list[str] = []  # of the columns
        if not self.append:
            open(self.filename, "w", encoding="utf-8").close()
        elif os.path.exists(self.filename) and os.path.getsize(self.filename):
            with open(self.filename, newline="", encoding="utf-8") as file:
                first, *self.names = next(csv.reader(file, delimiter=self.separator)) or [""]
            self.fit_in([] if self.may_be_more else self.expected, first)
            with open(self.filename, "rb+") as file:
                file.seek(-1, os.SEEK_END)
                if file.read() not in b"\r\n":  # a run was killed in the middle of its line
                    file.write(b"\r\n")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self.append and self.names:
            self.fit_in(list(logs))
        with open(self.filename, "a", newline="", encoding="utf-8") as file:  # safe once written
            writer = csv.writer(file, delimiter=self.separator)
            if not self.names:
                self.names = self.columns(logs)
                writer.writerow(["epoch", *self.names])
            writer.writerow([epoch, *(cell(logs.get(name, "NA")) for name in self.names)])

    def fit_in(self, names: Sequence[str], first: str = "epoch") -> None:
        """Refuse to write under columns that have other names.

        Raises:
            ValueError: with what to type.
        """
        others = [name for name in names if name not in self.names]
        if first != "epoch" or others:
            wanted = f"; this training logs {', '.join(others)}, too" if others else ""
            raise ValueError(
                f"CSVLogger can't go on with {os.fspath(self.filename)}: its columns are "
                f"{settings.short([first, *self.names])}{wanted}. Name another file, or start this "
                f"one anew: append=False."
            )

    def columns(self, logs: Logs) -> list[str]:
        """Return the names to write: those of the first epoch, and room for validation."""
        names = sorted(logs)
        has_validation = any(name.startswith("val_") for name in names)
        return names if has_validation else names + [f"val_{name}" for name in names]


def cell(value: Any) -> Any:
    """Return a value as a CSV file holds it: several numbers as Keras writes them."""
    several = isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value)
    return f'"[{", ".join(map(str, value))}]"' if several else value
