"""Room two: the guide's network for a pencil, and every number of a training step of it."""

import contextlib
import inspect
import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
from shared import go_on, remembered

from tinynet import activations, explain, losses, optimizers
from tinynet.layers import Dense
from tinynet.models import Sequential

quiet = threading.Lock()  # explain prints, and there is one standard output for all threads

LINES = {  # in which function of tinynet, and by which words, stands the line for a number
    "y": (Dense.forward, "self.W)"),
    "relu": (activations.relu, "return"),
    "p": (activations.softmax, "e / e.sum"),
    "L": (losses.Loss.value_and_gradient, "return"),
    "dlogits": (losses.CategoricalCrossentropy.per_example, "total - t"),
    "dW": (Dense.forward, "out=self.dW"),
    "db": (Dense.forward, "out=self.db"),
    "dx": (Dense.forward, "dy, self.W.T"),
    "drelu": (activations.BACKWARD[activations.relu], "dy * (y > 0)"),
    "sgd": (optimizers.SGD, "w -= lr g"),
    "rmsprop": (optimizers.RMSprop, "w -= lr g / sqrt"),
    "adam": (optimizers.Adam, "w -= lr_t m"),
}


def step(x: Any, t: Any, optimizer: Any, weights: Any, memory: Any = None) -> dict[str, Any]:
    """Explain one step on two examples, and return where it leads besides."""
    layers = [
        Dense(3, "relu", input_shape=(2,), name="hidden"),
        Dense(2, "softmax", name="output"),
    ]
    model = Sequential(layers, name="pencil")
    ready = go_on(model, "categorical_crossentropy", optimizer, weights, memory)
    with quiet, contextlib.redirect_stdout(io.StringIO()):
        told = explain(model, x, t)
    ready.step(model.params, told.grads)
    return {
        "loss": told.loss,
        "loss_after": told.loss_after,
        "p": told.y.tolist(),
        "layers": [
            {key: value.tolist() for key, value in layer.items() if isinstance(value, np.ndarray)}
            for layer in told.layers
        ],
        "grads": told.grads.tolist(),
        "moved": (told.new_params - told.params).tolist(),
        "next": remembered(model),
    }


def code() -> dict[str, Any]:
    """Return for each kind of number the line of tinynet that computes it, and where it stands."""
    found = {}
    for name, (function, words) in LINES.items():
        lines, start = inspect.getsourcelines(function)
        i = next(i for i, line in enumerate(lines) if words in line)
        file = Path(inspect.getsourcefile(function) or "").name
        found[name] = {"text": lines[i].strip(), "file": f"tinynet/{file}", "line": start + i}
    return found
