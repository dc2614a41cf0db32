"""Room three: points in the plane, and the line that a network learns to draw between them."""

from typing import Any

import numpy as np
from shared import go_on, packed, remembered

from tinynet.layers import Dense, Input
from tinynet.models import Sequential

BATCH, SIDE = 32, 64  # examples a step; points a side of the map
MOST = {"points": 500, "layers": 6, "units": 64, "steps": 100}


def train(
    points: Any,
    labels: Any,
    units: list[int],
    activation: str,
    start: Any,
    optimizer: Any,
    steps: int = 0,
    weights: Any = None,
    memory: Any = None,
) -> dict[str, Any]:
    """Take some steps from where a page left off, and draw a map of the plane."""
    asked = (len(points), len(units), max(units, default=0), steps)
    for (what, most), size in zip(MOST.items(), asked, strict=True):
        if size > most:
            raise ValueError(f"Expected at most {most} {what}, got {size}.")
    hidden = [Dense(m, activation, kernel_initializer=start) for m in units]
    model = Sequential([Input((2,)), *hidden, Dense(2, "softmax", kernel_initializer=start)])
    ready = go_on(model, "sparse_categorical_crossentropy", optimizer, weights, memory)
    x, t = np.array(points, np.float32), np.array(labels)  # (n, 2), (n,)
    for _ in range(steps):
        epoch, i = divmod(ready.iterations, -(-len(x) // BATCH))
        rows = np.random.default_rng(epoch).permutation(len(x))[BATCH * i : BATCH * (i + 1)]
        model.train_on_batch(x[rows], t[rows])
    loss, accuracy = model.evaluate(x, t, len(x), verbose=0)
    norms = [float(np.linalg.norm(layer.dW)) for layer in model.layers]  # of the last step
    across = np.linspace(-1, 1, SIDE, dtype=np.float32)
    plane = np.stack(np.meshgrid(across, -across), axis=-1).reshape(-1, 2)  # from the upper left
    seen = {
        "loss": loss,
        "accuracy": accuracy,
        "norms": norms,
        "map": packed(255 * model(plane)[:, 1]),
    }
    return seen | remembered(model)
