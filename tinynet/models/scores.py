"""The loss and the metrics of one run over batches, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.metrics import Mean, Metric, choose_accuracy

Array = NDArray[Any]


class Scores:
    """The loss and the metrics of one run over batches.

    Args:
        metrics: as compile got them; they are copied, so that runs don't disturb each other.
        weighted: the metrics that see sample_weight and class_weight as well.
        targets: some targets, whose shape tells which accuracy is meant.
        units: how many outputs an example has.
    """

    def __init__(
        self,
        metrics: Sequence[Metric | str],
        weighted: Sequence[Metric | str],
        targets: Array,
        units: int,
    ):
        self.loss = Mean(name="loss")
        self.given = [*metrics, *weighted]
        self.whole = targets.dtype if targets.dtype.kind in "iub" else None  # metrics see them so
        self.metrics = [
            choose_accuracy(each, targets.shape, units) if isinstance(each, str) else copy(each)
            for each in self.given
        ]
        self.plain = self.metrics[: len(metrics)]
        self.names = [metric.name for metric in self.metrics]
        names: Counter[str] = Counter()
        for i, metric in enumerate(self.metrics):
            metric.reset_state()
            if i >= len(metrics) and metric.name in names:
                metric.name = f"weighted_{metric.name}"
            names[metric.name] += 1
            if names[metric.name] > 1:  # two of one name: accuracy, accuracy_1
                metric.name += f"_{names[metric.name] - 1}"

    def update(self, loss: float, t: Array, y: Array, weights: Array | None) -> None:
        """Take a batch in: its mean loss, its targets, its outputs and their weights."""
        self.loss.total += loss * len(t)
        self.loss.count += len(t)
        if self.whole and self.metrics:
            t = t.astype(self.whole)
        for metric in self.plain:
            metric.update_state(t, y)
        for metric in self.metrics[len(self.plain) :]:
            metric.update_state(t, y, weights)

    def hand_back(self) -> None:
        """Let the user's own metrics tell what came out: metric.result() after evaluate."""
        for given, metric in zip(self.given, self.metrics, strict=True):
            if isinstance(given, Metric):
                vars(given).update(vars(metric) | {"name": given.name})

    def logs(self) -> dict[str, float]:
        """Return the means so far, sorted by name, as logs and History have them."""
        means = {metric.name: plain(metric.result()) for metric in [self.loss, *self.metrics]}
        return dict(sorted(means.items()))

    def report(self, as_dict: bool = False) -> Any:
        """Return the means as evaluate does: [loss, metric, ...], or the loss where it is alone."""
        if as_dict:
            return self.logs()
        logs = self.logs()
        names = ["loss", *self.names]  # two of one name are the first one twice, as in Keras
        means = [logs[name] for name in [*names, *(name for name in logs if name not in names)]]
        return means if self.metrics else means[0]


def plain(result: Any) -> Any:
    """Return a result as a Python float, or as an array where it is several numbers."""
    if isinstance(result, float) or np.ndim(result) == 0:
        return float(result)
    return np.asarray(result)
