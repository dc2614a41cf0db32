"""Which mistake is it? Compare what backward gave with what well-known mistakes would give.

Each suspect is a sentence and the numbers that backward gives when that mistake is in it. They
are made of the differences, which are right: turned round, with another sign, n times as large,
or asked again with a weight or an input replaced. Whichever agrees with backward is named.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.gradcheck.slopes import H, LayerPart, LossPart, Part

Array = NDArray[Any]
Suspect = tuple[str, Any]  # what to say, and what backward gives then

NEAR = 1e-4  # backward has to agree with a suspect so well, relative to the largest number


class Evidence:
    """What is known of a gradient that is wrong.

    Attributes:
        part, name: whose gradient it is, and which: "dx", "dW", ...
        got: what backward gave.
        true: the differences, NaN where they were not asked.
        n: how many examples the batch has.
    """

    def __init__(self, part: Part, name: str, got: Array, asked: dict[int, float]) -> None:
        self.part = part
        self.name = name
        self.got = got
        self.asked: NDArray[np.intp] = np.array(sorted(asked), dtype=np.intp)
        self.true: Array = np.full(got.shape, np.nan)
        self.true.reshape(-1)[self.asked] = [asked[at] for at in self.asked.tolist()]
        self.n: int = len(part.x)

    def agrees(self, suspect: Any) -> bool:
        """Say whether backward gave these numbers, wherever the true ones are known."""
        suspect = np.asarray(suspect, float)
        try:
            got, suspect = np.broadcast_arrays(self.got, suspect)
        except ValueError:
            return False
        if got.shape != self.got.shape:
            return False
        known = np.isfinite(self.true)
        scale = max(np.abs(self.true[known]).max(initial=0), np.abs(got[known]).max(initial=0))
        apart = np.abs(got[known] - suspect[known])  # NaN is never near
        wrong = np.abs(got[known] - self.true[known]).max(initial=0)
        return bool(known.any() and (apart <= min(NEAR * scale, 0.05 * wrong)).all())

    def known_as(self, numbers: Array) -> bool:
        """Say whether these are the true numbers."""
        known = np.isfinite(self.true)
        same = numbers.shape == self.true.shape
        return same and bool(np.allclose(self.true[known], numbers[known], NEAR, NEAR))

    def again(self, of: Array | None = None, value: Any = 0.0, dy: Array | None = None) -> Array:
        """Return the differences with an array of the part replaced, or with another dy."""
        part, array = self.part, np.zeros(0) if of is None else of
        before, old = array.copy(), part.dy
        array[...] = value
        part.dy = old if dy is None else dy
        found = np.full(self.got.shape, np.nan)
        for at in self.asked.tolist():
            place = slice(at, at + 1)
            found.reshape(-1)[at] = part.difference(self.name, place, np.ones(1), H)
        array[...], part.dy = before, old
        return found

    def weights(self) -> dict[str, Array]:
        """Return the other arrays of the part, by name."""
        own = self.part.arrays.items()
        return {name[1:]: array for name, array in own if name not in ("dx", "dy")}


# ------------------------------------------------------------------------------- the suspects


def nothing(e: Evidence) -> Iterator[Suspect]:
    yield "it is 0 everywhere: nothing comes back", 0.0


def factors(e: Evidence) -> Iterator[Suspect]:
    yield "the sign is wrong: it has to be its negative", -e.true
    n, k = e.n, int(e.part.x.shape[-1])
    if isinstance(e.part, LossPart):
        yield "divided by n twice: value_and_gradient does that already", e.true / n
        yield "1/n is missing: L is the mean of the batch", e.true * n
        yield "1/k is missing: l is the mean over the k outputs", e.true * k
        yield "divided by k, the number of outputs, once too often", e.true / k
    else:
        yield "the mean over the batch for the sum: the loss has divided by n already", e.true / n
        yield "n times too large: add the rows up, and no more", e.true * n
        yield "divided by n twice, and not to be divided at all", e.true / n**2
    yield "half of it: the 2 that a square brings down is missing", e.true / 2
    yield "twice as large as it should be", e.true * 2
    for name, value in settings_of(e.part):
        for text, factor in ((name, value), (f"(1 - {name})", 1 - value)):
            if factor not in (0, 1):
                yield f"the factor {text} of forward is missing", e.true / factor
                yield f"the factor 1 / {text} of forward is missing", e.true * factor


def weights_forgotten(e: Evidence) -> Iterator[Suspect]:
    for name, array in e.weights().items():
        yield f"the factor self.{name} is missing: as if it were 1", e.again(array, 1.0)
        yield f"self.{name} is left out: as if it were 0", e.again(array, 0.0)


def handed_on(e: Evidence) -> Iterator[Suspect]:
    if e.name != "dx" or not isinstance(e.part, LayerPart):
        return
    dy = e.part.dy
    if dy.shape == e.got.shape:
        slopes = e.true / dy
        mask = np.isnan(slopes) | (np.abs(slopes) < NEAR) | (np.abs(slopes - 1) < NEAR)
        what = (
            "the mask of forward is missing (dy * mask)"
            if mask.all()
            else "the slope of forward is missing (dy * slope)"
        )
        yield f"dy as it came: {what}", dy
        yield "only the slope: dy is missing (dy * slope)", slopes
        yield "the way past the function is missing: y holds x itself as well, so + dy", e.true - dy
        yield "the way through the function is missing, not only dy itself comes back", dy
        for axis in range(dy.ndim):
            through = e.part.y * (dy - (dy * e.part.y).sum(axis=axis, keepdims=True))
            if not e.known_as(through):
                yield "summed along the wrong axis: y (dy - sum(dy y)) of each row", through
    for name, W in e.weights().items():
        if W.ndim == 2 and dy.shape[-1] == W.shape[1]:
            yield f"the slope of the activation is missing: dy @ self.{name}.T only", dy @ W.T
        if W.ndim == 2 and W.shape[0] == W.shape[1]:
            turned_back = e.known_as(e.part.gradients_with(name, W.T)[e.name])
            how = f"dy @ self.{name}.T" if e.agrees(dy @ W) else "where it carries dy back"
            yield f"self.{name} is not transposed: {how}", e.got if turned_back else np.nan


def turned(e: Evidence) -> Iterator[Suspect]:
    if e.true.ndim == 2 and len(set(e.true.shape)) == 1:
        yield "it is transposed: rows and columns are exchanged", e.true.T
    if e.true.ndim >= 2:
        for axis in range(e.true.ndim):
            yield f"the order along axis {axis} is turned round", np.flip(e.true, axis)
        yield (
            "the right numbers in the wrong places: another order of the axes",
            (e.true.reshape(-1, order="F").reshape(e.true.shape)),
        )
    if np.isfinite(e.true).all():
        order = np.argsort(np.argsort(e.got.ravel()))
        yield (
            "the right numbers in the wrong places",
            (np.sort(e.true.ravel())[order].reshape(e.true.shape)),
        )


def inner_slope(e: Evidence) -> Iterator[Suspect]:
    x, dy = e.part.x, e.part.dy
    if not isinstance(e.part, LayerPart) or e.name == "dx":
        return
    if x.shape == dy.shape:
        for mask, where in {"(x > 0)": x > 0, "(x < 0)": x < 0}.items():
            for name, sent in {"dy": dy, "dy * x": dy * x, "dy * y": dy * e.part.y}.items():
                if e.known_as((sent * where).sum(axis=0)):
                    text = f"the mask {mask} is missing: the sum of {name} * {mask}"
                    yield text, sent.sum(axis=0)
    if x.shape == dy.shape and e.known_as((dy * x).sum(axis=0)):
        yield "the factor x is missing: the sum of dy * x", dy.sum(axis=0)
        yield "the factor dy is missing: the sum of dy * x", x.sum(axis=0)
        yield "y stands where x belongs: the sum of dy * x", (dy * e.part.y).sum(axis=0)
    if x.ndim == dy.ndim == 2:
        yield "the slope of the activation is missing: x.T @ dy only", x.T @ dy
        yield "the activation's slope is missing: the sum of dy only", dy.sum(axis=0)
        yield "y stands where x belongs: x.T @ dy", e.part.y.T @ dy
        yield "summed along the wrong axis: axis=0 adds up the examples", dy.sum(axis=1)


def some_examples(e: Evidence) -> Iterator[Suspect]:
    if not isinstance(e.part, LayerPart) or e.name == "dx":
        return
    for row in (0, -1):
        alone = np.zeros_like(e.part.dy)
        alone[row] = e.part.dy[row]
        which = "first" if row == 0 else "last"
        yield f"only the {which} example's share: add up those of all", e.again(dy=alone)


def other_weights(e: Evidence) -> Iterator[Suspect]:
    for name, array in e.weights().items():
        if "d" + name != e.name and array.shape == e.got.shape:
            other = Evidence(e.part, "d" + name, e.got, dict.fromkeys(e.asked.tolist(), 0.0))
            yield f"that is the gradient of self.{name}", other.again()
    layer = getattr(e.part, "layer", None)
    penalty = layer and e.name != "dx" and layer.declared[e.name[1:]].regularizer
    if penalty:
        slope = penalty.gradient(getattr(layer, e.name[1:]))
        yield "the slope of the penalty is in it: the network adds that itself", e.true + slope


def cross_terms(e: Evidence) -> Iterator[Suspect]:
    x, y = e.part.x, e.part.y
    if e.name != "dx" or x.shape != y.shape or not isinstance(e.part, LayerPart):
        return
    found = np.full(x.shape, np.nan)
    for at in e.asked.tolist():
        flat, old = x.reshape(-1), x.reshape(-1)[at]
        flat[at] = old + H
        up = e.part.outputs().reshape(-1)[at]
        flat[at] = old - H
        down = e.part.outputs().reshape(-1)[at]
        flat[at] = old
        found.reshape(-1)[at] = e.part.dy.reshape(-1)[at] * (up - down) / (2 * H)
    yield "only the way from each x to its own y: the others depend on it, too", found
    with np.errstate(all="ignore"):
        ratio = e.got / e.part.dy
    for axis, what in ((0, "column"), (-1, "row")):
        one = np.broadcast_to(ratio.mean(axis=axis, keepdims=True), ratio.shape)
        if np.ptp(ratio.mean(axis=axis)) > 1e-6:
            yield (
                (
                    f"dy times one number for each {what}: what was computed of a whole {what}, "
                    f"such as a mean, depends on x, too, and that way back is missing"
                ),
                one * e.part.dy,
            )
    for axis, what in ((0, "column"), (-1, "row")):
        if x.shape[axis] < 3:  # of two, anything is the mean or the spread
            continue
        centred = np.asarray(e.true - e.true.mean(axis=axis, keepdims=True))
        yield "a mean is subtracted that forward does not have", centred
        missing = e.got - e.true
        even = np.asarray(missing.mean(axis=axis, keepdims=True))
        yield f"the way through the {what}'s mean or sum is missing", e.true + even
        for spread in (x - x.mean(axis=axis, keepdims=True), x):
            share = (missing * spread).sum(axis=axis, keepdims=True)
            with np.errstate(all="ignore"):
                share = share / (spread**2).sum(axis=axis, keepdims=True)
            text = f"the way through the {what}'s variance or length is missing"
            yield text, e.true + share * spread


def products(e: Evidence) -> Iterator[Suspect]:
    x, y = e.part.x, e.part.y
    if e.name != "dx" or x.shape != y.shape or not isinstance(e.part, LayerPart):
        return
    with np.errstate(all="ignore"):
        other = np.where(x == 0, e.got, e.part.dy * y / x)
    yield "y is a product with x: the way through the other factor is missing", other
    rest = np.where(x == 0, e.got, e.true - other)
    yield "y is a product with x: the way through x itself is missing", rest


def other_point(e: Evidence) -> Iterator[Suspect]:
    x, y = e.part.x, e.part.y
    if isinstance(e.part, LayerPart) and x.shape == y.shape and not np.array_equal(x, y):
        yield "the derivative is taken at y: it belongs to x", e.again(x, y)
    if isinstance(e.part, LossPart):
        t = np.asarray(e.part.loss.targets(e.part.t, x), float)
        if t.shape == x.shape and ((x >= 0) & (x <= 1)).all():
            for k in (1, x.size // e.n):
                by_logits = (x - t) / e.n / k
                yield "p - t is the slope by the logits; this loss gets probabilities", by_logits


def other_factors(e: Evidence) -> Iterator[Suspect]:
    x, y = e.part.x, e.part.y
    known: dict[str, Array] = {"x": x, "1 - x": 1 - x, "(x > 0)": x > 0, "(x < 0)": x < 0}
    if y.shape == x.shape:
        known |= {"y": y, "1 - y": 1 - y, "1 - y²": 1 - y**2, "1 + y": 1 + y, "exp(x)": np.exp(x)}
    known |= {f"self.{name}": array for name, array in e.weights().items()}
    for name, factor in known.items():
        try:
            shape = np.broadcast_shapes(np.shape(factor), e.true.shape)
        except ValueError:
            continue
        if shape != e.true.shape:
            continue
        with np.errstate(all="ignore"):
            gone = np.abs(e.true) <= 1e-6 * np.nanmax(np.abs(e.true))
            without = np.where(gone, e.got, e.true / factor)
            yield f"the factor {name} is missing", np.where(factor == 0, without, e.true / factor)
            yield f"the factor {name} does not belong there", e.true * factor
            yield f"the factor {name} is there once too often, or squared", e.true * factor**2


def added_up(e: Evidence) -> Iterator[Suspect]:
    if np.isfinite(e.true).all():
        for axis in range(e.true.ndim):
            units = "units" if e.name != "dx" else f"numbers along axis {axis}"
            text = f"added up over the {units}, too: each has a gradient of its own"
            yield text, e.true.sum(axis=axis, keepdims=True)
            yield text.replace("added up", "averaged"), e.true.mean(axis=axis, keepdims=True)


def cut_off(e: Evidence) -> Iterator[Suspect]:
    most = float(np.abs(e.true).max(initial=0))
    if (np.abs(e.true) > most * (1 - NEAR)).sum() > 1 and e.known_as(np.clip(e.got, -most, most)):
        yield "the corners are missing: beyond them forward's slope stays the same", e.got
    most = float(np.abs(e.got).max(initial=0))
    if (np.abs(e.got) == most).sum() > 1:
        text = f"cut off at {most:.4g}: that is the optimizer's clipvalue, and no derivative"
        yield text, np.clip(e.true, -most, most)


def another_mask(e: Evidence) -> Iterator[Suspect]:
    if isinstance(e.part, LayerPart) and e.name == "dx" and e.part.generators:
        with np.errstate(all="ignore"):
            values = np.round(e.true / e.part.dy, 6)
            seen = np.round(e.got / e.part.dy, 6)
        if e.part.dy.shape == e.got.shape and set(seen.ravel()) <= set(values.ravel()):
            yield "another mask than in forward: draw it once, and use it both ways", e.got


def everywhere(e: Evidence) -> Iterator[Suspect]:
    known = np.isfinite(e.true) & (np.abs(e.true) > 1e-6 * np.nanmax(np.abs(e.true)))
    with np.errstate(all="ignore"):
        ratio = float(np.median(e.got[known] / e.true[known])) if known.any() else np.nan
    yield f"{ratio:.4g} times what it should be, everywhere", ratio * e.true


def places(e: Evidence) -> Iterator[Suspect]:
    known = np.isfinite(e.true)
    scale = np.abs(e.true[known]).max(initial=0)
    wrong = known & ~(np.abs(e.got - e.true) <= NEAR * scale)
    x = e.part.x
    regions: dict[str, Any] = {}
    if x.shape == e.got.shape:
        regions = {"where x < 0": x < 0, "where x > 0": x > 0}
        regions |= {"where x <= 0": x <= 0, "where x >= 0": x >= 0}
    for axis in range(e.got.ndim if min(e.got.shape, default=0) > 1 else 0):
        for i in (0, e.got.shape[axis] - 1):
            place = np.zeros(e.got.shape, bool)
            np.moveaxis(place, axis, 0)[i] = True
            regions[f"at index {i} of axis {axis}"] = place
    for text, region in regions.items():
        if wrong.any() and not (wrong & ~region).any() and (known & ~region).any():
            yield f"wrong only {text}", e.got


SUSPECTS: list[Callable[[Evidence], Iterator[Suspect]]] = [
    nothing, weights_forgotten, factors, turned, handed_on, inner_slope, other_weights,
    some_examples, cross_terms, products, other_point, other_factors, added_up, cut_off,
    another_mask, everywhere, places,
]  # fmt: skip


# --------------------------------------------------------------------------------- the verdict


def of(part: Part, name: str, got: Array, asked: dict[int, float]) -> str:
    """Name the probable cause of a wrong gradient; "" where no suspect agrees.

    Args:
        part, name: whose gradient, and which.
        got: what backward gave.
        asked: {flat index: slope by differences}.
    """
    if np.isnan(got).any():
        return unwritten(part, name)
    evidence = Evidence(part, name, got, asked)
    for suspects in SUSPECTS:
        for sentence, suspect in suspects(evidence):
            if evidence.agrees(suspect):
                return sentence
    return ""


def unwritten(part: Part, name: str) -> str:
    """Say why a gradient that held NaN before backward holds NaN still."""
    if not isinstance(part, LayerPart) or name == "dx":
        return "it holds NaN"
    zeros, ones = (part.gradients_from(start)[name] for start in (0.0, 1.0))
    write = f"Write self.{name}[...] = ..."
    if (zeros == 0).all() and (ones == 1).all():
        return f"never written. {write}"
    if np.allclose(ones - zeros, 1):
        return f"added up, from step to step. {write}"
    return f"written only in part. {write}"


def settings_of(part: Part) -> Iterator[tuple[str, float]]:
    """Yield the numbers that a layer or a loss was made with."""
    owner = getattr(part, "layer", getattr(part, "loss", getattr(part, "regularizer", None)))
    for name, value in vars(owner).items():
        if isinstance(value, numbers.Real) and not isinstance(value, (bool, int)):
            yield f"self.{name}", float(value)
