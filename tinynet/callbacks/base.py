"""What is called while a model trains: the hooks, and the base of what uses them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from tinynet.support import settings

Logs = dict[str, float]


class Callback:
    """Base class: override the hooks that you want.

    `self.model` is the model, and `self.params` holds epochs, steps and verbose. `logs` maps
    names to numbers; what it holds is the mean over the epoch so far.

    Example:
        >>> class Shout(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(f"EPOCH {epoch}: {', '.join(logs)}")

    Source: keras.callbacks.Callback.
    """

    model: Any = None
    params: dict[str, Any]
    last = False  # whether it is called after all others, whatever its place in the list
    peers: Sequence[Callback] = ()  # if so, all that are called in this run
    adds: tuple[str, ...] | None = ()  # names that it writes into an epoch's logs; None for any
    expected: Sequence[str] = ()  # those that it will find there in this fit,
    may_be_more = True  # and whether callbacks of the user's may have added others

    def set_model(self, model: Any) -> None:
        """Take note of the model before anything else is called."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take note of epochs, steps and verbose."""
        self.params = params

    def get_state(self) -> dict[str, Any]:
        """Return what it has to remember for a training to go on after a crash.

        Plain values, and vectors (n,) of floats. A callback of your own that counts or compares
        writes this and `set_state`; BackupAndRestore keeps what it returns.
        """
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what get_state returned; called after on_train_begin."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called when fit begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called when fit ends."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called when an epoch begins; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called when an epoch ends, its validation included."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called when a training step begins; the first of an epoch is 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called when a training step ends."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called with on_train_batch_begin under its older name."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called with on_train_batch_end under its older name."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called when evaluate, or the validation in fit, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called when evaluate, or the validation in fit, ends."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called when a batch is about to be evaluated."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called when a batch has been evaluated."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called when predict begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called when predict ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called when a batch is about to be predicted."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called when a batch has been predicted."""


class CallbackList:
    """Several callbacks that are called as one."""

    def __init__(self, callbacks: Sequence[Callback], model: Any, params: dict[str, Any]) -> None:
        self.callbacks: list[Callback] = sorted(callbacks, key=lambda callback: callback.last)
        for callback in self.callbacks:
            if callback.last:
                callback.peers = self.callbacks
            callback.set_params(params)
            callback.set_model(model)

    def expect(self, names: Sequence[str]) -> None:
        """Tell each callback which names an epoch's logs will hold when its turn comes."""
        may_be_more = False
        for callback in self.callbacks:
            callback.expected, callback.may_be_more = names, may_be_more
            own = type(callback).__module__.startswith("tinynet.") and callback.adds is not None
            may_be_more = may_be_more or not own
            names = [*names, *(callback.adds or ())]

    def __call__(self, hook: str, *args: Any, logs: dict[str, Any] | None = None) -> None:
        """Call the method of that name on every callback, all with the same logs."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, hook)(*args, logs)


class LambdaCallback(Callback):
    """Make a callback out of functions.

    Args:
        **functions: by the names of Callback's methods, such as on_epoch_end=function, each
            taking what that method takes.

    Raises:
        ValueError: a name that is no hook of Callback's.

    Example:
        >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))

    Source: keras.callbacks.LambdaCallback.
    """

    adds = None

    def __init__(self, **functions: Callable[..., Any]) -> None:
        for hook, function in functions.items():
            if not hook.startswith("on_") or not hasattr(Callback, hook):
                raise ValueError(f"Callback has no {hook!r} that could be overridden.")
            setattr(self, hook, function)


class Monitor(Callback):
    """Base of the callbacks that watch whether a value of the logs still improves.

    Args:
        monitor: the value's name.
        mode: "min", "max", or "auto" (default), which goes by the metric of that name.
        min_delta: how much better counts as better.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        self.monitor = monitor
        self.mode: str = settings.choice("mode", mode, "auto", "min", "max")
        self.min_delta: float = abs(settings.number("min_delta", min_delta))
        self.best: float | None = None
        self.direction: str = "min"

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self.direction = self.mode if self.mode != "auto" else self.found_direction()

    def found_direction(self) -> str:
        """Say which way the value should go, by the metric of that name.

        Raises:
            ValueError: the model has no such metric, or one that tells nothing.
        """
        name = self.monitor.removeprefix("val_")
        given = [*self.model.metrics, *self.model.weighted_metrics]
        metrics = {getattr(m, "name", m): m for m in given}
        if name == "loss":
            return "min"
        if name.lower() in ("accuracy", "acc") and name in metrics:
            return "max"
        direction = getattr(metrics.get(name), "direction", None)
        if direction is None:
            known = ["loss", *metrics]
            raise ValueError(
                f"{type(self).__name__} watches {self.monitor!r}, of which it can't tell whether "
                f"more is better: say mode='max' or mode='min'. The names of this model are "
                f"{', '.join(known)}, and the same with val_ in front."
            )
        return str(direction)

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best = state["best"]

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """Return the watched value, or warn that it is not there.

        Raises:
            ValueError: it is no number.
        """
        logs = logs or {}
        if self.monitor not in logs:
            warnings.warn(
                f"{type(self).__name__} watches {self.monitor!r}, which is not there. "
                f"There are: {', '.join(logs)}.",
                stacklevel=2,
            )
            return None
        try:
            return float(logs[self.monitor])
        except (TypeError, ValueError):
            raise ValueError(
                f"{type(self).__name__} watches {self.monitor!r}, which is no number: "
                f"{settings.short(logs[self.monitor])}."
            ) from None

    def improves(self, value: float, best: float | None) -> bool:
        """Say whether a value is better than another by more than min_delta; NaN never is."""
        if best is None or math.isnan(best):
            return not math.isnan(value)
        if self.direction == "max":
            return value - self.min_delta > best
        return value + self.min_delta < best
