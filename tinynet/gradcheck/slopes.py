"""One part of a network alone: its outputs, its gradients by backward, and by differences.

    S = sum(dy y) + cost     y the outputs, dy numbers drawn at random and then kept
    (S(w + h) - S(w - h)) / 2h    the slope of S along w, with w a weight or an input

backward(dy) has to give the same. So each part is asked by itself, and no other can mislead:
a mistake of its own shows, those of its neighbours don't. For a loss, y is L and dy is 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.layers import Layer
from tinynet.losses import Loss
from tinynet.models.contracts import trained

Array = NDArray[Any]

H = 1e-5  # how far to move: the differences are then wrong by about h² and by rounding / h
CLOSER = (H, H / 4, 1e-7, 1e-8, 1e-9, 1e-10)  # where it bends so much that H is too far
LIMIT = 1e-5  # a relative error above it is a mistake; right gradients stay far below
FLOOR = 1e-3  # of the outputs: slopes below it are compared as if they were so large
ROUNDING = 1e-6  # of the inputs: what is lost in them is lost, however small the outputs are
COARSE = 1e-2  # h and limit for a layer that computes in float32 whatever comes in


class Part:
    """What can be asked: arrays that may be moved, the outputs, and backward's gradients.

    Attributes:
        name: the layer's name, or the loss's class.
        x, y, dy: input, output, and the gradient handed to backward.
        arrays: {"dx": x, "dW": W, ...}, each array under the name of its gradient.
    """

    name: str
    x: Array
    y: Array
    dy: Array
    arrays: dict[str, Array]
    coarse: bool = False

    def outputs(self) -> Array:
        """Compute y from the arrays as they are now."""
        raise NotImplementedError

    def cost(self) -> float:
        """Return what is added to the loss for the outputs computed last: an activity penalty."""
        return 0.0

    def gradients(self) -> dict[str, Array]:
        """Return what backward gives, {"dx": ..., "dW": ...}."""
        raise NotImplementedError

    def difference(self, name: str, at: Any, step: Array, h: float) -> float:
        """Return the slope of S along a step of some numbers of an array, by differences."""
        numbers = self.arrays[name].reshape(-1)  # a view
        old = numbers[at].copy()
        numbers[at] = old + h * step
        up, more = self.outputs(), self.cost()
        numbers[at] = old - h * step
        down, less = self.outputs(), self.cost()
        numbers[at] = old
        return (float(np.sum(self.dy * (up - down))) + more - less) / (2 * h)

    def error(self, a: float, b: float, largest: float = 0.0) -> float:
        """Return how far two slopes are apart, relative to the larger one.

        Those far below the largest one of their array are compared as if they were not so small.
        """
        y, x = (float(np.abs(numbers).max(initial=0)) for numbers in (self.y, self.x))
        top = float(np.abs(self.dy).max(initial=0)) * max(FLOOR * y, ROUNDING * x, 1e-9)
        error = abs(a - b) / (max(abs(a), abs(b), top, ROUNDING * largest) or 1)
        return error if math.isfinite(error) else math.inf

    def ask(self, name: str, gradient: Array, at: Any, step: Array) -> tuple[float, float, float]:
        """Return a slope by backward, by the differences that come nearest, and their error."""
        a = float(np.sum(gradient.reshape(-1)[at] * step))
        found, largest = [], float(np.abs(gradient).max(initial=0))
        for h in [COARSE] if self.coarse else [*CLOSER, *self.relative(name, at)]:
            b = self.difference(name, at, step, h)
            error = self.error(a, b, largest) * (LIMIT / COARSE if self.coarse else 1)
            found.append((error, a, b))
            if error <= LIMIT:
                break
        error, a, b = min(found)
        return a, b, error

    def relative(self, name: str, at: Any) -> list[float]:
        """Return how far to move where the numbers, or all those of their row, are tiny."""
        array = self.arrays[name]
        rows = np.abs(array.reshape(len(array), -1)) if array.ndim else np.abs(array).reshape(1, 1)
        row = rows[(at.start or 0) // rows.shape[1]]
        sizes = float(np.abs(array.reshape(-1)[at]).max(initial=0)), float(row.max(initial=0))
        return [h * size for size in sizes if size for h in (H, 1e-6, 1e-7, 1e-8)]

    def move(self, rng: np.random.Generator) -> dict[str, Array]:
        """Move all arrays a little aside; return what they were."""
        before = {name: array.copy() for name, array in self.arrays.items()}
        for array in self.arrays.values():
            at_zero = np.abs(array) < H  # so near that the differences are taken across it
            array *= 1 + 0.01 * rng.normal(size=array.shape)
            array += at_zero * 0.001 * rng.normal(size=array.shape)
        return before

    def restore(self, before: dict[str, Array]) -> None:
        """Put the arrays back to what they were."""
        for name, array in before.items():
            self.arrays[name][...] = array


class LayerPart(Part):
    """A link of the chain, with its x and its weights; random numbers are the same every time.

    A layer that takes several inputs has a dx for each: "dx[0]", "dx[1]", ...
    """

    def __init__(self, layer: Layer, inputs: Sequence[Array], rng: np.random.Generator) -> None:
        self.layer = layer
        self.name: str = layer.name
        # In float64, and C order so that it can be moved flat, whatever the layer in front gives.
        self.inputs: list[NDArray[Any]] = [np.array(x, float, order="C") for x in inputs]
        self.x: Array = self.inputs[0]
        self.generators: list[np.random.Generator] = list(generators(layer))
        self.states: list[Any] = [generator.bit_generator.state for generator in self.generators]
        names = trained(layer)
        self.kept: list[tuple[Any, Any]] = [(v, v.copy()) for k in layer.declared if k not in names
                     for v in [getattr(layer, k)]]  # fmt: skip
        self.arrays: dict[str, Array] = {f"dx[{i}]": x for i, x in enumerate(self.inputs)}
        if not layer.several:
            self.arrays = {"dx": self.x}
        self.arrays |= {"d" + name: getattr(layer, name) for name in names}
        self.y: Array = self.outputs()
        self.dy: Array = rng.normal(size=self.y.shape)
        self.coarse: bool = self._is_coarse()

    def rewind(self) -> None:
        """Go back to the random numbers and the state of the first time."""
        for generator, state in zip(self.generators, self.states, strict=True):
            generator.bit_generator.state = state
        for array, value in self.kept:
            array[...] = value

    def forward(self) -> tuple[Array, Callable[[Array], Any]]:
        """Compute y, and the function that carries dy back."""
        self.rewind()
        copies: Any = [x.copy() for x in self.inputs]
        return self.layer.forward(copies if self.layer.several else copies[0])

    def outputs(self) -> Array:
        return self.forward()[0]

    def cost(self) -> float:
        return self.layer.cost

    def gradients(self) -> dict[str, Array]:
        return self.gradients_from(np.nan)

    def gradients_from(self, start: float) -> dict[str, Array]:
        """Return the gradients, written into arrays that held this number before."""
        return self.carried_back(self.forward()[1], start)

    def gradients_with(self, name: str, value: Array) -> dict[str, Array]:
        """Return the gradients when backward, but not forward, finds this value in a weight."""
        _, backward = self.forward()
        weight = getattr(self.layer, name)
        before = weight.copy()
        weight[...] = value
        found = self.carried_back(backward, np.nan)
        weight[...] = before
        return found

    def carried_back(self, backward: Callable[[Array], Any], start: float) -> dict[str, Array]:
        """Return what a backward gives and writes into arrays that hold this number."""
        weights = ["d" + name for name in trained(self.layer)]
        for name in weights:
            getattr(self.layer, name)[...] = start
        dx = backward(self.dy.copy())
        if self.layer.several:
            found = {f"dx[{i}]": np.array(part) for i, part in enumerate(dx)}
        else:
            found = {} if dx is None else {"dx": np.array(dx)}
        return found | {name: getattr(self.layer, name).copy() for name in weights}

    def _is_coarse(self) -> bool:
        """Say whether what is added below float32's last digit is lost on the way.

        Each number is moved by another share: a layer that normalises does not see one for all.
        """
        before, seen = self.x.copy(), []
        shares = np.random.default_rng(0).normal(size=before.shape)
        for size in (1e-11, 1e-3):
            self.x[...] = before * (1 + size * shares)
            seen.append(self.outputs())
        self.x[...] = before
        expected = 1e-8 * np.abs(seen[1] - self.y)
        visible = expected > 8 * np.finfo(float).eps * np.abs(self.y)  # in float64
        lost = visible.any() and np.mean((self.y == seen[0])[visible]) > 0.5
        rounded = all(np.array_equal(y, y.astype(np.float32)) for y in (self.y, seen[1]))
        return bool(lost or (rounded and (self.y != np.round(self.y)).any()))


class LossPart(Part):
    """The loss, with the outputs y that it gets."""

    def __init__(self, loss: Loss, t: Array, y: Array) -> None:
        self.loss, self.name, self.t = loss, type(loss).__name__, t
        self.x: Array = np.array(y, float, order="C")
        self.arrays, self.dy = {"dy": self.x}, np.ones(())
        self.y: Array = self.outputs()

    def outputs(self) -> Array:
        return np.asarray(self.loss.value_and_gradient(self.t, self.x.copy())[0])

    def gradients(self) -> dict[str, Array]:
        return {"dy": self.loss.value_and_gradient(self.t, self.x.copy())[1]}


class PenaltyPart(Part):
    """A penalty on a weight, with that weight."""

    def __init__(self, regularizer: Any, W: Array, name: str) -> None:
        self.regularizer, self.name, self.x = regularizer, type(regularizer).__name__, W.copy()
        self.arrays, self.dy, self.of = {f"d{name}": self.x}, np.ones(()), f"d{name}"
        self.y: Array = self.outputs()

    def outputs(self) -> Array:
        return np.asarray(self.regularizer(self.x))

    def gradients(self) -> dict[str, Array]:
        return {self.of: self.regularizer.gradient(self.x)}


def generators(value: Any, depth: int = 6) -> Iterator[np.random.Generator]:
    """Yield the random generators that a layer holds, or layers in it."""
    if isinstance(value, np.random.Generator):
        yield value
    elif depth and isinstance(value, (Layer, list, tuple)):
        for item in vars(value).values() if isinstance(value, Layer) else value:
            yield from generators(item, depth - 1)
