"""Hits and misses of yes and no, at a threshold that an output has to be above, or at several.

            p above      p not above
t yes       tp           fn                  t != 0 is yes
t no        fp           tn                  each count (T,), for T thresholds
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from tinynet import config, metrics
from tinynet.metrics import Array, Metric
from tinynet.support import ranks, registry, settings
from tinynet.variables import Scalar, Tensor

__all__ = [
    "FalseNegatives",
    "FalsePositives",
    "Precision",
    "Recall",
    "TrueNegatives",
    "TruePositives",
]

Thresholds = float | Sequence[float] | None

LOWEST = -1e10  # Keras's: what is not among the best counts as this, and nothing is below it


class Confusion(Metric):
    """Base class: counts hits and misses; a subclass says in `result` what it makes of them.

    Args:
        levels: the thresholds, as numbers.
        name: None takes the class's name, numbered: "recall", then "recall_1".
        dtype: see Metric.
    """

    def __init__(self, levels: Sequence[float], name: str | None, dtype: str | None) -> None:
        self.levels = np.array(levels)  # (T,)
        self.even = evenly_spaced(np.sort(self.levels))
        super().__init__(name or config.unique_name(type(self).__name__), dtype)
        self.reset_state()

    def reset_state(self) -> None:
        self.counts = np.zeros((4, len(self.levels)))  # tp, fn, fp, tn

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Count a batch: t and p (n, k), weights one for each example or each output."""
        p = np.array(y_pred, config.floatx())
        t, p = ranks.same(np.array(y_true), p)
        self.counts = self.counts + self.tally(t, p, ranks.spread(sample_weight, p.shape))

    def tally(self, t: Array, p: Array, w: Array) -> Array:
        """Return tp, fn, fp, tn, (4, T), of targets, outputs and weights of one shape."""
        return self.counted(t.ravel(), p.ravel(), w.ravel())

    def counted(self, t: Array, p: Array, w: Array) -> Array:
        """Return tp, fn, fp, tn at each level, (4, T), of t, p and their weights w, (n,) each."""
        order, T = np.sort(self.levels), len(self.levels)
        reached = below(order.astype(p.dtype), p, self.even)  # (n,)
        place = np.searchsorted(order, self.levels) + 1  # (T,): so much is above this level
        rows: list[Array] = []
        for weights in (w * (t != 0), w * (t == 0)):
            mass = np.bincount(reached, weights, T + 1)[::-1].cumsum()[::-1]  # (T + 1,), from 0
            rows += [mass[place], mass[0] - mass[place]]
        return np.stack(rows)


def evenly_spaced(levels: Array) -> bool:
    """Say whether levels in rising order go from 0 to 1 in even steps."""
    T = len(levels)
    return T > 2 and bool(np.allclose(levels, np.linspace(0, 1, T), atol=2e-7))


def below(levels: Array, p: Array, even: bool) -> Array:
    """Say how many of the levels, in rising order, are below each p, which NaN is above none of.

    Where they are evenly spaced Keras does not compare them, and rounds otherwise.
    """
    p = np.where(np.isnan(p), -np.inf, p)  # (n,)
    if not even:
        return np.searchsorted(levels, p)
    steps: Array = np.ceil(np.clip(p, 0, 1) * p.dtype.type(len(levels) - 1)).astype(np.intp)
    return np.maximum(steps, 1) if levels[0] < 0 else steps


def ratio(part: Array, whole: Array) -> Array:
    """Divide; 0 / 0 is 0."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def alone(values: Array) -> Scalar | Tensor:
    """Return a single value as a number, and several as they are, (T,)."""
    return Scalar(values[0]) if len(values) == 1 else values.astype(config.floatx()).view(Tensor)


def listed(thresholds: Thresholds, default: float) -> list[float]:
    """Return thresholds as a list, of one where one number or none is given.

    Raises:
        ValueError: one is not from 0 to 1.
    """
    if thresholds is None:
        return [default]
    given = thresholds if isinstance(thresholds, (Sequence, np.ndarray)) else [thresholds]
    return [settings.number("a threshold", value, "[0, 1]") for value in given]


class Count(Confusion):
    """Base class: one of the four counts.

    Args:
        thresholds: float in [0, 1], or a list of them; None (default) is 0.5.
        name, dtype: see Confusion.
    """

    row = 0

    def __init__(
        self, thresholds: Thresholds = None, name: str | None = None, dtype: str | None = None
    ) -> None:
        super().__init__(listed(thresholds, 0.5), name, dtype)
        self.thresholds = thresholds

    def result(self) -> Scalar | Tensor:
        return alone(self.counts[self.row])


class TruePositives(Count):
    """How many outputs are above the threshold, and rightly so; arguments as for Count.

    Example:
        >>> TruePositives()([0, 1, 1, 1], [0.9, 0.9, 0.9, 0.2])
        2.0

    Source: keras.metrics.TruePositives.
    """


class FalseNegatives(Count):
    """How many outputs should be above the threshold, and are not; arguments as for Count.

    Example:
        >>> FalseNegatives()([0, 1, 1, 1], [0.9, 0.9, 0.9, 0.2])
        1.0

    Source: keras.metrics.FalseNegatives.
    """

    row = 1


class FalsePositives(Count):
    """How many outputs are above the threshold, and should not be; arguments as for Count.

    Example:
        >>> FalsePositives()([0, 1, 1, 1], [0.9, 0.9, 0.9, 0.2])
        1.0

    Source: keras.metrics.FalsePositives.
    """

    row = 2


class TrueNegatives(Count):
    """How many outputs are not above the threshold, and rightly so; arguments as for Count.

    Example:
        >>> TrueNegatives()([0, 1, 1, 1], [0.9, 0.9, 0.9, 0.2])
        0.0

    Source: keras.metrics.TrueNegatives.
    """

    row = 3


class Best(Confusion):
    """Base class of Precision and Recall: may count the best outputs only, or one class only.

    Args:
        thresholds: float in [0, 1], or a list of them; None (default) is 0.5, and with top_k none.
        top_k: int from 1: only the k largest outputs of each example say yes; default None.
        class_id: int from 0: only this column of the outputs is counted; default None.
        name, dtype: see Confusion.
    """

    direction = "max"

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(listed(thresholds, 0.5 if top_k is None else LOWEST), name, dtype)
        self.thresholds = thresholds
        self.top_k = None if top_k is None else settings.count("top_k", top_k)
        self.class_id = None if class_id is None else settings.count("class_id", class_id, 0)

    def tally(self, t: Array, p: Array, w: Array) -> Array:
        least = max(self.top_k or 0, 0 if self.class_id is None else self.class_id + 1)
        if least > (p.shape[-1] if p.ndim > 1 else 0):
            raise ValueError(
                f"Expected outputs (n, k) with k from {least}, for top_k={self.top_k} and "
                f"class_id={self.class_id}, got {p.shape}."
            )
        if self.top_k is not None:
            best = np.argsort(-p, axis=-1, kind="stable")[..., : self.top_k]  # (n, top_k)
            kept = np.full_like(p, LOWEST)  # (n, k)
            np.put_along_axis(kept, best, np.take_along_axis(p, best, axis=-1), axis=-1)
            p = kept
        if self.class_id is not None:
            t, p, w = (a[..., self.class_id] for a in (t, p, w))  # (n,)
        return super().tally(t, p, w)


class Precision(Best):
    """How many of the outputs above the threshold are so rightly: tp / (tp + fp).

    Args:
        thresholds, top_k, class_id, name, dtype: see Best.

    Example:
        >>> Precision()([0, 1, 1, 1], [0.9, 0.9, 0.2, 0.2])
        0.5

    Source: keras.metrics.Precision. Where nothing is above the threshold it is 0.
    """

    def result(self) -> Scalar | Tensor:
        tp, _, fp, _ = self.counts
        return alone(ratio(tp, tp + fp))


class Recall(Best):
    """How many of those that should be are above the threshold: tp / (tp + fn).

    Args:
        thresholds, top_k, class_id, name, dtype: see Best.

    Example:
        >>> Recall()([0, 1, 1, 1, 1], [0.9, 0.9, 0.2, 0.2, 0.2])
        0.25

    Source: keras.metrics.Recall. Where nothing should be it is 0.
    """

    def result(self) -> Scalar | Tensor:
        tp, fn, _, _ = self.counts
        return alone(ratio(tp, tp + fn))


metrics.BY_NAME |= registry.names_of(
    [TruePositives, FalseNegatives, FalsePositives, TrueNegatives, Precision, Recall]
)
