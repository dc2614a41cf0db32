"""A small network and small data for the tests of what can go wrong in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import Sequential, callbacks
from tinynet.layers import Dense, Dropout, Input
from tinynet.utils import set_random_seed

ROWS, WIDTH, CLASSES = 100, 6, 3


def data(rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Return examples (n, 6) and class numbers (n,) that can be learnt from them."""
    rng = np.random.default_rng(0)
    x = rng.random((rows, WIDTH), dtype=np.float32)
    return x, (x[:, :CLASSES]).argmax(axis=1)


def network(seed: int = 1, **settings: Any) -> Sequential:
    """Return a compiled network with everything in it that draws random numbers."""
    set_random_seed(seed)
    model = Sequential(
        [
            Input(shape=(WIDTH,)),
            Dense(8, activation="relu", name="hidden"),
            Dropout(0.2, name="dropout"),
            Dense(CLASSES, activation="softmax", name="scores"),
        ]
    )
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | settings
    model.compile(**settings)
    return model


def same(a: Sequential, b: Sequential) -> bool:
    """Say whether two models have the same weights and slots, bit for bit."""
    assert a.optimizer is not None
    assert b.optimizer is not None
    pairs = [(a.params, b.params)]
    pairs += [(slot, b.optimizer.slots[name]) for name, slot in a.optimizer.slots.items()]
    return all(one.tobytes() == other.tobytes() for one, other in pairs)


class Shrink(callbacks.Callback):
    """Make the rate smaller after every epoch, and remember nothing itself."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.model.optimizer.learning_rate *= 0.97


orders = [  # callbacks of a training, each list made anew: what remembers, what changes the rate
    lambda folder: [],
    lambda folder: [
        callbacks.ReduceLROnPlateau(patience=2, factor=0.7),
        callbacks.EarlyStopping(patience=1000, restore_best_weights=True),
        Shrink(),
    ],
    lambda folder: [
        Shrink(),
        callbacks.ModelCheckpoint(f"{folder}-best.npz", save_best_only=True),
        callbacks.EarlyStopping("val_accuracy", patience=1000, restore_best_weights=True),
    ],
    lambda folder: [
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.99),
        callbacks.ReduceLROnPlateau(patience=1, factor=0.8, cooldown=1),
    ],
]
