"""What is asked for and not there: a sentence that says what to type, or that it is outside.

from tinynet.layers.core import Dense      Keras once had this module
from tinynet.layers import Conv2D          Keras has it, tinynet has not
tinynet.optimizers.Adma                    misspelt
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np

from tinynet.support import spellings

ROOT = "tinynet."
MODULES = (
    "activations", "backend", "callbacks", "config", "constraints", "initializers", "layers",
    "losses", "metrics", "models", "optimizers", "regularizers", "utils",
)  # fmt: skip


def sentence(module: str, name: str) -> str:
    """Return what to say where a module, "layers" or "" for the root, has no such name."""
    from tinynet.support.keras_names import NAMES  # only here: import tinynet stays quick
    from tinynet.support.registry import nearest

    module = "optimizers.schedules" if module == "schedules" else module  # where Keras has it
    full = f"{module}.{name}".lstrip(".")
    if full in spellings.MODULES:
        return f"There is no tinynet.{full}. Type {spellings.MODULES[full]}"
    if full in spellings.OUTSIDE:
        return f"Outside of tinynet: {spellings.OUTSIDE[full]}."
    if full in spellings.NAMES:
        return f"tinynet has no {full}. Type {spellings.NAMES[full]}"
    if module == "layers":
        for parts, reason in spellings.KINDS:
            if any(part in name for part in parts.split()):
                return f"{name} is outside of tinynet, which has dense networks only, no {reason}."
    if module == "backend" and hasattr(np, name):
        return f"tinynet has no {full}: outputs and weights are arrays. Type numpy.{name}(...)."
    if module == "datasets" and name in NAMES[module].split():
        return f"tinynet.datasets has no {name}. {spellings.OTHER_DATA}"
    if name in ("serialize", "deserialize"):
        return f"tinynet has no {full}. Type x.get_config(), and {module}.get(name) or from_config."
    if name in NAMES.get(module, "").split():
        return f"Keras has {full}, and tinynet has not: it knows dense networks only."
    found = sys.modules.get(ROOT + module if module else "tinynet")
    known = {n.lower(): n for n in dir(found) if not n.startswith("_")}
    meant = nearest(name, known)
    return f"tinynet has no {full}." + (f" Did you mean {known[meant]!r}?" if meant else "")


def of_model(name: str) -> str:
    """Return what to say where a model has no such attribute."""
    from tinynet.support.keras_names import NAMES

    if name in spellings.METHODS:
        return f"A model has no {name!r}. Type {spellings.METHODS[name]}"
    if name in NAMES["Sequential"].split():
        return f"Keras's models have {name!r}, and tinynet's have not."
    return f"A model has no {name!r}."


def error(module: str, name: str, depth: int = 2) -> Exception:
    """Return the exception to raise for `from module import name`, or for `module.name`.

    Python would put a sentence of its own in the place of an AttributeError's where a name is
    imported, so there it is an ImportError.
    """
    text = sentence(module.removeprefix("tinynet").lstrip("."), name)
    frame = sys._getframe(depth)
    if dis.opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM":
        return ImportError(text, name=module)
    return AttributeError(text, name=name, obj=sys.modules[module])


class Finder:
    """Answers for modules that are not there, after all other finders."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find nothing; say what to type where the name is one of tinynet's."""
        if not name.startswith(ROOT):
            return None
        module, _, last = name.removeprefix(ROOT).rpartition(".")
        raise ModuleNotFoundError(sentence(module, last), name=name)


def answer() -> None:
    """Let the public modules answer for what they have not, and Python for modules in them."""
    for name in MODULES:
        answer_for(ROOT + name)
    sys.meta_path.append(Finder)


def answer_for(name: str) -> None:
    """Let one module answer for what it has not, and Python for modules in it."""
    module = sys.modules[name]
    if not hasattr(module, "__path__"):
        module.__path__ = []  # so that Python asks the finder for modules in it
    if "__getattr__" not in vars(module):
        vars(module)["__getattr__"] = Answer(name)


class Answer:
    """A module's __getattr__."""

    def __init__(self, module: str) -> None:
        self.module = module

    def __call__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise error(self.module, name)
