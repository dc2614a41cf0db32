"""Fetch a file from mirrors, each of which may fail in every way there is.

A mirror that fails is left for the next one. Those that may work later (too many requests, a
server's own error, a broken connection) are tried again after a pause; one that cannot be reached
at all is not tried a second time. A file stays in memory until it is verified, so nothing bad is
ever written, and certificate checks are never switched off.
"""

import random
import sys
import time
from collections.abc import Sequence

from tinynet.datasets.transfer import Failure, Transfer, Wanted, address, shown

ATTEMPT = 20 * 60.0  # seconds, the most that one attempt to fetch a file may take
EVERYTHING = 55 * 60.0  # after that no attempt is made, so that all ends within the hour
PAUSES = (1.0, 4.0)  # seconds before the second and the third round over the mirrors
REDRAW, REPEAT = 0.1, 10.0  # seconds between two notes on the progress: on a terminal, elsewhere


class DownloadError(OSError):
    """The data are not on this machine and could not be fetched; says what to do about it."""


class NoMirror(Exception):
    """No mirror gave the file. Fields: reasons, from the address to what went wrong."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


class Mirrors:
    """The folders a set can be fetched from.

    Args:
        mirrors: addresses of folders that hold the files, in the order to try them.
        progress: print what is going on.
    """

    def __init__(self, mirrors: Sequence[str], progress: bool) -> None:
        self.mirrors: list[str] = list(mirrors)
        self.progress = progress
        self.terminal: bool = progress and _is_terminal()
        self.noted: float = 0.0  # when progress was noted the last time
        self.unfinished: bool = False  # the line on the terminal
        self.end: float = time.monotonic() + EVERYTHING

    def close(self) -> None:
        """End the line on the terminal if there is one."""
        if self.unfinished:
            self.say("")

    def fetch(self, file: Wanted) -> tuple[bytes, bytes]:
        """Return a good copy of a file as it came, and unpacked; NoMirror if there is none."""
        reasons: dict[str, str] = {}
        mirrors = list(self.mirrors)
        for pause in (*PAUSES, None):
            pauses = {}
            for mirror in mirrors:
                url = address(mirror, file.name)
                left = self.end - time.monotonic()
                if left < 0:
                    late = f"not asked: {EVERYTHING / 60:.0f} minutes have passed"
                    raise NoMirror({shown(url): late, **reasons})
                self.say(f"Downloading {shown(url)}")
                try:
                    copy = Transfer(url, file, min(ATTEMPT, left)).run(self._note)
                except Failure as failure:
                    reasons[shown(url)] = str(failure)
                    self.say(f"  {failure}")
                    if failure.pause is not None:
                        pauses[mirror] = failure.pause
                else:
                    self.mirrors.sort(key=lambda other: other != mirror)  # the first for the next
                    return copy
            if not pauses or pause is None:
                break
            mirrors = list(pauses)
            # A whole class starts at the same moment: let them not return at the same moment.
            seconds = max(pause * random.uniform(1, 2), *pauses.values())
            self.say(f"  trying again in {seconds:.0f} s")
            time.sleep(seconds)
        raise NoMirror(reasons)

    def say(self, line: str) -> None:
        """Print a line."""
        if self.progress:
            _write(("\n" if self.unfinished else "") + line + "\n")
            self.unfinished = False
            self.noted = time.monotonic()

    def _note(self, done: int, total: int) -> None:
        """Show how much has come: over what was drawn before, or elsewhere now and then a line."""
        now = time.monotonic()
        of_total = f" of {total / 1e6:.1f}" if total else ""
        text = f"  {done / 1e6:.1f}{of_total} MB"
        if self.terminal and (now - self.noted > REDRAW or 0 < done == total):
            _write("\r" + text)
            self.unfinished = True
            self.noted = now
        elif now - self.noted > REPEAT:
            self.say(text)


def _write(text: str) -> None:
    """Write to whatever stands in the place of the output, which may be nothing at all."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (AttributeError, OSError, ValueError):
        pass  # no output, a closed one, one without flush or without the letter: no reason to stop


def _is_terminal() -> bool:
    """Tell whether lines can be drawn over."""
    try:
        return sys.stdout.isatty()
    except (AttributeError, OSError, ValueError):
        return False
