"""The other activations of Keras, each with its derivative, as in tinynet/activations.py.

Where y does not tell x, the derivative is written with the input: those are in FROM_INPUT.

x (n, m) input    y (n, m) output    dQ is dL/dQ and has the shape of Q
"""

from __future__ import annotations

import numpy as np

from tinynet import activations
from tinynet.activations import Array, sigmoid
from tinynet.support.normal import below, density

__all__ = [
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "log_softmax",
    "mish",
    "relu6",
    "selu",
    "silu",
    "softplus",
    "softsign",
    "swish",
]

# With these two, outputs of many layers keep a mean of 0 and a variance of 1.
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def elu(x: Array) -> Array:
    """Bend smoothly towards -1: y = x where x > 0, else e^x - 1.

    Example:
        >>> elu(np.array([-1000.0, 2.0]))
        array([-1.,  2.])

    Source: Clevert et al., 2015; keras.activations.elu with its default alpha, 1. For another
    one: layers.ELU(alpha).
    """
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))  # (n, m)


def elu_backward(dy: Array, y: Array) -> Array:
    """dx = dy where y > 0, else dy (y + 1)"""
    return dy * np.where(y > 0, 1, y + 1)  # (n, m)


def selu(x: Array) -> Array:
    """Bend so that deep networks keep their scale: y = s x where x > 0, else s a (e^x - 1).

    Example:
        >>> selu(np.array([-1000.0, 1.0])).round(3)
        array([-1.758,  1.051])

    Source: Klambauer et al., 2017, with s = 1.0507 and a = 1.6733; keras.activations.selu. It
    asks for kernel_initializer="lecun_normal".
    """
    return np.where(x > 0, SCALE * x, SCALE * ALPHA * np.expm1(np.minimum(x, 0)))  # (n, m)


def selu_backward(dy: Array, y: Array) -> Array:
    """dx = s dy where y > 0, else dy (y + s a)"""
    return dy * np.where(y > 0, SCALE, y + SCALE * ALPHA)  # (n, m)


def gelu(x: Array) -> Array:
    """Let x through as far as it is likely to be large: y = x P(X <= x), X normal.

    Example:
        >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
        array([-0.1587,  0.    ,  0.8413])

    Source: Hendrycks and Gimpel, 2016; keras.activations.gelu, not its approximation by tanh.
    """
    return x * below(x)  # (n, m)


def gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (P(X <= x) + x e^(-x²/2) / sqrt(2 pi))"""
    return dy * (below(x) + x * density(x))  # (n, m)


def silu(x: Array) -> Array:
    """Let x through by its own sigmoid: y = x / (1 + e^-x). Its other name is swish.

    Example:
        >>> silu(np.array([-1000.0, 0.0, 1000.0]))
        array([  -0.,    0., 1000.])

    Source: Elfwing et al., 2017; Ramachandran et al., 2017; keras.activations.silu.
    """
    return x * sigmoid(x)  # (n, m)


def silu_backward(dy: Array, x: Array) -> Array:
    """dx = dy s (1 + x (1 - s)), s = sigmoid(x)"""
    s = sigmoid(x)  # (n, m)
    return dy * s * (1 + x * (1 - s))


def mish(x: Array) -> Array:
    """Let x through by its own softplus: y = x tanh(log(1 + e^x)).

    Example:
        >>> mish(np.array([-1000.0, 0.0, 1000.0]))
        array([  -0.,    0., 1000.])

    Source: Misra, 2019; keras.activations.mish.
    """
    y: Array = x * np.tanh(softplus(x))  # (n, m)
    return y


def mish_backward(dy: Array, x: Array) -> Array:
    """dx = dy (w + x (1 - w²) sigmoid(x)), w = tanh(log(1 + e^x))"""
    w = np.tanh(softplus(x))  # (n, m)
    dx: Array = dy * (w + x * (1 - w * w) * sigmoid(x))
    return dx


def softplus(x: Array) -> Array:
    """Round the corner of relu: y = log(1 + e^x).

    Example:
        >>> softplus(np.array([-1000.0, 0.0, 3.0])).round(4)
        array([0.    , 0.6931, 3.0486])

    Source: Glorot et al., 2011; keras.activations.softplus.
    """
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))  # (n, m), and exp can't overflow


def softplus_backward(dy: Array, y: Array) -> Array:
    """dx = dy (1 - e^-y), which is the sigmoid of x"""
    return -dy * np.expm1(-y)  # (n, m)


def softsign(x: Array) -> Array:
    """Squeeze x into (-1, 1), slower than tanh: y = x / (1 + |x|).

    Example:
        >>> softsign(np.array([-1.0, 3.0]))
        array([-0.5 ,  0.75])

    Source: keras.activations.softsign.
    """
    y: Array = x / (1 + np.abs(x))  # (n, m)
    return y


def softsign_backward(dy: Array, x: Array) -> Array:
    """dx = dy / (1 + |x|)²"""
    dx: Array = dy / np.square(1 + np.abs(x))  # (n, m)
    return dx


def exponential(x: Array) -> Array:
    """Return e to the power of x: y = e^x, for outputs that are always positive.

    Example:
        >>> exponential(np.array([0.0, 1.0])).round(4)
        array([1.    , 2.7183])

    Source: keras.activations.exponential.
    """
    return np.exp(x)  # (n, m)


def exponential_backward(dy: Array, y: Array) -> Array:
    """dx = dy y"""
    return dy * y  # (n, m)


def hard_sigmoid(x: Array) -> Array:
    """Draw sigmoid with three straight lines: y = x / 6 + 0.5, from 0 to 1.

    Example:
        >>> hard_sigmoid(np.array([-4.0, 0.0, 3.0]))
        array([0. , 0.5, 1. ])

    Source: keras.activations.hard_sigmoid. At the corners the slope is 0.
    """
    y: Array = np.clip(x / 6 + 0.5, 0, 1)  # (n, m)
    return y


def hard_sigmoid_backward(dy: Array, y: Array) -> Array:
    """dx = dy / 6 where 0 < y < 1, else 0"""
    dx: Array = dy * ((y > 0) & (y < 1)) / 6  # (n, m)
    return dx


def relu6(x: Array) -> Array:
    """Return the positive part, up to 6: y = min(max(x, 0), 6).

    Example:
        >>> relu6(np.array([-1.0, 2.0, 7.0]))
        array([0., 2., 6.])

    Source: keras.activations.relu6. At the corners the slope is 0.
    """
    y: Array = np.clip(x, 0, 6)  # (n, m)
    return y


def relu6_backward(dy: Array, y: Array) -> Array:
    """dx = dy where 0 < y < 6, else 0"""
    dx: Array = dy * ((y > 0) & (y < 6))  # (n, m)
    return dx


def log_softmax(x: Array) -> Array:
    """Return the logs of softmax's probabilities: y_j = x_j - log sum_k e^x_k.

    Example:
        >>> log_softmax(np.array([[0.0, 0.0]])).round(4)
        array([[-0.6931, -0.6931]])

    Source: keras.activations.log_softmax with its default axis, the last.
    """
    z = x - x.max(axis=-1, keepdims=True)  # (n, k): softmax doesn't see the shift
    y: Array = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))  # (n, k)
    return y


def log_softmax_backward(dy: Array, y: Array) -> Array:
    """dx_j = dy_j - e^y_j sum_k dy_k"""
    dx: Array = dy - np.exp(y) * dy.sum(axis=-1, keepdims=True)  # (n, k)
    return dx


swish = silu

activations.BACKWARD |= {
    elu: elu_backward,
    selu: selu_backward,
    gelu: gelu_backward,
    silu: silu_backward,
    mish: mish_backward,
    softplus: softplus_backward,
    softsign: softsign_backward,
    exponential: exponential_backward,
    hard_sigmoid: hard_sigmoid_backward,
    relu6: relu6_backward,
    log_softmax: log_softmax_backward,
}
activations.FROM_INPUT |= {gelu, silu, mish, softsign}
activations.FORMULAS |= {
    elu: ("y = x where x > 0, else e^x - 1", "dy where y > 0, else dy (y + 1)"),
    selu: ("y = s x where x > 0, else s a (e^x - 1)", "s dy where y > 0, else dy (y + s a)"),
    gelu: ("y = x P(X <= x), X normal", "dy (P(X <= x) + x e^(-x²/2) / sqrt(2 pi))"),
    silu: ("y = x s, s = sigmoid(x)", "dy s (1 + x (1 - s))"),
    mish: ("y = x w, w = tanh(log(1 + e^x))", "dy (w + x (1 - w²) sigmoid(x))"),
    softplus: ("y = log(1 + e^x)", "dy (1 - e^-y)"),
    softsign: ("y = x / (1 + |x|)", "dy / (1 + |x|)²"),
    exponential: ("y = e^x", "dy y"),
    hard_sigmoid: ("y = x / 6 + 0.5, from 0 to 1", "dy / 6 where 0 < y < 1, else 0"),
    relu6: ("y = min(max(x, 0), 6)", "dy where 0 < y < 6, else 0"),
    log_softmax: ("y_j = x_j - log sum_k e^x_k", "dy_j - e^y_j sum_k dy_k"),
}
activations.BY_NAME |= {name: globals()[name] for name in __all__}
