"""How much each example counts in the loss: sample_weight and class_weight."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import losses
from tinynet.models import checks

Array = NDArray[Any]


def of_samples(sample_weight: Any, n: int, dtype: Any) -> Array | None:
    """Return the weight of each of n examples, (n,), or None where all count the same.

    Raises:
        ValueError: not one number for each example, or one that is not finite in this dtype.
    """
    if sample_weight is None:
        return None
    found = checks.array("sample_weight", sample_weight)
    if found.shape not in ((n,), (n, 1)):
        raise ValueError(
            f"Expected sample_weight of shape ({n},), one number an example, got {found.shape}."
        )
    with np.errstate(over="ignore"):  # what is too large for the dtype is said below
        found = found.reshape(n).astype(dtype, copy=False)
    return checks.finite("sample_weight", found, slice(0, None))


def of_classes(class_weight: Any, y: Array, loss: losses.Loss, units: int, dtype: Any) -> Array:
    """Return the weight of each example, (n,), by its class; a class that is not named has 1.

    An example's class is its largest target, or its only target rounded, as in Keras.

    Raises:
        ValueError: no {class number: weight}; a class that the model can't tell apart.
    """
    table = class_table(class_weight, dtype)
    single = y.ndim == 1 or y.shape[1] == 1
    binary = isinstance(loss, losses.BinaryCrossentropy)
    k = 2 if units == 1 and binary else units
    if (units > 1 or binary) and not table.keys() <= set(range(k)):
        wrong = next(number for number in table if not 0 <= number < k)
        raise ValueError(
            f"class_weight names the class {wrong}, and this model knows the classes 0 to {k - 1}."
        )
    classes = np.round(y.reshape(len(y))) if single else y.argmax(axis=1)  # (n,)
    found = np.ones(len(y), dtype)
    for number, weight in table.items():
        found[classes == number] = weight
    return found


def class_table(class_weight: Any, dtype: Any) -> dict[int, float]:
    """Return {class number: weight}, or say how to write it."""
    if isinstance(class_weight, str):
        raise ValueError(
            f"Expected class_weight as {{class number: weight}}, got {class_weight!r}. For rare "
            f"classes to count as much as frequent ones, with class numbers y: counts = "
            f"np.bincount(y); class_weight = dict(enumerate(len(y) / (len(counts) * counts)))"
        )
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f"Expected class_weight as {{class number: weight}}, got "
            f"{checks.describe(class_weight)}: class_weight=dict(enumerate(class_weight))"
        )
    largest = float(np.finfo(dtype).max)
    for number, weight in class_weight.items():
        if not isinstance(number, numbers.Real) or number % 1 != 0:
            raise ValueError(
                f"Expected the classes in class_weight as whole numbers, as in {{0: 1.0, 1: 5.0}}, "
                f"got {number!r}."
            )
        if not isinstance(weight, numbers.Real) or not abs(float(weight)) <= largest:
            raise ValueError(
                f"Expected the weight of class {number} as a finite number, got {weight!r}."
            )
    return {int(number): float(weight) for number, weight in class_weight.items()}
