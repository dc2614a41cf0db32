"""Measure what helps against overfitting, and draw it, for docs/overfitting.md.

    python docs/make_overfitting.py            some minutes
    python docs/make_overfitting.py --quick    tiny trainings, in seconds: to see whether it runs

It writes gap.png and helps.png, and prints a table: a row for each remedy, what it reads of the new
digits and its loss on them, each the mean of three seeds.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from make_figures import BLUE, GREY, RED, figure
from matplotlib.figure import Figure

import tinynet
from tinynet.callbacks import Callback, EarlyStopping
from tinynet.datasets import mnist_10k
from tinynet.layers import Dense, Dropout
from tinynet.models import Sequential
from tinynet.regularizers import L2

HERE = Path(__file__).resolve().parent
GREEN = "#009E73"
(x, y), (x_new, y_new) = mnist_10k.load_data()
x, x_new = x.reshape(-1, 784) / 255, x_new.reshape(-1, 784) / 255
x, y, x_valid, y_valid = x[:7000], y[:7000], x[7000:], y[7000:]
cross_entropy = tinynet.losses.SparseCategoricalCrossentropy()


def network(seed: int, dropout: float = 0, l2: float = 0) -> Sequential:
    """Return a network that is large for 1,000 digits: 784-256-256-10."""
    tinynet.utils.set_random_seed(seed)
    model = Sequential()
    for _ in range(2):
        model.add(Dense(256, "relu", kernel_regularizer=L2(l2) if l2 else None))
        if dropout:
            model.add(Dropout(dropout))
    model.add(Dense(10, "softmax", kernel_regularizer=L2(l2) if l2 else None))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def scores(model: Any) -> tuple[float, float]:
    """Return what a model reads of the new digits, in percent, and its loss without penalties."""
    p = model.predict(x_new, verbose=0)
    return 100 * float(np.mean(p.argmax(axis=1) == y_new)), float(cross_entropy(y_new, p))


class Scores(Callback):
    """Note the scores after every epoch."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.notes = list[tuple[float, float]]()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.notes.append(scores(self.model))


def train(model: Sequential, digits: int, steps: int, *callbacks: Callback, **options: Any) -> Any:
    """Train on the first digits, for as many steps however many they are; return the History."""
    epochs = max(1, 32 * steps // digits)
    return model.fit(
        x[:digits], y[:digits], epochs=epochs, verbose=0, callbacks=list(callbacks), **options
    )


def gap(digits: int, steps: int) -> Figure:
    """Draw loss and accuracy on the digits it learns from, and on new ones."""
    note = Scores()
    history = train(network(0), digits, steps, note).history
    right, losses = np.array(note.notes).T
    fig = figure(9, 3.4)
    left_ax, right_ax = fig.subplots(1, 2)
    epochs = range(1, len(losses) + 1)
    left_ax.plot(epochs, history["loss"], color=BLUE, label="digits it learns from")
    left_ax.plot(epochs, losses, color=RED, label="new digits")
    best = int(np.argmin(losses))
    left_ax.plot(epochs[best], losses[best], "o", color=RED)
    left_ax.annotate(
        f"lowest after epoch {epochs[best]}",
        (epochs[best], losses[best]),
        (epochs[best] + 2, 1.0),
        arrowprops={"arrowstyle": "->", "color": GREY},
    )
    left_ax.set(xlabel="epoch", ylabel="loss", ylim=(0, 1.3))
    left_ax.legend(frameon=False)
    right_ax.plot(epochs, 100 * np.array(history["accuracy"]), color=BLUE)
    right_ax.plot(epochs, right, color=RED)
    right_ax.set(xlabel="epoch", ylabel="% read", ylim=(60, 101))
    return fig


def stop(digits: int, steps: int, seed: int) -> Sequential:
    """Train until the loss on a third set of digits has not fallen for three epochs."""
    model = network(seed)
    early = EarlyStopping(patience=3, restore_best_weights=True)
    train(model, digits, steps, early, validation_data=(x_valid, y_valid))
    return model


def table(digits: int, steps: int, seeds: int) -> None:
    """Print what each remedy brings."""

    def trained(seed: int, times: int = 1, **options: float) -> Sequential:
        model = network(seed, **options)
        train(model, times * digits, steps)
        return model

    remedies = {
        "nothing": lambda seed: trained(seed),
        "early stopping": lambda seed: stop(digits, steps, seed),
        "dropout 0.3": lambda seed: trained(seed, dropout=0.3),
        "L2 penalty 0.001": lambda seed: trained(seed, l2=0.001),
        "twice as many digits": lambda seed: trained(seed, times=2),
        "seven times as many": lambda seed: trained(seed, times=7),
        "seven times, dropout 0.3": lambda seed: trained(seed, times=7, dropout=0.3),
    }
    print("| what helps | new digits read | loss on them |\n|---|---:|---:|")
    for name, remedy in remedies.items():
        right, loss = np.mean([scores(remedy(seed)) for seed in range(seeds)], axis=0)
        print(f"| {name} | {right:.1f} % | {loss:.2f} |", flush=True)


def helps(digits: int, steps: int) -> Figure:
    """Draw the loss on new digits by the epoch, and what is read by the number of digits."""
    fig = figure(9, 3.6)
    left, right = fig.subplots(1, 2)
    for label, color, options in (
        ("nothing", RED, {}),
        ("dropout 0.3", BLUE, {"dropout": 0.3}),
        ("L2 penalty 0.001", GREEN, {"l2": 0.001}),
    ):
        note = Scores()
        train(network(0, **options), digits, steps, note)
        losses = [loss for _, loss in note.notes]
        left.plot(range(1, len(losses) + 1), losses, color=color, label=label)
    left.set(xlabel="epoch", ylabel="loss on new digits", ylim=(0.25, 0.9))
    left.legend(frameon=False)
    counts = [digits // 4, digits // 2, digits, 2 * digits, 4 * digits, 7 * digits]
    for label, color, dropout in (("nothing", RED, 0), ("dropout 0.3", BLUE, 0.3)):
        read = []
        for count in counts:
            model = network(0, dropout)
            train(model, count, steps)
            read.append(scores(model)[0])
        right.semilogx(counts, read, "o-", color=color, label=label)
    right.set_xticks(counts, [f"{count:,}" for count in counts])
    right.minorticks_off()
    right.set(xlabel="digits to learn from", ylabel="% of new digits read")
    right.grid(alpha=0.3)
    right.legend(frameon=False)
    return fig


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what helps against overfitting.")
    add = parser.add_argument
    add("--quick", action="store_true", help="tiny trainings: to see whether it runs")
    add("--out", metavar="DIR", type=Path, default=HERE / "overfitting", help="where pictures go")
    options = parser.parse_args()
    digits, steps, seeds = (32, 3, 1) if options.quick else (1000, 1250, 3)  # 40 epochs
    options.out.mkdir(parents=True, exist_ok=True)
    for draw in (gap, helps):
        path = options.out / f"{draw.__name__}.png"
        draw(digits, steps).savefig(path, dpi=110, metadata={"Software": None})
        print(path, flush=True)
    table(digits, steps, seeds)


if __name__ == "__main__":
    main()
