"""The other numbers that weights may start from: Lecun's, cut normals, orthogonal matrices.

Under Keras every initializer also has a lower-case name: initializers.he_normal is HeNormal.
"""

from __future__ import annotations

import math

import numpy as np

from tinynet import initializers
from tinynet.initializers import (
    Array,
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    Ones,
    RandomNormal,
    RandomUniform,
    Shape,
    Zeros,
    cut_normal,
    fans,
)
from tinynet.support import registry, settings

__all__ = [
    "Identity",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "TruncatedNormal",
    "VarianceScaling",
    "constant",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]


class VarianceScaling(Initializer):
    """Draw numbers of variance scale / fan: Glorot, He and Lecun are cases of it.

    Args:
        scale: float above 0, default 1.
        mode: "fan_in" (default), "fan_out" or "fan_avg": which fan.
        distribution: "truncated_normal" (default, also "normal"), "untruncated_normal" or
            "uniform".
        seed: int or None (default).

    Raises:
        ValueError: another mode or distribution; a scale that is not above 0.

    Example:
        >>> W = VarianceScaling(2.0, seed=0)((200, 400))  # HeNormal's numbers
        >>> W.std().round(2)
        np.float32(0.1)

    Source: keras.initializers.VarianceScaling, without its input_axes and output_axes.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        self.scale: float = settings.number("scale", scale, "(0, inf)")
        self.mode: str = settings.choice("mode", mode, "fan_in", "fan_out", "fan_avg")
        curves = ("normal", "truncated_normal", "untruncated_normal", "uniform")
        curve: str = settings.choice("distribution", str(distribution).lower(), *curves)
        self.distribution = "truncated_normal" if curve == "normal" else curve

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1, fan))
        if self.distribution == "uniform":
            limit = math.sqrt(3) * stddev  # of this deviation
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0, stddev, shape)
        return cut_normal(stddev, shape, rng)


class LecunNormal(Initializer):
    """Draw from a bell curve cut at two deviations, of variance 1 / fan_in: made for selu.

    Args:
        seed: int or None (default).

    Example:
        >>> LecunNormal(seed=0)((100, 400)).std().round(2)
        np.float32(0.1)

    Source: Klambauer et al., 2017; keras.initializers.LecunNormal.
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        return cut_normal(math.sqrt(1 / fans(shape)[0]), shape, rng)


class LecunUniform(Initializer):
    """Draw evenly from (-limit, limit), limit = sqrt(3 / fan_in).

    Args:
        seed: int or None (default).

    Example:
        >>> bool(abs(LecunUniform(seed=0)((300, 100))).max() <= 0.1)
        True

    Source: LeCun et al., 1998; keras.initializers.LecunUniform.
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        limit = math.sqrt(3 / fans(shape)[0])
        return rng.uniform(-limit, limit, shape)


class TruncatedNormal(Initializer):
    """Draw from a bell curve cut at two deviations.

    Args:
        mean: float, default 0.
        stddev: float, at least 0, default 0.05: of the curve before it is cut.
        seed: int or None (default).

    Example:
        >>> bool(abs(TruncatedNormal(seed=0)((1000,))).max() <= 0.1)
        True

    Source: keras.initializers.TruncatedNormal.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean: float = settings.number("mean", mean)
        self.stddev: float = settings.number("stddev", stddev, "[0, inf)")

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        return self.mean + cut_normal(self.stddev * LEFT_OF_DEVIATION, shape, rng)


LEFT_OF_DEVIATION = 0.87962566103423978  # what a cut at two deviations leaves of one


class Orthogonal(Initializer):
    """Draw a matrix whose rows or columns, whichever are fewer, are orthogonal and of length gain.

    Args:
        gain: float, default 1.
        seed: int or None (default).

    Raises:
        ValueError: (when drawn) a shape of fewer than two axes.

    Example:
        >>> W = Orthogonal(seed=0)((3, 3))
        >>> bool(np.allclose(W.T @ W, np.eye(3), atol=1e-6))
        True

    Source: Saxe et al., 2014; keras.initializers.Orthogonal.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain: float = settings.number("gain", gain)

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal expected a shape of at least two axes, got {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diag(r))  # so that every such matrix is as likely
        q = q.T if rows < columns else q
        return np.reshape(self.gain * q, shape)


class Identity(Initializer):
    """Fill a matrix with gain on its diagonal and 0 elsewhere.

    Args:
        gain: float, default 1.

    Raises:
        ValueError: (when drawn) a shape that is not (a, b).

    Example:
        >>> Identity()((2, 2))
        array([[1., 0.],
               [0., 1.]], dtype=float32)

    Source: keras.initializers.Identity.
    """

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain: float = settings.number("gain", gain)

    def draw(self, shape: Shape, rng: np.random.Generator) -> Array:
        if len(shape) != 2:
            raise ValueError(f"Identity expected a shape of two axes, got {shape}.")
        return np.asarray(self.gain * np.eye(*shape))


constant = Constant
zeros = Zeros
ones = Ones
identity = Identity
orthogonal = Orthogonal
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling

initializers.BY_NAME |= registry.names_of(
    [LecunNormal, LecunUniform, TruncatedNormal, VarianceScaling, Orthogonal, Identity]
)
initializers.BY_NAME |= {
    "normal": RandomNormal,
    "uniform": RandomUniform,
    "zero": Zeros,
    "one": Ones,
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
}
