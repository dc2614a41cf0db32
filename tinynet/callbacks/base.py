"""What is called while a model trains: the moments, and who hears of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Logs = dict[str, float]


class Callback:
    """Base class: override the moments that you want to hear of.

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

    def set_model(self, model: Any) -> None:
        """Take note of the model before anything else is called."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take note of epochs, steps and verbose."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Hear that fit begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Hear that fit ends."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Hear that an epoch begins; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Hear that an epoch ends, its validation included."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a training step begins; the first of an epoch is 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a training step ends."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Hear of on_train_batch_begin under its older name."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Hear of on_train_batch_end under its older name."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Hear that evaluate, or the validation in fit, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Hear that evaluate, or the validation in fit, ends."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a batch is about to be evaluated."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a batch has been evaluated."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Hear that predict begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Hear that predict ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a batch is about to be predicted."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a batch has been predicted."""


class CallbackList:
    """Several callbacks that are called as one."""

    def __init__(self, callbacks: Sequence[Callback], model: Any, params: dict[str, Any]) -> None:
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)

    def __call__(self, moment: str, *args: Any, logs: dict[str, Any] | None = None) -> None:
        """Call the method of that name on every callback, all with the same logs."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, moment)(*args, logs)


class LambdaCallback(Callback):
    """Make a callback out of functions.

    Args:
        **functions: by the names of Callback's methods, such as on_epoch_end=function, each
            taking what that method takes.

    Raises:
        ValueError: a name that is no moment of Callback's.

    Example:
        >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))

    Source: keras.callbacks.LambdaCallback.
    """

    def __init__(self, **functions: Callable[..., Any]) -> None:
        for moment, function in functions.items():
            if not moment.startswith("on_") or not hasattr(Callback, moment):
                raise ValueError(f"Callback has no {moment!r} that could be overridden.")
            setattr(self, moment, function)
