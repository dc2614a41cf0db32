"""Write down which public names Keras has, module by module.

    pip install -e '.[parity]'
    python tests/conformance/record_names.py

The table, tinynet/support/keras_names.py, tells a name that Keras has from one that is misspelt.
"""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[2] / "tinynet" / "support" / "keras_names.py"
MODULES = (
    "", "activations", "callbacks", "constraints", "datasets", "initializers", "layers", "losses",
    "metrics", "models", "optimizers", "optimizers.schedules", "regularizers", "utils", "config",
    "backend", "saving", "Sequential",
)  # fmt: skip


def names_of(library: Any, module: str) -> list[str]:
    """List the public names of a module such as "optimizers.schedules"."""
    for part in filter(None, module.split(".")):
        library = getattr(library, part)
    return sorted(name for name in dir(library) if not name.startswith("_"))


def written(library: Any) -> str:
    """Return the text of the table."""
    lines = [
        '"""The public names of Keras, made by tests/conformance/record_names.py."""\n',
        "NAMES = {",
    ]
    for module in MODULES:
        text = textwrap.wrap(" ".join(names_of(library, module)), 88)
        lines += [f"    {module!r}: (".replace("'", '"')]
        lines += [f'        "{line} "' for line in text]
        lines += ["    ),"]
    return "\n".join([*lines, "}"]) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    TABLE.write_text(written(keras))
