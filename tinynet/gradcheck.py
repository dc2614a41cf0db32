"""Is backward right? Ask the loss itself, by moving one number at a time.

    (L(w + h) - L(w - h)) / 2h

is the slope of the loss along w, as near as float64 can tell, and needs no derivation. What
backward wrote has to agree. Asked are the gradients of all weights and, because a layer
without weights has a backward too, of the input of every layer.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.models import Sequential
from tinynet.models.trace import Traced, trace
from tinynet.support.progress import Progress

Array = NDArray[Any]

H = 1e-5  # how far to move: the differences are then wrong by about h² and by rounding / h
LIMIT = 1e-5  # a relative error above it is a mistake; right gradients stay far below
FLOOR = 1e-5  # of the loss: slopes below it are compared as if they were so large
EXHAUSTIVE = 5000  # a network with up to so many numbers is asked about each of them
DIRECTIONS, ENTRIES = 3, 12  # in a larger one, so many of each for every array
BESIDE = 1e-3  # how far to step aside from a corner


def check_gradients(model: Sequential, x: Any, y: Any) -> Report:
    """Compare all gradients of a model with central differences of its loss, in float64.

    Everything happens on a copy: the model, its weights and its random numbers stay as they
    are. A small network is asked about every single number. In a large one each array is moved
    along 3 random directions, which any wrong number in it would show up in, and 12 numbers
    are asked one by one, the one with the largest gradient among them.

    ReLU has no slope at 0, and no difference across such a corner can agree with backward. A
    corner is met in one place, a mistake everywhere: what disagrees is asked again with all
    weights and inputs moved aside by about 0.001, and is no mistake if it agrees there.

    Args:
        model: compiled; layers and losses of your own are welcome.
        x: a batch of examples, (n, ...); a few are enough.
        y: their targets, as `fit` takes them.

    Returns:
        Report: prints as a table. `.ok` is True if all agree to 1e-5; `.culprits` names the layers
        to fix; `.rows` holds the figures.

    Raises:
        ValueError: input as in fit; a backward whose dx has a wrong shape, or that puts a new
            array in the place of self.dW instead of writing into it.

    Example:
        >>> from tinynet.layers import Dense
        >>> model = Sequential([Dense(3, "tanh", input_shape=(2,)), Dense(1)])
        >>> model.compile(loss="mse")
        >>> check_gradients(model, [[1.0, 2.0], [3.0, -1.0]], [[1.0], [0.0]]).ok
        True
    """
    twin = copy.deepcopy(model)
    twin.bind(twin.params.astype(np.float64), twin.kept.astype(np.float64))
    examples = twin._examples(x, y)
    twin._settle()
    x, t, _ = next(examples.batches(len(examples)))
    for link in trace(twin):
        link.layer.needs_dx = True
    twin.first = 0  # down to the inputs, further than training goes
    point, rng = Point(twin, x, t), np.random.default_rng(0)
    rows = point.gradients
    exhaustive = sum(row.value.size for row in rows) <= EXHAUSTIVE
    asked = [(k, probe) for k, row in enumerate(rows) for probe in probes(row, exhaustive, rng)]
    progress = Progress(len(asked), verbose=0 if exhaustive else 1)
    for step, (k, probe) in enumerate(asked, start=1):
        point.ask(rows[k], probe)
        progress.update(step, {})
    for k, probe in asked:
        if probe.error > LIMIT:  # perhaps the loss is so curved that h was too far
            point.ask(rows[k], probe, H / 4)
    doubtful = [(k, probe) for k, probe in asked if probe.error > LIMIT]
    for _ in range(3 if doubtful else 0):
        twin.params += BESIDE * rng.normal(size=twin.params.shape)
        beside = Point(twin, x + BESIDE * rng.normal(size=x.shape), t)
        for k, probe in doubtful:
            again = replace(probe)
            beside.ask(beside.gradients[k], again)
            if again.error <= LIMIT:
                probe.error, probe.corner = again.error, True
        doubtful = [(k, probe) for k, probe in doubtful if not probe.corner]
    for k, row in enumerate(rows):
        judge(row, [probe for number, probe in asked if number == k])
    if progress.redraws:
        progress.finish({})
    return Report(rows)


def probes(row: Gradient, exhaustive: bool, rng: np.random.Generator) -> Iterator[Probe]:
    """Yield the ways to move an array."""
    size = row.value.size
    entries: Any = range(size)
    if not exhaustive and size > ENTRIES:
        for _ in range(DIRECTIONS):
            step = rng.normal(size=size)
            yield Probe(slice(None), step / np.linalg.norm(step))
        entries = rng.choice(size, ENTRIES, replace=False).tolist()
        entries[0] = int(np.abs(row.gradient).argmax())
    for entry in entries:
        yield Probe(slice(entry, entry + 1), np.ones(1))


def judge(row: Gradient, asked: list[Probe]) -> None:
    """Say in words what the probes of one array have shown."""
    worst = max(asked, key=lambda probe: probe.error)
    row.error = worst.error
    if worst.at.start is not None:
        row.where = tuple(map(int, np.unravel_index(worst.at.start, row.value.shape)))
    singles = sum(probe.at.start is not None for probe in asked)
    row.checked = "all" if singles == row.value.size else f"{DIRECTIONS} ways + {singles}"
    corners = sum(probe.corner for probe in asked)
    if worst.error <= LIMIT:
        row.verdict = f"right; {corners} at a corner, as ReLU has at 0" if corners else "right"
        return
    a, b = worst.backward, worst.differences
    row.verdict = f"WRONG: backward gives {a:.4g}, the differences {b:.4g}"
    ratios = [p.backward / p.differences for p in asked if abs(p.differences) > FLOOR]
    if ratios and np.ptp(ratios) < 0.001 * abs(ratios[0]):
        row.verdict = f"WRONG: {ratios[0]:.4g} times what it should be, everywhere"
    if np.isnan(row.gradient).any() and row.name not in ("dx", "dy"):
        row.verdict = f"WRONG: not written, or added up. Write self.{row.name}[...] = ..."


@dataclass
class Gradient:
    """One array, the gradient that backward gave for it, and what the check found."""

    layer: str
    name: str  # dW, db, ...; dx for the input of the layer, dy for the loss's
    value: Array
    gradient: Array
    checked: str = ""
    error: float = 0.0  # the largest relative error
    where: tuple[int, ...] | None = None  # its index; None along a direction
    verdict: str = "right"

    @property
    def ok(self) -> bool:
        return self.verdict.startswith("right")


@dataclass
class Probe:
    """A way to move an array, `step` for its numbers `at`, and the slopes found along it."""

    at: Any
    step: Array
    backward: float = math.nan
    differences: float = math.nan
    error: float = math.inf
    corner: bool = False


class Report:
    """What `check_gradients` found: `.ok`, `.culprits`, `.rows`; printed as a table."""

    def __init__(self, rows: list[Gradient]) -> None:
        self.rows = rows
        self.ok = all(row.ok for row in rows)
        self.culprits: list[str] = []
        spoiler = None  # a wrong dx makes all wrong that stands before its layer
        for row in reversed(rows):
            if row.ok:
                continue
            if spoiler in (None, row.layer):
                self.culprits += [row.layer] if row.layer not in self.culprits else []
            else:
                row.verdict = f"misled by {spoiler}"
            if row.name in ("dx", "dy"):
                spoiler = spoiler or row.layer

    def __repr__(self) -> str:
        table = [("layer", "gradient", "shape", "checked", "error", "at", "verdict")]
        for row in self.rows:
            where = "" if row.where is None else str(list(row.where))
            shape, error = str(row.value.shape), f"{row.error:.0e}"
            table.append((row.layer, row.name, shape, row.checked, error, where, row.verdict))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in table]
        if self.ok:
            lines.append("All gradients agree with the differences of the loss.")
        else:
            lines.append(f"Fix {' and '.join(self.culprits)}, then check again.")
        return "\n".join(lines)


class Point:
    """A model at one point, with a batch: the gradients there, and the loss to ask."""

    def __init__(self, model: Sequential, x: Array, t: Array) -> None:
        self.model, self.x, self.t = model, x, t
        self.links = [link for link in model.chain if isinstance(link, Traced)]
        self.rngs = list(model.generators().values())
        self.states = [rng.bit_generator.state for rng in self.rngs]
        model.grads.fill(np.nan)  # what is not written, or added up, stays NaN
        self.loss, _ = model.gradients(x, t, None)
        if not math.isfinite(self.loss):
            raise ValueError(f"The loss of this batch is {self.loss}: it has no slopes.")
        self.gradients = list(self._all())

    def _all(self) -> Iterator[Gradient]:
        """Yield the gradient of each link's input, then those of its weights; the loss's last."""
        for link in self.links:
            name, layer = link.name, link.layer
            if np.shape(link.dx) != link.x.shape:
                raise ValueError(
                    f"backward of layer {name!r} returned a dx of shape {np.shape(link.dx)}; "
                    f"its x has shape {link.x.shape}, and dx must have the shape of x."
                )
            yield Gradient(name, "dx", link.x, link.dx)
            for weight in (w for w, declared in layer.declared.items() if declared.trained):
                gradient = getattr(layer, "d" + weight)
                if not np.shares_memory(gradient, self.model.grads):
                    raise ValueError(
                        f"backward of layer {name!r} puts a new array in the place of "
                        f"self.d{weight}, which the optimizer never sees. Write into the old "
                        f"one: self.d{weight}[...] = ..."
                    )
                yield Gradient(name, "d" + weight, getattr(layer, weight), gradient.copy())
        loss = type(self.model.loss).__name__
        yield Gradient(loss, "dy", self.links[-1].y, self.links[-1].dy)

    def ask(self, row: Gradient, probe: Probe, h: float = H) -> None:
        """Put the slope by backward beside the slope by differences."""
        numbers = row.value.reshape(-1)  # a view
        old = numbers[probe.at].copy()
        numbers[probe.at] = old + h * probe.step
        up = self.loss_with(row.value)
        numbers[probe.at] = old - h * probe.step
        down = self.loss_with(row.value)
        numbers[probe.at] = old
        a = probe.backward = float(np.sum(row.gradient.reshape(-1)[probe.at] * probe.step))
        b = probe.differences = (up - down) / (2 * h)
        error = abs(a - b) / max(abs(a), abs(b), FLOOR * max(1, abs(self.loss)))
        probe.error = error if math.isfinite(error) else math.inf

    def loss_with(self, moved: Array) -> float:
        """Compute the loss again, with this array where it belongs."""
        for rng, state in zip(self.rngs, self.states, strict=True):
            rng.bit_generator.state = state  # Dropout silences the same inputs again
        _, _, loss = self.model.fused()
        x = self.x
        for link in self.links:
            x, _ = link.layer.forward(moved.copy() if moved is link.x else x.copy())
        x = moved if moved is self.links[-1].y else x
        return loss.value_and_gradient(self.t, x)[0] + self.model.penalty()
