"""Measure what moved and turned digits bring, and draw them, for docs/augmentation.md.

    python docs/make_augmentation.py            some minutes
    python docs/make_augmentation.py --quick    tiny trainings, in seconds: to see whether it runs

It writes moved.png, between.png and gain.png, and prints a table: a row for each kind of movement,
what is read of the new digits, the mean of three seeds.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from make_figures import BLUE, GREY, RED, figure
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import tinynet
from tinynet.datasets import mnist_10k
from tinynet.layers import Dense
from tinynet.models import Sequential

HERE = Path(__file__).resolve().parent
GREEN, ORANGE = "#009E73", "#E69F00"
(images, labels), (new_images, new_labels) = mnist_10k.load_data()
images, new_images = images / np.float32(255), new_images / np.float32(255)


def sample(images, r, c):
    i = np.arange(len(images))[:, np.newaxis, np.newaxis]
    r, c = np.clip(r, 0, 27), np.clip(c, 0, 27)
    top, left = np.minimum(r.astype(int), 26), np.minimum(c.astype(int), 26)
    down, right = r - top, c - left
    above = (1 - right) * images[i, top, left] + right * images[i, top, left + 1]
    below = (1 - right) * images[i, top + 1, left] + right * images[i, top + 1, left + 1]
    return (1 - down) * above + down * below


def moved(images, rng, turn=0.0, shift=0.0):
    one_each = (len(images), 1, 1)
    angle = rng.uniform(-turn, turn, one_each)
    r, c = np.mgrid[:28, :28] - 13.5
    rows = np.cos(angle) * r - np.sin(angle) * c + rng.uniform(-shift, shift, one_each)
    columns = np.sin(angle) * r + np.cos(angle) * c + rng.uniform(-shift, shift, one_each)
    return sample(images, rows + 13.5, columns + 13.5)


KINDS: dict[str, tuple[str, dict[str, float]]] = {
    "as they are": (GREY, {}),
    "turned": (ORANGE, {"turn": np.radians(15)}),
    "shifted": (BLUE, {"shift": 2.0}),
    "both": (GREEN, {"turn": np.radians(15), "shift": 2.0}),
}


def train(kind: dict[str, float], digits: int, epochs: int, seed: int) -> list[float]:
    """Train on images that are moved anew for every epoch; return what is read after each, in %."""
    tinynet.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = Sequential([Dense(256, "relu"), Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    read = []
    for _ in range(epochs):
        parts = [images[i : min(i + 250, digits)] for i in range(0, digits, 250)]
        x = np.concatenate([moved(part, rng, **kind) for part in parts] if kind else parts)
        model.fit(x.reshape(-1, 784), labels[:digits], verbose=0)
        answers = model.evaluate(new_images.reshape(-1, 784), new_labels, verbose=0)
        read.append(100 * answers[1])
    return read


def picture_of_moved() -> Figure:
    """Draw eight digits, and what comes of them in three epochs."""
    rng = np.random.default_rng(1)
    fig = figure(8, 4)
    rows = [images[:8]] + [moved(images[:8], rng, np.radians(15), 2.0) for _ in range(3)]
    axes = fig.subplots(4, 8)
    for row, pictures in zip(axes, rows, strict=True):
        for ax, picture in zip(row, pictures, strict=True):
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
    for row, text in zip(axes, ["as it is", "epoch 1", "epoch 2", "epoch 3"], strict=True):
        row[0].set_ylabel(text)
    return fig


def nearest(places: Any) -> Any:
    """Return the pixels that are nearest to places (2, 28, 28), as an index."""
    return tuple(np.clip(np.rint(places).astype(int), 0, 27))


def between() -> Figure:
    """Draw the four shares of a place between pixels, and a turned digit in three ways."""
    fig = figure(9.5, 2.9)
    shares, *turned = fig.subplots(1, 4)
    right, down = 0.7, 0.4
    corners = {(0, 0): BLUE, (0, 1): GREEN, (1, 0): ORANGE, (1, 1): RED}  # (row, column)
    for (row, column), color in corners.items():
        # The share of a pixel is the area of the rectangle that lies opposite to it.
        left, top = (0, right)[1 - column], (0, down)[1 - row]
        wide, high = (right, 1 - right)[1 - column], (down, 1 - down)[1 - row]
        shares.add_patch(Rectangle((left, top), wide, high, fc=color, alpha=0.35))
        middle = (left + wide / 2, top + high / 2)
        shares.text(*middle, f"{wide * high:.2f}", ha="center", va="center", fontsize=10)
        shares.plot(column, row, "s", color=color, markersize=11, clip_on=False)
    shares.plot(right, down, "ko", markersize=6)
    shares.set(xlim=(-0.15, 1.15), ylim=(1.15, -0.15), aspect="equal")
    shares.set(xticks=[0, 1], yticks=[0, 1])
    shares.set_title("shares of four pixels", fontsize=10)
    r, c = np.mgrid[:28, :28] - 13.5
    cos, sin, digit = np.cos(np.radians(25)), np.sin(np.radians(25)), images[0]
    look = np.array([cos * r - sin * c, sin * r + cos * c]) + 13.5  # where a new pixel comes from
    push = np.array([cos * r + sin * c, cos * c - sin * r]) + 13.5  # where an old pixel goes to
    pushed = np.zeros((28, 28))
    pushed[nearest(push)] = digit
    ways = {
        "old pixels pushed": pushed,
        "nearest old pixel": digit[nearest(look)],
        "between four": sample(digit[np.newaxis], *look)[0],
    }
    for ax, (text, picture) in zip(turned, ways.items(), strict=True):
        ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.set_title(text, fontsize=10)
    return fig


def gain(digits: int, epochs: int, seeds: int) -> Figure:
    """Print what each kind brings, and draw it by the epoch, the mean of the seeds."""
    fig = figure(8, 3.4)
    ax = fig.subplots()
    print("| images | new digits read, mean | each seed |\n|---|---:|---|")
    for name, (color, kind) in KINDS.items():
        read = np.array([train(kind, digits, epochs, seed) for seed in range(seeds)])
        each = ", ".join(f"{last:.2f}" for last in read[:, -1])
        print(f"| {name} | {read[:, -1].mean():.2f} % | {each} |", flush=True)
        ax.plot(range(1, epochs + 1), read.mean(axis=0), color=color, label=name)
    ax.set(xlabel="epoch", ylabel="% of new digits read", xticks=range(0, epochs + 1, 5))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what moved and turned digits bring.")
    add = parser.add_argument
    add("--quick", action="store_true", help="tiny trainings: to see whether it runs")
    add("--out", metavar="DIR", type=Path, default=HERE / "augmentation", help="where pictures go")
    options = parser.parse_args()
    digits, epochs, seeds = (64, 2, 1) if options.quick else (8000, 20, 3)
    options.out.mkdir(parents=True, exist_ok=True)
    draw: dict[str, Callable[[], Any]] = {
        "moved": picture_of_moved,
        "between": between,
        "gain": lambda: gain(digits, epochs, seeds),
    }
    for name, make in draw.items():
        path = options.out / f"{name}.png"
        make().savefig(path, dpi=110, metadata={"Software": None})
        print(path, flush=True)


if __name__ == "__main__":
    main()
