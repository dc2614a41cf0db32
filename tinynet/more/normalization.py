"""Normalisation: mean 0 and variance 1, of each unit over the batch, or of each example.

x (n, ..., m) input    z (n, ..., m) normalised    y = gamma z + beta    gamma, beta (m,)
mean, variance: of the batch (m,), over all axes but the last; of each example (n, ..., 1)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet import constraints, initializers, layers, regularizers
from tinynet.layers import Array, Backward, Layer, Shape
from tinynet.support import registry, settings

__all__ = ["BatchNormalization", "LayerNormalization"]


class Scaled(Layer):
    """Base of the layers that end in y = gamma z + beta, with a gamma and a beta for each unit."""

    gamma: Array
    dgamma: Array
    beta: Array
    dbeta: Array
    scale: bool
    center: bool

    def declare(self, units: Shape) -> None:
        """Declare gamma and beta, as far as they are wanted, for units (m,)."""
        if self.scale:
            self.add_weight("gamma", units, **self.made_from("gamma"))
        if self.center:
            self.add_weight("beta", units, **self.made_from("beta"))

    def scaled(self, z: Array) -> Array:
        """Return gamma z + beta."""
        y: Array = z * self.gamma if self.scale else z  # (n, ..., m)
        y = y + self.beta if self.center else y  # (n, ..., m)
        return y

    def scaled_back(self, dy: Array, z: Array) -> Array:
        """Write dgamma and dbeta; return dz."""
        axes = tuple(range(z.ndim - 1))
        if self.scale:
            np.sum(dy * z, axis=axes, out=self.dgamma)  # gamma reached every example
        if self.center:
            np.sum(dy, axis=axes, out=self.dbeta)  # (m,)
        dz: Array = dy * self.gamma if self.scale else dy  # (n, ..., m)
        return dz


def normalised_back(dz: Array, z: Array, deviation: Array, axes: tuple[int, ...]) -> Array:
    """Return dx of z = (x - mean) / deviation, both taken over those axes.

    x reached z in three ways: as itself, through the mean, through the variance.
    """
    through_mean = dz.mean(axis=axes, keepdims=True)
    through_variance = z * (dz * z).mean(axis=axes, keepdims=True)  # (n, ..., m)
    dx: Array = (dz - through_mean - through_variance) / deviation  # (n, ..., m)
    return dx


class BatchNormalization(Scaled):
    """Bring each unit to mean 0 and variance 1 over the batch, then scale and shift it.

    z = (x - mean) / sqrt(variance + epsilon)       y = gamma z + beta

    In training mean and variance are the batch's, and running means of them are kept:
    moving = momentum moving + (1 - momentum) of the batch. When not training, and where the
    layer is frozen (`trainable = False`), the running means stand in their place.

    Args:
        axis: -1, the last, and no other.
        momentum: in [0, 1], how slowly the running means move; default 0.99.
        epsilon: above 0, default 0.001.
        center: whether there is a beta; default True.
        scale: whether there is a gamma; default True.
        beta_initializer, gamma_initializer, moving_mean_initializer,
            moving_variance_initializer: where they start; default 0, 1, 0, 1.
        beta_regularizer, gamma_regularizer: penalties; default None.
        beta_constraint, gamma_constraint: what they hold to after every step; default None.
        **options: name, trainable, input_shape: see Layer.

    Raises:
        ValueError: another axis, a number out of its range.

    Example:
        >>> import numpy as np
        >>> from tinynet import Sequential
        >>> model = Sequential([BatchNormalization(input_shape=(1,))])
        >>> model(np.array([[1.0], [3.0]]), training=True).round(2)
        array([[-1.],
               [ 1.]], dtype=float32)
        >>> model.layers[0].moving_mean  # 0.99 * 0 + 0.01 * 2
        array([0.02], dtype=float32)

    Source: Ioffe and Szegedy, 2015, algorithm 1; keras.layers.BatchNormalization. The variance is
    that of the batch, divided by n, in the running mean too, as in Keras.
    """

    moving_mean: Array
    moving_variance: Array
    formulas: Mapping[str, str] = {
        "y": "y = gamma z + beta, z = (x - mean) / sqrt(variance + epsilon)",
        "dgamma": "the sum of dy z over the batch",
        "dbeta": "the sum of dy over the batch",
        "dx": "(dz - the mean of dz - z times the mean of dz z) / sqrt(variance + epsilon)",
    }

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis = axis
        self.momentum: float = settings.number("momentum", momentum, "[0, 1]")
        self.epsilon: float = settings.number("epsilon", epsilon, "(0, inf)")
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape: Shape) -> Shape:
        if self.axis not in (-1, len(input_shape)):
            raise ValueError(
                f"BatchNormalization works along the last axis, -1, got axis={self.axis!r}."
            )
        m = input_shape[-1:]
        self.declare(m)
        self.add_weight("moving_mean", m, self.moving_mean_initializer, trainable=False)
        self.add_weight("moving_variance", m, self.moving_variance_initializer, trainable=False)
        return input_shape

    @property
    def rows_independent(self) -> bool:
        """Whether each row is treated by itself: see tinynet/distributed."""
        return not self.trainable

    def forward(self, x: Array) -> tuple[Array, Backward]:
        frozen, axes = not self.trainable, tuple(range(x.ndim - 1))
        if frozen:
            mean, variance = self.moving_mean, self.moving_variance  # (m,)
        else:
            mean, variance = x.mean(axis=axes), x.var(axis=axes)  # (m,)
            self.keep(mean, variance)
        deviation = np.sqrt(variance + self.epsilon)  # (m,)
        z = (x - mean) / deviation  # (n, ..., m)

        def backward(dy: Array) -> Array:
            dz = self.scaled_back(dy, z)  # (n, ..., m)
            return dz / deviation if frozen else normalised_back(dz, z, deviation, axes)

        return self.scaled(z), backward

    def infer(self, x: Array) -> Array:
        deviation = np.sqrt(self.moving_variance + self.epsilon)  # (m,)
        return self.scaled((x - self.moving_mean) / deviation)  # (n, ..., m)

    def keep(self, mean: Array, variance: Array) -> None:
        """Move the running means towards those of a batch."""
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving *= self.momentum  # (m,)
            moving += (1 - self.momentum) * now  # (m,)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> BatchNormalization:
        if not config.get("renorm"):  # Keras writes its momentum all the same
            config = {name: value for name, value in config.items() if name != "renorm_momentum"}
        return super().from_config(config)


class LayerNormalization(Scaled):
    """Bring each example to mean 0 and variance 1 over its units, then scale and shift them.

    z = (x - mean) / sqrt(variance + epsilon)       y = gamma z + beta

    Args:
        axis: -1, the last, and no other.
        epsilon: above 0, default 0.001.
        center: whether there is a beta; default True.
        scale: whether there is a gamma; default True.
        beta_initializer, gamma_initializer: where they start; default 0, 1.
        beta_regularizer, gamma_regularizer: penalties; default None.
        beta_constraint, gamma_constraint: what they hold to after every step; default None.
        **options: name, trainable, input_shape: see Layer.

    Raises:
        ValueError: another axis, a number out of its range.

    Example:
        >>> import numpy as np
        >>> LayerNormalization(input_shape=(2,))(np.array([[1.0, 3.0], [20.0, 40.0]])).round(2)
        array([[-1.,  1.],
               [-1.,  1.]], dtype=float32)

    Source: Ba et al., 2016, equation 3; keras.layers.LayerNormalization.
    """

    off: Mapping[str, Any] = {"rms_scaling": False}
    formulas: Mapping[str, str] = BatchNormalization.formulas

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis = axis
        self.epsilon = settings.number("epsilon", epsilon, "(0, inf)")
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape: Shape) -> Shape:
        last = (-1, len(input_shape))
        if self.axis not in (*last, *([axis] for axis in last), *((axis,) for axis in last)):
            raise ValueError(
                f"LayerNormalization works along the last axis, -1, got axis={self.axis!r}."
            )
        self.declare(input_shape[-1:])
        return input_shape

    def forward(self, x: Array) -> tuple[Array, Backward]:
        mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)  # (n, 1)
        deviation = np.sqrt(variance + self.epsilon)  # (n, ..., 1)
        z: Array = (x - mean) / deviation  # (n, ..., m)

        def backward(dy: Array) -> Array:
            return normalised_back(self.scaled_back(dy, z), z, deviation, (-1,))

        return self.scaled(z), backward


layers.BY_NAME |= registry.names_of([BatchNormalization, LayerNormalization])
