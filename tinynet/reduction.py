"""From the losses of examples to one number, and losses called on arrays of any shape.

    l (...)  the loss of each example      L  their mean, mostly      t, y (..., k)

A model asks its loss for value_and_gradient, in losses.py. What is here lets people call one by
hand, as Keras does: MeanSquaredError()(y_true, y_pred, sample_weight).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinynet import config
from tinynet.support import ranks, registry, settings
from tinynet.variables import Scalar, Tensor

Array = NDArray[np.floating]

REDUCTIONS = ("sum_over_batch_size", "mean_with_sample_weight", "mean", "sum", "none", None)

WRITE_A_CLASS = """A loss of your own is a class here, for training needs its derivative too:

class MyLoss(tinynet.losses.Loss):
    def per_example(self, t, y):  # targets and outputs, (n, k) each
        e = y - t
        return (e**2).mean(axis=1), 2 * e / y.shape[1]  # l (n,) and dl/dy (n, k)

Then compile with loss=MyLoss(). tinynet.check_gradients(model, x, y) says if dl/dy is right."""


class Reduced(registry.Configurable):
    """Base class of Loss: a name, and how L is made of l.

    Args:
        reduction: "sum_over_batch_size" (default) or "mean", the mean of l;
            "mean_with_sample_weight", their sum over the weights' sum; "sum". With "none" or None
            a call returns l itself, and no model can be trained by it.
        name: str; None (default) takes the class's name.

    Raises:
        ValueError: another reduction; an unknown argument.

    Example:
        >>> from tinynet.losses import MeanSquaredError
        >>> MeanSquaredError(reduction="sum")([[1.0], [2.0]], [[1.0], [4.0]])
        4.0
        >>> MeanSquaredError(reduction=None)([[1.0], [2.0]], [[1.0], [4.0]])
        array([0., 4.], dtype=float32)

    Source: keras.losses.Loss.
    """

    reduction: str | None = "sum_over_batch_size"

    def __init__(
        self, *, reduction: str | None = reduction, name: str | None = None, **unknown: Any
    ) -> None:
        config.refuse_dtype(unknown)
        registry.refuse(type(self), unknown)
        self.reduction = settings.choice("reduction", reduction, *REDUCTIONS)
        self.name: str = name or registry.snake_case(type(self).__name__)

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        """Return l (n,), the loss of each example, and dl/dy (n, k), each row its own."""
        raise TypeError(f"{type(self).__name__} has no per_example(t, y) that returns (l, dy).")

    def targets(self, t: Array, y: Array) -> Array:
        """Bring targets into the shape of y: (n,) -> (n, 1) where there is one output."""
        return ranks.same(t, y)[0]

    def divisor(self, n: int, weights: Array | None) -> float:
        """Return what the sum of l is divided by."""
        if self.reduction in (None, "none"):
            raise ValueError(
                f"A model is trained on one number, and reduction={self.reduction!r} gives one "
                f"for each example: leave it out."
            )
        if self.reduction == "mean_with_sample_weight" and weights is not None:
            return float(weights.sum()) or math.inf  # without any weight L is 0, not 0 / 0
        return 1 if self.reduction == "sum" else n or math.inf

    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Any:
        """Return L as a float, or l (...) with reduction "none".

        Args:
            y_true: targets (..., k), or class numbers (...) for the sparse loss.
            y_pred: outputs (..., k).
            sample_weight: a number, or (...); default 1 for all.

        Raises:
            ValueError: shapes that don't go together.
        """
        y = ranks.numbers(y_pred, config.floatx())
        t, y = self.pair(np.array(y_true, y.dtype), y)
        rows = y.reshape(-1, y.shape[-1])  # (n, k)
        t = self.targets(t.reshape(len(rows), -1), rows)  # (n, k)
        l = self.per_example(t, rows)[0].reshape(y.shape[:-1])  # (...)
        weights = None
        if sample_weight is not None:
            l, weights = ranks.weigh(l, sample_weight)
        if self.reduction in (None, "none"):
            return l.view(Tensor)
        return Scalar(l.sum() / (self.divisor(l.size, weights) if l.ndim else 1))

    def pair(self, t: Array, y: Array) -> tuple[Array, Array]:
        """Give the targets and outputs of a call shapes that go together."""
        t, y = ranks.same(t, y)
        if y.ndim == 0 or y.size == 0:
            raise ValueError(f"Expected y_pred of shape (..., k), some numbers, got {y!r}.")
        return t, y
