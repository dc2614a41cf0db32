"""Losses as metrics, and other means over examples; t, p and n as in tinynet/metrics.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet import losses, metrics
from tinynet.metrics import Array, Metric, errors
from tinynet.more import losses as others
from tinynet.support import ranks, registry
from tinynet.variables import Scalar

__all__ = [
    "Accuracy",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "RootMeanSquaredError",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
]


class Accuracy(Metric):
    """How often the output is the target itself.

    Example:
        >>> Accuracy()([[1], [2]], [[1], [3]])
        0.5

    Source: keras.metrics.Accuracy. The word "accuracy" in compile means another one, which
    compares classes: see metrics.choose_accuracy.
    """

    direction = "max"

    def per_example(self, t: Array, p: Array) -> Array:
        t, p = ranks.same(t, p)
        same: Array = t.astype(p.dtype) == p  # (n, k)
        return same


class RootMeanSquaredError(Metric):
    """The root of the mean of (p - t)².

    Example:
        >>> RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]])  # the root of 50 / 2
        5.0

    Source: keras.metrics.RootMeanSquaredError.
    """

    direction = "min"

    def per_example(self, t: Array, p: Array) -> Array:
        squares: Array = np.square(errors(t, p))  # (n, k)
        return squares

    def result(self) -> Scalar:
        return Scalar(math.sqrt(super().result()))


class LossMetric(Metric):
    """Base of what measures a loss: the mean over all examples, whatever the batches.

    Args:
        name, dtype: see Metric.
        options: of the loss.
    """

    measures: type[losses.Loss]
    direction = "min"

    def __init__(self, name: str | None = None, dtype: str | None = None, **options: Any) -> None:
        super().__init__(name, dtype)
        self.loss = self.measures(reduction=None, **options)
        vars(self).update(options)  # for the config

    def per_example(self, t: Array, p: Array) -> Array:
        values: Array = self.loss(t, p)
        return values


class MeanAbsolutePercentageError(LossMetric):
    """The mean of 100 |p - t| / |t|.

    Example:
        >>> MeanAbsolutePercentageError()([[4.0]], [[3.0]])
        25.0

    Source: keras.metrics.MeanAbsolutePercentageError.
    """

    measures = others.MeanAbsolutePercentageError


class MeanSquaredLogarithmicError(LossMetric):
    """The mean of (log(1 + p) - log(1 + t))².

    Example:
        >>> round(MeanSquaredLogarithmicError()([[0.0]], [[math.e - 1]]), 6)
        1.0

    Source: keras.metrics.MeanSquaredLogarithmicError.
    """

    measures = others.MeanSquaredLogarithmicError


class LogCoshError(LossMetric):
    """The mean of log cosh(p - t).

    Example:
        >>> round(LogCoshError()([[0.0]], [[1000.0]]), 3)  # 1000 - log 2
        999.307

    Source: keras.metrics.LogCoshError, "logcosh" in logs.
    """

    measures = others.LogCosh

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(name or "logcosh", dtype)


class CosineSimilarity(LossMetric):
    """The mean of t p / (|t| |p|), from -1, the opposite, to 1, the same direction.

    Args:
        name, dtype: see Metric.
        axis: -1, the last, and no other.

    Example:
        >>> round(CosineSimilarity()([[1.0, 0.0]], [[1.0, 1.0]]), 4)  # cos 45°
        0.7071

    Source: keras.metrics.CosineSimilarity; the loss of this name has the other sign.
    """

    measures = others.CosineSimilarity
    direction = "max"

    def __init__(self, name: str | None = None, dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis=axis)

    def per_example(self, t: Array, p: Array) -> Array:
        return -super().per_example(t, p)


class KLDivergence(LossMetric):
    """The mean of sum_j t_j log(t_j / p_j).

    Example:
        >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
        0.1438

    Source: keras.metrics.KLDivergence.
    """

    measures = others.KLDivergence


class Poisson(LossMetric):
    """The mean of p - t log p.

    Example:
        >>> round(Poisson()([[2.0]], [[math.e]]), 4)  # e - 2
        0.7183

    Source: keras.metrics.Poisson.
    """

    measures = others.Poisson


class Hinge(LossMetric):
    """The mean of max(1 - t p, 0), t being -1 or 1.

    Example:
        >>> Hinge()([[1.0], [-1.0]], [[0.5], [-2.0]])  # (0.5 + 0) / 2
        0.25

    Source: keras.metrics.Hinge.
    """

    measures = others.Hinge


class SquaredHinge(LossMetric):
    """The mean of max(1 - t p, 0)².

    Example:
        >>> SquaredHinge()([[1.0]], [[-1.0]])
        4.0

    Source: keras.metrics.SquaredHinge.
    """

    measures = others.SquaredHinge


class CategoricalHinge(LossMetric):
    """The mean of max(1 + max_j (1 - t_j) p_j - sum_j t_j p_j, 0).

    Example:
        >>> CategoricalHinge()([[1.0, 0.0]], [[0.75, 0.5]])
        0.75

    Source: keras.metrics.CategoricalHinge.
    """

    measures = others.CategoricalHinge


class BinaryCrossentropy(LossMetric):
    """The mean of -(t log p + (1 - t) log(1 - p)).

    Args:
        name, dtype: see Metric.
        from_logits, label_smoothing: see losses.BinaryCrossentropy.

    Example:
        >>> round(BinaryCrossentropy()([[1.0]], [[0.1]]), 4)  # -log 0.1
        2.3026

    Source: keras.metrics.BinaryCrossentropy.
    """

    measures = losses.BinaryCrossentropy

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(LossMetric):
    """The mean of -sum_j t_j log p_j.

    Args:
        name, dtype: see Metric.
        from_logits, label_smoothing, axis: see losses.CategoricalCrossentropy.

    Example:
        >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.9, 0.1]]), 4)  # -log 0.1
        2.3026

    Source: keras.metrics.CategoricalCrossentropy.
    """

    measures = losses.CategoricalCrossentropy

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(name, dtype, **options)


class SparseCategoricalCrossentropy(LossMetric):
    """The mean of -log p_t, t being class numbers.

    Args:
        name, dtype: see Metric.
        from_logits, axis: see losses.SparseCategoricalCrossentropy.
        ignore_class: None, and no other.

    Example:
        >>> round(SparseCategoricalCrossentropy()([1], [[0.9, 0.1]]), 4)  # -log 0.1
        2.3026

    Source: keras.metrics.SparseCategoricalCrossentropy.
    """

    measures = losses.SparseCategoricalCrossentropy

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: None = None,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(name, dtype, **options)


metrics.BY_NAME |= registry.names_of(
    [
        Accuracy,
        RootMeanSquaredError,
        MeanAbsolutePercentageError,
        MeanSquaredLogarithmicError,
        LogCoshError,
        CosineSimilarity,
        KLDivergence,
        Poisson,
        Hinge,
        SquaredHinge,
        CategoricalHinge,
        BinaryCrossentropy,
        CategoricalCrossentropy,
        SparseCategoricalCrossentropy,
    ]
)
SHORT: dict[str, type[Metric]] = {
    "bce": BinaryCrossentropy,
    "mse": metrics.MeanSquaredError,
    "mae": metrics.MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
}
metrics.BY_NAME |= SHORT | {name.upper(): cls for name, cls in SHORT.items()}
