"""What the commands and the examples share: how they read their options, and how they end.

add("--epochs", type=commands.whole(1), default=5)
...
commands.run(main)
"""

from __future__ import annotations

import argparse
import errno
import math
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tinynet.support.progress import can_encode

INTERRUPTED = 130  # what a shell reports of what Ctrl-C has ended
BROKEN_PIPE = 141  # and of what wrote to `| head` after it had gone


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run a command to its end: what its user can put right is said in a line, without a traceback.

    `| head` and Ctrl-C end it quietly. A character that the output's encoding has not is shown as
    its number.
    """
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    status: int | str | None
    try:
        status = main()
        print(end="", flush=True)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except (OSError, ValueError, ImportError) as error:
        status = BROKEN_PIPE if _nobody_reads(error) else _said(error)
    try:
        print(end="", flush=True)
    except OSError:  # Python tries once more when it ends: into nothing
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _nobody_reads(error: Exception) -> bool:
    """Say whether the program behind `|` has gone; Windows calls that an invalid argument."""
    if isinstance(error, OSError) and error.filename is None and sys.platform == "win32":
        return error.errno in (errno.EPIPE, errno.EINVAL)
    return isinstance(error, BrokenPipeError)


def _said(error: Exception) -> str:
    """Say what happened: "out: Permission denied" where Python says "[Errno 13] ...: 'out'"."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fspath(error.filename)}: {error.strerror}"
    return str(error)


def whole(least: int, most: float = math.inf) -> Callable[[str], int]:
    """Make the type of an option: a whole number of that range.

    Example:
        >>> whole(1)("12")
        12
    """
    numbers = f"from {least}" + (f" to {most}" if most < math.inf else "")

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"expected a whole number {numbers}, got {text!r}")
        return number

    return read


def number(least: float, most: float) -> Callable[[str], float]:
    """Make the type of an option: a number of that range.

    Example:
        >>> number(-1000, 1000)("-2.5")
        -2.5
    """

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:  # which NaN is not
            raise argparse.ArgumentTypeError(
                f"expected a number from {least:g} to {most:g}, got {text!r}"
            )
        return value

    return read


def folder(text: str) -> Path:
    """Read the name of a folder to write into, which is there or can be made."""
    path = Path(text)
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder, and {there} is a file")
    if not os.access(there, os.W_OK):
        raise argparse.ArgumentTypeError(f"nothing can be written into {there}")
    return path


def typed(*words: object) -> str:
    """Write a command in such a way that this system's shell reads it.

    Example:
        >>> typed("python", "my folder/train.py")  # doctest: +SKIP
        "python 'my folder/train.py'"
    """
    join = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
    return join([str(word) for word in words])


def bar(share: float, width: int = 40) -> str:
    """Draw a share of 1 as a bar, from blocks where the output's encoding has them.

    Example:
        >>> len(bar(0.1))
        4
    """
    return ("█" if can_encode("█") else "#") * round(width * share)
