"""How many threads the matrix products may use: those of the BLAS that NumPy was built with.

Several processes that share the cores of a machine are quick with one thread each. With more,
the threads of one wait for cores on which those of the others are spinning.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NAMES = [  # (set, get) of OpenBLAS as NumPy's wheels have it and as systems do, MKL, BLIS
    *(
        (f"{prefix}openblas_set_num_threads{suffix}", f"{prefix}openblas_get_num_threads{suffix}")
        for prefix in ("scipy_", "")
        for suffix in ("64_", "")
    ),
    ("MKL_Set_Num_Threads", "MKL_Get_Max_Threads"),
    ("bli_thread_set_num_threads", "bli_thread_get_num_threads"),
]
VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS")


def threads() -> tuple[Callable[[int], object], Callable[[], int]] | None:
    """Return the functions that set and get the number of threads, if this BLAS has them."""
    file = importlib.import_module("numpy.linalg._umath_linalg").__file__  # linked with the BLAS
    library = ctypes.CDLL(file)
    for setter, getter in NAMES:
        if hasattr(library, setter) and hasattr(library, getter):
            return getattr(library, setter), getattr(library, getter)
    return None


@contextmanager
def limited(number: int) -> Iterator[None]:
    """Let the matrix products use so many threads as long as the block runs."""
    found = threads()
    if found is None:
        if not any(name in os.environ for name in VARIABLES):
            warnings.warn(
                "The threads of this NumPy's BLAS can't be counted or limited from here. If "
                "training is slow, start Python with OMP_NUM_THREADS=1.",
                stacklevel=1,  # one place in this file: Python then says it once
            )
        yield
        return
    setter, getter = found
    before = getter()
    setter(number)
    try:
        yield
    finally:
        setter(before)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
