"""The checks at the door, second half: the arguments of fit, evaluate and predict but the data."""

from __future__ import annotations

from typing import Any

import numpy as np


def count(name: str, value: Any, least: int = 1) -> int:
    """Return a whole number, at least 1 or another one, such as batch_size.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"Expected {name} as a whole number from {least}, got {value!r}.")
    return int(value)


def batch_size(value: Any) -> int:
    """Return the batch size, 32 where none is given."""
    return 32 if value is None else count("batch_size", value)


def validation(data: Any) -> Any:
    """Return (x, y) or (x, y, sample_weight) to validate on."""
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ValueError(
            f"Expected validation_data=(x, y), or (x, y, sample_weight), got {type(data).__name__}."
        )
    return data


def fraction(name: str, value: float) -> float:
    """Return a number between 0 and 1, such as validation_split."""
    if not 0 < value < 1:
        raise ValueError(f"Expected {name} as a number between 0 and 1, got {value!r}.")
    return value


def verbosity(verbose: Any) -> int:
    """Return verbose as 0, 1 or 2; "auto" is 1."""
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"Expected verbose as 'auto', 0, 1 or 2, got {verbose!r}.")
    return 1 if verbose == "auto" else int(verbose)
