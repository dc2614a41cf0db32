"""What all models of a process share: the number type, the names given, the random seed."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np

from tinynet.support.registry import snake_case

_floatx = "float32"
_names_given: Counter[str] = Counter()
_seeds: np.random.SeedSequence | None = None  # made when first needed: np.random loads slowly
_seed_chosen = False  # by set_random_seed


def floatx() -> str:
    """Return the name of the dtype that new models are built in.

    Example:
        >>> floatx()
        'float32'

    Source: keras.config.floatx.
    """
    return _floatx


def set_floatx(value: str) -> None:
    """Build the models that follow in another dtype.

    Args:
        value: "float32" (what a new process has) or "float64".

    Raises:
        ValueError: for any other name; Keras also knows half precision, tinynet does not.

    Example:
        >>> set_floatx("float64")
        >>> floatx()
        'float64'
        >>> set_floatx("float32")

    Source: keras.config.set_floatx.
    """
    global _floatx
    if value not in ("float32", "float64"):
        raise ValueError(f"Expected floatx 'float32' or 'float64', got {value!r}.")
    _floatx = value


def epsilon() -> float:
    """Return the small number that keeps logs and quotients finite, which is always the same.

    Example:
        >>> epsilon()
        1e-07

    Source: keras.config.epsilon.
    """
    return 1e-7


def backend() -> str:
    """Return the name of what computes.

    Example:
        >>> backend()
        'numpy'

    Source: keras.config.backend.
    """
    return "numpy"


def refuse_dtype(options: dict[str, Any]) -> None:
    """Take Keras's option dtype out, or refuse it where it names another than floatx.

    Raises:
        ValueError: another dtype.
    """
    if options.pop("dtype", None) not in (None, _floatx):
        raise ValueError(f"Everything is computed in {_floatx}: see config.set_floatx.")


def set_random_seed(seed: int) -> None:
    """Make all that follows repeatable: same seed, same bits, on the same machine.

    Every model made afterwards has a random generator of its own, from which its first
    weights and its shuffling come; the second model gets other numbers than the first.
    Python's and NumPy's global generators are left alone.

    A forked process, such as those of multiprocessing.Pool on Linux, draws numbers of its own;
    but after this it repeats its parent's. Call set_random_seed(i) in process i then.

    Args:
        seed: int, at least 0.

    Example:
        >>> set_random_seed(1)
        >>> a = new_generator().random()
        >>> set_random_seed(1)
        >>> new_generator().random() == a
        True

    Source: keras.utils.set_random_seed, which also seeds the two global generators.
    """
    global _seeds, _seed_chosen
    _seeds, _seed_chosen = np.random.SeedSequence(seed), True


def _after_fork() -> None:
    """Start anew with random numbers in a forked process, unless a seed was chosen."""
    global _seeds
    _seeds = _seeds if _seed_chosen else None


if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(after_in_child=_after_fork)


def new_generator() -> np.random.Generator:
    """Return the random generator for one more model."""
    global _seeds
    _seeds = _seeds or np.random.SeedSequence()
    return np.random.default_rng(_seeds.spawn(1)[0])


def unique_name(class_name: str) -> str:
    """Return the next free name for an object: dense, dense_1, dense_2, ...

    Example:
        >>> clear_session()
        >>> unique_name("Dense"), unique_name("Dense"), unique_name("ReLU")
        ('dense', 'dense_1', 're_lu')
    """
    name = snake_case(class_name)
    count = _names_given[name]
    _names_given[name] += 1
    return f"{name}_{count}" if count else name


def clear_session() -> None:
    """Forget which names were given, so that the next layer is called "dense" again.

    Example:
        >>> clear_session()

    Source: keras.utils.clear_session. There is no other state to clear: memory is freed as
    soon as a model is no longer used.
    """
    _names_given.clear()
