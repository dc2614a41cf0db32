"""The checks at the door: what users get wrong with their data, and the line to type instead.

`fit`, `evaluate` and `predict` pass everything that comes from outside through here (and
through arguments.py). Behind the door nothing is checked again, so the core can read like the
derivation.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import activations, losses
from tinynet.layers import Activation, Dense, Flatten, Layer
from tinynet.models.inputs import InputLayer
from tinynet.support import registry

Array = NDArray[Any]


class within:
    """Say of mistakes in which argument they are, where that is not plain: `with within(where)`.

    A class, since this is entered twice in every step, and contextmanager takes its time.
    """

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if self.where and isinstance(error, ValueError):
            raise ValueError(f"In {self.where}: {error}") from None


def array(name: str, values: Any) -> Array:
    """Return values as an array of numbers, without copying one.

    Raises:
        ValueError: no numbers, rows of different lengths, or nothing at all.
    """
    if values is None:
        raise ValueError(f"Expected {name} as an array of examples, got None.")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(
            f"Expected {name} as an array of numbers, got one with masked places. Say what stands "
            f"there: {name} = {name}.filled(0)"
        )
    if hasattr(values, "toarray"):
        raise ValueError(f"Expected {name} as an array, got a sparse one: {name}.toarray()")
    if hasattr(values, "__getitem__") and not isinstance(values, (list, tuple, range)):
        known = ("__array__", "__array_interface__", "__dlpack__", "__buffer__")
        if not any(hasattr(values, way) for way in known) and not is_buffer(values):
            raise ValueError(
                f"Expected {name} as an array, got {type(values).__name__}, which is none: put its "
                f"items together, as in {name} = np.stack([item for item in ...])"
            )
    try:
        found = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} can't be made into one array: its rows have different lengths. ({error})"
        ) from None
    if found.dtype == object:
        with contextlib.suppress(TypeError, ValueError):
            found = found.astype(np.float64)  # a table of mixed columns, maybe
    if found.dtype.kind in "US":
        raise ValueError(
            f"Expected {name} as an array of numbers, got words ({found.dtype}). For class names: "
            f"names, {name} = np.unique({name}, return_inverse=True)"
        )
    if found.dtype.kind not in "fiub":
        raise ValueError(f"Expected {name} as an array of numbers, got {describe(values)}.")
    if found.ndim == 0:
        raise ValueError(f"Expected {name} as an array of examples, got the number {found}.")
    if len(found) == 0:
        raise ValueError(f"{name} is empty: its shape is {found.shape}. Expected some examples.")
    if found.size == 0:
        raise ValueError(f"{name} holds no numbers: its shape is {found.shape}.")
    return found


def is_buffer(values: Any) -> bool:
    """Say whether NumPy can look at the memory of an object, as of bytes."""
    try:
        return bool(memoryview(values))
    except TypeError:
        return False


def alone(values: Any, least: int) -> Any:
    """Return the array in a list of one array that has at least so many axes, else the values."""
    if isinstance(values, (list, tuple)) and len(values) == 1 and hasattr(values[0], "__array__"):
        return values[0] if np.ndim(values[0]) >= least else values
    return values


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of a batch that says what a model's inputs are; (n,) is (n, 1)."""
    shape = array("x", alone(x, 1)).shape
    return shape if len(shape) > 1 else (*shape, 1)


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
    x = array("x", alone(values, 2 if shape != (1,) else 1))
    if x.shape[1:] == shape:
        return x
    if (*x.shape[1:], 1) == shape or x.shape[1:] == (*shape, 1):
        return x.reshape(len(x), *shape)  # (n,) is (n, 1) where an example is one number
    expected, size = f"Expected x of shape {batch_of(shape)}, got {x.shape}.", math.prod(shape)
    if x.shape == shape:
        one = "x[np.newaxis]" if isinstance(values, np.ndarray) else "[x]"
        raise ValueError(f"{expected} One example needs its batch axis: {one}")
    if math.prod(x.shape[1:]) == size:
        new = ", ".join(map(str, shape))
        raise ValueError(f"{expected} Reshape the examples: x = x.reshape(len(x), {new})")
    raise ValueError(f"{expected} The model was built for {size} numbers an example.")


def finite(name: str, batch: Array, rows: Any) -> Array:
    """Return a batch of these rows, if all its numbers are finite.

    A data set is checked as it is used, a batch at a time: one in a memory map is not read twice.

    Raises:
        ValueError: with the first place that holds NaN or infinity.
    """
    if math.isfinite(np.vdot(batch, batch)):  # the sum of squares, in a single quick pass
        return batch
    wrong = np.argwhere(~np.isfinite(batch))
    if not len(wrong):
        return batch  # they are only very large
    i, *place = wrong[0].tolist()
    axes = tuple(range(1, batch.ndim))
    row = rows.start + i if isinstance(rows, slice) else rows[i]
    column = f", column {', '.join(map(str, place))}" if place else ""
    raise ValueError(
        f"{name} holds {batch[tuple(wrong[0])]} in row {row}{column}, as {batch.dtype}. Leave such "
        f"rows out: keep = np.isfinite({name}).all(axis={axes}); x, y = x[keep], y[keep]"
    )


def scale(x: Array, layers: Sequence[Layer]) -> None:
    """Warn, once, of pixels that nobody has scaled."""
    some = x[:256]
    passing = (Flatten, InputLayer)
    first = next((layer for layer in layers if not isinstance(layer, passing)), None)
    whole = 128 < some.max() <= 255 and some.min() >= 0 and (some == np.floor(some)).all()
    if whole and isinstance(first, Dense):
        warnings.warn(
            f"x holds whole numbers up to {some.max():g}, like pixels that are not scaled. "
            f"Networks learn better from numbers between 0 and 1: "
            f"x = x.astype('float32') / 255, for all that you fit, evaluate and predict on.",
            stacklevel=1,  # one place in this file: Python then says it once
        )


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
    y = array("y", alone(values, 1) if n > 1 else values)
    if len(y) != n:
        raise ValueError(
            f"x and y must have as many examples: x has {n}, y has {len(y)} (shape {y.shape})."
        )
    units = output[-1]
    if units == 1 and isinstance(loss, losses.CategoricalCrossentropy):
        k = y.shape[1] if y.ndim == 2 and y.shape[1] > 1 else int(y.max()) + 1
        raise ValueError(
            f"The last layer has a single unit, and {name_of(loss)} compares classes: one unit "
            f"for each of them, {dense(k, 'softmax')}; or, for yes or no, {dense(1, 'sigmoid')} "
            f"and loss='binary_crossentropy'."
        )
    if isinstance(loss, losses.SparseCategoricalCrossentropy):
        return class_numbers(y, units)
    if isinstance(loss, losses.CategoricalCrossentropy):
        return one_hot_rows(y, units)
    if y.shape != (n, *output) and not (y.shape == (n,) and output == (1,)):
        raise ValueError(
            f"Expected y of shape {batch_of(output)}, one number for each unit of the last "
            f"layer, got {y.shape}."
        )
    if isinstance(loss, losses.BinaryCrossentropy) and (y.min() < 0 or y.max() > 1):
        raise ValueError(
            f"binary_crossentropy expects targets from 0 to 1, got {y.min():g} to {y.max():g}. "
            f"For class numbers use {dense(int(y.max()) + 1, 'softmax')} and "
            f"loss='sparse_categorical_crossentropy'."
        )
    return y


def dense(units: int, activation: str) -> str:
    """Write a last layer as one would type it."""
    return f"Dense({units}, activation={activation!r})"


def name_of(loss: losses.Loss) -> str:
    """Return the name of a loss, such as "mean_squared_error"."""
    return registry.snake_case(type(loss).__name__)


def head(chain: Sequence[Layer], loss: losses.Loss, units: int) -> None:
    """Refuse to train, or warn, where the last activation and the loss do not go together.

    Raises:
        ValueError: no softmax before a cross-entropy on probabilities, or two of them.
    """
    ends = [link.activation for link in chain[-2:] if isinstance(link, Activation)]
    last = ends[-1] if isinstance(chain[-1], Activation) else activations.linear
    known = isinstance(chain[-1], (Activation, Dense))  # a layer of the user's own may do it all
    name = getattr(loss.fuses, "__name__", "")
    if name and known and not loss.from_logits and last not in PROBABILITIES:
        text = (
            f"{name_of(loss)} expects probabilities, and the last layer gives any number "
            f"(its activation is {last.__name__}). Use {dense(units, name)}"
        )
        if "from_logits" in type(loss).arguments():
            text += f", or keep the layer and use loss={type(loss).__name__}(from_logits=True)"
        text += "."
        if not isinstance(loss, losses.BinaryCrossentropy):
            raise ValueError(text)
        warnings.warn(
            f"{text} What is outside of (0, 1) is clipped and trains nothing.", stacklevel=2
        )
    if name and loss.from_logits and last is loss.fuses:
        raise ValueError(
            f"The last layer applies {name} already, and with from_logits=True the loss applies "
            f"it again. Leave from_logits out: loss={name_of(loss)!r}"
        )
    if ends == [activations.softmax, activations.softmax]:
        raise ValueError("The model ends in softmax twice: take one off with model.pop()")


PROBABILITIES = (activations.softmax, activations.sigmoid)


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
            f"units, got "
            + ", ".join(f"{y[row]} in row {row}" for row in wrong[:3])
            + (f" and {wrong.size - 3} more." if wrong.size > 3 else ".")
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
    wrong = np.flatnonzero(~(abs(y.sum(axis=1) - 1) <= 1e-3))  # NaN is wrong too
    if wrong.size:
        raise ValueError(
            f"categorical_crossentropy expects rows that sum to 1, such as one-hot rows; row "
            f"{wrong[0]} of y sums to {y[wrong[0]].sum():g}. For classes that don't exclude "
            f"each other use sigmoid and loss='binary_crossentropy'."
        )
    return y
