"""Small helpers under Keras's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinynet import config
from tinynet.config import clear_session, set_random_seed
from tinynet.support.py_dataset import PyDataset

__all__ = [
    "PyDataset",
    "Sequence",
    "clear_session",
    "normalize",
    "set_random_seed",
    "to_categorical",
]

Sequence = PyDataset  # Keras's older name


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> NDArray[Any]:
    """Turn class numbers into rows with a single 1: t[i, x[i]] = 1, all else 0.

    Args:
        x: class numbers from 0, integers of any shape, say (n,). A last axis of size 1 is
            dropped.
        num_classes: k, at least max(x) + 1, which is the default.

    Returns:
        float64 array of shape (n, k), as Keras returns.

    Raises:
        ValueError: for a number below 0 or above k - 1, which Keras wraps round or
            answers with an IndexError; for labels that are one-hot already; for an empty x
            without num_classes.

    Example:
        >>> to_categorical([0, 2, 1])
        array([[1., 0., 0.],
               [0., 0., 1.],
               [0., 1., 0.]])

    Source: keras.utils.to_categorical.
    """
    given = np.asarray(x)
    labels = given.astype(np.int64)
    if not np.array_equal(labels, given):
        raise ValueError(
            f"Expected whole class numbers, got {given.dtype} values such as "
            f"{given.flat[np.flatnonzero(labels != given)[0]]}."
        )
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels.reshape(labels.shape[:-1])
    elif labels.ndim == 2 and (labels.sum(axis=1) == 1).all() and (abs(labels) <= 1).all():
        raise ValueError(
            f"These labels of shape {given.shape} are one-hot already: use them as they are."
            f" (x.argmax(axis=1) would turn them back into class numbers.)"
        )
    if num_classes is None:
        if not labels.size:
            raise ValueError("x is empty: say num_classes=... for the number of columns.")
        num_classes = int(labels.max()) + 1
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if wrong.size:
        raise ValueError(
            f"Expected class numbers from 0 to {num_classes - 1}, since num_classes is "
            f"{num_classes}, got {wrong[0]}"
            + (f" and {wrong.size - 1} more outside." if wrong.size > 1 else ".")
        )
    t = np.zeros((*labels.shape, num_classes))  # (n, k)
    np.put_along_axis(t, labels[..., np.newaxis], 1, axis=-1)  # a 1 at (i, x[i])
    return t


def normalize(x: ArrayLike, axis: int = -1, order: float = 2) -> NDArray[Any]:
    """Divide rows by their length: x / |x|, so that each has the length 1.

    Args:
        x: numbers of any shape, say (n, d); a list counts as floatx.
        axis: along which a row lies; default -1, the last.
        order: of the norm; default 2, the root of the sum of squares. 1 is the sum of sizes.

    Returns:
        array of x's shape and dtype, float64 of whole numbers. A row of zeros stays as it is.

    Example:
        >>> normalize([[3.0, 4.0], [0.0, 0.0]])
        array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)

    Source: keras.utils.normalize, which with axis=0 divides along the last axis.
    """
    x = x if isinstance(x, np.ndarray) else np.asarray(x, config.floatx())
    length = np.linalg.norm(x, order, axis, keepdims=True)
    return np.asarray(x / np.where(length == 0, 1, length))


if TYPE_CHECKING:  # what more/ adds when it is first asked for
    from tinynet.more.model_plot import *  # noqa: F403
