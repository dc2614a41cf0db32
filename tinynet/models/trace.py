"""Trace one training step: keep what goes through every link of the chain, there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.layers import Backward, Layer
from tinynet.network import Network

Array = NDArray[np.floating]


class Traced(Layer):
    """A link that does what the layer in it does, and keeps copies of x, y, dy and dx.

    Example:
        >>> from tinynet.layers import ReLU
        >>> link = Traced(ReLU())
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

    @property
    def cost(self) -> float:  # type: ignore[override]
        return self.layer.cost

    def forward(self, x: Array) -> tuple[Array, Backward]:
        self.x = x.copy()
        y, backward = self.layer.forward(x)
        self.y = y.copy()

        def traced_backward(dy: Array) -> Any:
            self.dy = dy.copy()
            dx = backward(dy)
            self.dx = None if dx is None else dx.copy()
            return dx

        return y, traced_backward


def trace(network: Network) -> list[Traced]:
    """Put a Traced around every link that training goes through, and return them.

    The network gets another chain for good: give this a copy.
    """
    links, _, _ = network.fused()
    traced = [Traced(link) for link in links]
    network.chain = [*traced, *network.chain[len(links) :]]
    return traced
