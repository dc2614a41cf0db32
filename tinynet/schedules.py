"""Learning rates that change from step to step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.support import registry, settings


class LearningRateSchedule(registry.Configurable):
    """Base class: a subclass says in `__call__` the rate of a step.

    Args:
        name: str; None (default) takes the class's name. It is shown nowhere.

    Source: keras.optimizers.schedules.LearningRateSchedule.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = settings.text("name", name or type(self).__name__)

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step; the first is 0."""
        raise TypeError(f"{type(self).__name__} has no __call__(step).")


class ExponentialDecay(LearningRateSchedule):
    """Shrink the rate by a factor every so many steps: lr decay_rate^(step / decay_steps).

    Args:
        initial_learning_rate: float from 0.
        decay_steps: number from 1.
        decay_rate: float from 0.
        staircase: whether to change only after whole decay_steps; default False.
        name: str.

    Example:
        >>> ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)(200)
        0.025

    Source: keras.optimizers.schedules.ExponentialDecay.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate: float = settings.number(
            "initial_learning_rate", initial_learning_rate, "[0, inf)"
        )
        self.decay_steps: float = settings.number("decay_steps", decay_steps, "[1, inf)")
        self.decay_rate: float = settings.number("decay_rate", decay_rate, "[0, inf)")
        self.staircase = staircase

    def __call__(self, step: int) -> float:
        periods = step / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return self.initial_learning_rate * math.pow(self.decay_rate, periods)


class CosineDecay(LearningRateSchedule):
    """Let the rate sink along half a cosine wave, from lr to alpha lr, after a linear warm-up.

    Args:
        initial_learning_rate: float at least 0: the rate at the start.
        decay_steps: number from 1: how long the wave is.
        alpha: the last rate as a part of the highest, in [0, 1]; default 0.
        name: str.
        warmup_target: float or None (default): rise to this rate first.
        warmup_steps: int, default 0: how long the rise is.

    Example:
        >>> rate = CosineDecay(0.1, decay_steps=100)
        >>> [round(rate(step), 3) for step in (0, 50, 100, 150)]
        [0.1, 0.05, 0.0, 0.0]

    Source: Loshchilov and Hutter, 2016; keras.optimizers.schedules.CosineDecay.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate: float = settings.number(
            "initial_learning_rate", initial_learning_rate, "[0, inf)"
        )
        self.decay_steps: float = settings.number("decay_steps", decay_steps, "[1, inf)")
        self.alpha: float = settings.number("alpha", alpha, "[0, 1]")
        self.warmup_target: float | None = settings.optional(
            "warmup_target", warmup_target, "[0, inf)"
        )
        self.warmup_steps: int = settings.count("warmup_steps", warmup_steps, least=0)

    def __call__(self, step: int) -> float:
        start, top = self.initial_learning_rate, self.warmup_target
        if top is None:
            return self.decayed(step, start)
        if step < self.warmup_steps:
            return start + (top - start) * step / self.warmup_steps
        return self.decayed(step - self.warmup_steps, top)

    def decayed(self, step: int, top: float) -> float:
        """Return the rate that many steps into the wave."""
        done = min(step / self.decay_steps, 1)
        wave = (1 + math.cos(math.pi * done)) / 2
        return top * ((1 - self.alpha) * wave + self.alpha)


BY_NAME: dict[str, type[LearningRateSchedule]] = registry.names_of([ExponentialDecay, CosineDecay])


class Rate(float):
    """A learning rate, with the methods that Keras's has."""

    optimizer: Any

    def assign(self, value: float) -> None:
        """Give the optimizer another one."""
        self.optimizer.learning_rate = value

    def numpy(self) -> Any:
        """Return it as NumPy's number."""
        return np.float32(self)


class Settable:
    """An optimizer's attribute learning_rate: it may be set, and may come from a schedule.

    Source: keras.optimizers.Optimizer.learning_rate.
    """

    def __get__(self, optimizer: Any, owner: Any) -> Any:
        if optimizer is None:
            return self
        kept = vars(optimizer)["learning_rate"]
        rate = Rate(kept(optimizer.iterations) if callable(kept) else kept)
        rate.optimizer = optimizer
        return rate

    def __set__(self, optimizer: Any, value: Any) -> None:
        rate = get(value)
        if callable(vars(optimizer).get("learning_rate")) and not callable(rate):
            raise TypeError(
                f"This optimizer's learning rate comes from a schedule, which nothing else can "
                f"change: compile the model with {type(optimizer).__name__}(learning_rate="
                f"{float(rate):g}) instead."
            )
        vars(optimizer)["learning_rate"] = rate


class Renamed:
    """An attribute that has another name now: reading or setting it says so."""

    def __init__(self, new: str) -> None:
        self.new = new

    def __get__(self, optimizer: Any, owner: Any) -> Any:
        raise AttributeError(f"It is called {self.new} now: type optimizer.{self.new}")

    def __set__(self, optimizer: Any, value: Any) -> None:
        raise AttributeError(f"It is called {self.new} now: type optimizer.{self.new} = {value!r}")


class Absent:
    """A method of Keras's that is not here: asking for it says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, optimizer: Any, owner: Any) -> Any:
        raise AttributeError(f"tinynet's optimizers have no {self.name}. {self.reason}")


def get(rate: Any) -> float | LearningRateSchedule:
    """Return a learning rate as a float, or the schedule meant by a config or an instance.

    Raises:
        ValueError: for anything that is not a number from 0 or a schedule.
    """
    if isinstance(rate, (LearningRateSchedule, dict)):
        return registry.get("schedule", LearningRateSchedule, BY_NAME, rate)
    return settings.number("learning_rate", rate, "[0, inf)")


if TYPE_CHECKING:  # what more/ adds when it is first asked for
    from tinynet.more.schedules import *  # noqa: F403
