"""Make the figures of docs/failing.md: trainings on mnist-10k that go wrong, and one that does not.

python docs/make_failing.py            about a minute
python docs/make_failing.py --quick    on few digits, in seconds: to see whether it runs
"""

import argparse
import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from make_figures import BLUE, GREY, RED, figure
from matplotlib.figure import Figure

import tinynet
from tinynet.callbacks import Callback
from tinynet.datasets import mnist_10k
from tinynet.initializers import RandomNormal
from tinynet.layers import Activation, Dense
from tinynet.models import Sequential
from tinynet.optimizers import SGD, Adam, RMSprop

HERE = Path(__file__).resolve().parent
GREEN, ORANGE = "#009E73", "#E69F00"
(x, y), (x_new, y_new) = mnist_10k.load_data()
x, x_new = x.reshape(-1, 784) / 255, x_new.reshape(-1, 784) / 255


def network(optimizer: Any, hidden: int = 2, start: Any = "glorot_uniform") -> Sequential:
    """Return a network that reads digits: some layers of 64 units, and one of 10."""
    tinynet.utils.set_random_seed(0)
    layers = [Dense(64, "relu", kernel_initializer=start) for _ in range(hidden)]
    model = Sequential([*layers, Dense(10, "softmax", kernel_initializer=start)])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.build((None, 784))
    return model


def name(optimizer: Any) -> str:
    return f"{type(optimizer).__name__}, rate {float(optimizer.learning_rate):g}"


class Watch(Callback):
    """Measure something of a model before its first step, and after every few."""

    def __init__(self, measure: Callable[[Any], float], every: int = 25) -> None:
        self.measure, self.every = measure, every
        self.steps, self.values = list[int](), list[float]()
        self.stopped = ""  # where numbers were not finite

    def note(self) -> None:
        self.steps.append(len(self.steps) * self.every)
        self.values.append(self.measure(self.model))

    def on_train_begin(self, logs: Any = None) -> None:
        self.note()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (batch + 1) % self.every == 0:
            self.note()


def loss(model: Any) -> float:
    """Measure the loss on 1,000 digits that it does not learn from."""
    return float(model.evaluate(x_new[:1000], y_new[:1000], verbose=0)[0])


def watched(model: Sequential, measure: Callable[[Any], float], epochs: int = 2) -> Watch:
    """Train, and measure as it goes."""
    watch = Watch(measure)
    try:
        model.fit(x, y, epochs=epochs, verbose=0, callbacks=[watch])
    except FloatingPointError as error:  # "Training stopped in epoch 1, batch 3: ..."
        watch.stopped = re.findall(r"batch \d+", str(error))[0]
    return watch


def rates() -> Figure:
    """Draw the loss for four rates, and how well it reads by the rate, for three optimizers."""
    fig = figure(9, 3.6)
    left, right = fig.subplots(1, 2)
    for rate, color in ((0.001, GREY), (0.01, BLUE), (0.1, GREEN), (1, RED)):
        watch = watched(network(SGD(rate)), loss)
        left.plot(watch.steps, watch.values, color=color)
        left.text(510, watch.values[-1], f"{rate}", color=color, va="center")
    left.axhline(np.log(10), color="black", lw=0.8, ls=":")
    left.text(250, np.log(10) + 0.04, "knows nothing", ha="center", va="bottom", fontsize=9)
    left.set(xlabel="step", ylabel="loss", xlim=(0, 590), ylim=(0, 3), xticks=range(0, 501, 100))
    left.set_title("SGD, by its rate")
    for optimizer, color, mark in ((SGD, BLUE, "o"), (RMSprop, RED, "s"), (Adam, GREEN, "^")):
        accuracy = []
        for rate in (several := 10 ** np.arange(-5, 1.1, 0.5)):
            model = network(optimizer(float(rate)))
            with contextlib.suppress(FloatingPointError):
                model.fit(x, y, epochs=2, verbose=0)
            accuracy.append(100 * model.evaluate(x_new, y_new, verbose=0)[1])
        right.semilogx(several, accuracy, color=color, marker=mark, label=optimizer.__name__)
    right.set(xlabel="learning rate", ylabel="% of new digits read", ylim=(0, 100))
    right.set_title("after two epochs")
    right.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    right.grid(alpha=0.3)
    return fig


def silent(model: Any) -> float:
    """Say which share of the hidden units gives 0 for every one of 1,000 digits, in percent."""
    h, shares = x[:1000], []
    for layer in model.layers[:-1]:
        h = np.maximum(h @ layer.W + layer.b, 0)  # (1000, 64)
        shares.append((h == 0).all(axis=0).mean())
    return 100 * float(np.mean(shares))


def dead() -> Figure:
    """Draw how many units fall silent, by the rate."""
    fig = figure(8, 3.2)
    ax = fig.subplots()
    for optimizer, color in (
        (SGD(1.0), RED),
        (RMSprop(0.03), ORANGE),
        (RMSprop(0.01), GREEN),
        (RMSprop(0.001), BLUE),
        (SGD(0.1), GREY),
    ):
        watch = watched(network(optimizer), silent, epochs=3)
        ax.plot(watch.steps, watch.values, color=color, label=name(optimizer))
    ax.set(xlabel="step", ylabel="% of the hidden units silent", ylim=(-3, 100))
    ax.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


STARTS: list[tuple[str, Any, str, str]] = [
    ("bell curve, 0.01", RandomNormal(stddev=0.01), GREY, "s"),
    ("Glorot", "glorot_uniform", BLUE, "o"),
    ("He", "he_normal", GREEN, "^"),
    ("bell curve, 0.3", RandomNormal(stddev=0.3), RED, "D"),
]


def starts() -> Figure:
    """Draw the size of the numbers going forward and back, and the loss, by the first weights."""
    fig = figure(9.5, 3.8)
    forward, back, training = fig.subplots(1, 3)
    for label, start, color, mark in STARTS:
        model = network(SGD(0.05), hidden=10, start=start)
        with contextlib.redirect_stdout(io.StringIO()):
            step = tinynet.explain(model, x[:200], y[:200])
        dense = [link for link in step.layers if "dW" in link]
        numbers = range(1, len(dense) + 1)
        style = {"color": color, "marker": mark, "ms": 4, "label": label}
        forward.semilogy(numbers, [np.sqrt(np.mean(link["y"] ** 2)) for link in dense], **style)
        back.semilogy(numbers, [np.sqrt(np.mean(link["dy"] ** 2)) for link in dense], **style)
        watch = watched(model, loss)
        training.plot(watch.steps, watch.values, color=color)
        if watch.stopped:
            training.plot(0, 2.9, marker=mark, ms=6, color=color, clip_on=False)
            training.text(25, 2.9, f"not finite in {watch.stopped}", color=color, va="center")
    forward.set(title="forward: y", xlabel="layer", ylabel="root of the mean square")
    back.set(title="and back: dy", xlabel="layer")
    training.set(title="in training: loss", xlabel="step", ylim=(0, 3), xlim=(-10, 510))
    fig.legend(*forward.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig


class Ratio(Callback):
    """Note after every step how long it was, beside the weights of the first layer."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.before = self.model.layers[0].W.copy()
        self.ratios = list[float]()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        now = self.model.layers[0].W
        step = np.linalg.norm(now - self.before)
        self.ratios.append(float(step / np.linalg.norm(self.before)))
        self.before = now.copy()


def ratios() -> Figure:
    """Draw the length of each step beside the length of the weights."""
    fig = figure(8, 3.4)
    ax = fig.subplots()
    for optimizer, color in (
        (RMSprop(0.03), RED),
        (RMSprop(0.001), GREEN),
        (SGD(0.1), BLUE),
        (RMSprop(0.00001), GREY),
    ):
        model, note = network(optimizer), Ratio()
        model.fit(x, y, epochs=2, verbose=0, callbacks=[note])
        right = model.evaluate(x_new, y_new, verbose=0)[1]
        label = f"{name(optimizer)}\nthen reads {right:.0%}"
        ax.semilogy(note.ratios, color=color, lw=0.8, label=label)
    ax.set(xlabel="step", ylabel="|step| / |W|", xlim=(0, len(note.ratios)))
    ax.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


def twenty() -> Figure:
    """Draw the loss on twenty digits, for a right network and for four wrong ones."""
    few, pixels, names = x[:20], x[:20] * 255, y[:20]
    relu_out = Sequential([Dense(64, "relu"), Dense(64, "relu"), Dense(10, "relu")])
    relu_out.add(Activation("softmax"))
    relu_out.compile(SGD(0.1), "sparse_categorical_crossentropy")
    fig = figure(8, 3.4)
    ax = fig.subplots()
    for label, model, inputs, color in (
        ("pixels divided by 255 twice", network(SGD(0.1)), few / 255, GREY),
        ("pixels // 255", network(SGD(0.1)), pixels.round() // 255, ORANGE),
        ("ReLU before the softmax", relu_out, few, RED),
        ("a rate of 0.001", network(SGD(0.001)), few, BLUE),
        ("as it should be", network(SGD(0.1)), few, GREEN),
    ):
        losses = model.fit(inputs, names, epochs=200, verbose=0).history["loss"]
        ax.plot(losses, color=color, label=label)
    ax.set(xlabel="epoch", ylabel="loss", xlim=(0, 200), ylim=(0, 2.5))
    ax.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


FIGURES = {"rates": rates, "dead": dead, "starts": starts, "ratios": ratios, "twenty": twenty}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the figures of docs/failing.md.")
    add = parser.add_argument
    add("--quick", action="store_true", help="on few digits: to see whether it runs")
    add("--out", metavar="DIR", type=Path, default=HERE / "failing", help="where they go")
    options = parser.parse_args()
    if options.quick:
        global x, y
        x, y = x[:64], y[:64]
    options.out.mkdir(parents=True, exist_ok=True)
    for figure_name, draw in FIGURES.items():
        path = options.out / f"{figure_name}.png"
        draw().savefig(path, dpi=110, metadata={"Software": None})
        print(path, flush=True)


if __name__ == "__main__":
    main()
