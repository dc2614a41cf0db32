"""What no gradient tells of a part of one's own: weights that nobody saves, other slopes far away.

A finding is wrong for certain, or a note: something that the batch did not reach, or that may be
meant so.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinynet.gradcheck.slopes import LayerPart, LossPart, Part
from tinynet.layers import Layer
from tinynet.losses import Loss
from tinynet.models.contracts import BrokenContract, of_ones_own

Array = NDArray[Any]

FAR = 10.0  # how much farther from 0 a layer is asked once more, for slopes that no input reached
PLACES = 60  # how many numbers are asked there


class Finding(NamedTuple):
    """What is the matter: with which array or function, in words, and whether for certain."""

    what: str
    text: str
    wrong: bool = False


def repeatable(part: Part) -> None:
    """Refuse a part that gives other numbers every time: it has no slopes.

    Raises:
        BrokenContract: with the part.
    """
    again = part.outputs()
    if again.shape != part.y.shape or not np.allclose(again, part.y, 1e-9, 1e-12, equal_nan=True):
        kind = "forward of layer" if isinstance(part, LayerPart) else "Loss"
        raise BrokenContract(
            f"{kind} {part.name!r} is not repeatable: for the same x it gives other numbers every "
            f"time. Does it draw from np.random, or count its calls? Random numbers have to come "
            f"from a generator of its own, such as self.rng = np.random.default_rng(seed)"
        )


def of(part: Part) -> list[Finding]:
    """Return what is the matter with a part of one's own."""
    looks: list[Callable[[Any], Iterator[Finding]]] = []
    if isinstance(part, LayerPart) and of_ones_own(part.layer):
        looks = [undeclared, unsaved, inferred, overwritten, without_dx, coarse, far_away]
    if isinstance(part, LossPart) and of_ones_own(part.loss):
        looks = [summed, unaware_of_logits, unweighted]
    return [finding for look in looks for finding in look(part)]


# ------------------------------------------------------------------------------------ layers


def undeclared(part: LayerPart) -> Iterator[Finding]:
    """Yield the arrays that the outputs depend on and that neither train nor are saved."""
    layer = part.layer
    known = {*layer.declared, *("d" + name for name in layer.declared), *layer.arguments()}
    for name, value in list(vars(layer).items()):
        if name in known or not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            continue
        setattr(layer, name, value * 1.1 + 0.1)
        moved = not np.array_equal(part.outputs(), part.y, equal_nan=True)
        setattr(layer, name, value)
        part.outputs()
        if not moved:
            continue
        certain = is_random(layer, name, part.x.shape[1:])
        declare = f"In build: self.add_weight({name!r}, {value.shape}, ...)"
        yield Finding(
            name,
            f"self.{name} is not declared: it is never trained, and not saved. {declare}",
            certain,
        )


def is_random(layer: Layer, name: str, input_shape: tuple[int, ...]) -> bool:
    """Say whether build puts other numbers there every time."""
    twin = copy.copy(layer)
    twin.declared = {}
    try:
        twin.build(input_shape)
    except Exception:  # a build that works only once
        return False
    return not np.array_equal(getattr(twin, name), getattr(layer, name))


def unsaved(part: LayerPart) -> Iterator[Finding]:
    """Yield what forward leaves behind for infer, and what no file would hold."""
    try:
        layer = copy.deepcopy(part.layer)
        names = [name for name in vars(layer) if name not in layer.declared]
        before = {name: copy.deepcopy(vars(layer)[name]) for name in names}
        y = layer.infer(part.x.copy())
        layer.forward(2 * part.x + 1)
        after = {name: vars(layer)[name] for name in names if name in vars(layer)}
        for name, value in after.items():
            if np.array_equal(np.asarray(value, object), np.asarray(before[name], object)):
                continue
            vars(layer)[name] = before[name]
            old = layer.infer(part.x.copy())
            vars(layer)[name] = value
            if np.array_equal(old, y) and not np.array_equal(layer.infer(part.x.copy()), y):
                yield Finding(
                    name,
                    f"forward changes self.{name}, which infer needs and which is not saved. In "
                    f"build: self.add_weight({name!r}, shape, 'zeros', trainable=False); in "
                    f"forward: self.{name}[...] = ...",
                    True,
                )
    except Exception:  # what can't be copied or inferred is looked at elsewhere
        return


def inferred(part: LayerPart) -> Iterator[Finding]:
    """Yield where infer and forward do not fit each other."""
    part.rewind()
    first = part.layer.infer(part.x.copy())
    if part.generators:
        if not np.array_equal(first, part.layer.infer(part.x.copy()), equal_nan=True):
            yield Finding(
                "infer", "infer draws random numbers, and predict gives others every time"
            )
    elif not part.kept and not np.allclose(first, part.y, equal_nan=True):
        yield Finding(
            "infer", "infer gives other numbers than forward, and nothing is random in it"
        )


def overwritten(part: LayerPart) -> Iterator[Finding]:
    """Yield where backward writes into dy."""
    dy = part.dy.copy()
    part.forward()[1](dy)
    if not np.array_equal(dy, part.dy):
        yield Finding(
            "dy", "backward writes into dy, which belongs to the layer behind: dx = dy * 2"
        )


def without_dx(part: LayerPart) -> Iterator[Finding]:
    """Yield where backward returns None, which training asks for nothing else there."""
    if "dx" not in part.gradients() and not part.layer.several:
        yield Finding("dx", "backward returned None, which is enough only in front of a network")


def coarse(part: LayerPart) -> Iterator[Finding]:
    """Yield where a layer computes in float32 whatever comes in."""
    if part.coarse:
        yield Finding(
            "dtype", "it computes in float32 even in a float64 model: checked to 1 % only"
        )


def far_away(part: LayerPart) -> Iterator[Finding]:
    """Yield where backward is wrong for inputs that are far from those of this batch."""
    rng, before, kept = np.random.default_rng(1), part.x.copy(), part.y
    try:
        part.x[...] = FAR * np.where(rng.random(before.shape) < 0.5, -1, 1) * (0.3 + np.abs(before))
        part.y = part.outputs()
        gradient = part.gradients().get("dx")
        if gradient is None or not np.isfinite(part.y).all() or not np.isfinite(gradient).all():
            return
        size = gradient.size
        for at in rng.choice(size, min(size, PLACES), replace=False).tolist():
            one, place = np.ones(1), slice(at, at + 1)
            a, b = float(gradient.reshape(-1)[at]), part.difference("dx", place, one, 1e-4)
            closer = part.difference("dx", place, one, 1e-5)
            steady = part.error(b, closer) < 1e-3  # else at a corner, a jump, or all rounding
            if steady and part.error(a, b) > 0.01 and np.isfinite([a, b]).all():
                x = float(part.x.reshape(-1)[at])
                yield Finding(
                    "dx",
                    f"no input of this batch is near {x:.3g}; there backward gives {a:.4g}, the "
                    f"differences {b:.4g}. Pass such examples, too",
                )
                return
    except (ValueError, IndexError, ArithmeticError):  # it refuses such inputs
        return
    finally:
        part.x[...], part.y = before, kept


# ------------------------------------------------------------------------------------ losses


def summed(part: LossPart) -> Iterator[Finding]:
    """Yield where L grows with the batch."""
    t, y = np.concatenate([part.t, part.t]), np.concatenate([part.x, part.x])
    twice, once = part.loss.value_and_gradient(t, y)[0], float(part.y)
    if once and abs(twice / once - 2) < 1e-6:
        yield Finding(
            "L", "L is the sum over the batch: it has to be the mean, and dy divided by n", True
        )


def unaware_of_logits(part: LossPart) -> Iterator[Finding]:
    """Yield where a loss that takes an activation's place takes its inputs for its outputs."""
    loss, activation = part.loss, part.loss.fuses
    if activation is None or not loss.from_logits:
        return
    apart = copy.copy(loss)
    apart.from_logits = False
    name = getattr(activation, "__name__", "")
    p = np.clip(part.x, -8, 8)
    with_p, with_logits = (
        one.value_and_gradient(part.t, y)[0] for one, y in ((apart, activation(p)), (loss, p))
    )
    if not np.isclose(with_p, with_logits, 1e-3, 1e-6):
        yield Finding(
            "L",
            f"it says fuses = {name}, and takes logits for probabilities: per_example has to "
            f"compute from logits where self.from_logits is True; or say fuses = None",
            True,
        )


def unweighted(part: LossPart) -> Iterator[Finding]:
    """Yield where the weights of examples have no effect."""
    if type(part.loss).value_and_gradient is Loss.value_and_gradient:
        return
    L = part.loss.value_and_gradient(part.t, part.x.copy(), np.full(len(part.x), 2.0))[0]
    if part.y and not np.isclose(L, 2 * part.y):
        yield Finding("weights", "value_and_gradient leaves out the weights of the examples")
