"""Precision and recall of every class, in one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tinynet import config, metrics
from tinynet.metrics import Array, Metric
from tinynet.support import ranks, registry, settings
from tinynet.variables import Scalar, Tensor

__all__ = ["F1Score", "FBetaScore"]

EPSILON = 1e-7  # Keras's: added to what is divided by
NOTHING = 1e-9  # an output as small says no, even if it is the largest


class FBetaScore(Metric):
    """Precision P and recall R of each class as F = (1 + beta²) P R / (beta² P + R).

    Args:
        average: None (default) for one score a class, (k,); "micro", from the counts of all
            classes together; "macro", the mean of the scores; "weighted", by how often each
            class is a target.
        beta: float above 0, default 1: recall counts so many times as much as precision.
        threshold: float in (0, 1]: an output above it says yes; with None (default) the largest
            of each example does.
        name, dtype: see Metric.

    Example:
        >>> score = FBetaScore(average="macro", beta=2.0, threshold=0.5)
        >>> round(score([[1, 1], [1, 0]], [[0.2, 0.6], [0.6, 0.4]]), 4)  # (0.5556 + 1) / 2
        0.7778

    Source: keras.metrics.FBetaScore.
    """

    direction = "max"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name or "fbeta_score", dtype)
        self.average = settings.choice("average", average, None, "micro", "macro", "weighted")
        self.beta = settings.number("beta", beta, "(0, inf)")
        self.threshold = settings.optional("threshold", threshold, "(0, 1]")
        self.reset_state()

    def reset_state(self) -> None:
        self.counts = np.zeros((3, 1))  # tp, fp, fn; later (3, k)

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Count a batch: t and p (n, k), weights (n,)."""
        t, p, w = ranks.columns(y_true, y_pred, sample_weight, config.floatx())  # (n, k) each
        if self.threshold is None:
            yes = (p == p.max(axis=1, keepdims=True)) & (np.abs(p) > NOTHING)  # (n, k)
        else:
            yes = p > self.threshold
        cases = (w * yes * t, w * yes * (1 - t), w * ~yes * t)  # (n, k) each
        self.counts = self.counts + np.stack([case.sum(axis=0) for case in cases])

    def result(self) -> Scalar | Tensor:
        tp, fp, fn = self.counts  # (k,) each
        support = tp + fn  # how much each class is a target
        if self.average == "micro":
            tp, fp, fn = tp.sum(), fp.sum(), fn.sum()
        P, R = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
        scores: Array = (1 + self.beta**2) * P * R / (self.beta**2 * P + R + EPSILON)
        if self.average == "weighted":
            return Scalar((scores * support).sum() / (support.sum() + EPSILON))
        if self.average is None:
            return scores.astype(config.floatx()).view(Tensor)
        return Scalar(scores.mean())


class F1Score(FBetaScore):
    """Precision P and recall R of each class as F = 2 P R / (P + R).

    Args:
        average, threshold, name, dtype: see FBetaScore.

    Example:
        >>> round(F1Score(average="macro")([[1, 0], [0, 1]], [[0.6, 0.4], [0.7, 0.3]]), 4)
        0.3333

    Source: keras.metrics.F1Score.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name or "f1_score", dtype)


metrics.BY_NAME |= registry.names_of([F1Score, FBetaScore])
