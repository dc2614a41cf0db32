"""The network: forward through the layers, the loss, backward through the layers, a step.

    x (n, ...) examples      t (n, ...) targets      y (n, ...) outputs      n  a batch's size

    params, grads (p,)  the weights of all layers, one after the other, and their gradients
    kept (q,)           what is not trained: running means, the weights of frozen layers

Every layer's W and b are views of `params`, its dW and db views of `grads`. So an optimizer sees
two plain vectors, counting the weights is `params.size`, and saving them is saving one array.

    chain   the links that x goes through: every layer, and every activation, is one
    first   the place of the first link with weights to train: no gradient goes further back
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
from tinynet.weights import Weight

Array = NDArray[Any]


class Network:
    """Layers in a row, all their weights in one vector, and what one step of training is."""

    def __init__(self, dtype: str, rng: np.random.Generator) -> None:
        self.layers: list[Any] = []
        self.params: Array = np.zeros(0, dtype)
        self.kept: Array = self.params
        self.grads: Array = self.params
        self.trained: list[tuple[Layer, str, Weight]] = []
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
        return value + self.penalty() + sum(link.cost for link in links), head(x)

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
        for layer, name, weight in self.trained:
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
        return sum(weight.size for layer in self.layers for weight in layer.declared.values())

    def weights_in(self, trained: bool) -> Iterator[tuple[Layer, str, Weight]]:
        """Yield the weights that lie in `params`, or those in `kept`, in order."""
        for layer in self.layers:
            for name, weight in layer.declared.items():
                if weight.trained is trained:
                    yield layer, name, weight

    def sizes(self) -> list[int]:
        """Return the size of every trained weight, in order."""
        return [weight.size for _, _, weight in self.weights_in(trained=True)]

    def start(self) -> None:
        """Give every weight the value that it starts from, and make the chain."""
        dtype = self.params.dtype
        for layer in self.layers:
            layer.use_generator(self.rng)
            layer.initialize(dtype, self.rng)
        self.gather()

    def gather(self) -> None:
        """Put the weights as they are into the two vectors, new ones, and make the chain."""
        vectors = []
        for trained in (True, False):
            values = [getattr(layer, name).ravel() for layer, name, _ in self.weights_in(trained)]
            vectors.append(np.concatenate([np.zeros(0, self.params.dtype), *values]))
        self.bind(*vectors)
        self.connect()

    def connect(self) -> None:
        """Make the chain, and tell each link whether anybody needs the gradient of its input."""
        self.chain: list[Layer] = self.links()
        weighted = [i for i, link in enumerate(self.chain) if link.trains]
        self.first: int = min(weighted, default=len(self.chain))
        for i, link in enumerate(self.chain):
            link.needs_dx = i > self.first

    def links(self) -> list[Layer]:
        """Return what x goes through, in order."""
        return [link for layer in self.layers for link in layer.links()]

    def bind(self, params: Array, kept: Array, grads: Array | None = None) -> None:
        """Make these the vectors, and all weights and their gradients views of them."""
        self.params, self.kept = params, kept
        self.grads = np.zeros_like(params) if grads is None else grads
        self.trained = list(self.weights_in(trained=True))
        unread = np.zeros_like(kept)  # where frozen layers write their gradients
        for trained, values, slopes in ((True, params, self.grads), (False, kept, unread)):
            start = 0
            for layer, name, weight in self.weights_in(trained):
                part = slice(start, start + weight.size)
                layer.bind(name, values[part], slopes[part])
                start = part.stop

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Copying and pickling turn views into arrays of their own: make them views again.
        self.__dict__.update(state)
        optimizer = self.optimizer
        known = None if optimizer is None else optimizer.built_for  # maybe a copy of params now
        self.bind(*(np.require(v, None, "W") for v in (self.params, self.kept, self.grads)))
        if optimizer and known is not None and np.array_equal(known, self.params):
            optimizer.built_for = self.params
            optimizer.slots = {k: np.require(v, None, "W") for k, v in optimizer.slots.items()}
