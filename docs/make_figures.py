"""Make the figures of docs/backprop.md, with tinynet's own numbers.

    python docs/make_figures.py [folder]

The folder is docs/figures if none is given.
"""

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

import tinynet
from tinynet import activations
from tinynet.callbacks import LambdaCallback
from tinynet.datasets import mnist_10k
from tinynet.layers import Dense

HERE = Path(__file__).parent
BLUE, RED, GREY = "#0072B2", "#C03000", "#666666"


def figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def pencil_network() -> Any:
    """Return the model of section 2."""
    model = tinynet.Sequential([Dense(3, "relu", input_shape=(2,)), Dense(2, "softmax")])
    model.compile(tinynet.optimizers.SGD(0.1), "categorical_crossentropy")
    W1, b1 = [[1, -1, 0], [0, 1, -1]], [1, 0, 3]
    W2, b2 = [[1, 0], [0, 1], [-1, 1]], [0, 0]
    model.set_weights([W1, b1, W2, b2])
    return model


def rows(a: Any) -> str:
    """Write a matrix, a row a line."""
    texts = [[f"{number:.4f}".rstrip("0").rstrip(".") for number in row] for row in a + 0.0]
    width = max(len(text) for row in texts for text in row)
    return "\n".join(" ".join(text.rjust(width) for text in row) for row in texts)


def chain() -> Figure:
    """Draw the links of the pencil network from top to bottom, with what goes through them."""
    with contextlib.redirect_stdout(io.StringIO()):
        step = tinynet.explain(pencil_network(), [[1, 2], [3, 1]], [[0, 1], [1, 0]])
    dense, relu, output = step.layers
    fig = figure(8, 7)
    ax = fig.subplots()
    boxes = ["Dense\ny = x W1 + b1", "ReLU\ny = max(x, 0)", "Dense\ny = x W2 + b2"]
    boxes.append("softmax and cross-entropy")
    between = [("x", dense["x"], None), ("y", dense["y"], dense["dy"])]
    between += [("y", relu["y"], relu["dy"]), ("logits", output["y"], output["dy"])]
    for i, (text, (name, value, gradient)) in enumerate(zip(boxes, between, strict=True)):
        top = -2.0 * i  # of a box that is 1 high; the arrows above it take 1 too
        ax.add_patch(FancyBboxPatch((-1.2, top - 0.85), 2.4, 0.7, "round,pad=0.1", fc="#EEEEEE"))
        ax.text(0, top - 0.5, text, ha="center", va="center", fontsize=11)
        arrow(ax, (-0.3, top + 0.9), (-0.3, top + 0.05), BLUE)
        ax.text(-0.5, top + 0.48, f"{name} {value.shape}\n{rows(value)}", **style(BLUE, "right"))
        if gradient is not None:
            arrow(ax, (0.3, top + 0.05), (0.3, top + 0.9), RED)
            text = f"d{name} {gradient.shape}\n{rows(gradient)}"
            ax.text(0.5, top + 0.48, text, **style(RED, "left"))
    for top, layer in ((0, dense), (-4, output)):
        arrow(ax, (1.4, top - 0.5), (2.4, top - 0.5), RED)
        text = f"dW {layer['dW'].shape}\n{rows(layer['dW'])}\ndb {layer['db'].shape}\n"
        text += rows(layer["db"][np.newaxis])
        ax.text(2.55, top - 0.5, text, **style(RED, "left"))
    arrow(ax, (-0.3, -7.0), (-0.3, -7.5), BLUE)
    ax.text(-0.5, -7.3, f"L = {step.loss:.4f}", **style(BLUE, "right"))
    arrow(ax, (0.3, -7.5), (0.3, -7.0), RED)
    ax.text(0.5, -7.3, "dL = 1", **style(RED, "left"))
    ax.text(-2.9, 0.48, "forward", color=BLUE, weight="bold", va="center")
    ax.text(-2.9, -7.3, "and back", color=RED, weight="bold", va="center")
    ax.set(xlim=(-3, 5), ylim=(-7.6, 1))
    ax.axis("off")
    return fig


def style(color: str, ha: str) -> dict[str, Any]:
    return {"color": color, "va": "center", "ha": ha, "family": "monospace", "fontsize": 10}


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": color, "lw": 1.6})


def graph() -> Figure:
    """Draw the graph of section 1, with its values and their gradients."""
    places = {  # of each value: x, y, its number, its gradient
        "w": (0, 1.2, 2, 21), "x": (0, 0, 3, 14), "a = w x": (2, 0.6, 6, 7), "b": (2, -0.9, -4, 7),
        "h = a + b": (4, 0, 2, 7), "p = h h": (6.2, 0.9, 4, 1), "q = 3 h": (6.2, -0.9, 6, 1),
        "L = p + q": (8.4, 0, 10, 1),
    }  # fmt: skip
    lines = [("w", "a = w x"), ("x", "a = w x"), ("a = w x", "h = a + b"), ("b", "h = a + b")]
    lines += [("p = h h", "L = p + q"), ("q = 3 h", "L = p + q")]
    fig = figure(8, 3.4)
    ax = fig.subplots()
    for start, end in lines:
        ax.plot(*zip(places[start][:2], places[end][:2], strict=True), color="#999999", zorder=0)
    for end, share, shift in (("p = h h", "2 h · 1 = 4", 0.34), ("q = 3 h", "3 · 1 = 3", -0.34)):
        ax.plot(*zip(places["h = a + b"][:2], places[end][:2], strict=True), color=RED, zorder=0)
        ax.text(4.9, places[end][1] / 2 + shift, share, color=RED, ha="center", va="center")
    for name, (x, y, value, gradient) in places.items():
        box = {"boxstyle": "round,pad=0.5", "fc": "#EEEEEE"}
        ax.text(x, y, name, ha="center", va="center", fontsize=11, bbox=box)
        ax.text(x, y + 0.4, f"{value}", color=BLUE, ha="center", va="center", weight="bold")
        gradient_name = f"d{name[0]} = {gradient}"
        ax.text(x, y - 0.4, gradient_name, color=RED, ha="center", va="center", weight="bold")
    ax.set(xlim=(-0.6, 9.2), ylim=(-1.5, 1.75))
    ax.axis("off")
    return fig


def transpose() -> Figure:
    """Draw the three products as rectangles, n = 4, d = 3, m = 2."""
    size = {"n": 4, "d": 3, "m": 2}
    products = [
        ("forward", ("x", "n", "d"), ("W", "d", "m"), ("y", "n", "m")),
        ("dW", ("x.T", "d", "n"), ("dy", "n", "m"), ("dW", "d", "m")),
        ("dx", ("dy", "n", "m"), ("W.T", "m", "d"), ("dx", "n", "d")),
    ]
    fig = figure(11, 2.6)
    for ax, (title, *matrices) in zip(fig.subplots(1, 3), products, strict=True):
        left, inner = 0.0, matrices[0][2]
        for (name, high, wide), sign in zip(matrices, ("·", "=", ""), strict=True):
            h, w = size[high], size[wide]
            ax.add_patch(Rectangle((left, -h / 2), w, h, fc="#DCE9F2", ec="black"))
            ax.text(left + w / 2, 0, name, ha="center", va="center", fontsize=12)
            for letter, x, y in ((wide, left + w / 2, h / 2 + 0.4), (high, left - 0.35, 0)):
                strong = {"color": RED, "weight": "bold"} if letter == inner else {}
                ax.text(x, y, letter, ha="center", va="center", fontsize=12, **strong)
            ax.text(left + w + 0.5, 0, sign, ha="center", va="center", fontsize=16)
            left += w + 1.5
        ax.set(xlim=(-0.8, left - 0.8), ylim=(-2.4, 2.9), aspect="equal")
        ax.set_title(f"{title}: the two {inner} meet and disappear", fontsize=11)
        ax.axis("off")
    return fig


def activation_curves() -> Figure:
    """Draw each activation and, by its own backward, its derivative."""
    fig = figure(10, 2.7)
    names = ["relu", "leaky_relu", "sigmoid", "tanh"]
    x = np.linspace(-4, 4, 400)
    for ax, name in zip(fig.subplots(1, 4), names, strict=True):
        y = activations.get(name)(x)
        slope = activations.BACKWARD[activations.get(name)](np.ones_like(x), y)
        ax.plot(x, y, color=BLUE, label="y = f(x)")
        ax.plot(x, slope, color=RED, linestyle="--", label="f'(x)")
        ax.set_title(name)
        ax.set(ylim=(-1.2, 2.2), xlabel="x")
        ax.grid(alpha=0.3)
        ax.legend(frameon=False, loc="upper left", fontsize=9)
    return fig


def rmsprop() -> Figure:
    """Draw the first step by the size of g, and the way down a long valley."""
    fig = figure(10, 3.6)
    left, right = fig.subplots(1, 2)
    g = np.logspace(-9, 0, 300)
    v = 0.1 * g**2
    left.loglog(g, 0.001 * g / np.sqrt(v + 1e-7), color=BLUE, label="RMSprop, epsilon inside")
    left.loglog(g, 0.001 * g / (np.sqrt(v) + 1e-7), color=RED, ls="--", label="epsilon outside")
    left.loglog(g, 0.01 * g, color=GREY, linestyle=":", label="plain descent, lr = 0.01")
    left.set(xlabel="slope g", ylabel="length of the first step", ylim=(1e-8, 1e-1))
    left.legend(frameon=False, fontsize=9)
    left.grid(alpha=0.3)
    a, b = np.meshgrid(np.linspace(-4.4, 0.6, 200), np.linspace(-1.3, 1.3, 200))
    levels = np.logspace(-2, 1.5, 12)
    right.contour(a, b, (0.1 * a**2 + 10 * b**2) / 2, levels, colors="#BBBBBB", linewidths=0.7)
    for optimizer, color, mark, label in (
        (tinynet.optimizers.SGD(0.18), RED, "s", "plain descent, lr = 0.18"),
        (tinynet.optimizers.RMSprop(0.1), BLUE, "o", "RMSprop, lr = 0.1"),
    ):
        w = np.array([-4.0, 1.0])
        optimizer.build(w, [2])
        path = [w.copy()]
        for _ in range(40):
            optimizer.step(w, np.array([0.1, 10]) * w)
            path.append(w.copy())
        points = np.array(path)
        right.plot(*points.T, color=color, marker=mark, markersize=3, linewidth=1, label=label)
    right.plot(0, 0, "k*", markersize=10)
    right.set(xlabel="a weight with small slopes", ylabel="one with large slopes")
    right.set_title("40 steps of each; the star is the lowest point", fontsize=10)
    right.legend(frameon=False, fontsize=9, loc="lower left")
    return fig


def epoch() -> Figure:
    """Draw the loss of each batch in a first epoch, their mean, and evaluate's answer."""
    (x, y), _ = mnist_10k.load_data()
    x = x.reshape(-1, 784) / 255
    tinynet.utils.set_random_seed(0)
    model = tinynet.Sequential([Dense(64, "relu", input_shape=(784,)), Dense(10, "softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    means: list[float] = []
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: means.append(logs["loss"]))
    loss = model.fit(x, y, verbose=0, callbacks=[note]).history["loss"][0]
    steps = np.arange(1, len(means) + 1)
    batches = np.diff(np.array(means) * steps, prepend=0)  # from running means to each loss
    after = model.evaluate(x, y, verbose=0)
    fig = figure(8, 3.2)
    ax = fig.subplots()
    ax.plot(steps, batches, color="#999999", linewidth=0.8, label="each batch, before its step")
    ax.axhline(loss, color=BLUE, label=f"their mean, which fit shows: {loss:.2f}")
    ax.axhline(after, color=RED, ls="--", label=f"evaluate, on the same digits: {after:.2f}")
    ax.set(xlabel="step", ylabel="loss", xlim=(0, len(steps)), ylim=(0, None))
    ax.set_title("784-64-10 on mnist-10k, the first epoch", loc="left", fontsize=10)
    ax.legend(frameon=False)
    return fig


def differences() -> Figure:
    """Draw a slope, a difference to one side and one to both."""
    fig = figure(6.5, 3.2)
    ax = fig.subplots()
    w, at, h = np.linspace(0, 2.2, 200), 1.1, 0.7
    ax.plot(w, np.exp(w), color="black", label="L(w)")
    for start, end, color, line, name in (
        (at, at + h, RED, ":", "to one side"),
        (at - h, at + h, BLUE, "--", "to both sides"),
    ):
        slope = (np.exp(end) - np.exp(start)) / (end - start)
        label = f"{name}: {slope:.2f}"
        ax.plot([start, end], np.exp([start, end]), "o", color=color, markersize=4)
        ax.plot(w, np.exp(start) + slope * (w - start), color=color, ls=line, label=label)
    tangent = np.exp(at) * (1 + w - at)
    ax.plot(w, tangent, color=GREY, linewidth=3, alpha=0.5, label=f"slope at w: {np.exp(at):.2f}")
    ax.set_xticks([at - h, at, at + h], ["w - h", "w", "w + h"])
    ax.set(ylim=(-1, 9), ylabel="L")
    ax.legend(frameon=False, fontsize=9)
    return fig


FIGURES = {
    "graph": graph,
    "chain": chain,
    "transpose": transpose,
    "activations": activation_curves,
    "rmsprop": rmsprop,
    "epoch": epoch,
    "differences": differences,
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        draw().savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main()
