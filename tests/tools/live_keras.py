"""Train the seed model beside real Keras for a whole epoch, in float64, and compare.

    pip install -e '.[parity]'
    python tests/tools/live_keras.py [--steps 1875] [--data made|mnist]

784-512-512-10, RMSprop with its defaults, batches of 32: 1,875 steps from the same weights over
the same batches in the same order. After every step the two losses are compared, at the end all
669,706 weights and the optimizer's velocities. The exit status is 1 where they differ by
more than 1e-8.

The data are made up, with MNIST's shape, or MNIST itself with `--data mnist`. Keras is given
the softmax inside its loss (from_logits=True), since on JAX it otherwise clips probabilities to
[1e-7, 1 - 1e-7]; tinynet does the same by itself, as Keras on TensorFlow does.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

import numpy as np

import tinynet

LIMIT = 1e-8
BATCH = 32


def made_up(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw n images: paper and ink as in MNIST, noisy copies of ten shapes, a tenth mislabelled.

    The mislabelled ones keep the gradients from dying out.
    """
    rng = np.random.default_rng(0)
    shapes = rng.random((10, 784)) * (rng.random((10, 784)) < 0.25)
    label = rng.integers(0, 10, n)
    noise = rng.random((n, 784)) * (rng.random((n, 784)) < 0.2)
    x = np.clip(0.6 * shapes[label] + 0.5 * noise, 0, 1)
    return x, np.where(rng.random(n) < 0.1, rng.integers(0, 10, n), label)


def mnist(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the first n training images."""
    from tinynet.datasets import mnist

    (x, y), _ = mnist.load_data()
    return x[:n].reshape(-1, 784) / 255, y[:n]


def seed_model(k: Any, last: str | None, from_logits: bool) -> Any:
    """Build the seed model in library `k`."""
    model = k.Sequential(
        [
            k.layers.Input((784,)),
            k.layers.Dense(512, activation="relu"),
            k.layers.Dense(512, activation="relu"),
            k.layers.Dense(10, activation=last),
        ]
    )
    model.compile(loss=k.losses.CategoricalCrossentropy(from_logits=from_logits))
    return model


def load_keras() -> Any:
    """Import Keras on JAX, in float64 throughout (see golden/make_golden.py)."""
    os.environ |= {"KERAS_BACKEND": "jax", "JAX_ENABLE_X64": "1"}
    import keras
    from keras.src.backend.common import dtypes

    keras.config.set_floatx("float64")
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    return keras


def flat(arrays: Any) -> np.ndarray:
    """Lay arrays out one after another in one vector."""
    return np.concatenate([np.asarray(array).ravel() for array in arrays])


def largest_gap(found: np.ndarray, expected: np.ndarray) -> float:
    """Give the largest difference, relative to the largest number expected."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def compare(steps: int, data: str) -> float:
    """Train both and print how far apart they are; return the largest gap."""
    keras = load_keras()
    tinynet.config.set_floatx("float64")
    x, label = (mnist if data == "mnist" else made_up)(steps * BATCH)
    y = tinynet.utils.to_categorical(label, 10).astype("float64")
    ours, theirs = seed_model(tinynet, "softmax", False), seed_model(keras, None, True)
    ours.set_weights(theirs.get_weights())
    gap, started = 0.0, time.perf_counter()
    for step in range(steps):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        loss = ours.train_on_batch(x[rows], y[rows])
        expected = float(theirs.train_on_batch(x[rows], y[rows]))
        gap = max(gap, abs(loss - expected) / abs(expected))
        if (step + 1) % 375 == 0 or step + 1 == steps:
            seconds = time.perf_counter() - started
            print(f"step {step + 1}: loss {loss:.6f}, largest gap {gap:.1e}, {seconds:.0f} s")
    velocity = [v for v in theirs.optimizer.variables if v.name.endswith("_velocity")]
    gaps = {
        "loss, any step": gap,
        "weights": largest_gap(ours.params, flat(theirs.get_weights())),
        "velocity": largest_gap(ours.optimizer.slots["velocity"], flat(velocity)),
    }
    print(f"keras {keras.__version__} on jax, {steps} steps of {BATCH}, {data} data, float64")
    for what, value in gaps.items():
        print(f"    {what}: {value:.1e}")
    return max(gaps.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the seed model beside real Keras.")
    parser.add_argument("--steps", type=int, default=1875)
    parser.add_argument("--data", choices=["made", "mnist"], default="made")
    arguments = parser.parse_args()
    worst = compare(arguments.steps, arguments.data)
    print("the same" if worst < LIMIT else f"DIFFERENT: {worst:.1e} is above {LIMIT:.0e}")
    sys.exit(worst >= LIMIT)
