"""Neural networks in pure NumPy, written to be read.

To learn how backprop works, start at docs/backprop.md. To use it, read on below and in README.md.

The core, in reading order:

    activations.py   relu, softmax, ...: each function with its derivative beside it
    layers.py        Dense and its relatives: y from x, and dx from dy
    losses.py        how wrong an output is, and in which direction to move it
    optimizers.py    SGD, RMSprop, Adam: from gradients to a step
    network.py       the heart: forward, loss, backward, step; all weights in one vector

Beside it, what the core is made from:

    weights.py       what a layer owns: weights, declared, read and set
    initializers.py  the numbers that weights start from
    regularizers.py  penalties on large weights
    constraints.py   what weights hold to
    schedules.py     learning rates that change from step to step
    metrics.py       accuracy and its relatives
    reduction.py     from the losses of examples to one number
    config.py        what all models share: the number type, names, seeds (also: backend.py)
    utils.py         to_categorical, normalize, set_random_seed

What looks into it:

    explain.py       explain: one training step, printed with all its numbers
    gradcheck/       check_gradients: is backward right? Works on layers of your own too
    plots.py         pictures of data, training and mistakes

And what surrounds it:

    models/          Sequential: fit, evaluate, predict, and the checks at their door
    callbacks/       what is called while a model trains
    distributed/     all cores, all machines: several processes that take one step together
    more/            the rest of dense Keras, under the names of the modules above
    datasets/        MNIST and Fashion-MNIST, downloaded and checked, over idx.py
    saving.py        model files
    wrappers.py      models as scikit-learn's estimators
    support/         names and configs, progress lines, whole files: knows nothing of networks

The names are Keras's: `import tinynet as keras` is often all that a script needs.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tinynet import (
    activations,
    backend,
    callbacks,
    config,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    more,
    optimizers,
    regularizers,
    schedules,
    utils,
)
from tinynet.explain import explain
from tinynet.gradcheck import check_gradients
from tinynet.models import Input, Model, Sequential
from tinynet.support import absent

__version__ = "0.1.0"

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "activations",
    "backend",
    "callbacks",
    "check_gradients",
    "config",
    "constraints",
    "datasets",
    "distributed",
    "explain",
    "idx",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "more",
    "optimizers",
    "plots",
    "regularizers",
    "utils",
]

ALIASES = {  # what Keras shows at its root, too, and where it is
    "Initializer": "initializers",
    "InputLayer": "layers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Variable": "variables",
}

sys.modules["tinynet.optimizers.schedules"] = schedules  # where Keras has it
absent.answer()


if TYPE_CHECKING:
    from tinynet import datasets, distributed, idx, plots
    from tinynet import wrappers as wrappers
    from tinynet.initializers import Initializer as Initializer
    from tinynet.layers import InputLayer as InputLayer
    from tinynet.layers import Layer as Layer
    from tinynet.losses import Loss as Loss
    from tinynet.metrics import Metric as Metric
    from tinynet.optimizers import Optimizer as Optimizer
    from tinynet.regularizers import Regularizer as Regularizer
    from tinynet.variables import Variable as Variable
else:  # a type checker would take any name then

    def __getattr__(name: str) -> Any:
        # Files and pictures are imported when first used: import tinynet stays quick.
        if name in ("datasets", "distributed", "idx", "plots", "wrappers"):
            return import_module(f"tinynet.{name}")
        if name in ALIASES:
            return getattr(import_module(f"tinynet.{ALIASES[name]}"), name)
        if name.startswith("__"):
            raise AttributeError(f"module 'tinynet' has no attribute {name!r}")
        raise absent.error("tinynet", name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
