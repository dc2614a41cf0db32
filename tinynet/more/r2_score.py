"""How much of the targets' variation the outputs explain."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from tinynet import config, metrics
from tinynet.metrics import Array, Metric
from tinynet.support import ranks, registry, settings
from tinynet.variables import Scalar, Tensor

__all__ = ["R2Score"]


class R2Score(Metric):
    """R² = 1 - sum (t - p)² / sum (t - mean t)²: 1 is perfect, 0 as good as the mean of t.

    Args:
        class_aggregation: "uniform_average" (default), the mean over the outputs;
            "variance_weighted_average", by how much each target varies; None for one score an
            output, (k,).
        num_regressors: int from 0, default 0: of how many inputs the score is adjusted for.
        name, dtype: see Metric.

    Example:
        >>> round(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]), 4)
        0.5714

    Source: keras.metrics.R2Score.
    """

    direction = "max"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name or "r2_score", dtype)
        self.class_aggregation = settings.choice(
            "class_aggregation",
            class_aggregation,
            "uniform_average",
            "variance_weighted_average",
            None,
        )
        self.num_regressors = settings.count("num_regressors", num_regressors, 0)
        self.reset_state()

    def reset_state(self) -> None:
        self.sums = np.zeros((4, 1))  # of w, w t, w t² and w (t - p)²; later (4, k)
        self.seen = 0

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in a batch: t and p (n, k), weights (n,)."""
        t, p, w = ranks.columns(y_true, y_pred, sample_weight, config.floatx())  # (n, k) each
        terms = (w, w * t, w * t * t, w * np.square(t - p))  # (n, k) each
        self.sums = self.sums + np.stack([term.sum(axis=0) for term in terms])
        self.seen += t.size

    def result(self) -> Scalar | Tensor:
        count, total, squares, errors = self.sums  # (k,) each
        with np.errstate(all="ignore"):
            varied = squares - total * total / count  # sum of w (t - mean t)²
            scores: Array = 1 - errors / varied
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "variance_weighted_average":
                scores = (scores * varied).sum(keepdims=True) / varied.sum()
        scores = self.adjusted(scores)
        if self.class_aggregation is None:
            return scores.astype(config.floatx()).view(Tensor)
        return Scalar(scores.mean())

    def adjusted(self, scores: Array) -> Array:
        """Count it against a score that it has many inputs to explain few examples with."""
        n, inputs = self.seen, self.num_regressors
        if not inputs:
            return scores
        if inputs >= n - 1:
            warnings.warn("Too few examples to adjust R² for the inputs.", stacklevel=3)
            return scores
        return 1 - (1 - scores) * (n - 1) / (n - inputs - 1)


metrics.BY_NAME |= registry.names_of([R2Score])
