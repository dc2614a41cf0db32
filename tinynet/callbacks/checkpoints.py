"""Callbacks that save the model while it trains."""

from __future__ import annotations

import os

from tinynet.callbacks.base import Logs
from tinynet.callbacks.monitor import Monitor


class ModelCheckpoint(Monitor):
    """Save the model after every epoch, or every so many batches, or when it is the best so far.

    Args:
        filepath: where to, ending in .npz; it may hold names such as
            "{epoch:02d}-{val_loss:.2f}.npz". The first epoch is 1 there.
        monitor: name in the logs, default "val_loss"; used with save_best_only.
        verbose: 1 to say so; default 0.
        save_best_only: whether to save only what improves on the best; default False.
        save_weights_only: False; a whole model takes hardly more room.
        mode: "min", "max" or "auto" (default).
        save_freq: "epoch" (default), or a number of batches.
        initial_value_threshold: float or None (default): only what is better than this.

    Raises:
        ValueError: a path that does not end in .npz; a save_freq that is neither.

    Example:
        >>> checkpoint = ModelCheckpoint("best.npz", save_best_only=True)

    Source: keras.callbacks.ModelCheckpoint, whose files end in .keras.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        if not self.filepath.endswith(".npz"):
            raise ValueError(f"Expected a filepath that ends in .npz, got {self.filepath!r}.")
        if save_weights_only:
            raise ValueError("tinynet saves whole models: leave save_weights_only away.")
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(f"Expected save_freq as 'epoch' or a number, got {save_freq!r}.")
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self.epoch = self.batches = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.batches += 1
        if isinstance(self.save_freq, int) and self.batches % self.save_freq == 0:
            self.save(logs or {}, batch=batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self.save(logs or {})

    def save(self, logs: Logs, **batch: int) -> None:
        """Save the model, unless only the best is wanted and this is not it."""
        path, note = self.filepath.format(epoch=self.epoch + 1, **batch, **logs), ""
        if self.save_best_only:
            value = self.value(logs)
            if value is not None:
                if not self.improves(value, self.best):
                    self.say(f"{self.monitor} did not improve from {self.best:.5f}")
                    return
                best = "None" if self.best is None else f"{self.best:.5f}"
                note = f"{self.monitor} improved from {best} to {value:.5f}, "
                self.best = value
        self.say(f"{note}saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self.model.save(path)

    def say(self, text: str) -> None:
        """Print what happened, if wanted."""
        if self.verbose:
            print(f"\nEpoch {self.epoch + 1}: {text}")
