"""The checks at the door, second half: the arguments of fit, evaluate and predict but the data."""

from __future__ import annotations

from typing import Any

from tinynet.support import settings


def batch_size(value: Any) -> int:
    """Return the batch size, 32 where none is given."""
    return 32 if value is None else settings.count("batch_size", value)


def validation(data: Any) -> Any:
    """Return (x, y) or (x, y, sample_weight) to validate on."""
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ValueError(
            f"Expected validation_data=(x, y), or (x, y, sample_weight), got {type(data).__name__}."
        )
    return data


def verbosity(verbose: Any) -> int:
    """Return verbose as 0, 1 or 2; "auto" is 1."""
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"Expected verbose as 'auto', 0, 1 or 2, got {verbose!r}.")
    return 1 if verbose == "auto" else int(verbose)
