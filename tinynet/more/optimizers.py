"""Adam's relatives, and two optimizers whose rates sink as the gradients add up.

w, g  (p,) parameters and gradients      t  the number of the step: 1, 2, ...
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import optimizers
from tinynet.optimizers import Adam, Array, Optimizer
from tinynet.support import registry, settings

__all__ = ["Adadelta", "Adagrad", "AdamW", "Adamax", "Nadam"]


class AdamW(Adam):
    """Adam with weight decay: w -= lr weight_decay w, apart from the gradients; then Adam's step.

    Args:
        learning_rate: float from 0 or a schedule, default 0.001.
        weight_decay: float from 0, default 0.004.
        beta_1, beta_2, epsilon: as in Adam.
        **options: clipping, see Optimizer.

    Raises:
        ValueError: weight_decay is None; a value out of its range.

    Example:
        >>> w, g = np.array([1.0, -1.0]), np.array([0.1, -0.2])
        >>> adamw = AdamW(weight_decay=0.5)
        >>> adamw.build(w, [2])
        >>> adamw.step(w, g)
        >>> w.round(5)  # 1 - 0.001 * 0.5, less Adam's 0.001
        array([ 0.9985, -0.9985])

    Source: Loshchilov and Hutter, 2019, algorithm 2; keras.optimizers.AdamW. Biases decay too.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        decay = settings.number("weight_decay", weight_decay, "[0, inf)")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, weight_decay=decay, **options)


class Adamax(Adam):
    """Divide the mean gradient by the largest recent one, where Adam takes a root of squares.

    m = beta_1 m + (1 - beta_1) g                    the running mean of g
    u = max(beta_2 u, |g|)                           the largest |g|, slowly forgotten
    w -= lr m / ((1 - beta_1^t) (u + epsilon))

    Args:
        learning_rate: float from 0 or a schedule, default 0.001.
        beta_1: in [0, 1), default 0.9.
        beta_2: in [0, 1), default 0.999.
        epsilon: above 0, default 1e-7.
        **options: weight_decay and clipping, see Optimizer.

    Raises:
        ValueError: a value out of its range.

    Example:
        >>> w, g = np.array([1.0, -1.0]), np.array([0.1, -0.2])
        >>> adamax = Adamax()
        >>> adamax.build(w, [2])
        >>> adamax.step(w, g)
        >>> w.round(5)  # the first step is lr for every g
        array([ 0.999, -0.999])

    Source: Kingma and Ba, 2015, algorithm 2; keras.optimizers.Adamax, which adds epsilon.
    """

    off = Optimizer.off  # Adam's has amsgrad
    slot_names = ("momentum", "norm")
    formulas = (
        "m = beta_1 m + (1 - beta_1) g",
        "u = max(beta_2 u, |g|)",
        "w -= lr m / ((1 - beta_1^t) (u + epsilon))",
    )

    def update(self, lr: float, w: Array, g: Array, slots: dict[str, Array]) -> None:
        m, u, t = slots["momentum"], slots["norm"], self.iterations
        m += (1 - self.beta_1) * (g - m)  # (p,)
        np.maximum(self.beta_2 * u, np.abs(g), out=u)
        w -= lr / (1 - self.beta_1**t) * m / (u + self.epsilon)


class Nadam(Adam):
    """Adam with Nesterov's look ahead: the step goes by the mean gradient of the next step.

    m = beta_1 m + (1 - beta_1) g       the running mean of g
    v = beta_2 v + (1 - beta_2) g²      the running mean of g²
    b(t) = beta_1 (1 - 0.96^t / 2)      beta_1, rising to its value slowly
    B(t) = b(1) b(2) ... b(t)
    m' = b(t + 1) m / (1 - B(t + 1)) + (1 - b(t)) g / (1 - B(t))
    w -= lr m' / (sqrt(v / (1 - beta_2^t)) + epsilon)

    Args:
        learning_rate: float from 0 or a schedule, default 0.001.
        beta_1: in [0, 1), default 0.9.
        beta_2: in [0, 1), default 0.999.
        epsilon: above 0, default 1e-7.
        **options: weight_decay and clipping, see Optimizer.

    Raises:
        ValueError: a value out of its range.

    Example:
        >>> w, g = np.array([1.0, -1.0]), np.array([0.1, -0.2])
        >>> nadam = Nadam()
        >>> nadam.build(w, [2])
        >>> nadam.step(w, g)
        >>> w.round(5)
        array([ 0.99894, -0.99894])

    Source: Dozat, 2016; keras.optimizers.Nadam.
    """

    off = Optimizer.off
    formulas = (
        "m = beta_1 m + (1 - beta_1) g",
        "v = beta_2 v + (1 - beta_2) g²",
        "m' = b(t + 1) m / (1 - B(t + 1)) + (1 - b(t)) g / (1 - B(t))",
        "w -= lr m' / (sqrt(v / (1 - beta_2^t)) + epsilon)",
    )

    def update(self, lr: float, w: Array, g: Array, slots: dict[str, Array]) -> None:
        m, v, t = slots["momentum"], slots["velocity"], self.iterations
        m += (1 - self.beta_1) * (g - m)  # (p,)
        v += (1 - self.beta_2) * (g * g - v)
        ahead = self.b(t + 1) / (1 - self.product(t + 1)) * m
        ahead += (1 - self.b(t)) / (1 - self.product(t)) * g
        w -= lr * ahead / (np.sqrt(v / (1 - self.beta_2**t)) + self.epsilon)

    def b(self, t: int) -> float:
        """Return the beta_1 of step t."""
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def product(self, t: int) -> float:
        """Return B(t), the product of b(1) to b(t), which Keras keeps as a number of its own."""
        return float(self.beta_1**t * RISE[min(t, len(RISE) - 1)])


# The product of 1 - 0.96^i / 2 for i from 1 to t: after 1,000 factors, they are all 1.
RISE = np.cumprod([1, *(1 - 0.5 * 0.96**i for i in range(1, 1001))])


class Adagrad(Optimizer):
    """Divide each gradient by the root of all its squares so far: the more, the smaller the steps.

    a = a + g²                        from initial_accumulator_value
    w -= lr g / sqrt(a + epsilon)

    Args:
        learning_rate: float from 0 or a schedule, default 0.001. The paper's steps are those
            of 1.0.
        initial_accumulator_value: from 0, default 0.1.
        epsilon: above 0, default 1e-7.
        **options: weight_decay and clipping, see Optimizer.

    Raises:
        ValueError: a value out of its range.

    Example:
        >>> w, g = np.array([1.0, -1.0]), np.array([0.5, -0.5])
        >>> adagrad = Adagrad(learning_rate=0.1, initial_accumulator_value=0.0)
        >>> adagrad.build(w, [2])
        >>> adagrad.step(w, g)
        >>> w.round(5)  # the first step is lr for every g
        array([ 0.9, -0.9])

    Source: Duchi et al., 2011; keras.optimizers.Adagrad.
    """

    slot_names = ("accumulator",)
    formulas = ("a = a + g²", "w -= lr g / sqrt(a + epsilon)")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value = settings.number(
            "initial_accumulator_value", initial_accumulator_value, "[0, inf)"
        )
        self.epsilon = settings.number("epsilon", epsilon, "(0, inf)")

    def build(self, w: Array, sizes: Sequence[int]) -> None:
        super().build(w, sizes)
        self.slots["accumulator"][:] = self.initial_accumulator_value

    def update(self, lr: float, w: Array, g: Array, slots: dict[str, Array]) -> None:
        a = slots["accumulator"]
        a += g * g  # (p,)
        w -= lr * g / np.sqrt(a + self.epsilon)


class Adadelta(Optimizer):
    """Give each step the size of the steps before it: learning_rate has no unit.

    a = rho a + (1 - rho) g²                              the running mean of g²
    step = sqrt(d + epsilon) / sqrt(a + epsilon) g
    d = rho d + (1 - rho) step²                           the running mean of the steps' squares
    w -= lr step

    Args:
        learning_rate: float from 0 or a schedule, default 0.001. The paper's steps are those
            of 1.0.
        rho: in [0, 1), default 0.95.
        epsilon: above 0, default 1e-7.
        **options: weight_decay and clipping, see Optimizer.

    Raises:
        ValueError: a value out of its range.

    Example:
        >>> w, g = np.array([1.0, -1.0]), np.array([0.1, -0.2])
        >>> adadelta = Adadelta(learning_rate=1.0)
        >>> adadelta.build(w, [2])
        >>> adadelta.step(w, g)
        >>> w.round(5)  # the first step is sqrt(epsilon / (1 - rho)) for every g
        array([ 0.99859, -0.99859])

    Source: Zeiler, 2012, algorithm 1; keras.optimizers.Adadelta.
    """

    slot_names = ("accumulated_grad", "accumulated_delta_var")
    formulas = (
        "a = rho a + (1 - rho) g²",
        "step = sqrt(d + epsilon) / sqrt(a + epsilon) g",
        "d = rho d + (1 - rho) step²",
        "w -= lr step",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = settings.number("rho", rho, "[0, 1)")
        self.epsilon = settings.number("epsilon", epsilon, "(0, inf)")

    def update(self, lr: float, w: Array, g: Array, slots: dict[str, Array]) -> None:
        a, d = slots["accumulated_grad"], slots["accumulated_delta_var"]
        a += (1 - self.rho) * (g * g - a)  # (p,)
        step = np.sqrt(d + self.epsilon) / np.sqrt(a + self.epsilon) * g
        d += (1 - self.rho) * (step * step - d)
        w -= lr * step


optimizers.BY_NAME |= registry.names_of([AdamW, Adamax, Nadam, Adagrad, Adadelta], str.lower)
