"""From a file back to a model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tinynet.models.sequential import Sequential
from tinynet.support import registry


def load_model(
    filepath: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None
) -> Sequential:
    """Return the model that `model.save(filepath)` wrote; it trains on as if it had never stopped.

    Args:
        filepath: the .npz file.
        custom_objects: {name: class or function} for layers, losses and metrics of your own.
            Nothing else that a file names is ever looked for outside tinynet.

    Raises:
        saving.ModelFileError: a file that is no model, or a damaged one.
        FileNotFoundError: no file.

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
    from tinynet import saving  # only here: import tinynet stays quick

    description, arrays = saving.read(filepath)
    with saving.blaming(filepath), registry.custom_objects(custom_objects or {}):
        model = Sequential._described(description["model"])
        model.params = arrays["params"][:0]  # its dtype
        needed, found = model.declare_from(model._input_shape), arrays["params"].size
        if needed != found:  # before memory is taken
            raise ValueError(f"its layers need {needed} weights, and it holds {found}")
        model.build()
        compiled = description["compiled"]
        if compiled is not None:
            model.compile(compiled["optimizer"], compiled["loss"], metrics=compiled["metrics"])
        saving.restore(model, description, arrays)
    return model
