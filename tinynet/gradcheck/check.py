"""Is backward right? Ask the network itself, by moving one number at a time.

    (S(w + h) - S(w - h)) / 2h

is the slope along w, as near as float64 can tell, and needs no derivation. What backward wrote
has to agree. Every layer, the loss and every penalty is asked alone (slopes.py), so that a mistake
shows where it was made; at the end the loss of the whole network is asked. What is wrong is
compared with what well-known mistakes would give (causes.py), to say which of them it may be.

Nothing may hide behind special numbers: factors of 1, terms of 0, a batch of one. So all is
checked on a copy whose weights and examples were moved.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.gradcheck import causes, suspicions
from tinynet.gradcheck.slopes import LIMIT, LayerPart, LossPart, Part, PenaltyPart, generators
from tinynet.models import Sequential, contracts
from tinynet.support.progress import Progress

Array = NDArray[Any]

EXHAUSTIVE = 5000  # a network with up to so many numbers is asked about each of them
DIRECTIONS, ENTRIES = 3, 12  # in a larger one, so many of each for every array
MOVES = [(True, 1.0), (True, 0.1), (False, 1.0), (False, 0.1), (False, 0.0)]  # x too?, how far


def check_gradients(model: Sequential, x: Any, y: Any) -> Report:
    """Compare all gradients of a model with central differences, in float64.

    Everything happens on a copy: the model, its weights, its random numbers and the examples stay
    as they are. On the copy weights are moved by about 0.1 and the inputs shrunk by up to 30 %,
    since zeros, ones and a batch of one hide mistakes. A small network is asked about every single
    number. In a large one each array is moved along 3 random directions, which any wrong number in
    it would show up in, and 12 numbers are asked one by one, the one with the largest gradient
    among them. Weights that are not trained, such as those of frozen layers, are not asked.

    ReLU has no slope at 0, and no difference across such a corner can agree with backward. A
    corner is met in one place, a mistake everywhere: what disagrees is asked again a little aside,
    and is no mistake if it agrees there.

    Args:
        model: compiled; layers, losses, regularizers and optimizers of your own are welcome.
        x: a batch of examples, (n, ...); a few are enough.
        y: their targets, as `fit` takes them.

    Returns:
        Report: prints as a table. `.ok` is True if all agree to 1e-5; `.culprits` names the layers
        to fix; `.rows` holds the figures, each with a verdict in words; `.notes` says what was not
        covered, and what else is worth a look.

    Raises:
        ValueError: input as in fit; a layer or a loss that does not return what it has to, writes
            into what is not its own, or gives other numbers every time. The message names it.

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
    inputs, t, _ = next(examples.batches(len(examples)))
    if len(inputs) == 1:
        inputs, t = np.repeat(inputs, 2, axis=0), np.repeat(t, 2, axis=0)
    contracts.rehearse(twin, inputs, t, None)
    optional = [link for link in twin.chain if not link.needs_dx]
    for link in twin.chain:
        link.needs_dx = True  # down to the inputs, further than training goes
    rng = np.random.default_rng(0)
    inputs = move(twin, inputs, t, rng)
    parts = list(all_parts(twin, inputs, t, rng))
    report = Report()
    with np.errstate(all="ignore"):
        for part in parts:
            suspicions.repeatable(part)
        rows = [row for part in parts for row in rows_of(part, optional)]
        ask(rows, rng)
        report.rows += rows
        for part in parts:
            for found in suspicions.of(part):
                if found.wrong:
                    report.rows.append(Gradient(part, found.what, part.y, cause=found.text))
                    report.rows[-1].verdict = f"WRONG: {found.text}"
                elif part.name not in report.culprits:
                    report.notes.append(f"{part.name}: {found.text}.")
        report.notes += unreached([row for row in rows if row.layer not in report.culprits])
        if report.ok and twin.params.size and not any(part.coarse for part in parts):
            report.rows.append(whole(twin, inputs, t, rng))
    return report


def move(model: Any, x: Array, t: Array, rng: np.random.Generator) -> Array:
    """Move the weights, and return inputs moved too, as far as all numbers stay finite."""
    start, factors = model.params.copy(), rng.uniform(0.7, 1, x.shape)
    steps = [
        rng.normal(size=weight.shape)
        * (0.1 if len(weight.shape) < 2 else 0.3 / max(1, len(value)) ** 0.5)
        for layer in model.layers
        for name, weight in layer.declared.items()
        if name in contracts.trained(layer)
        for value in [getattr(layer, name)]
    ]
    step = np.concatenate([np.zeros(0), *[s.ravel() for s in steps]])
    for shrink, scale in MOVES:
        model.params[:] = start + scale * step
        moved = x * factors if shrink else x
        try:
            with np.errstate(all="ignore"):
                loss = copy.deepcopy(model).gradients(moved.copy(), t.copy())[0]
        except (ValueError, IndexError):  # a layer that refuses such inputs
            if scale == 0:
                raise
            continue
        if np.isfinite(loss):
            return moved
    raise ValueError(f"The loss of this batch is {loss}: it has no slopes.")


def all_parts(model: Any, x: Array, t: Array, rng: np.random.Generator) -> Iterator[Part]:
    """Yield every link of the chain with the input that it gets, the loss, and the penalties."""
    links, _, loss = model.fused()
    for link in links:
        values = [x]
        for layer, sources in contracts.steps(link):
            part = LayerPart(layer, [values[source] for source in sources], rng)
            yield part
            values.append(part.y)
        x = values[-1]
    yield LossPart(loss, t, x)
    for layer in model.layers:
        for name in contracts.trained(layer):
            regularizer = layer.declared[name].regularizer
            if regularizer is not None and contracts.of_ones_own(regularizer):
                yield PenaltyPart(regularizer, getattr(layer, name), name)


def unreached(rows: list[Gradient]) -> Iterator[str]:
    """Yield a note for every gradient that is 0 all over, rightly: nothing was seen of it."""
    for row in rows:
        if row.ok and row.gradient.size and not row.gradient.any():
            yield (
                f"{row.layer}: {row.name} is 0 everywhere in this batch, so nothing of it was "
                f"checked. Pass other examples."
            )


def rows_of(part: Part, optional: list[Any]) -> Iterator[Gradient]:
    """Yield a row for each gradient of a part; dx may be missing where training needs none."""
    if isinstance(part, LayerPart) and not part.layer.several:
        part.rewind()
        x = part.x.copy()
        y, back = contracts.forward(part.layer, x)
        contracts.backward(part.layer, back, x, y, part.dy, part.layer not in optional)
    gradients = part.gradients()
    for name in part.arrays:
        if name in gradients:
            yield Gradient(part, name, gradients[name])


def ask(rows: list[Gradient], rng: np.random.Generator) -> None:
    """Ask for the slopes of every row, and judge it."""
    exhaustive = sum(row.gradient.size for row in rows) <= EXHAUSTIVE
    for row in rows:
        row.probes = list(probes(row.gradient, exhaustive, rng))
    progress = Progress(sum(len(row.probes) for row in rows), verbose=0 if exhaustive else 1)
    done = 0
    for row in rows:
        for probe in row.probes:
            probe.put(row.part, row.name, row.gradient)
            done += 1
            progress.update(done, {})
        ask_again(row, rng)
        row.judge()
    if progress.redraws:
        progress.finish({})


def ask_again(row: Gradient, rng: np.random.Generator) -> None:
    """Ask what disagrees a little aside: at a corner it agrees there."""
    doubtful = [probe for probe in row.probes if probe.error > LIMIT]
    for _ in range(3 if doubtful else 0):
        before = row.part.move(rng)
        gradient = row.part.gradients()[row.name]
        for probe in doubtful:
            again = Probe(probe.at, probe.step)
            again.put(row.part, row.name, gradient)
            probe.corner = again.error <= LIMIT
        row.part.restore(before)
        doubtful = [probe for probe in doubtful if not probe.corner]


def probes(gradient: Array, exhaustive: bool, rng: np.random.Generator) -> Iterator[Probe]:
    """Yield the ways to move an array."""
    entries: Any = range(gradient.size)
    if not exhaustive and gradient.size > ENTRIES:
        for _ in range(DIRECTIONS):
            step = rng.normal(size=gradient.size)
            yield Probe(slice(None), step / np.linalg.norm(step))
        entries = rng.choice(gradient.size, ENTRIES, replace=False).tolist()
        entries[0] = int(np.abs(gradient).argmax())
    for entry in entries:
        yield Probe(slice(entry, entry + 1), np.ones(1))


def whole(model: Any, x: Array, t: Array, rng: np.random.Generator) -> Gradient:
    """Ask the loss of the whole network along 3 directions of all its weights together."""
    row = Gradient(WholePart(model, x, t), "grads", np.zeros(0))
    row.gradient = row.part.gradients()["grads"]
    for _ in range(DIRECTIONS):
        step = rng.normal(size=row.gradient.size)
        row.probes.append(Probe(slice(None), step / max(1e-9, float(np.linalg.norm(step)))))
        row.probes[-1].put(row.part, "grads", row.gradient)
    row.probes.sort(key=lambda probe: probe.error)  # the nearest: others may cross a corner
    row.error, row.checked = row.probes[0].error, f"{DIRECTIONS} ways"
    if row.error > LIMIT:
        row.verdict = "WRONG: every layer alone is right, and all together are not"
    return row


class WholePart(Part):
    """The whole network: its weights as one array, and the loss of a batch."""

    def __init__(self, model: Any, x: Array, t: Array) -> None:
        self.model, self.name, self.x, self.t = model, model.name, x, t
        self.arrays, self.dy = {"grads": model.params}, np.ones(())
        found = [g for layer in model.layers for g in generators(layer)]
        self.states: list[tuple[np.random.Generator, Any]] = [
            (generator, generator.bit_generator.state) for generator in found
        ]
        self.y: Array = self.outputs()

    def outputs(self) -> Array:
        for generator, state in self.states:
            generator.bit_generator.state = state
        return np.asarray(self.model.gradients(self.x.copy(), self.t.copy())[0])

    def gradients(self) -> dict[str, Array]:
        self.outputs()
        return {"grads": self.model.grads.copy()}


@dataclass
class Probe:
    """A way to move an array, `step` for its numbers `at`, and the slopes found along it."""

    at: Any
    step: Array
    backward: float = np.nan
    differences: float = np.nan
    error: float = np.inf
    corner: bool = False

    def put(self, part: Part, name: str, gradient: Array) -> None:
        """Put the slope by backward beside the slope by differences."""
        self.backward, self.differences, self.error = part.ask(name, gradient, self.at, self.step)


@dataclass
class Gradient:
    """One gradient that a part's backward gave, and what the check found."""

    part: Part
    name: str  # dW, db, ...; dx for the input of a layer, dy for the loss's
    gradient: Array
    probes: list[Probe] = field(default_factory=list)
    checked: str = ""
    error: float = 0.0  # the largest relative error
    where: tuple[int, ...] | None = None  # its index; None along a direction
    verdict: str = "right"
    cause: str = ""  # the mistake that would give just these numbers, if one is known

    @property
    def layer(self) -> str:
        return self.part.name

    @property
    def ok(self) -> bool:
        return self.verdict.startswith("right")

    def judge(self) -> None:
        """Say in words what the probes have shown."""
        asked = [probe for probe in self.probes if not probe.corner]
        corners = len(self.probes) - len(asked)
        singles = [probe for probe in self.probes if probe.at.start is not None]
        every = len(singles) == self.gradient.size
        self.checked = "all" if every else f"{DIRECTIONS} ways + {len(singles)}"
        self.verdict = f"right; {corners} at a corner, as ReLU has at 0" if corners else "right"
        if not asked:
            return
        worst = max(asked, key=lambda probe: probe.error)
        self.error = worst.error
        if worst.at.start is not None:
            self.where = tuple(map(int, np.unravel_index(worst.at.start, self.gradient.shape)))
        if worst.error > LIMIT:
            asked_alone = {p.at.start: p.differences for p in asked if p.at.start is not None}
            self.cause = causes.of(self.part, self.name, self.gradient, asked_alone)
            a, b = f"{worst.backward:.4g}", f"{worst.differences:.4g}"
            self.verdict = f"WRONG: {self.cause or f'backward gives {a}, the differences {b}'}"


class Report:
    """What `check_gradients` found: `.ok`, `.culprits`, `.rows`, `.notes`; printed as a table."""

    def __init__(self) -> None:
        self.rows: list[Gradient] = []
        self.notes: list[str] = []

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.rows)

    @property
    def culprits(self) -> list[str]:
        return list(dict.fromkeys(row.layer for row in self.rows if not row.ok))

    def __repr__(self) -> str:
        table = [("layer", "gradient", "shape", "checked", "error", "at", "verdict")]
        for row in self.rows:
            where = "" if row.where is None else str(list(row.where))
            shape, error = str(row.gradient.shape), f"{row.error:.0e}"
            table.append((row.layer, row.name, shape, row.checked, error, where, row.verdict))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in table]
        lines += [f"Note: {note}" for note in self.notes]
        if self.ok:
            lines.append("All gradients agree with the differences, on a copy with moved weights.")
        else:
            lines.append(f"Fix {' and '.join(self.culprits)}, then check again.")
        return "\n".join(lines)
