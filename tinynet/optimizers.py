"""The optimizers: from gradients to a step.

    w, g     all parameters of a model and their gradients, as two long vectors
    v, m, a  what an optimizer remembers from step to step: its slots

All of them are (p,), p being the number of parameters.

An optimizer knows nothing of layers. Its rule is a few lines of vector algebra, done in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinynet import schedules as schedules  # they are public here, as in Keras
from tinynet.support import registry, settings, spellings

Array = NDArray[np.floating]

LIMITS = ("clipnorm", "clipvalue", "global_clipnorm")
BLOCK = 65536  # floats at a time, so that what the rule touches stays in the CPU's cache


class Optimizer(registry.Configurable):
    """Base class: a subclass names its slots and writes its rule in `update`.

    One step: clip the gradients, shrink the weights, update.

    Args:
        learning_rate: float from 0, or a schedule such as schedules.ExponentialDecay.
        weight_decay: float or None (default): first w -= lr * weight_decay * w.
        clipnorm: float or None (default): the longest gradient that each weight may have.
        clipvalue: float or None (default): the largest component that a gradient may have.
        global_clipnorm: float or None (default): the longest that all together may be.

    Raises:
        ValueError: more than one kind of clipping; a value out of its range; an unknown argument.

    Source: keras.optimizers.Optimizer.
    """

    learning_rate: schedules.Settable = schedules.Settable()
    lr: schedules.Renamed = schedules.Renamed("learning_rate")
    exclude_from_weight_decay = schedules.Absent("Every weight decays, biases too.")
    off = spellings.OFF  # settings of Keras's that may be given, switched off
    weight_decay: float | None
    global_clipnorm: float | None
    formulas: tuple[str, ...] = ()  # the rule, for explain to print

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        registry.refuse(type(self), unknown)
        self.learning_rate = schedules.get(learning_rate)
        self.weight_decay = settings.optional("weight_decay", weight_decay, "[0, inf)")
        self.clipnorm: float | None = settings.optional("clipnorm", clipnorm, "(0, inf)")
        self.clipvalue: float | None = settings.optional("clipvalue", clipvalue, "(0, inf)")
        self.global_clipnorm = settings.optional("global_clipnorm", global_clipnorm, "(0, inf)")
        limits = [limit for limit in LIMITS if getattr(self, limit) is not None]
        if len(limits) > 1:
            raise ValueError(f"Expected at most one kind of clipping, got {' and '.join(limits)}.")
        self.name: str = settings.text("name", name or registry.snake_case(type(self).__name__))
        self.iterations: int = 0
        self.built_for: Array | None = None
        self.slots: dict[str, Array] = {}
        self.parts: list[slice] = []

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The names of the slots, as the settings are."""
        return ()

    def build(self, w: Array, sizes: Sequence[int]) -> None:
        """Set the slots to 0 for parameters w, whose weights have these sizes."""
        self.built_for, self.iterations = w, 0
        self.slots = {name: np.zeros_like(w) for name in self.slot_names}
        ends = np.cumsum(sizes).tolist()
        self.parts = [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    def step(self, w: Array, g: Array) -> None:
        """Move w (p,) by one step against the gradients g (p,), in place."""
        lr = self.current_learning_rate()
        g = self.clip(g)
        if self.weight_decay:
            w -= lr * self.weight_decay * w
        self.iterations += 1
        for start in range(0, w.size, BLOCK):
            block = slice(start, start + BLOCK)
            slots = {name: slot[block] for name, slot in self.slots.items()}
            self.update(lr, w[block], g[block], slots)

    def update(self, lr: float, w: Array, g: Array, slots: dict[str, Array]) -> None:
        """Apply the rule to a stretch of w, g and the slots, in place."""
        raise TypeError(f"{type(self).__name__} has no update(lr, w, g, slots).")

    def current_learning_rate(self) -> float:
        """Return the learning rate of the coming step."""
        return float(self.learning_rate)

    def clip(self, g: Array) -> Array:
        """Return the gradients, clipped where a limit is set."""
        if self.clipvalue is not None:
            return np.clip(g, -self.clipvalue, self.clipvalue)
        if self.global_clipnorm is not None:
            return clip_by_norm(g, self.global_clipnorm)
        if self.clipnorm is not None:
            return np.concatenate([clip_by_norm(g[s], self.clipnorm) for s in self.parts])
        return g


def clip_by_norm(g: Array, longest: float) -> Array:
    """Scale g so that it is no longer than `longest`: g min(1, longest / |g|)."""
    length = float(np.sqrt(np.sum(np.square(g))))
    return g * (longest / max(length, longest))


class SGD(Optimizer):
    """Go downhill: w -= lr g; with momentum like a ball: m = mu m - lr g, w += m.

    Nesterov's momentum looks ahead: w += mu m - lr g, with the new m.

    Args:
        learning_rate: float from 0 or a schedule, default 0.01.
        momentum: mu in [0, 1], default 0.
        nesterov: default False.
        **options: weight_decay and clipping, see Optimizer.

    Example:
        >>> w, g = np.array([1.0, -1.0]), np.array([0.5, -0.5])
        >>> sgd = SGD(learning_rate=0.1)
        >>> sgd.build(w, [2])
        >>> sgd.step(w, g)
        >>> w
        array([ 0.95, -0.95])

    Source: keras.optimizers.SGD.
    """

    formulas = ("w -= lr g", "with momentum: m = mu m - lr g, w += m")

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum: float = settings.number("momentum", momentum, "[0, 1]")
        self.nesterov = nesterov

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum",) if self.momentum else ()

    def update(self, lr: float, w: Array, g: Array, slots: dict[str, Array]) -> None:
        if not self.momentum:
            w -= lr * g
            return
        m = slots["momentum"]
        m *= self.momentum
        m -= lr * g  # the steps so far, older ones counting less
        w += self.momentum * m - lr * g if self.nesterov else m


class RMSprop(Optimizer):
    """Divide each gradient by its own recent size, so that all weights move at a like pace.

    v = rho v + (1 - rho) g²        the running mean of g², from 0
    w -= lr g / sqrt(v + epsilon)   epsilon inside the root

    centered: a = rho a + (1 - rho) g, and v - a² stands for v under the root.
    momentum: m = mu m + lr g / sqrt(...), and w -= m.

    Args:
        learning_rate: float from 0 or a schedule, default 0.001.
        rho: in [0, 1), how long g² is remembered, default 0.9: about ten steps.
        momentum: mu in [0, 1], default 0.
        epsilon: above 0, default 1e-7. It bounds the step where g is nearly 0. PyTorch and
            many others add it outside the root: for g = 1e-4 that first step is tenfold.
        centered: default False.
        **options: weight_decay and clipping, see Optimizer.

    Example:
        >>> w, g = np.array([1.0, -1.0]), np.array([0.1, -0.2])
        >>> rmsprop = RMSprop()
        >>> rmsprop.build(w, [2])
        >>> rmsprop.step(w, g)
        >>> w.round(5)  # the first step is lr / sqrt(1 - rho) for every g
        array([ 0.99684, -0.99684])

    Source: Tieleman and Hinton, 2012, lecture 6.5; keras.optimizers.RMSprop.
    """

    formulas = ("v = rho v + (1 - rho) g²", "w -= lr g / sqrt(v + epsilon)")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho: float = settings.number("rho", rho, "[0, 1)")
        self.momentum: float = settings.number("momentum", momentum, "[0, 1]")
        self.epsilon: float = settings.number("epsilon", epsilon, "(0, inf)")
        self.centered = centered

    @property
    def slot_names(self) -> tuple[str, ...]:
        names = (("velocity", True), ("momentum", self.momentum))
        return tuple(n for n, on in (*names, ("average_gradient", self.centered)) if on)

    def update(self, lr: float, w: Array, g: Array, slots: dict[str, Array]) -> None:
        # The formulas above with one temporary vector, `step`: with small batches the update is
        # half of the work, and five temporaries would fall out of the CPU's cache.
        rho, v = self.rho, slots["velocity"]
        step: Array = g * g
        step *= 1 - rho
        v *= rho
        v += step
        variance = v
        if self.centered:
            a = slots["average_gradient"]
            a *= rho
            a += (1 - rho) * g
            variance = np.maximum(v - a * a, 0)  # rounding can make it less than 0
        np.add(variance, self.epsilon, out=step)
        np.sqrt(step, out=step)
        np.divide(g, step, out=step)
        step *= lr  # lr g / sqrt(v + epsilon)
        if self.momentum:
            m = slots["momentum"]
            m *= self.momentum
            m += step
            step = m
        w -= step


class Adam(Optimizer):
    """RMSprop with momentum, both freed of their start from 0.

    m = beta_1 m + (1 - beta_1) g       the running mean of g
    v = beta_2 v + (1 - beta_2) g²      the running mean of g²
    w -= lr_t m / (sqrt(v) + epsilon)   lr_t = lr sqrt(1 - beta_2^t) / (1 - beta_1^t)

    in step t = 1, 2, ...

    Args:
        learning_rate: float from 0 or a schedule, default 0.001.
        beta_1: in [0, 1), default 0.9.
        beta_2: in [0, 1), default 0.999.
        epsilon: above 0, default 1e-7: outside the root, other than in RMSprop.
        **options: weight_decay and clipping, see Optimizer.

    Example:
        >>> w, g = np.array([1.0, -1.0]), np.array([0.1, -0.2])
        >>> adam = Adam()
        >>> adam.build(w, [2])
        >>> adam.step(w, g)
        >>> w.round(5)  # the first step is lr for every g
        array([ 0.999, -0.999])

    Source: Kingma and Ba, 2015, algorithm 1, in the form before its section 2.1 that puts the
    corrections into lr_t; keras.optimizers.Adam.
    """

    slot_names = ("momentum", "velocity")
    off: Mapping[str, Any] = {**Optimizer.off, "amsgrad": False}
    formulas: tuple[str, ...] = (
        "m = beta_1 m + (1 - beta_1) g",
        "v = beta_2 v + (1 - beta_2) g²",
        "w -= lr_t m / (sqrt(v) + epsilon), lr_t = lr sqrt(1 - beta_2^t) / (1 - beta_1^t)",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1: float = settings.number("beta_1", beta_1, "[0, 1)")
        self.beta_2: float = settings.number("beta_2", beta_2, "[0, 1)")
        self.epsilon: float = settings.number("epsilon", epsilon, "(0, inf)")

    def update(self, lr: float, w: Array, g: Array, slots: dict[str, Array]) -> None:
        m, v, t = slots["momentum"], slots["velocity"], self.iterations
        lr_t = lr * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)
        m += (1 - self.beta_1) * (g - m)  # (p,), the same as beta_1 m + (1 - beta_1) g
        v += (1 - self.beta_2) * (g * g - v)
        w -= lr_t * m / (np.sqrt(v) + self.epsilon)


BY_NAME: dict[str, type[Optimizer]] = registry.names_of([SGD, RMSprop, Adam], str.lower)


def get(identifier: Any) -> Optimizer:
    """Return the optimizer meant by a name in any case, a class, a config or an instance.

    Example:
        >>> get("rmsprop").learning_rate
        0.001
    """
    name = identifier.lower() if isinstance(identifier, str) else identifier
    return registry.get("optimizer", Optimizer, BY_NAME, name)


if TYPE_CHECKING:  # what more/ adds when it is first asked for
    from tinynet.more.optimizers import *  # noqa: F403
