"""Watch one training step: keep what goes through every link of the chain, there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.layers import Backward, Layer
from tinynet.models import Sequential

Array = NDArray[np.floating]


class Watched(Layer):
    """A link that does what the layer in it does, and keeps copies of x, y, dy and dx.

    Example:
        >>> from tinynet.layers import ReLU
        >>> link = Watched(ReLU())
        >>> y, backward = link.forward(np.array([[-1.0, 2.0]]))
        >>> dx = backward(np.array([[5.0, 5.0]]))
        >>> link.x, link.dx
        (array([[-1.,  2.]]), array([[0., 5.]]))
    """

    x: Array
    y: Array
    dy: Any = None  # stays None where training has no use for it
    dx: Any = None

    def __init__(self, layer: Layer) -> None:
        super().__init__(name=layer.name)
        self.layer = layer

    def forward(self, x: Array) -> tuple[Array, Backward]:
        self.x = x.copy()
        y, backward = self.layer.forward(x)
        self.y = y.copy()

        def watched_backward(dy: Array) -> Any:
            self.dy = dy.copy()
            dx = backward(dy)
            self.dx = None if dx is None else dx.copy()
            return dx

        return y, watched_backward


def watch(model: Sequential) -> list[Watched]:
    """Put a Watched around every link that training goes through, and return them.

    It changes the model's chain for good: give it a copy.
    """
    body, _, _ = model._fused()
    links = [Watched(link) for link in body]
    model._chain[: len(body)] = links
    return links
