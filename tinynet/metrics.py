"""The numbers that people judge a model by; nothing is trained on them.

t (n, k) targets, or (n,) class numbers      p (n, k) outputs      each value (n,)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinynet import config
from tinynet.support import ranks, registry, settings
from tinynet.variables import Scalar

Array = NDArray[Any]
M = TypeVar("M", bound="Metric")


class Metric(registry.Configurable):
    """Base class: a mean over examples; a subclass writes `per_example`.

    Args:
        name: the key in logs and History; None (default) takes the class's name.
        dtype: None or the name of floatx, and no other.

    Example, over two batches:
        >>> metric = MeanSquaredError()
        >>> metric.update_state([[1.0], [2.0]], [[1.0], [3.0]])
        >>> metric.update_state([[0.0]], [[2.0]])
        >>> metric.result()  # (0 + 1 + 4) / 3
        1.6666666666666667

    Source: keras.metrics.MeanMetricWrapper.
    """

    direction: str | None = None  # "max" where more is better, "min" where less is

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        config.refuse_dtype({"dtype": dtype})
        self.name: str = settings.text("name", name or registry.snake_case(type(self).__name__))
        self.dtype: str = config.floatx()
        Metric.reset_state(self)

    @classmethod
    def from_config(cls: type[M], config: Mapping[str, Any]) -> M:
        """Make a metric from what `get_config` returned; its dtype is that of all the others."""
        return super().from_config({k: value for k, value in config.items() if k != "dtype"})

    def per_example(self, t: Array, p: Array) -> Array:
        """Return a value for each example, (n,), or several, (n, ...), whose mean is taken."""
        raise TypeError(f"{type(self).__name__} has no per_example(t, p).")

    def reset_state(self) -> None:
        """Forget the examples seen so far."""
        self.total: float = 0.0
        self.count: float = 0.0

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take a batch into the mean: copies of it, since per_example may write into them."""
        self.add(self.per_example(np.array(y_true), np.array(y_pred)), sample_weight)

    def add(self, values: ArrayLike, sample_weight: ArrayLike | None) -> None:
        """Take values (n, ...) into the mean, each example counting as its weight says."""
        values = np.asarray(values)
        if sample_weight is None:
            self.total += float(values.sum(dtype=float)) / (math.prod(values.shape[1:]) or 1)
            self.count += len(values) if values.ndim else 1
        else:
            numbers = ranks.numbers(values, config.floatx())
            weighted, weights = ranks.samples(numbers, sample_weight)  # (n,), (n,)
            self.total += float(weighted.sum())
            self.count += float(weights.sum())

    def result(self) -> Any:
        """Return the mean over all examples since the last reset; 0 before the first."""
        return Scalar(self.total / self.count if self.count else 0)

    def add_weight(self, *arguments: Any, **options: Any) -> NoReturn:
        """Refuse what Keras's metrics keep their numbers in.

        Raises:
            TypeError: with what to type.
        """
        raise TypeError(
            "A metric of one's own keeps its numbers as attributes: self.hits = 0.0 in __init__ "
            "and in reset_state, self.hits += ... in update_state."
        )

    add_variable = add_weight

    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Any:
        """Take a batch into the mean and return the mean."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()


class Mean(Metric):
    """The mean of numbers that are handed in, such as the losses of batches.

    Args:
        name: see Metric.

    Example:
        >>> mean = Mean()
        >>> mean.update_state(1.0, sample_weight=3)
        >>> mean.update_state(5.0)
        >>> mean.result()
        2.0

    Source: keras.metrics.Mean.
    """

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:  # type: ignore[override]
        """Take numbers (n, ...) into the mean, each row counting as its weight says."""
        self.add(values, sample_weight)

    def __call__(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:  # type: ignore[override]
        """Take numbers into the mean and return the mean."""
        self.add(values, sample_weight)
        return self.result()


class CategoricalAccuracy(Metric):
    """How often the largest output stands where the one-hot target has its 1.

    Example:
        >>> CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]])
        0.5

    Source: keras.metrics.CategoricalAccuracy.
    """

    direction: str = "max"

    def per_example(self, t: Array, p: Array) -> Array:
        t, p = ranks.same(t, p)
        same: Array = p.argmax(axis=-1) == t.argmax(axis=-1)  # (n,)
        return same


class SparseCategoricalAccuracy(Metric):
    """How often the largest output stands at the target's class number.

    Example:
        >>> SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.3, 0.7]])
        0.5

    Source: keras.metrics.SparseCategoricalAccuracy.
    """

    direction: str = "max"

    def per_example(self, t: Array, p: Array) -> Array:
        same: Array = p.argmax(axis=-1) == classes(t, p)  # (n,)
        return same


class BinaryAccuracy(Metric):
    """How often an output is on the right side of the threshold.

    Args:
        name: see Metric.
        threshold: float in (0, 1), default 0.5: an output above it says 1.

    Example:
        >>> BinaryAccuracy()([[1], [0]], [[0.8], [0.7]])
        0.5

    Source: keras.metrics.BinaryAccuracy.
    """

    direction: str = "max"

    def __init__(
        self, name: str | None = None, dtype: str | None = None, threshold: float = 0.5
    ) -> None:
        super().__init__(name, dtype)
        self.threshold: float = settings.number("threshold", threshold, "(0, 1)")

    def per_example(self, t: Array, p: Array) -> Array:
        t, p = ranks.same(t, p)
        same: Array = (p > self.threshold) == t  # (n, k)
        return same


class TopKCategoricalAccuracy(Metric):
    """How often the one-hot target's class is among the k largest outputs.

    Args:
        k: int, at least 1, default 5.
        name: see Metric.

    Example:
        >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.5, 0.2, 0.3]])
        1.0

    Source: keras.metrics.TopKCategoricalAccuracy.
    """

    direction: str = "max"

    def __init__(self, k: int = 5, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(name, dtype)
        self.k: int = settings.count("k", k)

    def per_example(self, t: Array, p: Array) -> Array:
        t, p = ranks.same(t, p)
        return in_top_k(t.argmax(axis=-1), p, self.k)  # (n,)


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """How often the target's class number is among the k largest outputs.

    Args:
        k: int, at least 1, default 5.
        name: see Metric.

    Example:
        >>> SparseTopKCategoricalAccuracy(k=2)([1], [[0.5, 0.2, 0.3]])
        0.0

    Source: keras.metrics.SparseTopKCategoricalAccuracy.
    """

    def per_example(self, t: Array, p: Array) -> Array:
        return in_top_k(classes(t, p).astype(np.intp), p, self.k)  # (n,)


class MeanSquaredError(Metric):
    """The mean of (p - t)².

    Example:
        >>> MeanSquaredError()([[1.0]], [[3.0]])
        4.0

    Source: keras.metrics.MeanSquaredError.
    """

    direction: str = "min"

    def per_example(self, t: Array, p: Array) -> Array:
        means: Array = np.square(errors(t, p)).mean(axis=-1)  # (n,)
        return means


class MeanAbsoluteError(Metric):
    """The mean of |p - t|.

    Example:
        >>> MeanAbsoluteError()([[1.0]], [[3.0]])
        2.0

    Source: keras.metrics.MeanAbsoluteError.
    """

    direction: str = "min"

    def per_example(self, t: Array, p: Array) -> Array:
        means: Array = np.abs(errors(t, p)).mean(axis=-1)  # (n,)
        return means


class FunctionMetric(Metric):
    """The mean of what a function (y_true, y_pred) of your own returns.

    Example:
        >>> def largest_error(y_true, y_pred):
        ...     return abs(y_pred - y_true).max(axis=-1)
        >>> FunctionMetric(largest_error)([[1.0, 2.0]], [[1.5, 4.0]])
        2.0

    Source: what Keras makes of a function in compile(metrics=[...]).
    """

    def __init__(self, function: Callable[[Array, Array], Any], name: str | None = None) -> None:
        super().__init__(name or registry.given_name(function))
        self.function = function
        self.direction = FUNCTIONS.get(function) if isinstance(function, Hashable) else None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> FunctionMetric:
        table: dict[str, Callable[..., Any]] = {f.__name__: f for f in FUNCTIONS}
        return cls(registry.described("metric function", table, config["function"]), config["name"])

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if not isinstance(config["function"], str):
            raise ValueError(
                f"The metric {self.name!r} can't be written down: a file holds the name of its "
                f"function, and a lambda or a partial has none. Write it with def, as in "
                f"def my_metric(y_true, y_pred): ..."
            )
        return config

    def per_example(self, t: Array, p: Array) -> Array:
        return np.asarray(self.function(t, p))  # (n,), or a single number for the batch


def errors(t: Array, p: Array) -> Array:
    """Return p - t, (..., k), in floatx."""
    floatx = config.floatx()
    t, p = ranks.same(ranks.numbers(t, floatx), ranks.numbers(p, floatx))
    return p - t


def classes(t: Array, p: Array) -> Array:
    """Return class numbers, (n,), also where they come as (n, 1)."""
    t = t[..., 0] if t.ndim == p.ndim and t.shape[-1] == 1 else t
    if t.shape != p.shape[:-1]:
        raise ValueError(f"Expected y_true of shape {p.shape[:-1]}, got {t.shape}.")
    return t


def in_top_k(classes: Array, p: Array, k: int) -> Array:
    """Say for each row of p whether fewer than k outputs are above the one of its class."""
    own = np.take_along_axis(p, classes[..., np.newaxis], axis=-1)  # (n, 1)
    above: Array = (p > own).sum(axis=-1)  # (n,)
    return above < k  # (n,)


FUNCTIONS: dict[Callable[..., Any], str | None] = {}  # those of more/, and their direction
BY_NAME: dict[str, type[Metric]] = registry.names_of(
    [
        CategoricalAccuracy,
        SparseCategoricalAccuracy,
        BinaryAccuracy,
        TopKCategoricalAccuracy,
        SparseTopKCategoricalAccuracy,
        MeanSquaredError,
        MeanAbsoluteError,
    ]
) | {"mse": MeanSquaredError, "mae": MeanAbsoluteError}
KEPT: dict[str, type[Metric]] = {"FunctionMetric": FunctionMetric}  # in files, not by users
ACCURACY = ("accuracy", "acc")  # which one is meant depends on the targets and the output


def get(identifier: Any) -> Metric | str:
    """Return the metric meant by a name, a config, a function or an instance.

    "accuracy" stays as it is until the first targets are seen: see `choose_accuracy`.

    Example:
        >>> get("mse").name
        'mse'
    """
    if isinstance(identifier, str):
        if identifier.lower() in ACCURACY:
            return identifier
        metric = registry.find("metric", BY_NAME | dict.fromkeys(ACCURACY, Metric), identifier)()
        metric.name = identifier
        return metric
    if callable(identifier) and not isinstance(identifier, (Metric, type)):
        return FunctionMetric(identifier)
    return registry.get("metric", Metric, BY_NAME | KEPT, identifier)


def choose_accuracy(name: str, targets: tuple[int, ...], units: int) -> Metric:
    """Return the accuracy that fits targets of that shape and so many outputs, by Keras's rule.

    Example:
        >>> choose_accuracy("accuracy", (60000, 10), 10)
        CategoricalAccuracy(name='accuracy', dtype='float32')
    """
    if units == 1:
        return BinaryAccuracy(name=name)
    if len(targets) == 1 or targets[-1] == 1:
        return SparseCategoricalAccuracy(name=name)
    return CategoricalAccuracy(name=name)


if TYPE_CHECKING:  # what more/ adds when it is first asked for
    from tinynet.more.auc import *  # noqa: F403
    from tinynet.more.confusion import *  # noqa: F403
    from tinynet.more.f_scores import *  # noqa: F403
    from tinynet.more.loss_metrics import *  # noqa: F403
    from tinynet.more.metric_functions import *  # noqa: F403
    from tinynet.more.r2_score import *  # noqa: F403
