"""The losses: how wrong an output is, and in which direction it should move.

    t (n, k) targets      y (n, k) outputs: probabilities p, logits or plain numbers
    l (n,)   the loss of each example      L the mean of l: the one number that is trained on

A loss gives each example's own l and dl/dy; the mean is taken in one place, and that is where
the 1/n of every gradient comes from.

Softmax and cross-entropy belong together. With p = softmax(logits) and l = -sum_j t_j log p_j
all of the Jacobian cancels, and dl/dlogits = p - t. Apart, the same gradient is p_j t_j / p_j:
0 / 0 as soon as a probability is too small for a float32. So a loss names the activation whose
input it can take itself (`fuses`), and a model that ends in that activation trains on the
logits in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinynet import activations
from tinynet.reduction import WRITE_A_CLASS, Reduced
from tinynet.support import registry, settings

Array = NDArray[np.floating]
L = TypeVar("L", bound="Loss")

TINY = 1e-7  # Keras's epsilon: probabilities are kept this far from 0 and 1 before a log


class Loss(Reduced):
    """Base class: a subclass writes `per_example`.

    Args:
        **options: reduction, name: see reduction.Reduced.

    Example, a loss of your own:
        >>> class Cubed(Loss):
        ...     def per_example(self, t, y):
        ...         e = y - t
        ...         return np.mean(abs(e) ** 3, axis=1), 3 * e * abs(e) / y.shape[1]
        >>> Cubed()([[0.0]], [[2.0]])
        8.0

    Source: keras.losses.Loss.
    """

    fuses: activations.Function | None = None
    from_logits = False
    formulas: Mapping[str, str] = {}  # of l, and of dy from outputs or from logits, for explain

    def value_and_gradient(
        self, t: Array, y: Array, weights: Array | None = None
    ) -> tuple[float, Array]:
        """Return L, the mean loss of the batch, and dy = dL/dy, of y's shape and dtype.

        Args:
            t: targets, (n, k); class numbers, (n,), for the sparse loss.
            y: outputs, (n, k).
            weights: (n,), how much each example counts; None (default) is 1 for all.
        """
        l, dy = self.per_example(self.targets(t, y), y)  # (n,), (n, k)
        if weights is not None:
            l, dy = l * weights, dy * weights[:, np.newaxis]  # (n,), (n, k) * (n, 1)
        n = self.divisor(len(l), weights)  # of a mean: how many
        return float(l.sum()) / n, dy / n  # the mean's derivative: 1/n for every row

    def on_logits(self: L) -> L:
        """Return the same loss, taking logits instead of probabilities."""
        twin = object.__new__(type(self))  # copy.copy takes ten times as long, in every step
        vars(twin).update(vars(self), from_logits=True)
        return twin


class CategoricalCrossentropy(Loss):
    """Compare probabilities with one-hot rows: l = -sum_j t_j log p_j.

    From logits, p = softmax(logits), and dl/dlogits = p - t.

    Args:
        from_logits: whether the outputs are logits, not probabilities; default False.
        label_smoothing: s in [0, 1): train on t (1 - s) + s / k; default 0.
        axis: -1, the last, and no other.
        **options: reduction, name: see Loss.

    Example, a certain and a wrong guess:
        >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.0, 1.0]]), 4)
        0.0
        >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.9, 0.1]]), 4)  # -log 0.1
        2.3026

    Source: keras.losses.CategoricalCrossentropy. In training, a model that ends in softmax is
    treated as from_logits, like Keras on TensorFlow; Keras on JAX and torch clips p to
    [1e-7, 1 - 1e-7], which shows only in losses above 16 or below 1e-7.
    """

    fuses = staticmethod(activations.softmax)

    formulas: Mapping[str, str] = {
        "l": "l = -sum_j t_j log p_j",
        "dy": "(1 - t / p) / n, for rows y = p that sum to 1",
        "dlogits": "(p - t) / n",
    }

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0, axis: int = -1, **options: Any
    ) -> None:
        super().__init__(**options)
        self.axis: Any = settings.choice("axis", axis, -1)
        self.from_logits = from_logits
        self.label_smoothing: float = settings.number("label_smoothing", label_smoothing, "[0, 1)")

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        s, k = self.label_smoothing, y.shape[1]
        if s:
            t = t * (1 - s) + s / k  # (n, k)
        if self.from_logits:
            z = y - y.max(axis=1, keepdims=True)  # (n, k): softmax doesn't see the shift
            e = np.exp(z)  # (n, k)
            total = e.sum(axis=1, keepdims=True)  # (n, 1)
            log_p = z - np.log(total)  # (n, k) - (n, 1): log(e / total)
            return -np.vecdot(t, log_p), e / total - t  # (n,), p - t (n, k)
        total = y.sum(axis=1, keepdims=True)  # (n, 1)
        p = np.clip(y / total, TINY, 1 - TINY)  # (n, k)
        dp = np.where(p == y / total, -t / p, 0)  # (n, k): what was clipped has no slope
        dy = (dp - np.sum(dp * p, axis=1, keepdims=True)) / total  # (n, k), back through y / total
        return -np.sum(t * np.log(p), axis=1), dy  # (n,), (n, k)


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """Compare probabilities with class numbers: l = -log p_t.

    Args:
        from_logits: whether the outputs are logits, not probabilities; default False.
        ignore_class: None, and no other.
        **options: axis, reduction, name: as above.

    Example:
        >>> round(SparseCategoricalCrossentropy()([1], [[0.9, 0.1]]), 4)  # -log 0.1
        2.3026

    Source: keras.losses.SparseCategoricalCrossentropy.
    """

    formulas: Mapping[str, str] = {
        "l": "l = -log p_t",
        "dy": "(1 - 1 / p) / n at the class t, 1 / n elsewhere, for rows y = p that sum to 1",
        "dlogits": "(p - 1) / n at the class t, p / n elsewhere",
    }

    def __init__(
        self, from_logits: bool = False, ignore_class: None = None, **options: Any
    ) -> None:
        super().__init__(from_logits, **options)
        self.ignore_class: Any = settings.choice("ignore_class", ignore_class, None)

    def targets(self, t: Array, y: Array) -> Array:
        one_hot: Array = t.reshape(-1, 1) == np.arange(y.shape[1])  # (n, 1) == (k,): 1 at (i, t[i])
        return one_hot.astype(y.dtype)  # (n, k), a row of 0 where there is no such class

    def pair(self, t: Array, y: Array) -> tuple[Array, Array]:
        t = t[..., 0] if t.ndim == y.ndim and t.shape[-1] == 1 else t  # (...)
        if t.shape != y.shape[:-1]:
            raise ValueError(f"Expected y_true of shape {y.shape[:-1]}, got {t.shape}.")
        return t, y


class BinaryCrossentropy(Loss):
    """Compare probabilities of "yes" with 0 or 1: l = mean_j -(t log p + (1 - t) log(1 - p)).

    From logits, p = sigmoid(logits), and dl/dlogits = (p - t) / k.

    Args:
        from_logits: whether the outputs are logits, not probabilities; default False.
        label_smoothing: s in [0, 1): train on t (1 - s) + s / 2; default 0.
        axis, **options: as above.

    Example:
        >>> round(BinaryCrossentropy()([[1.0]], [[0.1]]), 4)  # -log 0.1
        2.3026

    Source: keras.losses.BinaryCrossentropy; for sigmoid as for softmax above.
    """

    fuses = staticmethod(activations.sigmoid)

    formulas: Mapping[str, str] = {
        "l": "l = mean_j -(t log p + (1 - t) log(1 - p))",
        "dy": "(p - t) / (p (1 - p)) / k / n",
        "dlogits": "(p - t) / k / n",
    }

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0, axis: int = -1, **options: Any
    ) -> None:
        super().__init__(**options)
        self.axis: Any = settings.choice("axis", axis, -1)
        self.from_logits = from_logits
        self.label_smoothing: float = settings.number("label_smoothing", label_smoothing, "[0, 1)")

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        s, k = self.label_smoothing, y.shape[1]
        if s:
            t = t * (1 - s) + s / 2  # (n, k)
        if self.from_logits:
            # -log sigmoid(y) = log(1 + e^-y), written so that exp can't overflow
            l = np.maximum(y, 0) - y * t + np.log1p(np.exp(-np.abs(y)))  # (n, k)
            return l.mean(axis=1), (activations.sigmoid(y) - t) / k  # (n,), (p - t) / k (n, k)
        p = np.clip(y, TINY, 1 - TINY)  # (n, k)
        l = -(t * np.log(p) + (1 - t) * np.log(1 - p))  # (n, k)
        dp = (p - t) / (p * (1 - p)) / k  # (n, k)
        return l.mean(axis=1), np.where(p == y, dp, 0)  # (n,), (n, k): clipped has no slope


class MeanSquaredError(Loss):
    """Compare numbers: l = mean_j (y_j - t_j)².

    Example:
        >>> MeanSquaredError()([[1.0, 2.0]], [[1.0, 4.0]])  # (0 + 4) / 2
        2.0

    Source: keras.losses.MeanSquaredError. (Some books halve it; Keras does not.)
    """

    formulas: Mapping[str, str] = {"l": "l = mean_j (y_j - t_j)²", "dy": "2 (y - t) / k / n"}

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        error = y - t  # (n, k)
        return np.square(error).mean(axis=1), 2 * error / y.shape[1]  # (n,), (n, k)


class MeanAbsoluteError(Loss):
    """Compare numbers: l = mean_j |y_j - t_j|.

    Example:
        >>> MeanAbsoluteError()([[1.0, 2.0]], [[1.0, 4.0]])  # (0 + 2) / 2
        1.0

    Source: keras.losses.MeanAbsoluteError. At y = t the slope is 0.
    """

    formulas: Mapping[str, str] = {"l": "l = mean_j |y_j - t_j|", "dy": "sign(y - t) / k / n"}

    def per_example(self, t: Array, y: Array) -> tuple[Array, Array]:
        error = y - t  # (n, k)
        return np.abs(error).mean(axis=1), np.sign(error) / y.shape[1]  # (n,), (n, k)


FUNCTIONS: dict[Callable[..., Any], type[Loss]] = {}  # the losses as functions, of more/
BY_NAME: dict[str, type[Loss]] = registry.names_of(
    [
        CategoricalCrossentropy,
        SparseCategoricalCrossentropy,
        BinaryCrossentropy,
        MeanSquaredError,
        MeanAbsoluteError,
    ]
) | {"mse": MeanSquaredError, "mae": MeanAbsoluteError}


def get(identifier: Any) -> Loss:
    """Return the loss meant by a name, a class, a config, an instance or a function of this module.

    Raises:
        ValueError: anything else; for a function of your own with the class to write.

    Example:
        >>> get("mse").name
        'mean_squared_error'
    """
    if callable(identifier) and not isinstance(identifier, (Loss, type)):
        if identifier not in FUNCTIONS:
            raise ValueError(WRITE_A_CLASS)
        return FUNCTIONS[identifier]()
    return registry.get("loss", Loss, BY_NAME, identifier)


if TYPE_CHECKING:  # what more/ adds when it is first asked for
    from tinynet.more.loss_functions import *  # noqa: F403
    from tinynet.more.losses import *  # noqa: F403
