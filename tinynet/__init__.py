"""Neural networks in pure NumPy, written to be read.

The core, in reading order:

    activations.py   relu, softmax, ...: each function with its derivative beside it
    layers.py        Dense and its relatives: y from x, and dx from dy
    losses.py        how wrong an output is, and in which direction to move it
    optimizers.py    SGD, RMSprop, Adam: from gradients to a step
    network.py       layers in a row, all their weights in one vector
    models.py        Sequential: forward, loss, backward, step; fit, evaluate, predict, save

Beside it:

    initializers.py  the numbers that weights start from
    regularizers.py  penalties on large weights
    schedules.py     learning rates that change from step to step
    metrics.py       accuracy and its relatives
    callbacks/       what is called while a model trains
    datasets/        MNIST and Fashion-MNIST, downloaded and checked, over idx.py
    gradcheck.py     check_gradients: is backward right? Works on layers of your own too
    explain.py       explain: one training step, printed with all its numbers
    plots.py         pictures of data, training and mistakes
    utils.py         to_categorical, set_random_seed

And what carries it: batches.py (one batch at a time), checks.py and settings.py (mistakes
answered at the door), blowups.py (numbers that are not finite), interrupts.py (Ctrl-C),
progress.py and summary.py (what is printed), registry.py (names and configs), saving.py and
files.py (model files), watching.py (what goes through a layer), config.py (what all models
share).

The names are Keras's: `import tinynet as keras` is often all that a script needs.
"""

from importlib import import_module
from typing import Any

from tinynet import (
    activations,
    callbacks,
    config,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)
from tinynet.explain import explain
from tinynet.gradcheck import check_gradients
from tinynet.layers import Input
from tinynet.models import Sequential

__version__ = "0.1.0"

__all__ = [
    "Input",
    "Sequential",
    "activations",
    "callbacks",
    "check_gradients",
    "config",
    "datasets",
    "explain",
    "idx",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "plots",
    "regularizers",
    "utils",
]


def __getattr__(name: str) -> Any:
    # Files and pictures are imported when first used: import tinynet stays quick.
    if name in ("datasets", "idx", "plots"):
        return import_module(f"tinynet.{name}")
    raise AttributeError(f"module 'tinynet' has no attribute {name!r}")
