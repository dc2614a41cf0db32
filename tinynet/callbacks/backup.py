"""A training that a crash cannot undo."""

from __future__ import annotations

from tinynet.callbacks.base import Callback, Logs


class BackupAndRestore(Callback):
    """Keep a copy of the training, and go on from it where the script was stopped.

    After every epoch the weights, the optimizer's slots, the state of the random generators and
    the epoch are saved. Run the same script again, and fit goes on after the last whole epoch:
    the end is the same, bit for bit, as without the stop.

    Args:
        backup_dir: folder for the copy, made if need be; one for each training.
        save_freq: "epoch", the only choice here.
        delete_checkpoint: whether to remove the copy when fit is done; default True.

    Raises:
        ValueError: another save_freq.
        saving.ModelFileError: in fit, a copy that is of another model, or damaged.

    Example:
        >>> backup = BackupAndRestore("backup")

    Source: keras.callbacks.BackupAndRestore, which does not keep the random generators. What
    other callbacks remember, such as EarlyStopping its patience, starts anew, as in Keras.
    """

    def __init__(
        self, backup_dir: str, save_freq: str = "epoch", *, delete_checkpoint: bool = True
    ) -> None:
        if save_freq != "epoch":
            raise ValueError(f"Expected save_freq='epoch', got {save_freq!r}.")
        from pathlib import Path  # only here: import tinynet stays quick

        self.folder = Path(backup_dir)
        self.path = self.folder / "backup.npz"
        self.delete_checkpoint = delete_checkpoint

    def on_train_begin(self, logs: Logs | None = None) -> None:
        from tinynet import saving

        if self.path.exists():
            with saving.blaming(self.path):
                saving.restore(self.model, *saving.read(self.path))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model.save(self.path)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint and self.folder.exists():
            for file in self.folder.glob("backup.npz*"):  # with what killed runs left behind
                file.unlink()
            if not any(self.folder.iterdir()):
                self.folder.rmdir()
