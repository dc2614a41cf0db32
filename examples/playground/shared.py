"""What the rooms share: arrays as text, and models from the numbers that a page sends along."""

import base64
from typing import Any

import numpy as np

from tinynet import optimizers
from tinynet.models import Sequential


def packed(values: np.ndarray) -> str:
    """Write numbers from 0 to 255 as text."""
    return base64.b64encode(np.rint(values).astype(np.uint8).tobytes()).decode()


def signed(a: np.ndarray) -> str:
    """Write any numbers as text, scaled to -127 to 127, which JavaScript reads as Int8Array."""
    return packed(127 * a / (np.abs(a).max() or 1) % 256)


def go_on(model: Sequential, loss: str, optimizer: Any, weights: Any, memory: Any) -> Any:
    """Put a model where a page left off, and return its optimizer.

    Args:
        optimizer: its name and settings, in the form of get_config.
        weights, memory: as `remembered` returned them; None are those of a new model.
    """
    model.compile(optimizers.get(optimizer), loss, metrics=["accuracy"])
    ready: Any = model.optimizer
    if weights is not None:
        model.set_weights(weights)
    ready.build(model.params, [value.size for value in model.get_weights()])
    if memory is not None:
        ready.iterations = int(memory["iterations"])
        for name, slot in ready.slots.items():
            slot[:] = memory["slots"][name]
    return ready


def remembered(model: Sequential) -> dict[str, Any]:
    """Return what `go_on` needs: the server itself keeps nothing of a page."""
    ready: Any = model.optimizer
    slots = {name: slot.tolist() for name, slot in ready.slots.items()}
    return {
        "weights": [value.tolist() for value in model.get_weights()],
        "memory": {"iterations": ready.iterations, "slots": slots},
    }
