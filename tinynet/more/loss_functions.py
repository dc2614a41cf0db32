"""The losses as functions of (y_true, y_pred), which return the loss of each example, (n,).

They can be called by hand, compiled with as a loss, where they stand for their class, and as a
metric. Targets and outputs are (n, k), or any (..., k) with a loss (...).
"""

from __future__ import annotations

from typing import Any

from tinynet import losses
from tinynet.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tinynet.more.losses import (
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Poisson,
    SquaredHinge,
)

__all__ = [
    "BCE",
    "KLD",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "bce",
    "binary_crossentropy",
    "categorical_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "hinge",
    "huber",
    "kl_divergence",
    "kld",
    "kullback_leibler_divergence",
    "log_cosh",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return BinaryCrossentropy's loss of each example.

    Example:
        >>> binary_crossentropy([[1.0]], [[0.1]])
        array([2.3025851], dtype=float32)

    Source: keras.losses.binary_crossentropy.
    """
    return BinaryCrossentropy(
        from_logits=from_logits, label_smoothing=label_smoothing, axis=axis, reduction=None
    )(y_true, y_pred)


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return CategoricalCrossentropy's loss of each example.

    Example:
        >>> categorical_crossentropy([[0.0, 1.0]], [[0.9, 0.1]])
        array([2.3025851], dtype=float32)

    Source: keras.losses.categorical_crossentropy.
    """
    return CategoricalCrossentropy(
        from_logits=from_logits, label_smoothing=label_smoothing, axis=axis, reduction=None
    )(y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: None = None, axis: int = -1
) -> Any:
    """Return SparseCategoricalCrossentropy's loss of each example.

    Example:
        >>> sparse_categorical_crossentropy([1], [[0.9, 0.1]])
        array([2.3025851], dtype=float32)

    Source: keras.losses.sparse_categorical_crossentropy.
    """
    return SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis, reduction=None)(
        y_true, y_pred
    )


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return MeanSquaredError's loss of each example.

    Example:
        >>> mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]])
        array([2.], dtype=float32)

    Source: keras.losses.mean_squared_error.
    """
    return MeanSquaredError(reduction=None)(y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return MeanAbsoluteError's loss of each example.

    Example:
        >>> mean_absolute_error([[1.0, 2.0]], [[1.0, 4.0]])
        array([1.], dtype=float32)

    Source: keras.losses.mean_absolute_error.
    """
    return MeanAbsoluteError(reduction=None)(y_true, y_pred)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Return MeanAbsolutePercentageError's loss of each example.

    Example:
        >>> mean_absolute_percentage_error([[4.0]], [[3.0]])
        array([25.], dtype=float32)

    Source: keras.losses.mean_absolute_percentage_error.
    """
    return MeanAbsolutePercentageError(reduction=None)(y_true, y_pred)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Return MeanSquaredLogarithmicError's loss of each example.

    Example:
        >>> mean_squared_logarithmic_error([[0.0]], [[1.0]])
        array([0.48045287], dtype=float32)

    Source: keras.losses.mean_squared_logarithmic_error.
    """
    return MeanSquaredLogarithmicError(reduction=None)(y_true, y_pred)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Return Huber's loss of each example.

    Example:
        >>> huber([[0.0]], [[3.0]])
        array([2.5], dtype=float32)

    Source: keras.losses.huber.
    """
    return Huber(delta=delta, reduction=None)(y_true, y_pred)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Return LogCosh's loss of each example.

    Example:
        >>> log_cosh([[0.0]], [[2.0]])
        array([1.3250027], dtype=float32)

    Source: keras.losses.log_cosh.
    """
    return LogCosh(reduction=None)(y_true, y_pred)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Return Hinge's loss of each example.

    Example:
        >>> hinge([[1.0]], [[0.5]])
        array([0.5], dtype=float32)

    Source: keras.losses.hinge.
    """
    return Hinge(reduction=None)(y_true, y_pred)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return SquaredHinge's loss of each example.

    Example:
        >>> squared_hinge([[1.0]], [[-1.0]])
        array([4.], dtype=float32)

    Source: keras.losses.squared_hinge.
    """
    return SquaredHinge(reduction=None)(y_true, y_pred)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return CategoricalHinge's loss of each example.

    Example:
        >>> categorical_hinge([[1.0, 0.0]], [[0.75, 0.5]])
        array([0.75], dtype=float32)

    Source: keras.losses.categorical_hinge.
    """
    return CategoricalHinge(reduction=None)(y_true, y_pred)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return KLDivergence's loss of each example.

    Example:
        >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])
        array([0.14384106], dtype=float32)

    Source: keras.losses.kl_divergence.
    """
    return KLDivergence(reduction=None)(y_true, y_pred)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Return Poisson's loss of each example.

    Example:
        >>> poisson([[2.0]], [[1.0]])
        array([0.99999976], dtype=float32)

    Source: keras.losses.poisson.
    """
    return Poisson(reduction=None)(y_true, y_pred)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return CosineSimilarity's loss of each example.

    Example:
        >>> cosine_similarity([[1.0, 0.0]], [[0.0, 1.0]])
        array([-0.], dtype=float32)

    Source: keras.losses.cosine_similarity.
    """
    return CosineSimilarity(axis=axis, reduction=None)(y_true, y_pred)


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kullback_leibler_divergence = kl_divergence
kld = KLD = kl_divergence
logcosh = log_cosh

losses.FUNCTIONS |= {
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    huber: Huber,
    log_cosh: LogCosh,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
    kl_divergence: KLDivergence,
    poisson: Poisson,
    cosine_similarity: CosineSimilarity,
}
