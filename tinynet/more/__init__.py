"""The rest of dense Keras: small classes of the core's shape, seen under Keras's names.

Each file holds one concept, names in `__all__` what it adds, and enters it in the table of the
public module that it belongs to. None is loaded before the first of their names is asked for,
by `from tinynet.layers import LeakyReLU` or by "leaky_re_lu": `import tinynet` stays quick.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from typing import Any

from tinynet.support import absent, registry

FILES: dict[str, tuple[str, ...]] = {  # what each public module has here
    "activations": ("activations",),
    "initializers": ("initializers",),
    "layers": ("merging", "normalization", "rectifiers", "regularization", "reshaping", "scaling"),
    "losses": ("losses", "loss_functions"),
    "optimizers": ("optimizers",),
    "metrics": ("loss_metrics", "confusion", "auc", "f_scores", "r2_score", "metric_functions"),
    "schedules": ("schedules",),
    "utils": ("model_plot",),
}


def load() -> None:
    """Enter all that is here into the public modules and their tables."""
    for public, files in FILES.items():
        for file in files:
            part = import_module(f"{__name__}.{file}")
            for name in part.__all__:
                setattr(sys.modules[f"tinynet.{public}"], name, getattr(part, name))


def late(module: str, name: str) -> Any:
    """Return what a public module lacks so far, if it is here."""
    if not name.startswith("__") or name == "__all__":  # as import * asks
        load()
    if name in vars(sys.modules[module]):
        return vars(sys.modules[module])[name]
    if name.startswith("__"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    raise absent.error(module, name)


def names(module: str) -> list[str]:
    """Return all names of a public module, as `dir` does."""
    load()
    return sorted(vars(sys.modules[module]))


def connect() -> None:
    """Make the public modules and the registry ask here for what they lack."""
    for public in FILES:
        module = import_module(f"tinynet.{public}")
        setattr(module, "__getattr__", partial(late, module.__name__))  # noqa: B010
        setattr(module, "__dir__", partial(names, module.__name__))  # noqa: B010
    registry.fill_tables.append(load)


connect()
