"""Numbers that must lie in a range: every setting of the library is checked here."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

MOST = 1 << 62  # no count is so large, and a product of several is soon too long to compute


def number(name: str, value: Any, interval: str = "(-inf, inf)") -> float:
    """Return a number as a Python float, if it lies in an interval.

    Args:
        name: of the setting, for the message.
        value: int or float, Python's or NumPy's. (A np.float64 would make all that follows
            float64, and slow: from here on it is a float.)
        interval: two ends in mathematical notation, "[" and "]" where the end belongs to it:
            "[0, 1)" is 0 <= value < 1. NaN lies in no interval, infinity in none with an open end.

    Raises:
        ValueError: anything else.

    Example:
        >>> number("rho", 0.9, "[0, 1)")
        0.9
        >>> number("rho", 1, "[0, 1)")
        Traceback (most recent call last):
        ValueError: Expected rho as a number from 0 to below 1, got 1.
    """
    low, high = (float(end) for end in interval[1:-1].split(","))
    found = real(value)
    above = found >= low if interval[0] == "[" else found > low
    below = found <= high if interval[-1] == "]" else found < high
    if not (above and below):
        least = f" {'from' if interval[0] == '[' else 'above'} {low:g}" if np.isfinite(low) else ""
        most = f" to {'' if interval[-1] == ']' else 'below '}{high:g}" if np.isfinite(high) else ""
        finite = "" if least or most else "finite "
        raise ValueError(f"Expected {name} as a {finite}number{least}{most}, got {short(value)}.")
    return found


def optional(name: str, value: Any, interval: str) -> float | None:
    """Return a number that lies in an interval, or None where it is None."""
    return None if value is None else number(name, value, interval)


def numbers_in(name: str, values: Any, interval: str = "(-inf, inf)") -> list[float]:
    """Return a list of numbers that lie in an interval.

    Raises:
        ValueError: for anything else, or an empty list.

    Example:
        >>> numbers_in("boundaries", (100, 200))
        [100.0, 200.0]
    """
    if not isinstance(values, (list, tuple, np.ndarray)) or not len(values):
        raise ValueError(f"Expected {name} as a list of numbers, got {short(values)}.")
    return [number(f"each of {name}", value, interval) for value in values]


def real(value: Any) -> float:
    """Return a number as a Python float; NaN for what is no number, True and "1" included."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return np.nan
    try:
        return float(value)
    except OverflowError:
        return np.inf


def count(name: str, value: Any, least: int = 1) -> int:
    """Return a whole number, at least 1 or another one, such as batch_size.

    Raises:
        ValueError: for anything else.

    Example:
        >>> count("units", 512)
        512
        >>> count("units", 0.5)
        Traceback (most recent call last):
        ValueError: Expected units as a whole number from 1, got 0.5.
    """
    known = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not known or not least <= value < MOST:
        raise ValueError(f"Expected {name} as a whole number from {least}, got {short(value)}.")
    return int(value)


def text(name: str, value: Any) -> str:
    """Return a name, which is words.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, str) or not value:
        raise ValueError(f"Expected {name} as a word, got {short(value)}.")
    return value


def choice(name: str, value: Any, *choices: Any) -> Any:
    """Return one of a few values, such as "epoch".

    Raises:
        ValueError: for anything else.
    """
    if not any(type(value) is type(known) and value == known for known in choices):
        *rest, last = map(repr, choices)
        known = f"{', '.join(rest)} or {last}" if rest else last
        raise ValueError(f"Expected {name} as {known}, got {short(value)}.")
    return value


def shape(value: Any) -> tuple[int, ...]:
    """Return the shape of one example as a tuple.

    Raises:
        ValueError: it is no tuple of whole numbers from 1.

    Example:
        >>> shape([28, 28])
        (28, 28)
    """
    hint = f" Write ({value},) with a comma." if isinstance(value, int) else ""
    try:
        if sizes := tuple(count("a size", size) for size in value):
            return sizes
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"Expected the shape of one example as a tuple of numbers from 1, without the batch "
        f"axis, such as (784,) or (28, 28), got {short(value)}.{hint}"
    )


def short(value: Any) -> str:
    """Write a value as Python would, cut where it is long."""
    try:
        written = repr(value[:100] if isinstance(value, (str, bytes, list, tuple)) else value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        written = f"a very large {type(value).__name__}"
    return plain(written, 80)


def plain(words: str, most: int = 300) -> str:
    """Make text from outside harmless: no control codes, and not too long.

    Example:
        >>> plain("red: \\x1b[31m, and much more than that", most=16)
        'red: ?[31m, and…'
    """
    words = words if len(words) <= most else words[: most - 1] + "…"
    return "".join(c if c.isprintable() else "?" for c in words)
