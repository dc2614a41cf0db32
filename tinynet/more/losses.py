"""The other losses of Keras: for numbers, for margins, for distributions.

t (n, k) targets      y (n, k) outputs      e = y - t      l (n,)      as in tinynet/losses.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.losses import (
    TINY,
    Array,
    BinaryCrossentropy,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
)
from tinynet.support import registry, settings

__all__ = [
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SquaredHinge",
]


class MeanAbsolutePercentageError(Loss):
    """Compare numbers by their ratio: l = 100 mean_j |y_j - t_j| / max(|t_j|, 1e-7).

    Example:
        >>> MeanAbsolutePercentageError()([[4.0]], [[3.0]])  # a quarter of 4
        25.0

    Source: keras.losses.MeanAbsolutePercentageError. At y = t the slope is 0.
    """

    formulas: Mapping[str, str] = {
        "l": "l = 100 mean_j |y_j - t_j| / |t_j|",
        "dy": "100 sign(y - t) / |t| / k / n",
    }

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        e, size = y - t, np.maximum(np.abs(t), TINY)  # (n, k)
        k = y.shape[1]
        return 100 * np.mean(np.abs(e) / size, axis=1), 100 * np.sign(e) / size / k


class MeanSquaredLogarithmicError(Loss):
    """Compare positive numbers of any size: l = mean_j (log(1 + y_j) - log(1 + t_j))².

    Example:
        >>> round(MeanSquaredLogarithmicError()([[0.0]], [[math.e - 1]]), 6)
        1.0

    Source: keras.losses.MeanSquaredLogarithmicError. What is below 1e-7 counts as 1e-7.
    """

    formulas: Mapping[str, str] = {
        "l": "l = mean_j (log(1 + y_j) - log(1 + t_j))²",
        "dy": "2 (log(1 + y) - log(1 + t)) / (1 + y) / k / n",
    }

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        e = np.log(np.maximum(y, TINY) + 1) - np.log(np.maximum(t, TINY) + 1)  # (n, k)
        slope = np.where(y > TINY, 2 * e / (np.maximum(y, TINY) + 1), 0)  # (n, k)
        return np.square(e).mean(axis=1), slope / y.shape[1]


class Huber(Loss):
    """Square small errors, and let large ones count in proportion: outliers pull less.

    l = mean_j of e² / 2 where |e| <= delta, else delta |e| - delta² / 2

    Args:
        delta: float above 0, default 1: where one goes over into the other.
        **options: reduction, name: see Loss.

    Example:
        >>> Huber()([[0.0], [0.0]], [[1.0], [3.0]])  # (0.5 + 2.5) / 2
        1.5

    Source: Huber, 1964; keras.losses.Huber.
    """

    formulas: Mapping[str, str] = {
        "l": "l = mean_j of e² / 2 where |e| <= delta, else delta |e| - delta² / 2; e = y - t",
        "dy": "clip(y - t, -delta, delta) / k / n",
    }

    def __init__(self, delta: float = 1.0, *, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name or "huber_loss", **options)
        self.delta: float = settings.number("delta", delta, "(0, inf)")

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        e = y - t  # (n, k)
        slope = np.clip(e, -self.delta, self.delta)  # (n, k)
        l = slope * (e - slope / 2)  # (n, k): both cases at once
        return l.mean(axis=1), slope / y.shape[1]


class LogCosh(Loss):
    """Square small errors, and take large ones as they are: l = mean_j log cosh(y_j - t_j).

    Example:
        >>> round(LogCosh()([[0.0]], [[1000.0]]), 3)  # 1000 - log 2
        999.307

    Source: keras.losses.LogCosh.
    """

    formulas: Mapping[str, str] = {
        "l": "l = mean_j log cosh(y_j - t_j)",
        "dy": "tanh(y - t) / k / n",
    }

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        size = np.abs(y - t)  # (n, k); e^-size can't overflow
        l = size + np.log1p(np.exp(-2 * size)) - math.log(2)  # (n, k)
        return l.mean(axis=1), np.tanh(y - t) / y.shape[1]


class Hinge(Loss):
    """Ask for the right sign with a margin: l = mean_j max(1 - t_j y_j, 0), t being -1 or 1.

    Targets of 0 and 1 are taken as -1 and 1.

    Example:
        >>> Hinge()([[1.0], [-1.0]], [[0.5], [-2.0]])  # (0.5 + 0) / 2
        0.25

    Source: keras.losses.Hinge, which looks for 0 and 1 in a batch as a whole, too.
    """

    formulas: Mapping[str, str] = {
        "l": "l = mean_j max(1 - t_j y_j, 0)",
        "dy": "-t / k / n where t y < 1, else 0",
    }

    def targets(self, t: Array, y: Array) -> Array:
        t = super().targets(t, y)  # (n, k)
        return 2 * t - 1 if np.all((t == 0) | (t == 1)) else t

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        short = np.maximum(1 - t * y, 0)  # (n, k)
        return short.mean(axis=1), -t * (short > 0) / y.shape[1]


class SquaredHinge(Hinge):
    """Hinge, squared: l = mean_j max(1 - t_j y_j, 0)².

    Example:
        >>> SquaredHinge()([[1.0]], [[-1.0]])
        4.0

    Source: keras.losses.SquaredHinge.
    """

    formulas: Mapping[str, str] = {
        "l": "l = mean_j max(1 - t_j y_j, 0)²",
        "dy": "-2 t max(1 - t y, 0) / k / n",
    }

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        short = np.maximum(1 - t * y, 0)  # (n, k)
        return np.square(short).mean(axis=1), -2 * t * short / y.shape[1]


class CategoricalHinge(Loss):
    """Ask for the right class to lead by 1: l = max(1 + max_j (1 - t_j) y_j - sum_j t_j y_j, 0).

    Example:
        >>> CategoricalHinge()([[1.0, 0.0]], [[0.75, 0.5]])
        0.75

    Source: keras.losses.CategoricalHinge.
    """

    formulas: Mapping[str, str] = {
        "l": "l = max(1 + max_j (1 - t_j) y_j - sum_j t_j y_j, 0)",
        "dy": "((1 - t at the leading wrong class) - t) / n where l > 0, else 0",
    }

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        wrong = (1 - t) * y  # (n, k)
        lead = wrong.max(axis=1, keepdims=True)  # (n, 1)
        l = np.maximum(1 + lead[:, 0] - np.sum(t * y, axis=1), 0)  # (n,)
        leading = wrong == lead  # (n, k)
        slope = (1 - t) * leading / leading.sum(axis=1, keepdims=True) - t  # (n, k): ties share
        return l, slope.astype(y.dtype) * (l > 0)[:, np.newaxis]


class KLDivergence(Loss):
    """Compare distributions: l = sum_j t_j log(t_j / y_j), both clipped to [1e-7, 1].

    Example:
        >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
        0.1438

    Source: Kullback and Leibler, 1951; keras.losses.KLDivergence.
    """

    formulas: Mapping[str, str] = {"l": "l = sum_j t_j log(t_j / y_j)", "dy": "-t / y / n"}

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        t, p = np.clip(t, TINY, 1), np.clip(y, TINY, 1)  # (n, k)
        return np.sum(t * np.log(t / p), axis=1), np.where(p == y, -t / p, 0)


class Poisson(Loss):
    """Compare counts with their expected numbers: l = mean_j (y_j - t_j log y_j).

    Example:
        >>> round(Poisson()([[2.0]], [[math.e]]), 4)  # e - 2
        0.7183

    Source: keras.losses.Poisson, which adds 1e-7 to y before the log, too.
    """

    formulas: Mapping[str, str] = {
        "l": "l = mean_j (y_j - t_j log(y_j + 1e-7))",
        "dy": "(1 - t / (y + 1e-7)) / k / n",
    }

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        l = y - t * np.log(y + TINY)  # (n, k)
        return l.mean(axis=1), (1 - t / (y + TINY)) / y.shape[1]


class CosineSimilarity(Loss):
    """Compare directions: l = -t y / (|t| |y|), from -1, the same, to 1, the opposite.

    Args:
        axis: -1, the last, and no other.
        **options: reduction, name: see Loss.

    Example:
        >>> round(CosineSimilarity()([[1.0, 0.0]], [[1.0, 1.0]]), 4)  # -cos 45°
        -0.7071

    Source: keras.losses.CosineSimilarity.
    """

    formulas: Mapping[str, str] = {
        "l": "l = -t y / (|t| |y|)",
        "dy": "-(t/|t| + l y/|y|) / |y| / n",
    }

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis: Any = settings.choice("axis", axis, -1)

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        (a, _), (b, size) = direction(t), direction(y)  # (n, k), (n, 1)
        l = -np.sum(a * b, axis=1, keepdims=True)  # (n, 1)
        return l[:, 0], -np.where(size > TINY, a + l * b, a) / size  # (n,), (n, k)


def direction(v: Array) -> tuple[Array, Array]:
    """Return rows v (n, k) of length 1, and their lengths (n, 1), which count as 1e-7 at least."""
    size = np.maximum(np.sqrt(np.square(v).sum(axis=1, keepdims=True)), TINY)  # (n, 1)
    return v / size, size


OTHERS: list[type[Loss]] = [
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Huber,
    LogCosh,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    KLDivergence,
    Poisson,
    CosineSimilarity,
]
SHORT: dict[str, type[Loss]] = {
    "bce": BinaryCrossentropy,
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "kld": KLDivergence,
}
losses.BY_NAME |= registry.names_of(OTHERS)
losses.BY_NAME |= SHORT | {name.upper(): cls for name, cls in SHORT.items()}
losses.BY_NAME["kl_divergence"] = KLDivergence
