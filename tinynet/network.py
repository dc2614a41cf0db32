"""The network: forward through the layers, the loss, backward through the layers, a step.

    x (n, ...) examples      t (n, ...) targets      y (n, ...) outputs      n  a batch's size

    params, grads (p,)  the weights of all layers, one after the other, and their gradients

Every layer's W and b are views of `params`, its dW and db views of `grads`. So an optimizer sees
two plain vectors, counting the weights is `params.size`, and saving them is saving one array.

    chain   the links that x goes through: every layer, and every activation, is one
    first   the place in the chain of the first link with weights: no gradient goes further back
    head    a function that makes y of what the trained links give: of logits, where the loss
            takes over the last softmax

That is all of learning. What people type, fit and its relatives, is in models/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import activations
from tinynet.layers import Activation, Layer, Shape
from tinynet.losses import Loss
from tinynet.optimizers import Optimizer
from tinynet.regularizers import Regularizer

Array = NDArray[Any]


class Network:
    """Layers in a row, all their weights in one vector, and what one step of training is."""

    def __init__(self, dtype: str, rng: np.random.Generator) -> None:
        self.layers: list[Any] = []
        self.params: Array = np.zeros(0, dtype)
        self.grads: Array = self.params
        self.rng = rng
        self.loss: Loss | None = None
        self.optimizer: Optimizer | None = None

    # ------------------------------------------------------------------------- backpropagation

    def gradients(self, x: Array, t: Array, weights: Array | None = None) -> tuple[float, Array]:
        """Write the gradient of a batch's loss into self.grads; return the loss and y."""
        links, head, loss = self.fused()
        backwards = []
        for link in links:  # forward
            x, backward = link.forward(x)  # (n, d) -> (n, m)
            backwards.append(backward)
        value, dx = loss.value_and_gradient(t, x, weights)  # dx (n, k), like x
        for backward in reversed(backwards[self.first :]):
            dx = backward(dx)  # (n, m) -> (n, d)
        for W, dW, regularizer in self.regularized():
            dW += regularizer.gradient(W)  # (d, m)
        return value + self.penalty(), head(x)

    def update(self) -> None:
        """Let the optimizer take its step against the gradients."""
        self.ready_optimizer().step(self.params, self.grads)

    def infer(self, x: Array) -> Array:
        """Compute y when not training."""
        for link in self.chain:
            x = link.infer(x)  # (n, d) -> (n, m)
        return x

    def fused(self) -> tuple[list[Layer], Callable[[Array], Array], Loss]:
        """Return the links to train, the head, and the loss to train by.

        A last softmax is left to a cross-entropy, which then takes the logits in front of it;
        the same goes for sigmoid. The top of losses.py says why.
        """
        assert self.loss is not None
        last = self.chain[-1]
        fusible = isinstance(last, Activation) and last.activation is self.loss.fuses
        if fusible and not self.loss.from_logits:
            return self.chain[:-1], last.infer, self.loss.on_logits()
        return self.chain, activations.linear, self.loss

    def penalty(self) -> float:
        """Return the sum of the penalties on weights."""
        return sum(regularizer(W) for W, _, regularizer in self.regularized())

    def regularized(self) -> Iterator[tuple[Array, Array, Regularizer]]:
        """Yield every weight that has a penalty, with its gradient and the penalty."""
        for layer in self.layers:
            for name, weight in layer.declared.items():
                if weight.regularizer is not None:
                    yield getattr(layer, name), getattr(layer, "d" + name), weight.regularizer

    def ready_optimizer(self) -> Optimizer:
        """Return the optimizer, its slots made for these parameters."""
        assert self.optimizer is not None
        if self.optimizer.built_for is not self.params:
            self.optimizer.build(self.params, self.sizes())
        return self.optimizer

    # -------------------------------------------------------------- all weights in one vector

    def declare(self, shape: Shape) -> int:
        """Let every layer declare its weights for examples of that shape; return their size.

        No memory is taken for them yet.
        """
        for layer in self.layers:
            shape = layer.output_shape = layer.build(shape)
        return sum(self.sizes())

    def sizes(self) -> list[int]:
        """Return the size of every weight, in order."""
        return [weight.size for layer in self.layers for weight in layer.declared.values()]

    def initial_values(self) -> Array:
        """Return the weights to start from, in one vector (p,)."""
        values = [np.zeros(0, self.params.dtype)]
        for layer in self.layers:
            layer.use_generator(self.rng)
            values += layer.initial_values(self.params.dtype, self.rng)
        return np.concatenate([value.ravel() for value in values])

    def connect(self) -> None:
        """Make the chain, and tell each link whether anybody needs the gradient of its input."""
        self.chain: list[Layer] = [link for layer in self.layers for link in layer.links()]
        weighted = [i for i, link in enumerate(self.chain) if link.declared]
        self.first = min(weighted, default=len(self.chain))
        for i, link in enumerate(self.chain):
            link.needs_dx = i > self.first

    def bind(self, params: Array, grads: Array | None = None) -> None:
        """Make these the two vectors, and all weights and their gradients views of them."""
        self.params, self.grads = params, np.zeros_like(params) if grads is None else grads
        start = 0
        for layer in self.layers:
            part = slice(start, start + layer.count_params())
            layer.bind(self.params[part], self.grads[part])
            start = part.stop

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Copying and pickling turn views into arrays of their own: make them views again.
        self.__dict__.update(state)
        known, optimizer = self.params, self.optimizer
        self.bind(np.require(known, None, "W"), np.require(self.grads, None, "W"))
        if optimizer is not None and optimizer.built_for is known:
            optimizer.built_for = self.params
            optimizer.slots = {k: np.require(v, None, "W") for k, v in optimizer.slots.items()}
