"""Fit a line to ten points: by hand, by gradient descent, and by the book.

    python examples/fit_a_line.py --m -2 --b 40

The line is y = m x + b. How far it is from the points is said by one number, the loss: the mean
of the squared distances. Change --m and --b and make it as small as you can; then see the same
done by a network of a single unit, which has nothing but these two numbers to learn. It starts
from your guess and takes steps downhill, m -= lr dL/dm and b -= lr dL/db, where

    dL/dm = mean of 2 (m x + b - y) x        dL/db = mean of 2 (m x + b - y)

Dense(1) computes just these: see `backward` in tinynet/layers.py.
"""

import argparse
from typing import Any

import numpy as np

from tinynet.callbacks import Callback
from tinynet.layers import Dense
from tinynet.losses import MeanSquaredError
from tinynet.models import Sequential
from tinynet.optimizers import SGD
from tinynet.support.commands import folder, number, run

x = np.arange(10.0)
y = np.array([10, 20, 25, 30, 40, 45, 40, 50, 60, 55.0])


def loss(m: Any, b: Any) -> Any:
    """Compute the mean squared distance of the points from a line, or from many lines."""
    return np.mean([(m * xi + b - yi) ** 2 for xi, yi in zip(x, y, strict=True)], axis=0)


class Footsteps(Callback):
    """Note (m, b) after every step."""

    def __init__(self, m: float, b: float) -> None:
        self.points = [(m, b)]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        W, b = self.model.get_weights()
        self.points.append((W.item(), b.item()))


def descend(m: float, b: float) -> list[tuple[float, float]]:
    """Train Dense(1) from a first guess; return all (m, b) that it went through."""
    model = Sequential([Dense(1, input_shape=(1,))])
    model.set_weights([np.array([[m]]), np.array([b])])
    # The loss curves by 2 mean(x²) = 57 along m, by 2 along b, and by 2 mean(x) = 9 across. The
    # largest eigenvalue of [[57, 9], [9, 2]], 58.4, is the curvature of the valley's steepest
    # walls: with a learning rate above 2 / 58.4 = 0.034 a step would end higher on the other side.
    model.compile(optimizer=SGD(learning_rate=0.03), loss=MeanSquaredError())
    path = Footsteps(m, b)
    model.fit(x[:, None], y[:, None], batch_size=len(x), epochs=2000, verbose=0, callbacks=[path])
    return path.points


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit a line y = m x + b to ten points.")
    add = parser.add_argument
    add("--m", type=number(-1000, 1000), default=-2.0, help="your slope (default -2)")
    b_help = "where your line meets x = 0 (default 40)"
    add("--b", type=number(-1000, 1000), default=40.0, help=b_help)
    add("--out", metavar="DIR", type=folder, default="out", help="where pictures go (default out)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    path = descend(options.m, options.b)
    slope, intercept = np.polyfit(x, y, 1)
    lines = {
        "by hand": path[0],
        "gradient descent": path[-1],
        "numpy.polyfit": (float(slope), float(intercept)),
    }
    print(f"{'':18}{'m':>9} {'b':>9} {'loss':>12}")
    for name, (m, b) in lines.items():
        print(f"{name:18}{m:9.3f} {b:9.3f} {loss(m, b):12.3f}")
    difference = np.abs(np.subtract(path[-1], lines["numpy.polyfit"])).max()
    verdict = "agree" if difference < 0.0005 else "do NOT agree"
    print(f"\nGradient descent and polyfit {verdict} to 3 decimals.")

    draw_lines(lines).savefig(options.out / "line.png", dpi=150)
    draw_surface(path).savefig(options.out / "surface.png", dpi=150)
    print(f"In {options.out.resolve()}: line.png, and surface.png with the way downhill")


def draw_lines(lines: dict[str, tuple[float, float]]) -> Any:
    """Draw the points, your line with its distances from them, and the line found."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), layout="constrained")
    ax = figure.add_subplot()
    (m, b), (m_found, b_found) = lines["by hand"], lines["gradient descent"]
    ax.vlines(x, y, m * x + b, color="#D55E00", linewidth=1, alpha=0.6)
    ax.plot(x, m * x + b, "--", color="#D55E00", label=f"by hand: loss {loss(m, b):.2f}")
    found = f"gradient descent: loss {loss(m_found, b_found):.2f}"
    ax.plot(x, m_found * x + b_found, "-", color="#0072B2", label=found)
    ax.plot(x, y, "o", color="black", label="the points")
    ax.set(xlabel="x", ylabel="y", xticks=x)
    ax.set_title(f"y = {m_found:.3f} x + {b_found:.3f}", loc="left", fontweight="bold")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return figure


def draw_surface(path: list[tuple[float, float]]) -> Any:
    """Draw the loss over m and b, dark where it is high, and the way of gradient descent."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    m, b = np.array(path).T
    reach_m, reach_b = np.abs(m - m[-1]).max() * 1.25 + 1, np.abs(b - b[-1]).max() * 1.25 + 5
    grid = np.meshgrid(
        np.linspace(m[-1] - reach_m, m[-1] + reach_m, 200),
        np.linspace(b[-1] - reach_b, b[-1] + reach_b, 200),
    )
    surface = loss(*grid)
    levels = np.geomspace(surface.min(), surface.max(), 15)

    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    ax = figure.add_subplot()
    filled = ax.contourf(*grid, surface, levels, cmap="Blues", norm=LogNorm())
    ax.plot(m, b, "o-", color="#D55E00", markersize=3, linewidth=1, label="gradient descent")
    ax.plot(m[0], b[0], "s", color="black", label="your guess")
    ax.plot(m[-1], b[-1], "*", color="black", markersize=13, label="the lowest point")
    ax.set(xlabel="m", ylabel="b")
    ax.set_title("the loss, and the way downhill", loc="left", fontweight="bold")
    ax.legend()
    figure.colorbar(filled, label="loss", format="%.0f")
    return figure


if __name__ == "__main__":
    run(main)
