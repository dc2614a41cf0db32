"""More learning rates that change with the step: in stairs, along a power, and as 1 / step."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

from tinynet import schedules
from tinynet.schedules import LearningRateSchedule
from tinynet.support import registry, settings

__all__ = ["InverseTimeDecay", "PiecewiseConstantDecay", "PolynomialDecay"]


class PiecewiseConstantDecay(LearningRateSchedule):
    """Keep the rate for a while, then take the next: values[i], i boundaries being below step.

    Args:
        boundaries: list of numbers that rise: the last step of each value but the last.
        values: list of floats from 0, one more than boundaries.
        name: str.

    Raises:
        ValueError: lists of other lengths, or boundaries that don't rise.

    Example:
        >>> rate = PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
        >>> rate(0), rate(100), rate(101), rate(1000)
        (0.1, 0.1, 0.01, 0.001)

    Source: keras.optimizers.schedules.PiecewiseConstantDecay.
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        super().__init__(name)
        self.boundaries = settings.numbers_in("boundaries", boundaries)
        self.values = settings.numbers_in("values", values, "[0, inf)")
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"Expected one value more than boundaries, got {len(self.values)} values and "
                f"{len(self.boundaries)} boundaries."
            )
        if self.boundaries != sorted(set(self.boundaries)):
            raise ValueError(f"Expected boundaries that rise, got {self.boundaries}.")

    def __call__(self, step: int) -> float:
        return self.values[bisect.bisect_left(self.boundaries, step)]


class PolynomialDecay(LearningRateSchedule):
    """Let the rate sink from one to another: (lr - end) (1 - step / decay_steps)^power + end.

    After decay_steps it stays at the end; with `cycle` it starts again, from where a decay of
    twice, three times, ... as many steps would be.

    Args:
        initial_learning_rate: lr, float from 0.
        decay_steps: number from 1.
        end_learning_rate: end, float from 0, default 0.0001.
        power: float from 0; default 1, a line.
        cycle: default False.
        name: str.

    Raises:
        ValueError: a value out of its range.

    Example:
        >>> rate = PolynomialDecay(0.1, decay_steps=100, end_learning_rate=0.0)
        >>> rate(0), rate(50), rate(100), rate(150)
        (0.1, 0.05, 0.0, 0.0)

    Source: keras.optimizers.schedules.PolynomialDecay.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate = settings.number(
            "initial_learning_rate", initial_learning_rate, "[0, inf)"
        )
        self.decay_steps = settings.number("decay_steps", decay_steps, "[1, inf)")
        self.end_learning_rate = settings.number("end_learning_rate", end_learning_rate, "[0, inf)")
        self.power = settings.number("power", power, "[0, inf)")
        self.cycle = cycle

    def __call__(self, step: int) -> float:
        periods = math.ceil(step / self.decay_steps) if self.cycle else 1
        done = min(step / (self.decay_steps * max(periods, 1)), 1)
        height = self.initial_learning_rate - self.end_learning_rate
        return height * math.pow(1 - done, self.power) + self.end_learning_rate


class InverseTimeDecay(LearningRateSchedule):
    """Divide the rate by what grows with the step: lr / (1 + decay_rate step / decay_steps).

    It is what the argument `decay` of optimizers did in old Keras: InverseTimeDecay(lr, 1, decay).

    Args:
        initial_learning_rate: lr, float from 0.
        decay_steps: number from 1.
        decay_rate: float from 0.
        staircase: whether to change only after whole decay_steps; default False.
        name: str.

    Raises:
        ValueError: a value out of its range.

    Example:
        >>> rate = InverseTimeDecay(0.1, decay_steps=100, decay_rate=1.0)
        >>> rate(0), rate(100), rate(300)
        (0.1, 0.05, 0.025)

    Source: keras.optimizers.schedules.InverseTimeDecay.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate = settings.number(
            "initial_learning_rate", initial_learning_rate, "[0, inf)"
        )
        self.decay_steps = settings.number("decay_steps", decay_steps, "[1, inf)")
        self.decay_rate = settings.number("decay_rate", decay_rate, "[0, inf)")
        self.staircase = staircase

    def __call__(self, step: int) -> float:
        periods = step / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return self.initial_learning_rate / (1 + self.decay_rate * periods)


schedules.BY_NAME |= registry.names_of([PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay])
