"""One training step with all its numbers: forward, backward, update."""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import activations
from tinynet.layers import Dense
from tinynet.models import Sequential
from tinynet.models.trace import Traced, trace
from tinynet.support.progress import can_encode

Array = NDArray[np.floating]

WHOLE = 40  # an array of up to so many numbers is printed whole


@dataclass
class Explanation:
    """The figures of one training step.

    Attributes:
        x, t, y: inputs (n, ...), targets (n, ...) and outputs (n, k) of the batch.
        loss, loss_after: of the batch in this step, and by the weights after it.
        layers: a dict for every link of the chain: its name, its x, y, dy and dx, its weights
            before the step and their gradients, such as W and dW.
        params, grads, new_params: (p,) all weights, all gradients, all weights after the step.
        text: what was printed.
    """

    x: Array
    t: Array
    y: Array
    loss: float
    loss_after: float
    layers: list[dict[str, Any]]
    params: Array
    grads: Array
    new_params: Array
    text: str

    def __repr__(self) -> str:
        return f"<one training step: loss {self.loss:.4f}, then {self.loss_after:.4f}>"


def explain(model: Sequential, x: Any, y: Any) -> Explanation:
    """Print what one training step on a small batch computes, and return the figures.

    A copy of the model takes the step, by the same code that `fit` runs; the model stays as it
    is. Small arrays are printed whole, of large ones the norm and the range.

    Args:
        model: compiled.
        x: a batch of examples, (n, ...).
        y: their targets, as `fit` takes them.

    Returns:
        Explanation, with the attributes x, t, y, loss, loss_after, layers, params, grads,
        new_params and text.

    Raises:
        ValueError: input as in fit.

    Example:
        >>> from tinynet.layers import Dense
        >>> model = Sequential([Dense(1, kernel_initializer="ones", input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> step = explain(model, [[1.0, 2.0]], [[0.0]])
        ONE TRAINING STEP ...
        >>> step.loss, step.layers[0]["dW"].tolist()  # (1 + 2)², and x.T times 2 * 3
        (9.0, [[6.0], [12.0]])
    """
    twin = copy.deepcopy(model)
    examples = twin._examples(x, y)
    twin._settle()
    twin._rehearse(examples)
    inputs, t, _ = next(examples.batches(len(examples)))
    links, params = trace(twin), twin.params.copy()
    loss, outputs = twin.gradients(inputs, t, None)
    layers = [figures(link) for link in links]
    lines = [*forward(twin, links, t, outputs, loss), *backward(twin, links)]
    twin.update()
    after = twin.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    text = "\n".join([*lines, *update(twin, links, layers, after)])
    print(text if can_encode(text) else in_ascii(text))
    grads, new = twin.grads, twin.params
    return Explanation(inputs, t, outputs, loss, after, layers, params, grads, new, text)


def figures(link: Traced) -> dict[str, Any]:
    """Return what went through a link, its weights and their gradients."""
    found = {"name": link.name, "x": link.x, "y": link.y, "dy": link.dy, "dx": link.dx}
    for name, weight in link.layer.declared.items():
        keys = (name, "d" + name) if weight.trained else (name,)
        found |= {key: getattr(link.layer, key).copy() for key in keys}
    return found


def forward(
    model: Sequential, links: list[Traced], t: Array, y: Array, loss: float
) -> Iterator[str]:
    """Write the way from the inputs to the loss."""
    n, (_, head, function) = len(t), model.fused()
    yield f"ONE TRAINING STEP on a batch of n = {n}"
    yield "\nFORWARD: from the inputs to the loss\n"
    yield numbers("x", links[0].x, "the inputs, a row for each example")
    for link in links:
        rule = link.layer.formulas.get("y", "y = forward(x)")
        yield f"\n{link.name} ({type(link.layer).__name__}): {rule}"
        yield "    " + shapes(link)["y"]
        for name in link.layer.declared:
            yield numbers(name, getattr(link.layer, name), shapes(link).get(name, ""))
        yield numbers("y", link.y, f"a row for each of the {n} examples")
    kind = type(function).__name__
    rule = function.formulas.get("l", "l for each example")
    yield f"\nloss ({kind}): {rule}, and L is the mean of the n losses l"
    if head is not activations.linear:
        name = getattr(function.fuses, "__name__", "")
        yield f"    {name} is left to the loss: y are the logits, p = {name}(y)"
        yield numbers("p", y, "the outputs of the model")
    yield numbers("t", t, "the targets")
    yield f"    L = {loss:.6g}"
    if penalty := model.penalty():
        yield f"    of which the penalties on large weights are {penalty:.6g}"


def backward(model: Sequential, links: list[Traced]) -> Iterator[str]:
    """Write the way back, from the loss to the gradients of all weights."""
    _, _, function = model.fused()
    what = "dlogits" if function.from_logits else "dy"
    yield "\nBACKWARD: from the loss to every weight. dQ is dL/dQ and has the shape of Q."
    yield "\nloss"
    yield numbers("dy", links[-1].dy, function.formulas.get(what, ""))
    for link in reversed(links):
        if link.dy is None:
            break
        layer, rule, shape = link.layer, link.layer.formulas, shapes(link)
        yield f"\n{link.name}, from dy {link.dy.shape}"
        for name, weight in layer.declared.items():
            if not weight.trained:
                yield f"    d{name} is of no use: {name} is not trained"
                continue
            how = f"{rule.get('d' + name, '')}    {shape.get('d' + name, '')}"
            if weight.regularizer is not None:
                how += ", then the slope of the penalty added"
            yield numbers("d" + name, getattr(layer, "d" + name), how)
        if link.dx is None:
            yield "    dx is not computed: nobody needs the gradient of the inputs"
        else:
            yield numbers("dx", link.dx, f"{rule.get('dx', '')}    {shape['dx']}")


def update(
    model: Sequential, links: list[Traced], layers: list[dict[str, Any]], loss: float
) -> Iterator[str]:
    """Write how the weights moved."""
    optimizer: Any = model.optimizer
    settings = [f"{k} = {v:g}" for k, v in vars(optimizer).items() if isinstance(v, float) and v]
    yield f"\nUPDATE by {type(optimizer).__name__}, its step {optimizer.iterations}\n"
    yield indent("\n".join(optimizer.formulas))
    yield indent(f"\nhere with {', '.join(settings)}\n")
    for link, before in zip(links, layers, strict=True):
        for name in link.layer.declared:
            after = getattr(link.layer, name)
            moved = np.abs(after - before[name]).max()
            yield numbers(f"{link.name}.{name}", after, f"no number moved by more than {moved:.3g}")
    yield f"\nevaluate() on the same batch gives {loss:.6g} now"


def shapes(link: Traced) -> dict[str, str]:
    """Return how the shapes work out, for y and each gradient, and what they mean for weights."""
    layer, x, y = link.layer, link.x.shape, link.y.shape
    if not isinstance(layer, Dense):
        return {"y": f"{x} -> {y}", "dx": f"{y} -> {x}"}
    W, b = layer.W.shape, f" + {layer.b.shape}" if layer.use_bias else ""
    return {
        "W": f"from each of {W[0]} inputs to each of {W[1]} units",
        "b": f"one for each of {W[1]} units",
        "y": f"{x} @ {W}{b} -> {y}",
        "dW": f"{x[::-1]} @ {y} -> {W}",
        "db": f"{y} -> {y[1:]}",
        "dx": f"{y} @ {W[::-1]} -> {x}",
    }


def numbers(name: str, a: Array, note: str = "") -> str:
    """Write an array: its shape, and its numbers if they are few, else their norm and range."""
    head = f"{name} {a.shape}: {note.strip()}".rstrip(": ")
    if a.size <= WHOLE:
        plain = bool(np.abs(a).max() > 0.001)  # without powers of ten
        body = np.array2string(a + 0.0, precision=4, suppress_small=plain, max_line_width=88)
    else:
        zeros = np.mean(a == 0)
        body = f"norm {np.linalg.norm(a):.4g}, from {a.min():.4g} to {a.max():.4g}"
        body += f", {zeros:.0%} of them 0" if zeros else ""
    return indent(f"{head}\n{indent(body)}")


def in_ascii(text: str) -> str:
    """Write a text for an output that has no more than ASCII."""
    return text.replace("²", "^2").encode("ascii", "replace").decode()


def indent(text: str) -> str:
    """Put four spaces in front of every line."""
    return textwrap.indent(text, "    ")
