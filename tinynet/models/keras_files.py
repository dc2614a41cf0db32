"""Keras's own files: .keras, a whole model in a zip, and .weights.h5, weights and slots.

    metadata.json      who wrote it when
    config.json        the model and how it was compiled: see keras_configs.py
    model.weights.h5   layers/dense/vars/0, layers/dense/vars/1, ..., optimizer/vars/0, ...

Layers are counted by their kind, in the model's order, whatever their names are. Keras reads
what is written here, and the other way round. No code in a file is ever run: a config names
classes, and those are looked up in tinynet's own tables.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import optimizers
from tinynet.layers import Layer
from tinynet.models import keras_configs
from tinynet.support import hdf5, registry

Array = NDArray[Any]

WEIGHTS = "model.weights.h5"


def archive(model: Any) -> bytes:
    """Return the .keras file of a model."""
    from tinynet import __version__, saving

    state = saving.progress(model)  # what Keras has no place for
    metadata = {
        "keras_version": keras_configs.KERAS,
        "tinynet_version": __version__,
        "tinynet": state,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("metadata.json", json.dumps(metadata))
        file.writestr("config.json", json.dumps(keras_configs.of_model(model)))
        file.writestr(WEIGHTS, weights(model))
    return buffer.getvalue()


def weights(model: Any) -> bytes:
    """Return the .weights.h5 file of a model."""
    named = {f"{path}/vars": {"name": layer.name} for path, layer in places(model)}
    named["vars"] = {"name": model.name}
    if model.optimizer:
        named["optimizer/vars"] = {"name": model.optimizer.name}
    return hdf5.write(arrays_of(model), named)


def places(model: Any) -> Iterator[tuple[str, Layer]]:
    """Yield where each layer stands in the file: layers/dense, layers/dense_1, ..."""
    seen: Counter[str] = Counter()
    for layer in model.layers:
        kind = registry.snake_case(type(layer).__name__)
        yield f"layers/{kind}_{seen[kind]}" if seen[kind] else f"layers/{kind}", layer
        seen[kind] += 1


def arrays_of(model: Any) -> dict[str, Array]:
    """Return the weights and the optimizer's state under the names of Keras's file."""
    found = {
        f"{path}/vars/{i}": value
        for path, layer in places(model)
        for i, value in enumerate(layer.get_weights())
    }
    if model.optimizer:
        values = optimizer_values(model)
        found |= {f"optimizer/vars/{i}": value for i, value in enumerate(values)}
    return found


def optimizer_values(model: Any) -> list[Array]:
    """Return what Keras keeps of an optimizer: its steps, its learning rate, its slots.

    Nadam's B(t) follows from the steps; Keras keeps it all the same.
    """
    optimizer = model.ready_optimizer()
    found = [np.asarray(optimizer.iterations, np.int32)]
    if not callable(optimizer.setting("learning_rate")):
        found.append(np.asarray(optimizer.learning_rate, np.float32))
    found += slots_of(model)
    if isinstance(optimizer, optimizers.Nadam):
        found.append(np.asarray(optimizer.product(optimizer.iterations), model.params.dtype))
    return found


def slots_of(model: Any) -> list[Array]:
    """Return views of the optimizer's slots, cut up and ordered as in Keras.

    Keras goes from weight to weight, but RMSprop from slot to slot.
    """
    optimizer = model.ready_optimizer()
    shapes = [weight.shape for _, _, weight in model.weights_in(trained=True)]
    cuts = list(zip(optimizer.parts, shapes, strict=True))
    if isinstance(optimizer, optimizers.RMSprop):
        order = [(name, cut) for name in optimizer.slot_names for cut in cuts]
    else:
        order = [(name, cut) for cut in cuts for name in optimizer.slot_names]
    return [optimizer.slots[name][part].reshape(shape) for name, (part, shape) in order]


def read_archive(data: bytes) -> tuple[dict[str, Any], dict[str, Array], dict[str, Any]]:
    """Return the config, the arrays and tinynet's own metadata of a .keras file.

    Raises:
        Exception: almost any, from a file that is damaged or hostile.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        entries = {entry.filename: entry for entry in file.infolist()}
        for name, entry in entries.items():
            if entry.file_size > max(len(data), 1 << 16):
                raise ValueError(f"its entry {name!r} claims more bytes than the file has")
        config = json.loads(file.read(entries["config.json"]))
        metadata = json.loads(file.read(entries["metadata.json"]))
        arrays, _ = hdf5.read(file.read(entries[WEIGHTS]))
    return config, arrays, metadata.get("tinynet") or {}


def put(model: Any, arrays: Mapping[str, Array]) -> None:
    """Put weights into a model of the same layers.

    Raises:
        ValueError: they are missing, or of other shapes; the model stays as it was.
    """
    chosen = []
    for path, layer in places(model):
        own = layer.get_weights()
        found = [arrays[f"{path}/vars/{i}"] for i in range(count(arrays, path))]
        shapes, expected = [a.shape for a in found], [a.shape for a in own]
        if shapes != expected:
            raise ValueError(
                f"its {path} has weights of shapes {shapes}, and the model's layer "
                f"{layer.name!r} has {expected}"
            )
        chosen.append((layer, found))
    known = {path for path, _ in places(model)}
    for path in arrays:
        if path.startswith("layers/") and path.partition("/vars/")[0] not in known:
            raise ValueError(f"it holds {path}, and the model has no such layer")
    for layer, found in chosen:
        layer.set_weights(found)


def put_optimizer(model: Any, values: list[Array]) -> None:
    """Let a model's optimizer go on from there, where the file has all that it remembers.

    Where it has not, warn, as Keras does, unless no step was taken yet.
    """
    optimizer, own = model.ready_optimizer(), optimizer_values(model)
    if len(values) < len(own) and int(values[0]) == 0:
        return
    if [a.shape for a in values] != [a.shape for a in own]:
        warnings.warn(
            f"The file holds {len(values)} arrays of an optimizer, and {type(optimizer).__name__} "
            f"remembers {len(own)}: it starts anew.",
            stacklevel=2,
        )
        return
    optimizer.iterations, first = int(values[0]), 1
    if not callable(optimizer.setting("learning_rate")):
        first = 2
        if values[1] != own[1]:
            optimizer.learning_rate = float(values[1])  # else it is exact already
    for slot, value in zip(slots_of(model), values[first:], strict=False):
        slot[...] = value


def count(arrays: Mapping[str, Array], path: str) -> int:
    """Return how many arrays a part of the file has."""
    return sum(name.startswith(f"{path}/vars/") for name in arrays)


def optimizer_part(arrays: Mapping[str, Array]) -> list[Array]:
    """Return the arrays of the optimizer, in order."""
    return [arrays[f"optimizer/vars/{i}"] for i in range(count(arrays, "optimizer"))]
