"""The area under a curve that shows what every threshold would give."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tinynet import activations, metrics
from tinynet.metrics import Array
from tinynet.more.confusion import Confusion, ratio
from tinynet.support import registry, settings
from tinynet.variables import Scalar

__all__ = ["AUC"]

EDGE = 1e-7  # Keras's epsilon: the first threshold is so far below 0, the last so far above 1
HEIGHTS: dict[str, Callable[[Array, Array], Array]] = {  # of what is between two points
    "interpolation": lambda a, b: (a + b) / 2,
    "minoring": np.minimum,
    "majoring": np.maximum,
}


class AUC(Confusion):
    """The area under the curve of hits over false alarms, or of precision over recall.

    ROC: recall tp / (tp + fn) over fp / (fp + tn); 1 is perfect, 0.5 is guessing.
    PR: precision tp / (tp + fp) over recall.

    Args:
        num_thresholds: int from 2, default 200: points of the curve, at even thresholds.
        curve: "ROC" (default) or "PR".
        summation_method: "interpolation" (default), straight lines between the points, in PR of
            tp and fp; "minoring" or "majoring", steps that stay below or above them.
        name: None (default) is "auc", then "auc_1".
        dtype: see Metric.
        thresholds: list of floats in [0, 1], in the place of num_thresholds; default None.
        multi_label: whether to take the mean of one area for each output; default False.
        num_labels: int, how many outputs there are with multi_label; None (default) is any number.
        label_weights: list, how much each output counts; default alike.
        from_logits: whether outputs are logits, not probabilities; default False.

    Example:
        >>> auc = AUC(num_thresholds=3)  # thresholds 0, 0.5 and 1
        >>> auc.update_state([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
        >>> auc.result()  # through (1, 1), (0, 0.5) and (0, 0)
        0.75

    Source: Davis and Goadrich, 2006, for PR; keras.metrics.AUC, which has PRGAIN, too.
    """

    direction = "max"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        self.multi_label = settings.choice("multi_label", multi_label, False, True)
        if num_labels is not None and not (
            multi_label and settings.count("num_labels", num_labels)
        ):
            raise ValueError("num_labels belongs to multi_label=True: leave it out.")
        self.thresholds = thresholds
        if thresholds is None:
            last = settings.count("num_thresholds", num_thresholds, 2) - 1
            inner = [i / last for i in range(1, last)]
        else:
            inner = sorted(settings.number("a threshold", v, "[0, 1]") for v in thresholds)
        super().__init__([-EDGE, *inner, 1 + EDGE], name, dtype)
        self.num_thresholds = len(self.levels)
        self.curve = settings.choice("curve", str(curve).upper(), "ROC", "PR")
        self.summation_method = settings.choice("summation_method", summation_method, *HEIGHTS)
        self.num_labels = num_labels
        self.label_weights = label_weights
        self.from_logits = from_logits

    def reset_state(self) -> None:
        super().reset_state()
        if self.multi_label:
            self.counts = self.counts[..., np.newaxis]  # (4, T, 1), later (4, T, k)

    def tally(self, t: Array, p: Array, w: Array) -> Array:
        if self.from_logits:
            p = activations.sigmoid(p)
        if not self.multi_label:
            weights = 1.0 if self.label_weights is None else np.asarray(self.label_weights)
            return super().tally(t, p, w * weights)  # (n, k) * (k,)
        if p.ndim != 2 or p.shape[1] != (self.num_labels or p.shape[1]):
            raise ValueError(f"Expected outputs (n, {self.num_labels or 'k'}), got {p.shape}.")
        columns = zip(t.T, p.T, w.T, strict=True)
        return np.stack([self.counted(*column) for column in columns], axis=-1)  # (4, T, k)

    def result(self) -> Scalar:
        tp, fn, fp, tn = self.counts  # (T,) or (T, k) each
        recall, precision = ratio(tp, tp + fn), ratio(tp, tp + fp)
        x, y = (ratio(fp, fp + tn), recall) if self.curve == "ROC" else (recall, precision)
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = between(tp, fn, fp)  # (T - 1,) or (T - 1, k)
        else:
            areas = (x[:-1] - x[1:]) * HEIGHTS[self.summation_method](y[:-1], y[1:])
        weights = self.label_weights if self.multi_label else None
        return Scalar(np.average(areas.sum(axis=0), weights=weights))


def between(tp: Array, fn: Array, fp: Array) -> Array:
    """Return the area under precision over recall from each threshold to the next.

    There tp and tp + fp =: n are taken as straight lines, tp = slope n + rest, and
    the integral of tp / n over tp is slope (dtp + rest log(n_0 / n_1)).
    """
    n = tp + fp
    slope = ratio(tp[:-1] - tp[1:], n[:-1] - n[1:])
    rest = tp[1:] - slope * n[1:]
    logs = np.log(np.where((n[:-1] > 0) & (n[1:] > 0), ratio(n[:-1], n[1:]), 1))
    return ratio(slope * (tp[:-1] - tp[1:] + rest * logs), tp[1:] + fn[1:])


metrics.BY_NAME |= registry.names_of([AUC])
