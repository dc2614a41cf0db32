"""Which file is of which format: by its ending where it is written, by its bytes where it is read.

.keras           Keras's own: keras_files.py
.h5, .hdf5       Keras's older one, legacy_h5.py; of weights alone, keras_files.py
anything else    tinynet's own: saving.py
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinynet import saving
from tinynet.models import keras_configs, keras_files, legacy_h5
from tinynet.support import hdf5, registry, settings
from tinynet.support.files import replacing

StrPath = str | os.PathLike[str]


class KerasFile(NamedTuple):
    """What one of Keras's files holds."""

    config: dict[str, Any]  # of the model; {} in a file of weights alone
    put: Callable[[Any], None]  # its weights into a model
    optimizer: list[NDArray[Any]]  # what the optimizer remembers
    progress: dict[str, Any]  # tinynet's own: the epoch, the random generators
    arrays: dict[str, NDArray[Any]]  # all of them


def save(model: Any, path: StrPath, include_optimizer: bool = True) -> None:
    """Write a model in the format that the path's ending says."""
    name = os.fspath(path)
    if name.endswith(".keras"):
        content = keras_files.archive(model)
    elif name.endswith((".h5", ".hdf5")):
        content = legacy_h5.whole(model, include_optimizer)
    else:
        saving.write(path, model)
        return
    with replacing(path) as file:
        file.write(content)


def save_weights(model: Any, path: StrPath) -> None:
    """Write a model's weights, and what its optimizer remembers."""
    if not os.fspath(path).endswith((".h5", ".hdf5")):
        save(model, path)
        return
    content = keras_files.weights(model)
    with replacing(path) as file:
        file.write(content)


def is_keras(path: StrPath) -> bool:
    """Say whether a file is one of Keras's."""
    with open(path, "rb") as file:
        head = file.read(len(hdf5.MAGIC))
    if head.startswith(b"PK"):
        with suppress(Exception), zipfile.ZipFile(path) as archive:  # what is wrong is said later
            return "config.json" in archive.namelist()
    return head == hdf5.MAGIC


def read(path: StrPath) -> KerasFile:
    """Return what one of Keras's files holds.

    Raises:
        Exception: almost any, from a file that is damaged or hostile.
    """
    data = Path(path).read_bytes()
    config: dict[str, Any] = {}
    progress: dict[str, Any] = {}
    if data.startswith(hdf5.MAGIC):
        arrays, attributes = hdf5.read(data)
        if {"layer_names", "layer_names0", "model_config"} & attributes[""].keys():
            return KerasFile(
                legacy_h5.described(attributes),
                lambda model: legacy_h5.put(model, arrays, attributes),
                legacy_h5.optimizer_part(arrays, attributes),
                progress,
                arrays,
            )
    else:
        config, arrays, progress = keras_files.read_archive(data)
    optimizer = keras_files.optimizer_part(arrays)
    return KerasFile(config, partial(keras_files.put, arrays=arrays), optimizer, progress, arrays)


def load_weights(model: Any, path: StrPath) -> None:
    """Put the weights of any model file into a model, and let its optimizer go on where it fits.

    Raises:
        saving.ModelFileError: no such file, or weights of other shapes; nothing is changed.
    """
    if is_keras(path):
        with saving.blaming(path):
            file = read(path)
            file.put(model)
            if model.optimizer and file.optimizer:
                keras_files.put_optimizer(model, file.optimizer)
        return
    description, arrays = saving.read(path)
    own = {type(layer).__name__: type(layer) for layer in model.layers}
    with registry.custom_objects(own), saving.blaming(path):
        twin = keras_configs.base(model)._described(description["model"])
        saving.put_weights(twin, description, arrays)
        model.set_weights(twin.get_weights())
        slots = model.ready_optimizer().slots if model.optimizer else {}
        found = {name: arrays.get(f"optimizer.{name}", slots[name][:0]) for name in slots}
        if slots and all(np.shape(a) == slots[name].shape for name, a in found.items()):
            for name, slot in slots.items():
                slot[:] = found[name]
            model.optimizer.iterations = settings.count("iterations", description["iterations"], 0)
