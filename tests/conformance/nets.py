"""What several of the conformance tests build, and the arithmetic they compare it with."""

from __future__ import annotations

from typing import Any

import numpy as np


def classifier(lib: Any, units: int = 5) -> Any:
    """Build a net from 6 inputs to 4 classes, not compiled."""
    return lib.Sequential(
        [
            lib.layers.Input((6,)),
            lib.layers.Dense(units, activation="relu"),
            lib.layers.Dense(4, activation="softmax"),
        ]
    )


def frozen(lib: Any, **compile_arguments: Any) -> Any:
    """Build the classifier with learning rate 0, so that what fit reports can be foreseen."""
    model = classifier(lib)
    arguments = {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(optimizer=lib.optimizers.SGD(0.0), **(arguments | compile_arguments))
    return model


def suffix(lib: Any) -> str:
    """Give how the name of a library's model files ends."""
    return ".npz" if lib.__name__ == "tinynet" else ".keras"


def probabilities(model: Any, x: np.ndarray) -> np.ndarray:
    """Compute what the classifier should predict, from its weights alone."""
    W1, b1, W2, b2 = (np.asarray(w, "float64") for w in model.get_weights())
    logits = np.maximum(x @ W1 + b1, 0) @ W2 + b2
    p: np.ndarray = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def losses(model: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Compute the cross-entropy of each example."""
    loss: np.ndarray = -(y * np.log(probabilities(model, x))).sum(axis=1)
    return loss


def hits(model: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Compute whether each example is classified rightly."""
    right: np.ndarray = probabilities(model, x).argmax(axis=1) == y.argmax(axis=1)
    return right
