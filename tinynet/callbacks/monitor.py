"""Whether a value of the logs still improves."""

from __future__ import annotations

import warnings

from tinynet.callbacks.base import Callback, Logs


class Monitor(Callback):
    """Base of the callbacks that watch whether a value of the logs still improves.

    Args:
        monitor: the value's name.
        mode: "min", "max", or "auto" (default), which goes by the name.
        min_delta: how much better counts as better.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"Expected mode as 'auto', 'min' or 'max', got {mode!r}.")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = None

    def value(self, logs: Logs | None) -> float | None:
        """Return the watched value, or warn that it is not there."""
        logs = logs or {}
        if self.monitor not in logs:
            warnings.warn(
                f"{type(self).__name__} watches {self.monitor!r}, which is not there. "
                f"There are: {', '.join(logs)}.",
                stacklevel=2,
            )
        return logs.get(self.monitor)

    def improves(self, value: float, best: float | None) -> bool:
        """Say whether a value is better than another by more than min_delta."""
        if best is None:
            return True
        if self.larger_is_better():
            return value - self.min_delta > best
        return value + self.min_delta < best

    def larger_is_better(self) -> bool:
        """Say which way the value should go.

        Raises:
            ValueError: mode is "auto", and the name tells nothing.
        """
        if self.mode != "auto":
            return self.mode == "max"
        if "acc" in self.monitor:
            return True
        if any(word in self.monitor for word in ("loss", "error", "mse", "mae")):
            return False
        raise ValueError(
            f"Is a larger {self.monitor!r} better? Say mode='max' or mode='min' to "
            f"{type(self).__name__}."
        )
