"""Keras's older whole-model file, .h5: one HDF5 file with the configs in its attributes.

""                              model_config, training_config
model_weights                   layer_names
model_weights/dense             weight_names: where in this group its weights stand, in order
optimizer_weights               weight_names, in the order of keras_files.optimizer_values
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.models import keras_configs, keras_files
from tinynet.support import hdf5

Array = NDArray[Any]

NAMES = {"W": "kernel", "b": "bias"}  # of a layer's weights, in Keras
MOST = 64000  # bytes of one attribute; HDF5 has no room for more, and Keras then writes several


def whole(model: Any, include_optimizer: bool = True) -> bytes:
    """Return the .h5 file of a model."""
    config = keras_configs.of_model(model)
    compiled = config.get("compile_config")
    model_config = {name: config[name] for name in ("class_name", "config")}
    attributes: hdf5.Attributes = {"": {"model_config": json.dumps(model_config)}}
    attributes[""] |= {"keras_version": keras_configs.KERAS, "backend": "numpy"}
    arrays: dict[str, Array] = {}
    if compiled and include_optimizer:
        training = {"optimizer_config": compiled.pop("optimizer"), **compiled}
        attributes[""]["training_config"] = json.dumps(training)
        values = keras_files.optimizer_values(model)
        names = [f"{model.optimizer.name}/variable_{i}" for i in range(len(values))]
        attributes["optimizer_weights"] = listed("weight_names", names)
        arrays |= {f"optimizer_weights/{n}": v for n, v in zip(names, values, strict=True)}
    group = listed("layer_names", [layer.name for layer in model.layers])
    attributes["model_weights"] = group | {"keras_version": keras_configs.KERAS}
    attributes["model_weights/top_level_model_weights"] = listed("weight_names", [])
    for layer in model.layers:
        names = [f"{layer.name}/{NAMES.get(name, name)}" for name in layer.declared]
        place = f"model_weights/{layer.name}"
        attributes[place] = listed("weight_names", names)
        for name, value in zip(names, layer.get_weights(), strict=True):
            arrays[f"{place}/{name}"] = value
    return hdf5.write(arrays, attributes)


def listed(name: str, texts: list[str]) -> dict[str, Any]:
    """Return the attributes that hold a list of texts: one, or several where it is long."""
    encoded = np.array([text.encode() for text in texts], "S") if texts else np.zeros(0)
    parts = max(1, -(-encoded.nbytes // MOST))
    if parts == 1:
        return {name: encoded}
    return {f"{name}{i}": part for i, part in enumerate(np.array_split(encoded, parts))}


def gathered(attributes: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts from the attributes that hold it."""
    if name in attributes:
        return list(attributes[name])
    parts = [f"{name}{i}" for i in range(len(attributes))]
    return [text for part in parts if part in attributes for text in attributes[part]]


def described(attributes: hdf5.Attributes) -> dict[str, Any]:
    """Return the config of the model in an .h5 file, in the form of a .keras file's."""
    config: dict[str, Any] = json.loads(attributes[""].get("model_config", "{}"))
    if training := attributes[""].get("training_config"):
        compiled = json.loads(training)
        config["compile_config"] = {"optimizer": compiled.pop("optimizer_config"), **compiled}
    return config


def put(model: Any, arrays: Mapping[str, Array], attributes: hdf5.Attributes) -> None:
    """Put the weights of an .h5 file into a model: by their order, whatever the layers' names.

    Raises:
        ValueError: there are more or fewer, or of other shapes; the model stays as it was.
    """
    root = "" if "layer_names" in attributes[""] else "model_weights/"
    groups = [root + name for name in gathered(attributes[root.rstrip("/")], "layer_names")]
    found = [
        [arrays[f"{group}/{name}"] for name in gathered(attributes[group], "weight_names")]
        for group in groups
    ]
    found = [weights for weights in found if weights]
    layers = [layer for layer in model.layers if layer.declared]
    shapes = [[w.shape for w in weights] for weights in found]
    expected = [[w.shape for w in layer.get_weights()] for layer in layers]
    if shapes != expected:
        raise ValueError(f"its layers have weights of shapes {shapes}, and the model {expected}")
    for layer, weights in zip(layers, found, strict=True):
        layer.set_weights(weights)


def optimizer_part(arrays: Mapping[str, Array], attributes: hdf5.Attributes) -> list[Array]:
    """Return the arrays of the optimizer, in order."""
    names = gathered(attributes.get("optimizer_weights", {}), "weight_names")
    return [arrays[f"optimizer_weights/{name}"] for name in names]
