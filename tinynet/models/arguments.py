"""The checks at the door, second half: the arguments of fit, evaluate and predict but the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

from tinynet import metrics as metric_table
from tinynet.callbacks import Callback
from tinynet.models import feeds
from tinynet.support import registry, settings, spellings

F = TypeVar("F", bound=Callable[..., Any])


def answering(method: F) -> F:
    """Let a method answer for an argument that it does not have with what to type."""
    code = method.__code__
    known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]

    @wraps(method)
    def checked(self: Any, *args: Any, **options: Any) -> Any:
        for name in options:
            if name not in known:
                raise TypeError(f"{method.__name__} {sentence(name, known)}")
        return method(self, *args, **options)

    return cast(F, checked)


def sentence(name: str, known: tuple[str, ...]) -> str:
    """Return what to say of an argument that a method of a model does not have."""
    new = spellings.OF_METHODS.get(name, "")
    meant = new if new in known else registry.nearest(name, known)
    if name in spellings.NOT_OF_METHODS:
        hint = f" {spellings.NOT_OF_METHODS[name]}"
    elif new:
        hint = f" It is called {new!r} now." if new in known else f" Type {new}"
    else:
        hint = f" Did you mean {meant!r}?" if meant else ""
    return f"has no argument {name!r}.{hint} It has: {', '.join(known)}."


def shuffle(value: Any) -> bool:
    """Say whether to take the examples in a new order every epoch."""
    if isinstance(value, str):
        raise ValueError(f"Expected shuffle as True or False, got {value!r}.")
    return bool(value)


def validates(freq: Any) -> Callable[[int], bool]:
    """Return a function that says after which epochs, the first being 1, to validate.

    Raises:
        ValueError: neither a number, for every so many epochs, nor a list of epochs.
    """
    if isinstance(freq, list):
        wanted = {settings.count("validation_freq", epoch) for epoch in freq}
        return wanted.__contains__
    every = settings.count("validation_freq", freq)
    return lambda epoch: epoch % every == 0


def validation(data: Any) -> Any:
    """Return (x, y, sample_weight) to validate on; a stream of batches is x alone."""
    if feeds.is_stream(data):
        return data, None, None
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ValueError(
            f"Expected validation_data=(x, y), or (x, y, sample_weight), got {type(data).__name__}."
        )
    return data if len(data) == 3 else (*data, None)


def only(name: str, value: Any, known: Any) -> None:
    """Refuse another value than the only one that tinynet knows."""
    if value != known:
        raise ValueError(f"tinynet knows {name}={known!r} only, got {value!r}: leave it out.")


def metrics(name: str, given: Any) -> list[metric_table.Metric | str]:
    """Return the metrics that names, objects and functions in a list mean."""
    if given is not None and not isinstance(given, (list, tuple, dict)):
        raise ValueError(f"Expected {name} as a list: {name}=[{given!r}]")
    return [metric_table.get(metric) for metric in flat(given or [])]


def flat(given: Any) -> Iterator[Any]:
    """Yield the metrics of lists in lists, and of {name of an output: list}, as there is one."""
    if isinstance(given, dict) and "class_name" not in given:
        given = [given[name] for name in sorted(given)]
    if not isinstance(given, (list, tuple)):
        yield given
    else:
        for part in given:
            yield from flat(part)


def callbacks(given: Any) -> list[Callback]:
    """Return the callbacks as a list; one may come alone."""
    found = list(given) if isinstance(given, (list, tuple)) else [given] if given else []
    for callback in found:
        if isinstance(callback, type) and issubclass(callback, Callback):
            name = callback.__name__
            raise ValueError(f"{name} is a class; a callback is an object of it: {name}(...)")
        if not isinstance(callback, Callback):
            raise ValueError(
                f"Expected callbacks as a list of callbacks.Callback objects, got "
                f"{settings.short(callback)} among them."
            )
    return found


def verbosity(verbose: Any) -> int:
    """Return verbose as 0 (silent), 1 (a line that is redrawn), 2 (a line an epoch) or another.

    "auto" is 1; any other number says which epoch begins and no more, as in Keras.
    """
    if verbose != "auto" and not isinstance(verbose, (int, np.integer, np.bool_)):
        raise ValueError(f"Expected verbose as 'auto', 0, 1 or 2, got {verbose!r}.")
    return 1 if verbose == "auto" else int(verbose)
