"""Callbacks that change the course of a training: when it stops, how fast it learns."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.callbacks.base import Callback, Logs, Monitor
from tinynet.support import settings


class EarlyStopping(Monitor):
    """Stop training when a value has not improved for some epochs.

    Args:
        monitor: name in the logs, default "val_loss".
        min_delta: how much better counts as better, default 0.
        patience: how many epochs without improvement to wait for, default 0.
        verbose: 1 to say so; default 0.
        mode: "min", "max" or "auto" (default).
        baseline: float or None (default): a value that has to be beaten as well.
        restore_best_weights: whether to go back to the best epoch's weights; default False.
        start_from_epoch: do nothing before this epoch, default 0.

    Example:
        >>> stopping = EarlyStopping(patience=3, restore_best_weights=True)

    Source: keras.callbacks.EarlyStopping.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience: int = settings.count("patience", patience, least=0)
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch: int = settings.count("start_from_epoch", start_from_epoch, least=0)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = None
        self.best_weights: list[Any] | None = None

    def get_state(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in ("wait", "stopped_epoch", "best_epoch")}
        if self.best_weights is not None:
            state["best_weights"] = np.concatenate([w.ravel() for w in self.best_weights])
        return super().get_state() | state

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        for name in ("wait", "stopped_epoch", "best_epoch"):
            setattr(self, name, settings.count(name, state[name], least=0))
        if "best_weights" in state:
            shapes = [weight.shape for weight in self.model.get_weights()]
            ends = np.cumsum([math.prod(shape) for shape in shapes])
            parts = np.split(state["best_weights"], ends[:-1])
            self.best_weights = [p.reshape(s) for p, s in zip(parts, shapes, strict=True)]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)


class ReduceLROnPlateau(Monitor):
    """Make the learning rate smaller when a value has not improved for some epochs.

    Args:
        monitor: name in the logs, default "val_loss".
        factor: what the learning rate is multiplied by, below 1; default 0.1.
        patience: how many epochs without improvement to wait for, default 10.
        verbose: 1 to say so; default 0.
        mode: "min", "max" or "auto" (default).
        min_delta: how much better counts as better, default 1e-4.
        cooldown: how many epochs to wait after a change, default 0.
        min_lr: the smallest learning rate, default 0.

    Raises:
        ValueError: a factor of 1 or more.

    Example:
        >>> plateau = ReduceLROnPlateau(factor=0.5, patience=2)

    Source: keras.callbacks.ReduceLROnPlateau.
    """

    adds = ("learning_rate",)

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.factor: float = settings.number("factor", factor, "[0, 1)")  # the rate must shrink
        self.patience: int = settings.count("patience", patience, least=0)
        self.verbose = verbose
        self.cooldown: int = settings.count("cooldown", cooldown, least=0)
        self.min_lr: float = settings.number("min_lr", min_lr, "[0, inf)")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best, self.wait, self.cooldown_counter = None, 0, 0

    def get_state(self) -> dict[str, Any]:
        state = {"wait": self.wait, "cooldown_counter": self.cooldown_counter}
        return super().get_state() | state

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        for name in ("wait", "cooldown_counter"):
            setattr(self, name, settings.count(name, state[name], least=0))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        rate = self.model.optimizer.current_learning_rate()
        if logs is not None:
            logs["learning_rate"] = rate
        value = self.get_monitor_value(logs)
        if value is None:
            return
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best, self.wait = value, 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                self.reduce(rate, epoch)

    def reduce(self, rate: float, epoch: int) -> None:
        """Set the next smaller learning rate."""
        rate = max(rate * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = rate
        self.cooldown_counter, self.wait = self.cooldown, 0
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")


class LearningRateScheduler(Callback):
    """Set the learning rate at the start of every epoch.

    Args:
        schedule: function (epoch, learning_rate) or (epoch) that returns the new learning rate,
            a float.
        verbose: 1 to print every change; default 0.

    Example:
        >>> halve = LearningRateScheduler(lambda epoch, rate: rate if epoch < 10 else rate / 2)

    Source: keras.callbacks.LearningRateScheduler.
    """

    adds = ("learning_rate",)

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        known = (epoch, optimizer.current_learning_rate())
        rate = self.schedule(*known[: len(inspect.signature(self.schedule).parameters)])
        if isinstance(rate, bool) or not isinstance(rate, (float, np.floating)):
            raise ValueError(f"Expected schedule(epoch, rate) to return a float, got {rate!r}.")
        optimizer.learning_rate = float(rate)
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.current_learning_rate()


class TerminateOnNaN(Callback):
    """Stop training when the loss is no longer a finite number.

    Source: keras.callbacks.TerminateOnNaN.
    """

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True
