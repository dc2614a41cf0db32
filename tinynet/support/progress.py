"""The line that shows how far long work has come."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.support.settings import plain

WIDTH = 20  # of the bar, in characters
INTERVAL = 0.05  # seconds between two redraws


class Progress:
    """A line redrawn on a terminal or in a notebook; one plain line at the end elsewhere.

    Args:
        target: number of steps, or None where nobody knows.
        verbose: 1 redrawn where that works, 2 one plain line, anything else silent.

    Example:
        >>> Progress(3, verbose=2).finish({"loss": 0.5})  # doctest: +SKIP
        3/3 - 0s - 2ms/step - loss: 0.5000

    Source: the progress bar of Keras. Where the output is no terminal, Keras writes its
    control codes all the same; this writes the plain line instead.
    """

    def __init__(self, target: int | None, verbose: int) -> None:
        self.target = target
        self.step: int = 0
        self.redraws: bool = verbose == 1 and can_redraw()
        self.silent: bool = verbose not in (1, 2)
        self.start: float = time.monotonic()
        self.last_drawn: float = self.start
        self.after_first: float | None = None
        self.drawn: int = 0  # the length of what stands on the line

    def update(self, step: int, logs: Mapping[str, float]) -> None:
        """Show that so many steps are done; most calls return at once."""
        self.step = step
        now = time.monotonic()
        if self.after_first is None:
            self.after_first = now
        if self.redraws and now - self.last_drawn >= INTERVAL:
            self.last_drawn = now
            pace = self.pace(step, now)
            left = clock(pace * (self.target - step) if self.target else now - self.start)
            line = f"{self.bar(step)} {left} {per_step(pace)}{values(logs)}"
            if is_terminal():  # a line that wraps can't be redrawn; the last one is shown whole
                line, self.drawn = line[: width()], min(self.drawn, width())
            self.draw(line)

    def finish(self, logs: Mapping[str, float]) -> None:
        """Show the last line, with the final values."""
        if self.silent:
            return
        now, done = time.monotonic(), self.target or self.step
        spent, pace = f"{now - self.start:.0f}s", per_step(self.pace(done, now))
        if self.redraws:
            line = f"{self.bar(done)} {spent} {pace}{values(logs)}"
            self.draw(folded(line, width()) if is_terminal() else line)
            show("\n" if is_terminal() else "")
        else:
            count = f"{done}/{done}"
            show(f"{count} - {spent} - {pace}{values(logs)}\n")

    def draw(self, line: str) -> None:
        """Write a line over the one that stands there.

        What is displayed in a notebook is replaced. Written out line by line, with control codes,
        it would all be in the file, and a page made of it would show a hundred lines an epoch.
        """
        if shell := notebook():
            show("")
            shell.display_pub.publish(
                {"text/plain": line},
                metadata={},
                transient={"display_id": f"progress-{self.start}-{id(self)}"},
                update=self.drawn > 0,
            )
        else:
            show("\r" + line.ljust(self.drawn))
        self.drawn = len(line)

    def bar(self, step: int) -> str:
        """Return "  12/1875 ━━━━────────────────", in ASCII where the encoding has no more."""
        if not self.target:
            return f"{step}/Unknown"
        done, left = ("━", "─") if can_encode("━─") else ("=", ".")
        filled = WIDTH * step // self.target
        count = f"{step:{len(str(self.target))}d}/{self.target}"
        return f"{count} {done * filled}{left * (WIDTH - filled)}"

    def pace(self, step: int, now: float) -> float:
        """Return the seconds per step; the first step, which warms up, counts only alone."""
        if step > 1 and self.after_first is not None:
            return (now - self.after_first) / (step - 1)
        return now - self.start


def can_redraw() -> bool:
    """Say whether the output is a terminal or a notebook, where a line can be redrawn."""
    return is_terminal() or notebook() is not None


def notebook() -> Any:
    """Return the shell of the notebook that the output goes to, or None."""
    if type(sys.stdout).__module__.startswith("ipykernel") and "IPython" in sys.modules:
        return sys.modules["IPython"].get_ipython()
    return None


def is_terminal() -> bool:
    """Say whether the output is a terminal."""
    return bool(getattr(sys.stdout, "isatty", bool)())


def width() -> int:
    """Return how long a line may be, here and now: a terminal may be resized."""
    return shutil.get_terminal_size().columns - 1


def folded(line: str, width: int) -> str:
    """Break a line in front of the values that do not fit on it.

    Example:
        >>> print(folded("9/9 5s - accuracy: 0.9254 - loss: 0.2100", 30))
        9/9 5s - accuracy: 0.9254
            loss: 0.2100
    """
    first, *values = line.split(" - ")
    lines = [first]
    for value in values:
        if len(lines[-1]) + len(" - ") + len(value) <= width:
            lines[-1] += f" - {value}"
        else:
            lines.append(f"    {value}")
    return "\n".join(part[:width] for part in lines)


def show(text: str) -> None:
    """Write at once to what stands in the place of stdout: None, or any object with write."""
    print(text, end="")
    getattr(sys.stdout, "flush", bool)()


def can_encode(text: str) -> bool:
    """Say whether the output's encoding has these characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def clock(seconds: float) -> str:
    """Write a duration: 5s, 2:05 or 1:02:05.

    Example:
        >>> clock(5), clock(125), clock(3725)
        ('5s', '2:05', '1:02:05')
    """
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole > 60 else f"{whole}s"


def per_step(seconds: float) -> str:
    """Write a pace: 2s/step, 3ms/step or 450us/step.

    Example:
        >>> per_step(2), per_step(0.003), per_step(0.00045)
        ('2s/step', '3ms/step', '450us/step')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size or unit == "us":
            break
    return f"{seconds / size:.0f}{unit}/step"


def values(logs: Mapping[str, float]) -> str:
    """Write names and values: " - accuracy: 0.9254 - loss: 5.0000e-04".

    Example:
        >>> values({"accuracy": 0.9254, "loss": 0.0005})
        ' - accuracy: 0.9254 - loss: 5.0000e-04'
    """
    return "".join(f" - {name}: {written(value)}" for name, value in logs.items())


def written(value: Any) -> str:
    """Write a number as Keras does, an array by its mean, and anything else as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        value = value.mean()
    if not isinstance(value, (int, float, np.integer, np.floating)):
        return plain(str(value), 40)
    return f"{value:.4f}" if abs(float(value)) > 1e-3 else f"{value:.4e}"
