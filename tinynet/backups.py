"""Backups: a model file with all that a training goes on from after a crash.

Besides the model it says which training it is of (layers, how it was compiled, which data), so
that no other one goes on from it, and what the callbacks remember.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet import saving
from tinynet.callbacks.base import Callback
from tinynet.saving import ModelFileError


def describe(model: Any) -> dict[str, Any]:
    """Return what makes a training this one: its layers, how it was compiled, its data.

    Names that were given by themselves differ from run to run: they are numbered anew.
    """
    described = saving.describe(model)
    names = {layer.name: f"layer {i}" for i, layer in enumerate(model.layers)}
    names[model.name] = "model"
    training = {
        "layers": renamed(described["model"], names),
        "compile settings": renamed(described["compiled"], names),
        "data": model.data,
    }
    same: dict[str, Any] = json.loads(json.dumps(training))  # as a file gives it back
    return same


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Replace names in a config, however deep."""
    if isinstance(value, dict):
        return {key: renamed(item, names) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def write(
    path: str | os.PathLike[str],
    model: Any,
    training: Mapping[str, Any],
    callbacks: Sequence[Callback],
) -> None:
    """Write a backup whole or not at all."""
    states, arrays = [], dict[str, Any]()
    for i, callback in enumerate(callbacks):
        state = callback.get_state()
        vectors = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
        arrays |= {f"callback.{i}.{name}": vector for name, vector in vectors.items()}
        plain = {name: value for name, value in state.items() if name not in vectors}
        states.append({"class_name": type(callback).__name__, "state": plain})
    more = {"training": training, "callbacks": states, "stopped": model.stop_training}
    saving.write(path, model, more, **arrays)


def restore(
    path: str | os.PathLike[str],
    model: Any,
    training: Mapping[str, Any],
    callbacks: Sequence[Callback],
) -> None:
    """Make a model and its callbacks go on from a backup of this training.

    Raises:
        ModelFileError: it is of another training, or damaged; nothing is changed.
    """
    description, arrays = saving.read(path)
    with saving.blaming(path):
        for what, value in training.items():
            if description["training"][what] != value:
                raise ModelFileError(
                    f"{os.fspath(path)} is a backup of another training: its {what} are not these. "
                    f"Give this one a folder of its own, or delete the backup."
                )
        saving.restore(model, description, arrays)
        model.was_stopped = bool(description["stopped"])
        remembered = list(enumerate(description["callbacks"]))
        for callback in callbacks:  # each takes the first that is of its class
            name = type(callback).__name__
            mine = next((pair for pair in remembered if pair[1]["class_name"] == name), None)
            if mine is None:
                continue  # it was not there then, and starts anew
            remembered.remove(mine)
            i, kept = mine
            vectors = {n: arrays[n] for n in arrays if n.startswith(f"callback.{i}.")}
            more = {n.removeprefix(f"callback.{i}."): vector for n, vector in vectors.items()}
            if kept["state"] or more:
                callback.set_state(kept["state"] | more)
