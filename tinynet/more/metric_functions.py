"""The metrics as functions of (y_true, y_pred), which return the value of each example, (n,).

They can be called by hand, and compiled with. The losses as functions are metrics, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config, losses, metrics
from tinynet.metrics import Metric
from tinynet.more import loss_functions
from tinynet.more.loss_functions import *  # noqa: F403
from tinynet.variables import Tensor

__all__ = [
    *loss_functions.__all__,
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def values(metric: Metric, y_true: Any, y_pred: Any) -> Any:
    """Return what a metric says of each example."""
    each = metric.per_example(np.array(y_true), np.array(y_pred))
    return np.asarray(each, config.floatx()).view(Tensor)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return for each output whether it is on the right side of the threshold, (n, k).

    Example:
        >>> binary_accuracy([[1.0, 0.0]], [[0.8, 0.7]])
        array([[1., 0.]], dtype=float32)

    Source: keras.metrics.binary_accuracy.
    """
    return values(metrics.BinaryAccuracy(threshold=threshold), y_true, y_pred)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return for each example whether its largest output is that of the one-hot target.

    Example:
        >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]])
        array([1., 0.], dtype=float32)

    Source: keras.metrics.categorical_accuracy.
    """
    return values(metrics.CategoricalAccuracy(), y_true, y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return for each example whether its largest output is that of the target's class number.

    Example:
        >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.3, 0.7]])
        array([1., 0.], dtype=float32)

    Source: keras.metrics.sparse_categorical_accuracy.
    """
    return values(metrics.SparseCategoricalAccuracy(), y_true, y_pred)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return for each example whether the one-hot target's class is among the k largest outputs.

    Example:
        >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.2, 0.3]], k=2)
        array([1.], dtype=float32)

    Source: keras.metrics.top_k_categorical_accuracy.
    """
    return values(metrics.TopKCategoricalAccuracy(k), y_true, y_pred)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return for each example whether the target's class number is among the k largest outputs.

    Example:
        >>> sparse_top_k_categorical_accuracy([1], [[0.5, 0.2, 0.3]], k=2)
        array([0.], dtype=float32)

    Source: keras.metrics.sparse_top_k_categorical_accuracy.
    """
    return values(metrics.SparseTopKCategoricalAccuracy(k), y_true, y_pred)


metrics.FUNCTIONS |= dict.fromkeys(losses.FUNCTIONS, "min")
metrics.FUNCTIONS |= dict.fromkeys(
    [
        binary_accuracy,
        categorical_accuracy,
        sparse_categorical_accuracy,
        top_k_categorical_accuracy,
        sparse_top_k_categorical_accuracy,
    ]
)
