"""The activation functions, each with its derivative beside it.

A derivative here is a product with the Jacobian: given `dy`, the gradient of the loss with
respect to the output, it returns `dx`, the gradient with respect to the input. All of them
are written with the output `y`, which the forward pass has computed already: that is why
sigmoid and tanh need no second exponential.

x (n, m) input    y (n, m) output    dQ is dL/dQ and has the shape of Q
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinynet.support import registry

Array = NDArray[np.floating]
Function = Callable[[Array], Array]


def linear(x: Array) -> Array:
    """Return x itself: y = x.

    Example:
        >>> linear(np.array([-1.0, 2.0]))
        array([-1.,  2.])
    """
    return x


def linear_backward(dy: Array, y: Array) -> Array:
    """dx = dy"""
    return dy


def relu(x: Array) -> Array:
    """Return the positive part: y = max(x, 0).

    Example:
        >>> relu(np.array([-1.0, 0.0, 2.0]))
        array([0., 0., 2.])

    Source: Nair and Hinton, 2010; keras.activations.relu.
    """
    return np.maximum(x, 0)  # (n, m)


def relu_backward(dy: Array, y: Array) -> Array:
    """dx = dy where y > 0, else 0. The corner at x = 0 has no slope; like Keras we say 0."""
    dx: Array = dy * (y > 0)  # (n, m)
    return dx


def leaky_relu(x: Array) -> Array:
    """Return x where it is positive and a fifth of it elsewhere: y = max(x, 0.2 x).

    Example:
        >>> leaky_relu(np.array([-1.0, 0.0, 2.0]))
        array([-0.2,  0. ,  2. ])

    Source: Maas et al., 2013; keras.activations.leaky_relu with its default slope, 0.2.
    """
    y: Array = np.maximum(x, 0.2 * x)  # (n, m)
    return y


def leaky_relu_backward(dy: Array, y: Array) -> Array:
    """dx = dy where y > 0, else 0.2 dy: y has the sign of x, so y tells the side."""
    return np.where(y > 0, dy, 0.2 * dy)  # (n, m)


def sigmoid(x: Array) -> Array:
    """Squeeze x into (0, 1): y = 1 / (1 + exp(-x)).

    Example:
        >>> sigmoid(np.array([0.0, 1000.0]))
        array([0.5, 1. ])

    Source: keras.activations.sigmoid.
    """
    # exp(-|x|) can't overflow; for x < 0 the same fraction reads e^x / (1 + e^x).
    e = np.exp(-np.abs(x))  # (n, m)
    y: Array = np.where(x >= 0, 1, e) / (1 + e)  # (n, m)
    return y


def sigmoid_backward(dy: Array, y: Array) -> Array:
    """dx = dy y (1 - y)"""
    return dy * y * (1 - y)  # (n, m)


def tanh(x: Array) -> Array:
    """Squeeze x into (-1, 1): y = (e^x - e^-x) / (e^x + e^-x).

    Example:
        >>> tanh(np.array([0.0, 1000.0]))
        array([0., 1.])

    Source: keras.activations.tanh.
    """
    return np.tanh(x)  # (n, m)


def tanh_backward(dy: Array, y: Array) -> Array:
    """dx = dy (1 - y²)"""
    return dy * (1 - y * y)  # (n, m)


def softmax(x: Array) -> Array:
    """Turn each row of scores into probabilities: y_j = e^x_j / sum_k e^x_k.

    Example:
        >>> softmax(np.array([[0.0, 0.0], [0.0, 1000.0]]))
        array([[0.5, 0.5], [0. , 1. ]])

    Source: Bridle, 1990; keras.activations.softmax with its default axis, the last.
    """
    # Taking the row's largest score off changes no quotient, and keeps exp from overflowing.
    e = np.exp(x - x.max(axis=-1, keepdims=True))  # (n, k)
    y: Array = e / e.sum(axis=-1, keepdims=True)  # (n, k)
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx_j = y_j (dy_j - sum_k dy_k y_k): every output depends on every score of its row."""
    dx: Array = y * (dy - np.sum(dy * y, axis=-1, keepdims=True))  # (n, k)
    return dx


BACKWARD: dict[Function, Callable[[Array, Array], Array]] = {
    linear: linear_backward,
    relu: relu_backward,
    leaky_relu: leaky_relu_backward,
    sigmoid: sigmoid_backward,
    tanh: tanh_backward,
    softmax: softmax_backward,
}
FORMULAS: dict[Function, tuple[str, str]] = {  # of y and of dx, as explain prints them
    linear: ("y = x", "dy"),
    relu: ("y = max(x, 0)", "dy where y > 0, else 0"),
    leaky_relu: ("y = max(x, 0.2 x)", "dy where y > 0, else 0.2 dy"),
    sigmoid: ("y = 1 / (1 + exp(-x))", "dy y (1 - y)"),
    tanh: ("y = (e^x - e^-x) / (e^x + e^-x)", "dy (1 - y²)"),
    softmax: ("y_j = e^x_j / sum_k e^x_k", "y_j (dy_j - sum_k dy_k y_k)"),
}
FROM_INPUT: set[Function] = set()  # those of more/ whose derivative is written with x
BY_NAME: dict[str, Function] = {function.__name__: function for function in BACKWARD}


def get(identifier: str | Function | None) -> Function:
    """Return the activation function of that name; None means linear.

    Raises:
        ValueError: for an unknown name, with the nearest one; for a function of your own,
            whose derivative nobody has told us.

    Example:
        >>> get("relu") is relu
        True
        >>> get("rleu")
        Traceback (most recent call last):
        ValueError: Unknown activation 'rleu'. Did you mean 'relu'? tinynet has: ...
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        return registry.find("activation", BY_NAME, identifier)
    if not callable(identifier) or identifier not in BACKWARD:
        raise ValueError(
            f"Expected an activation that tinynet knows the derivative of "
            f"({', '.join(BY_NAME)}), got {identifier!r}. For one of your own write a Layer "
            f"with a forward and a backward."
        )
    return identifier


if TYPE_CHECKING:  # what more/ adds when it is first asked for
    from tinynet.more.activations import *  # noqa: F403
