"""From a file or a text back to a model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.models import keras_configs
from tinynet.models.functional import Functional, Model
from tinynet.models.sequential import Sequential
from tinynet.support import registry

if TYPE_CHECKING:  # what reads files is imported when a file is read: import tinynet stays quick
    from tinynet.models.formats import KerasFile


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Model:
    """Return the model that `model.save(filepath)` wrote; it trains on as if it had never stopped.

    Args:
        filepath: a file that tinynet or Keras has written; Keras's .keras and .h5 take h5py.
        custom_objects: {name: class or function} for layers, losses and metrics of your own.
            Nothing else that a file names is ever looked for outside tinynet.
        compile: whether to compile the model as it was; default True.
        safe_mode: of no effect: no code in a file is ever run.

    Raises:
        saving.ModelFileError: a file that is no model, or a damaged one.
        FileNotFoundError: no file.
        ImportError: one of Keras's files, and h5py is not installed.

    Example:
        >>> import os, tempfile
        >>> from tinynet import Sequential
        >>> from tinynet.layers import Dense
        >>> model = Sequential([Dense(2, input_shape=(3,))])
        >>> path = os.path.join(tempfile.mkdtemp(), "model.npz")
        >>> model.save(path)
        >>> bool((load_model(path)([[1, 2, 3]]) == model([[1, 2, 3]])).all())
        True

    Source: keras.models.load_model.
    """
    from tinynet import saving
    from tinynet.models import formats

    own = registry.custom_objects(custom_objects or {})
    if formats.is_keras(filepath):
        with own, saving.blaming(filepath):
            return from_keras(formats.read(filepath), compile)
    description, arrays = saving.read(filepath)
    with own, saving.blaming(filepath):
        if not compile:
            description["compiled"] = None
            arrays = {name: arrays[name] for name in ("params", "kept") if name in arrays}
        model = described(description["model"])
        compiled = description["compiled"]
        if compiled is not None:
            model.compile(
                compiled["optimizer"],
                compiled["loss"],
                metrics=compiled["metrics"],
                weighted_metrics=compiled.get("weighted_metrics"),  # older files have none
            )
        # After compile: what was frozen since the model was compiled lies where it lay then.
        saving.put_weights(model, description, arrays)
        saving.restore(model, description, arrays)
    return model


def from_keras(file: KerasFile, compile: bool) -> Model:
    """Return the model of one of Keras's files."""
    from tinynet import saving
    from tinynet.models import keras_files

    if not file.config:
        raise ValueError("it holds no model, only weights: model.load_weights(path) reads them")
    model = described(file.config["config"])
    wide = any(array.dtype == np.float64 for array in file.arrays.values())
    model.params = np.zeros(0, np.float64 if wide else np.float32)
    found = sum(array.size for array in file.arrays.values())
    if model.declare_from(model._input_shape) > found:  # before memory is taken
        raise ValueError(f"its layers need more weights than the {found} numbers that it holds")
    model.build()
    file.put(model)
    if compile and "compile_config" in file.config:
        model.compile(**keras_configs.arguments_of_compile(file.config["compile_config"]))
        if file.optimizer:
            model._settle()
            keras_files.put_optimizer(model, file.optimizer)
    if file.progress:
        saving.restore_progress(model, file.progress)
    return model


def described(config: Mapping[str, Any]) -> Model:
    """Make the model of a config, as get_config returns it."""
    if "input_layers" in config:
        return Functional._described(config)
    return Sequential._described(config)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """Return the model that `model.to_json()` described, with new weights.

    Args:
        json_string: the description, written here or by Keras.
        custom_objects: {name: class or function} for layers, losses and metrics of your own.

    Raises:
        ValueError: no such description, or something in it that tinynet does not have.

    Example:
        >>> from tinynet.layers import Dense
        >>> model = Sequential([Dense(2, input_shape=(3,))])
        >>> model_from_json(model.to_json()).count_params()
        8

    Source: keras.models.model_from_json.
    """
    import json

    config = json.loads(json_string)
    if not isinstance(config, dict) or "config" not in config:
        raise ValueError("Expected the text that model.to_json() returns.")
    with registry.custom_objects(custom_objects or {}):
        model = described(config["config"])
        if model._input_shape is not None:
            model.build()
        if config.get("compile_config"):
            model.compile(**keras_configs.arguments_of_compile(config["compile_config"]))
    return model


def save_model(model: Model, filepath: str | os.PathLike[str], **options: Any) -> None:
    """Save a model: `model.save(filepath)` under another of Keras's names.

    Source: keras.models.save_model.
    """
    model.save(filepath, **options)


def clone_model(model: Model) -> Model:
    """Return a model of the same layers, with new weights, not compiled.

    Example:
        >>> from tinynet.layers import Dense
        >>> model = Sequential([Dense(2, input_shape=(3,), name="only")])
        >>> [layer.name for layer in clone_model(model).layers]
        ['only']

    Source: keras.models.clone_model.
    """
    own = {type(layer).__name__: type(layer) for layer in model.layers}
    with registry.custom_objects(own):
        twin = described(model.get_config())
    if twin._input_shape is not None:
        twin.build()
    return twin
