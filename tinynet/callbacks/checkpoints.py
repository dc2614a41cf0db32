"""Callbacks that save the model while it trains: for later use, or to survive a crash."""

from __future__ import annotations

import os
import warnings
from typing import Any

from tinynet.callbacks.base import Callback, Logs, Monitor
from tinynet.support import settings


class ModelCheckpoint(Monitor):
    """Save the model after every epoch, or every so many batches, or when it is the best so far.

    Args:
        filepath: where to, in the format that its ending says: see model.save. It may hold names
            such as "{epoch:02d}-{val_loss:.2f}.npz". The first epoch is 1 there.
        monitor: name in the logs, default "val_loss"; used with save_best_only.
        verbose: 1 to say so; default 0.
        save_best_only: whether to save only what improves on the best; default False.
        save_weights_only: whether to call save_weights instead of save; default False.
        mode: "min", "max" or "auto" (default).
        save_freq: "epoch" (default), or a number of batches.
        initial_value_threshold: float or None (default): only what is better than this.

    Raises:
        ValueError: a save_freq that is neither; in fit, before the first epoch, a filepath with a
            name that the logs will not hold, or a model that can't be written down.

    Example:
        >>> checkpoint = ModelCheckpoint("best.npz", save_best_only=True)

    Source: keras.callbacks.ModelCheckpoint, whose files end in .keras or .weights.h5.
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
        self.filepath: str = os.fspath(filepath)
        if save_freq != "epoch":
            save_freq = settings.count("save_freq, if not 'epoch',", save_freq)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self.epoch = self.batches = 0

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"batches": self.batches}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.batches = settings.count("batches", state["batches"], least=0)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Say now, and not after a long epoch, why the model can't be saved there."""
        from tinynet import saving
        from tinynet.support import hdf5

        if not self.save_weights_only:
            saving.describe(self.model)
        if self.filepath.endswith((".keras", ".h5", ".hdf5")):
            hdf5.library()
        if not self.may_be_more:
            names, batch = list(self.expected), {}
            if self.save_freq != "epoch":  # within an epoch nothing has been validated
                names = [name for name in names if not name.startswith("val_")]
                batch = {"batch": 1}
            self.path(dict.fromkeys(names, 0.5), **batch)
        folder = os.path.dirname(self.filepath)
        if "{" not in folder:
            os.makedirs(folder or ".", exist_ok=True)

    def path(self, logs: Logs, **batch: int) -> str:
        """Return where to save, with the names in filepath filled in.

        Raises:
            ValueError: a name that the logs do not hold, or that can't be written as asked for.
        """
        known = {"epoch": self.epoch + 1} | batch | logs
        try:
            return self.filepath.format(**known)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            wrong = f"no {error}" if isinstance(error, KeyError) else f"{error}"
            raise ValueError(
                f"ModelCheckpoint can't fill in its filepath {self.filepath!r}: {wrong}. "
                f"There are: {', '.join(known)}."
            ) from None

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
        from string import Formatter  # only here: import tinynet stays quick

        value, note = None, ""
        if self.save_best_only:
            value = self.get_monitor_value(logs)
            if value is None:
                return
            best = "None" if self.best is None else f"{self.best:.5f}"
            if not self.improves(value, self.best):
                self.say(f"{self.monitor} did not improve from {best}")
                return
            note = f"{self.monitor} improved from {best} to {value:.5f}, "
        fields = {field for _, field, _, _ in Formatter().parse(self.filepath) if field}
        late = sorted(fields & set(self.expected) - set(logs))
        if late:  # such as val_loss, where only every other epoch is validated
            warnings.warn(
                f"ModelCheckpoint saves nothing after epoch {self.epoch + 1}: its filepath has "
                f"{late[0]!r}, which this epoch has not.",
                stacklevel=2,
            )
            return
        path = self.path(logs, **batch)
        self.say(f"{note}saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if value is not None:
            self.best = value  # only now that it is safe

    def say(self, text: str) -> None:
        """Print what happened, if wanted."""
        if self.verbose:
            print(f"\nEpoch {self.epoch + 1}: {text}")


class BackupAndRestore(Callback):
    """Keep a copy of the training, and go on from it where the script was stopped.

    After every epoch, when all other callbacks have had their turn, the weights, the optimizer's
    slots, the state of the random generators, the epoch and what the other callbacks remember are
    saved. Run the same script again, and fit goes on after the last whole epoch: the end is the
    same, bit for bit, as without the stop. A callback of your own that remembers something is
    kept if it has get_state and set_state. Where a generator gives the batches, or steps_per_epoch
    cuts them, the next epoch starts from what comes first then.

    Args:
        backup_dir: folder for the copy, made if need be; one for each training.
        save_freq: "epoch", the only choice here.
        delete_checkpoint: whether to remove the copy when fit is done; default True.

    Raises:
        ValueError: another save_freq.
        saving.ModelFileError: in fit, a copy that is damaged, or of another training: other
            layers, compiled in another way, or other data. Nothing is changed then.

    Example:
        >>> backup = BackupAndRestore("backup")

    Source: keras.callbacks.BackupAndRestore, which keeps neither the random generators nor what
    other callbacks remember.
    """

    last = True  # what others do in an epoch belongs to it

    def __init__(
        self, backup_dir: str, save_freq: str = "epoch", *, delete_checkpoint: bool = True
    ) -> None:
        if save_freq != "epoch":
            raise ValueError(f"Expected save_freq='epoch', got {save_freq!r}.")
        from pathlib import Path  # only here: import tinynet stays quick

        self.folder: Path = Path(backup_dir)
        self.path: Path = self.folder / "backup.npz"
        self.delete_checkpoint = delete_checkpoint

    def on_train_begin(self, logs: Logs | None = None) -> None:
        from tinynet import backups

        self.training: dict[str, Any] = backups.describe(self.model)
        if self.path.exists():
            backups.restore(self.path, self.model, self.training, self.peers)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        from tinynet import backups

        self.folder.mkdir(parents=True, exist_ok=True)
        backups.write(self.path, self.model, self.training, self.peers)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint and self.folder.exists():
            for file in self.folder.glob("backup.npz*"):  # with what killed runs left behind
                file.unlink()
            if not any(self.folder.iterdir()):
                self.folder.rmdir()
