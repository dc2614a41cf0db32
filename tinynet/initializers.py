"""The numbers that weights start from.

A layer with `fan_in` inputs sums `fan_in` products. For the sum to be about as large as each
input, so that neither signals nor gradients grow or fade from layer to layer, the weights must
be about 1 / sqrt(fan_in) in size. Glorot and He differ in how exactly.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinynet import config
from tinynet.support import registry, settings

Array = NDArray[np.floating]
Shape = tuple[int, ...]


class Initializer(registry.Configurable):
    """Base class: a subclass says in `draw` which float64 numbers a shape is filled with.

    Args:
        seed: int from 0, or None (default), for numbers from the model's own random generator.
            Every call of one object gives the same numbers, with a seed and without.
    """

    started: np.random.Generator | None = None  # the random numbers, before the first was taken

    def __init__(self, seed: int | None = None) -> None:
        self.seed: int | None = None if seed is None else settings.count("seed", seed, 0)

    def __call__(
        self, shape: Shape, dtype: Any = "float32", rng: np.random.Generator | None = None
    ) -> Array:
        """Return a new array of that shape and dtype; None is config.floatx()."""
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        drawn = self.draw(shape, self.random(rng))
        if np.shape(drawn) != shape:
            raise ValueError(
                f"{type(self).__name__} drew numbers of shape {np.shape(drawn)}; expected shape "
                f"{shape}, as the weight has: return rng.normal(size=shape)"
            )
        return drawn.astype(dtype or config.floatx())

    def random(self, rng: np.random.Generator | None) -> np.random.Generator:
        """Return the random numbers to take from: the same ones in every call."""
        if self.seed is not None:
            return np.random.default_rng(self.seed)
        if self.started is not None:
            return copy.deepcopy(self.started)
        rng = rng or np.random.default_rng()
        self.started = copy.deepcopy(rng)
        return rng

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        """Return the numbers for a shape, in float64."""
        raise TypeError(f"{type(self).__name__} does not say how to draw its numbers.")


class GlorotUniform(Initializer):
    """Draw evenly from (-limit, limit), limit = sqrt(6 / (fan_in + fan_out)).

    Args:
        seed: int or None (default).

    Example:
        >>> W = GlorotUniform(seed=0)((784, 512))
        >>> W.shape, str(W.dtype), bool(abs(W).max() <= (6 / (784 + 512)) ** 0.5)
        ((784, 512), 'float32', True)

    Source: Glorot and Bengio, 2010, equation 16; keras.initializers.GlorotUniform, Dense's
    default. The formula is Keras's, the random numbers are NumPy's.
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        fan_in, fan_out = fans(shape)
        limit = math.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-limit, limit, shape)


class GlorotNormal(Initializer):
    """Draw from a bell curve cut at two deviations, of variance 2 / (fan_in + fan_out).

    Args:
        seed: int or None (default).

    Example:
        >>> GlorotNormal(seed=0)((300, 100)).std().round(2)
        np.float32(0.07)

    Source: Glorot and Bengio, 2010; keras.initializers.GlorotNormal.
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        fan_in, fan_out = fans(shape)
        return cut_normal(math.sqrt(2 / (fan_in + fan_out)), shape, rng)


class HeUniform(Initializer):
    """Draw evenly from (-limit, limit), limit = sqrt(6 / fan_in).

    Args:
        seed: int or None (default).

    Example:
        >>> bool(abs(HeUniform(seed=0)((600, 100))).max() <= 0.1)
        True

    Source: He et al., 2015; keras.initializers.HeUniform.
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        limit = math.sqrt(6 / fans(shape)[0])
        return rng.uniform(-limit, limit, shape)


class HeNormal(Initializer):
    """Draw from a bell curve cut at two deviations, of variance 2 / fan_in: made for relu.

    Args:
        seed: int or None (default).

    Example:
        >>> HeNormal(seed=0)((200, 400)).std().round(2)
        np.float32(0.1)

    Source: He et al., 2015, equation 10; keras.initializers.HeNormal.
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        return cut_normal(math.sqrt(2 / fans(shape)[0]), shape, rng)


class RandomNormal(Initializer):
    """Draw from a bell curve, not cut.

    Args:
        mean: float, default 0.
        stddev: float, at least 0, default 0.05.
        seed: int or None (default).

    Example:
        >>> RandomNormal(stddev=2.0, seed=0)((1000,)).std().round(1)
        np.float32(2.0)

    Source: keras.initializers.RandomNormal.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean: float = settings.number("mean", mean)
        self.stddev: float = settings.number("stddev", stddev, "[0, inf)")

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        return rng.normal(self.mean, self.stddev, shape)


class RandomUniform(Initializer):
    """Draw evenly from [minval, maxval).

    Args:
        minval: float, default -0.05.
        maxval: float, from minval, default 0.05.
        seed: int or None (default).

    Example:
        >>> bool(RandomUniform(0, 1, seed=0)((1000,)).min() >= 0)
        True

    Source: keras.initializers.RandomUniform.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.minval: float = settings.number("minval", minval)
        self.maxval: float = settings.number("maxval", maxval, f"[{self.minval}, inf)")

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        return rng.uniform(self.minval, self.maxval, shape)


class Constant(Initializer):
    """Fill with one value.

    Args:
        value: float, default 0.

    Example:
        >>> Constant(0.1)((2,))
        array([0.1, 0.1], dtype=float32)

    Source: keras.initializers.Constant.
    """

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self.value: float = settings.number("value", value)

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        return np.full(shape, self.value)


class Zeros(Initializer):
    """Fill with 0, as biases start. (Weights must not: equal units would stay equal.)

    Example:
        >>> Zeros()((2,))
        array([0., 0.], dtype=float32)

    Source: keras.initializers.Zeros.
    """

    def __init__(self) -> None:
        super().__init__()

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        return np.zeros(shape)


class Ones(Initializer):
    """Fill with 1.

    Example:
        >>> Ones()((2,))
        array([1., 1.], dtype=float32)

    Source: keras.initializers.Ones.
    """

    def __init__(self) -> None:
        super().__init__()

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        return np.ones(shape)


def fans(shape: Shape) -> tuple[int, int]:
    """Return how many inputs and outputs a weight of that shape connects, at least 1.

    Example:
        >>> fans((784, 512)), fans((10,)), fans((3, 3, 8, 16))
        ((784, 512), (10, 10), (72, 144))
    """
    if len(shape) < 2:
        n = max(1, *shape) if shape else 1
        return n, n
    field = math.prod(shape[:-2])  # of a convolution: 3 * 3 places
    return max(1, field * shape[-2]), max(1, field * shape[-1])


def cut_normal(stddev: float, shape: Shape, rng: np.random.Generator) -> Array:
    """Draw from a bell curve cut at two deviations; what is left has deviation `stddev`."""
    # Cutting at two sigmas leaves 0.8796 of the deviation, so start from a wider curve.
    sigma = stddev / 0.87962566103423978
    x = rng.normal(0, sigma, shape)
    while (outside := np.abs(x) > 2 * sigma).any():
        x[outside] = rng.normal(0, sigma, np.count_nonzero(outside))
    return x


WRITE_A_CLASS = """Numbers of your own are drawn by a class here, which has a name in files:

class Mine(tinynet.initializers.Initializer):
    def draw(self, shape, rng):  # rng is a np.random.Generator
        return rng.normal(size=shape)

Then type kernel_initializer=Mine()."""

BY_NAME: dict[str, type[Initializer]] = registry.names_of(
    [
        GlorotUniform,
        GlorotNormal,
        HeUniform,
        HeNormal,
        RandomNormal,
        RandomUniform,
        Zeros,
        Ones,
        Constant,
    ]
)


def get(identifier: Any) -> Initializer:
    """Return the initializer meant by a name, a class, a config or an instance.

    Raises:
        ValueError: anything else; for a function of your own with the class to write.

    Example:
        >>> type(get("glorot_uniform")).__name__
        'GlorotUniform'
    """
    if callable(identifier) and not isinstance(identifier, (Initializer, type)):
        raise ValueError(WRITE_A_CLASS)
    return registry.get("initializer", Initializer, BY_NAME, identifier)


if TYPE_CHECKING:  # what more/ adds when it is first asked for
    from tinynet.more.initializers import *  # noqa: F403
