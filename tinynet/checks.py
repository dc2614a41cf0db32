"""The checks at the door: what users get wrong, and the line to type instead.

`fit`, `evaluate` and `predict` pass everything that comes from outside through here. Behind
the door nothing is checked again, so the core can read like the derivation.
"""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import losses

Array = NDArray[Any]


def array(name: str, values: Any) -> Array:
    """Return values as an array of numbers, without copying one.

    Raises:
        ValueError: no numbers, rows of different lengths, or nothing at all.
    """
    try:
        found = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} can't be made into one array: its rows have different lengths. ({error})"
        ) from None
    if found.dtype == object:
        with contextlib.suppress(TypeError, ValueError):
            found = found.astype(np.float64)  # a table of mixed columns, maybe
    if found.dtype.kind not in "fiub":
        raise ValueError(f"Expected {name} as an array of numbers, got {describe(values)}.")
    if found.ndim == 0:
        raise ValueError(f"Expected {name} as an array of examples, got the number {found}.")
    if len(found) == 0:
        raise ValueError(f"{name} is empty: its shape is {found.shape}. Expected some examples.")
    return found


def describe(values: Any) -> str:
    """Say in a few words what somebody handed in."""
    if isinstance(values, np.ndarray):
        return f"an array of {values.dtype}"
    return f"{type(values).__name__} {str(values)[:40]!r}"


def inputs(values: Any, shape: tuple[int, ...]) -> Array:
    """Return x as an array of examples of that shape.

    Raises:
        ValueError: with the line that brings x into shape, where there is one.
    """
    x = array("x", values)
    if x.shape[1:] == shape:
        return x
    expected, size = f"Expected x of shape {batch_of(shape)}, got {x.shape}.", math.prod(shape)
    if x.shape == shape:
        raise ValueError(f"{expected} One example needs its batch axis: x[np.newaxis]")
    if math.prod(x.shape[1:]) == size:
        new = ", ".join(map(str, shape))
        raise ValueError(f"{expected} Reshape the examples: x = x.reshape(len(x), {new})")
    raise ValueError(f"{expected} The model was built for {size} numbers an example.")


def batch_of(shape: tuple[int, ...]) -> str:
    """Write the shape of a batch: (n, 784)."""
    return f"({', '.join(['n', *map(str, shape)])})"


def targets(values: Any, loss: losses.Loss, output: tuple[int, ...], n: int) -> Array:
    """Return y as an array that the loss can compare with outputs of that shape.

    Raises:
        ValueError: with what the loss expects, and how to get there.
    """
    if values is None:
        raise ValueError("Expected targets y to learn from, got None: model.fit(x, y, ...)")
    if len(output) != 1:
        raise ValueError(
            f"Expected a last layer that gives (n, k) for the loss to compare with y, got "
            f"{batch_of(output)}: add a Flatten() after it."
        )
    y = array("y", values)
    if len(y) != n:
        raise ValueError(
            f"x and y must have as many examples: x has {n}, y has {len(y)} (shape {y.shape})."
        )
    units = output[-1]
    if isinstance(loss, losses.SparseCategoricalCrossentropy):
        return class_numbers(y, units)
    if isinstance(loss, losses.CategoricalCrossentropy):
        return one_hot_rows(y, units)
    if y.shape != (n, *output) and not (y.shape == (n,) and output == (1,)):
        raise ValueError(
            f"Expected y of shape {batch_of(output)}, one number for each unit of the last "
            f"layer, got {y.shape}."
        )
    return y


def class_numbers(y: Array, units: int) -> Array:
    """Return y (n,) of class numbers."""
    if y.shape not in ((len(y),), (len(y), 1)):
        hint = (
            "These look one-hot: use loss='categorical_crossentropy', or y.argmax(axis=1)."
            if y.shape == (len(y), units)
            else ""
        )
        raise ValueError(
            f"sparse_categorical_crossentropy expects class numbers of shape (n,), got y of "
            f"shape {y.shape}. {hint}".rstrip()
        )
    y = y.reshape(len(y))
    wrong = np.flatnonzero((y < 0) | (y >= units) | (y != np.floor(y)))
    if wrong.size:
        raise ValueError(
            f"Expected class numbers from 0 to {units - 1}, since the last layer has {units} "
            f"units, got {y[wrong[0]]} in row {wrong[0]}"
            + (f" and {wrong.size - 1} more like it." if wrong.size > 1 else ".")
        )
    return y


def one_hot_rows(y: Array, units: int) -> Array:
    """Return y (n, units) whose rows are one-hot, or at least sum to 1."""
    if y.shape in ((len(y),), (len(y), 1)) and units > 1:
        raise ValueError(
            f"categorical_crossentropy expects one-hot rows of shape {batch_of((units,))}, got "
            f"class numbers of shape {y.shape}. Either use loss='sparse_categorical_crossentropy'"
            f", or y = tinynet.utils.to_categorical(y, {units})"
        )
    if y.shape != (len(y), units):
        raise ValueError(
            f"Expected y of shape {batch_of((units,))}, since the last layer has {units} units, "
            f"got {y.shape}."
        )
    wrong = np.flatnonzero(abs(y.sum(axis=1) - 1) > 1e-3)
    if wrong.size:
        raise ValueError(
            f"categorical_crossentropy expects rows that sum to 1, such as one-hot rows; row "
            f"{wrong[0]} of y sums to {y[wrong[0]].sum():g}. For classes that don't exclude "
            f"each other use sigmoid and loss='binary_crossentropy'."
        )
    return y


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


def weights(sample_weight: Any, class_weight: dict[int, float] | None, y: Array) -> Array | None:
    """Return the weight of every example, (n,), or None where all count the same.

    Raises:
        ValueError: both kinds of weights, or not one for each example.
    """
    if sample_weight is not None and class_weight is not None:
        raise ValueError("Expected sample_weight or class_weight, got both: multiply them first.")
    if class_weight is not None:
        classes = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y))
        found = np.ones(len(y))
        for number, weight in class_weight.items():
            found[classes == number] = weight
        return found
    if sample_weight is None:
        return None
    found = array("sample_weight", sample_weight)
    if found.shape != (len(y),):
        raise ValueError(f"Expected sample_weight of shape ({len(y)},), got {found.shape}.")
    return found
