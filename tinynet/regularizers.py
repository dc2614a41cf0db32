"""Penalties on large weights, added to the loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.support import registry, settings

Array = NDArray[np.floating]


class L1L2(registry.Configurable):
    """Add l1 sum |W| + l2 sum W² to the loss, and l1 sign(W) + 2 l2 W to its gradient.

    Args:
        l1: float, at least 0, default 0.
        l2: float, at least 0, default 0.

    Raises:
        ValueError: a factor that is negative, infinite or no number.

    Example:
        >>> L1L2(l1=0.5, l2=0.25)(np.array([-2.0, 4.0]))  # 0.5 * 6 + 0.25 * 20
        8.0

    Source: keras.regularizers.L1L2.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1: float = settings.number("the penalty factor l1", l1, "[0, inf)")
        self.l2: float = settings.number("the penalty factor l2", l2, "[0, inf)")

    def __call__(self, W: Array) -> float:
        """Return the penalty."""
        return float(self.l1 * np.abs(W).sum() + self.l2 * np.square(W).sum())

    def gradient(self, W: Array) -> Array:
        """Return the penalty's gradient, of W's shape."""
        return self.l1 * np.sign(W) + 2 * self.l2 * W


Regularizer = L1L2


class L1(L1L2):
    """Add l1 sum |W| to the loss: small weights become exactly 0.

    Args:
        l1: float, at least 0, default 0.01.

    Example:
        >>> L1(0.5)(np.array([-2.0, 4.0]))
        3.0

    Source: keras.regularizers.L1.
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)


class L2(L1L2):
    """Add l2 sum W² to the loss: all weights shrink. (Some books halve it; Keras does not.)

    Args:
        l2: float, at least 0, default 0.01.

    Example:
        >>> L2(0.25)(np.array([-2.0, 4.0]))
        5.0

    Source: keras.regularizers.L2.
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)


# Keras has both spellings: kernel_regularizer=regularizers.l2(1e-4)
l1 = L1
l2 = L2
l1_l2 = L1L2

BY_NAME: dict[str, type[L1L2]] = registry.names_of([L1, L2, L1L2])


def get(identifier: Any) -> Regularizer | None:
    """Return the regularizer meant by a name, a class, a config, an instance or None.

    Example:
        >>> get("l2")
        L2(l2=0.01)
    """
    if identifier is None:
        return None
    return registry.get("regularizer", L1L2, BY_NAME, identifier)
