"""What layers, losses, metrics and optimizers of one's own have to keep to, and who does not.

The core trusts them: it checks nothing, and a broken promise would show as an error in another
layer, or not at all. So a model that holds parts tinynet did not write rehearses its first step:
on a copy, link by link, where every broken promise is named at the part that it belongs to.

    forward(x) -> (y, backward)      y (n, ...) as build said; x stays as it is
    backward(dy) -> dx               dx like x; gradients written into self.dW[...]; no weight moved
    per_example(t, y) -> (l, dy)     l (n,), dy like y; t and y stay as they are
    update(lr, w, g, slots)          w and the slots changed in place
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.layers import Layer
from tinynet.losses import Loss
from tinynet.metrics import FunctionMetric, Metric
from tinynet.models.graph import Graph
from tinynet.optimizers import Optimizer

Array = NDArray[Any]
Shape = tuple[int, ...]
RESERVED = {*dir(Layer), *vars(Layer(name="any"))}  # what a layer has besides its weights
ROWS = 4  # a step is rehearsed with so many examples
STEPS = 8  # an optimizer may gather gradients for a few steps before it moves


class BrokenContract(ValueError):
    """A part of one's own does not do what a part of its kind has to; the message names it."""


def of_ones_own(part: object) -> bool:
    """Say whether tinynet did not write this layer, loss, ..."""
    return not isinstance(part, str) and not type(part).__module__.startswith("tinynet.")


def parts(model: Any) -> tuple[Any, ...]:
    """Return all that takes part in a step."""
    layers = [layer for link in model.chain for layer, _ in steps(link)]
    penalties = [penalty for _, _, penalty in model.regularized()]
    limits = [constraint for _, constraint in model.constrained()]
    return (*layers, model.loss, model.optimizer, *metrics(model), *penalties, *limits)


def metrics(model: Any) -> list[Any]:
    """Return all metrics that compile was given."""
    return [*model.metrics, *model.weighted_metrics]


def steps(link: Layer) -> list[tuple[Any, list[int]]]:
    """Return the layers in a link, each with the places of its inputs; mostly it is a layer."""
    return link.steps if isinstance(link, Graph) else [(link, [0])]


def rehearse(model: Any, x: Array, t: Array, weights: Array | None) -> None:
    """Take a step on a copy, and say where a part does not do what it has to.

    Raises:
        BrokenContract: with the part, what was expected, what came, and what to type.
    """
    try:
        twin = copy.deepcopy(model)
    except TypeError:  # a layer holds a lock or an open file
        return
    for metric in (m for m in metrics(twin) if not isinstance(m, (str, FunctionMetric))):
        check_metric(metric, t, twin.infer(x))
    links, _, loss = twin.fused()
    for graph in (link for link in links if isinstance(link, Graph)):
        graph.steps = [(Watched(layer), sources) for layer, sources in graph.steps]
    x, done = x.copy(), []
    for link in links:
        needed, link.needs_dx = link.needs_dx, True  # down to the inputs, if all hand a dx on
        y, back = forward(link, x)
        done.append((link, x, y, back, needed))
        x = y
    _, dy = value_and_gradient(loss, t, x, weights)
    for link, x, y, back, needed in reversed(done):
        if dy is not None:
            dy = backward(link, back, x, y, dy, needed)
    for layer in twin.layers:
        all_declared(layer)
    for W, _, regularizer in twin.regularized():
        penalty(regularizer, W)
    for W, constraint in twin.constrained():
        limit(constraint, W)
    if of_ones_own(twin.optimizer):
        check_optimizer(twin.optimizer, twin.params, twin.sizes())


# --------------------------------------------------------------------------------- layers


def initialised(layer: Layer) -> None:
    """Refuse a layer whose constructor has not called that of its base class."""
    if "declared" not in vars(layer):
        name = type(layer).__name__
        raise BrokenContract(
            f"{name} is not whole: its __init__ has to begin with super().__init__(...), as in "
            f"def __init__(self, **options): super().__init__(**options)"
        )


def built(layer: Layer, shape: Any) -> Shape:
    """Return the shape that a layer's build returned, if it is one."""
    if not isinstance(shape, tuple) or not all(isinstance(d, (int, np.integer)) for d in shape):
        raise BrokenContract(
            f"build of layer {layer.name!r} returned {described(shape)}; expected the shape of "
            f"one output, without the batch axis, such as (10,): return input_shape"
        )
    for name in layer.declared:
        taken = RESERVED | {"d" + other for other in layer.declared}
        if name in taken or not name.isidentifier():
            why = "is no name of an attribute"
            if name in taken:
                why = f"would take the place of the layer's own {name!r}"
            raise BrokenContract(
                f"Layer {layer.name!r} has a weight called {name!r}, which {why}: call it "
                f"otherwise, as in self.add_weight('W', ...)"
            )
    return shape


def all_declared(layer: Layer) -> None:
    """Refuse a layer that has been on its way back and keeps a weight that nobody knows of."""
    for name, value in vars(layer).items():
        if name in layer.declared or not isinstance(value, np.ndarray):
            continue
        gradient = vars(layer).get("d" + name)
        if isinstance(gradient, np.ndarray) and gradient.shape == value.shape:
            raise BrokenContract(
                f"Layer {layer.name!r} keeps a weight in self.{name} and its gradient in "
                f"self.d{name}, but has not declared it: it is never trained, and not saved. In "
                f"build: self.add_weight({name!r}, {value.shape}, ...)"
            )


def declared(layers: Sequence[Layer], shape: Shape) -> None:
    """Build copies of layers one by one, and name the first that breaks its promise."""
    for layer in layers:
        twin = copy.copy(layer)
        twin.declared = {}
        try:
            shape = twin.build(shape)
        except Exception:  # an error of its own, for whoever called to pass on
            return
        built(twin, shape)


class Watched(Layer):
    """A layer that is looked at on its way forward and back."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(name=layer.name)
        self.layer, self.several, self.declared = layer, layer.several, layer.declared

    def __getattr__(self, name: str) -> Any:  # of its weights
        return getattr(vars(self)["layer"], name)

    def forward(self, x: Any) -> Any:
        if self.several:
            return self.layer.forward(x)
        self.layer.needs_dx = self.needs_dx
        x = x.copy()
        y, back = forward(self.layer, x)
        return y, lambda dy: backward(self.layer, back, x, y, dy)


@contextlib.contextmanager
def naming(links: Sequence[Layer], x: Array, training: bool = False) -> Iterator[None]:
    """Where links fail on x, go through them one by one, and name the one that it began in."""
    try:
        yield
    except Exception:
        y = x.copy()
        for link in links:
            y = forward(link, y)[0] if training else infer(link, y)
        raise


def forward(layer: Layer, x: Array) -> tuple[Array, Callable[[Array], Any]]:
    """Return y and backward of a layer that keeps to what forward has to do."""
    before, who = x.copy(), f"forward of layer {layer.name!r}"
    with weights_untouched(layer, who):
        result: Any = layer.forward(x)
    if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
        raise BrokenContract(
            f"{who} returned {described(result)}; expected y and the function that maps dy to "
            f"dx: return y, backward"
        )
    y, back = result
    unchanged(x, before, who, "its input x", "y = x * 2, a new array, not x *= 2")
    expected = np.shape(y)[1:] if layer.output_shape is None else layer.output_shape
    of_shape(y, (len(x), *expected), who, "as its build said")
    return y, back


@contextlib.contextmanager
def weights_untouched(layer: Layer, who: str) -> Iterator[None]:
    """Refuse to let weights that are trained be changed: only the optimizer moves them."""
    weights = {name: getattr(layer, name) for name in trained(layer)}
    before = {name: weight.copy() for name, weight in weights.items()}
    yield
    for name, weight in weights.items():
        same = getattr(layer, name) is weight and np.array_equal(weight, before[name], True)
        if not same:
            weight[...] = before[name]
            raise BrokenContract(
                f"{who} changes self.{name}, which only the optimizer moves. Use a new array: "
                f"{name} = self.{name} * 2; what is no weight: self.add_weight(..., "
                f"trainable=False)"
            )


def infer(layer: Layer, x: Array) -> Array:
    """Return y of a layer that keeps to what infer has to do."""
    before, who = x.copy(), f"infer of layer {layer.name!r}"
    y: Array = layer.infer(x)
    unchanged(x, before, who, "its input x", "y = x * 2, a new array, not x *= 2")
    expected = np.shape(y)[1:] if layer.output_shape is None else layer.output_shape
    of_shape(y, (len(x), *expected), who, "as forward returns it, without backward")
    return y


def backward(
    layer: Layer,
    back: Callable[[Array], Any],
    x: Array,
    y: Array,
    dy: Array,
    needed: bool = True,
) -> Any:
    """Return dx of a layer that keeps to what backward has to do."""
    who, names = f"backward of layer {layer.name!r}", trained(layer)
    kept = x.copy(), y.copy(), [getattr(layer, name).copy() for name in names]
    gradients = [getattr(layer, "d" + name) for name in names]
    dx = back(dy.copy())
    unchanged(x, kept[0], who, "x, the input of forward", "dx = x * 2, a new array")
    unchanged(y, kept[1], who, "y, the output of forward", "dx = y * 2, a new array")
    for name, old, gradient in zip(names, kept[2], gradients, strict=True):
        write = f"self.d{name}[...] = ..."
        unchanged(
            getattr(layer, name), old, who, f"self.{name}", f"only into its gradient, {write}"
        )
        if gradient.size and not np.shares_memory(getattr(layer, "d" + name), gradient):
            raise BrokenContract(
                f"{who} puts a new array in the place of self.d{name}, which the optimizer never "
                f"sees. Write into the old one: {write}"
            )
    if dx is None and needed and layer.needs_dx:
        raise BrokenContract(f"{who} returned None; expected dx, of x's shape {x.shape}: return dx")
    if dx is not None and np.shape(dx) != x.shape:
        turned = " It is transposed: dx.T" if np.shape(dx) == x.shape[::-1] else ""
        raise BrokenContract(
            f"{who} returned a dx of shape {np.shape(dx)}; its x has shape {x.shape}, and dx must "
            f"have the shape of x.{turned}"
        )
    return dx


def trained(layer: Layer) -> list[str]:
    """Return the names of the weights that a layer trains."""
    return [name for name, weight in layer.declared.items() if weight.trained]


# --------------------------------------------------------------------- losses and the others


def value_and_gradient(
    loss: Loss, t: Array, y: Array, weights: Array | None
) -> tuple[float, Array]:
    """Return L and dy of a loss that keeps to what it has to do."""
    name = type(loss).__name__
    given = t.copy(), y.copy()
    if type(loss).per_example is not Loss.per_example:
        result: Any = loss.per_example(loss.targets(given[0], given[1]), given[1])
        if not (isinstance(result, tuple) and len(result) == 2):
            raise BrokenContract(
                f"per_example of loss {name} returned {described(result)}; expected (l, dy), the "
                f"losses (n,) and their slopes (n, k): return l, dy"
            )
        mean = ": one loss for each example, such as np.mean(..., axis=1)"
        of_shape(result[0], (len(y),), f"per_example of loss {name}", f"for l{mean}")
        of_shape(result[1], y.shape, f"per_example of loss {name}", "for dy, as y has")
    result = loss.value_and_gradient(*given, weights)
    unchanged(given[0], t, f"Loss {name}", "the targets t", "t = t * 2, a new array")
    unchanged(given[1], y, f"Loss {name}", "the outputs y", "y = y * 2, a new array")
    if not (isinstance(result, tuple) and len(result) == 2 and np.ndim(result[0]) == 0):
        raise BrokenContract(
            f"value_and_gradient of loss {name} returned {described(result)}; expected (L, dy), "
            f"the mean loss as one number and its gradient (n, k)"
        )
    of_shape(result[1], y.shape, f"value_and_gradient of loss {name}", "for dy, as y has")
    return result


def check_metric(metric: Metric, t: Array, y: Array) -> None:
    """Refuse a metric that does not give one value for each example."""
    if type(metric).per_example is Metric.per_example:
        return
    given, who = (t.copy(), y.copy()), f"per_example of metric {type(metric).__name__}"
    values = metric.per_example(*given)
    unchanged(given[0], t, who, "the targets t", "t = t * 2, a new array")
    unchanged(given[1], y, who, "the outputs p", "p = p * 2, a new array")
    of_shape(values, (len(y),), who, "for one value an example, as np.mean(..., axis=1)")


def penalty(regularizer: Any, W: Array) -> tuple[float, Array]:
    """Return a penalty and its slope, of a regularizer that keeps to what it has to do."""
    given, who = W.copy(), f"Regularizer {type(regularizer).__name__}"
    value, slope = regularizer(given), regularizer.gradient(given)
    unchanged(given, W, who, "the weights", "W = W * 2, a new array")
    if np.ndim(value) != 0 or value is None:
        raise BrokenContract(f"{who} returned {described(value)}; expected one number for all of W")
    of_shape(slope, W.shape, f"gradient of {who[0].lower()}{who[1:]}", "as W has")
    return value, slope


def check_optimizer(optimizer: Optimizer, w: Array, sizes: Sequence[int]) -> None:
    """Let an optimizer start anew on w (p,), and refuse one that moves nothing, or uphill."""
    who, w = f"update of optimizer {type(optimizer).__name__}", w.astype(float)
    g = np.random.default_rng(0).normal(size=w.size)  # any gradients do
    before, gradients = w.copy(), g.copy()
    optimizer.build(w, sizes)
    rate, slots = optimizer.current_learning_rate(), dict(optimizer.slots)
    for _ in range(STEPS if rate and g.any() else 0):
        optimizer.step(w, g)
        unchanged(g, gradients, who, "the gradients g", "g = g * 2, a new array")
        handed = {name: slot.copy() for name, slot in slots.items()}
        same = dict(handed)
        optimizer.update(rate, w.copy(), g.copy(), handed)
        if any(handed.get(name) is not same[name] for name in same):
            raise BrokenContract(
                f"{who} puts a new array in the place of a slot, and what it remembers is lost "
                f"after the step. Change the old one: slots[{next(iter(same))!r}][...] = ..."
            )
        if not np.array_equal(w, before):
            break
    else:
        if rate and g.any():
            raise BrokenContract(
                f"{who} moves no weight: w = w - ... makes a new array, which nobody else sees. "
                f"Change the old one: w -= ..."
            )
    if 0 < np.sum(w != before) < len(w) / 2:
        raise BrokenContract(
            f"{who} moves only {np.sum(w != before)} of {len(w)} weights: w holds those of all "
            f"layers, one behind the other. Change all of it: w -= ..."
        )
    if not optimizer.weight_decay and (w - before) @ g > 0:
        raise BrokenContract(
            f"{who} goes uphill: its first step goes with the gradient, not against it. Change the "
            f"sign: w -= ..."
        )


def limit(constraint: Any, W: Array) -> None:
    """Refuse a constraint that does not give weights in the place of W."""
    given, who = W.copy(), f"Constraint {type(constraint).__name__}"
    allowed = constraint(given)
    unchanged(given, W, who, "the weights", "return W * 2, a new array")
    of_shape(allowed, W.shape, who, "as W has")


# -------------------------------------------------------------------------------- sentences


def unchanged(now: Array, before: Array, who: str, what: str, instead: str) -> None:
    """Refuse to go on where an array that belongs to somebody else was written into."""
    if not np.array_equal(now, before, equal_nan=now.dtype.kind == "f"):
        raise BrokenContract(f"{who} writes into {what}, which others still need: {instead}")


def of_shape(value: Any, shape: Shape, who: str, why: str) -> None:
    """Refuse a value that is no array of that shape."""
    if not isinstance(value, np.ndarray) or value.shape != shape:
        raise BrokenContract(f"{who} returned {described(value)}; expected shape {shape} {why}")


def described(value: Any) -> str:
    """Say in a few words what somebody returned."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, tuple):
        return f"({', '.join(map(described, value))})"
    if isinstance(value, (int, float, np.number)):
        return f"the number {value:.4g}"
    return "a function" if callable(value) else repr(value)[:40]
