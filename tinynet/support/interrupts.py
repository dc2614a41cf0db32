"""Ctrl-C that never leaves half a step: where it would, it waits for the end of the step.

Python raises KeyboardInterrupt between any two instructions of the main thread, so also in the
middle of an optimizer's step, when some weights are moved and others not yet.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Deferred(threading.local):
    """`with deferred:` makes Ctrl-C wait for the end of the block, in what is `interruptible`.

    Every thread sees a state of its own, since only the main thread hears of Ctrl-C.
    """

    active: bool = False
    missed: Callable[[], Any] | None = None

    def __enter__(self) -> None:
        self.active = True

    def __exit__(self, *error: object) -> None:
        self.active = False
        if self.missed is not None:
            missed, self.missed = self.missed, None
            missed()


deferred: Deferred = Deferred()


@contextmanager
def interruptible() -> Iterator[None]:
    """Heed `deferred` as long as the block, or the function decorated with this, runs."""
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return

    def hear(*what: Any) -> None:
        deferred.missed = (lambda: usual(*what)) if deferred.active else None
        if not deferred.active:
            usual(*what)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
