"""Write the tables of docs/keras.md: every public name of Keras, and what tinynet makes of it.

    python docs/make_keras.py [file]

The names and signatures of Keras are those that tests/conformance has recorded, so Keras need not
be installed. What stands between the two marks of each table is replaced; the file is
docs/keras.md if none is given.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import tinynet
from tinynet.support import absent
from tinynet.support.keras_names import NAMES

ROOT = Path(__file__).parents[1]
SIGNATURES = ROOT / "tests" / "conformance" / "keras_signatures.json"
MODEL = "Sequential"
PLAIN = "src"  # Keras's own insides, public by accident


def state(module: str, name: str) -> str:
    """Return "same", "absent", or "refused: " and what is said."""
    if module == MODEL:
        there = has(tinynet.Sequential([tinynet.layers.Dense(1, input_shape=(1,))]), name)
        _, refused, text = absent.of_model(name).partition("Type ")
        return "same" if there else f"refused: Type {text}" if refused else "absent"
    if has(public(module), name):
        return "same"
    text = absent.sentence(module, name)
    if text.startswith("Keras has"):
        return "absent"
    return "refused: " + re.sub(r"^.*?(Outside|Type |which has|It has)", r"\1", text)


def has(thing: Any, name: str) -> bool:
    """Say whether a name is there, maybe by way of an extra that is not installed."""
    try:
        return hasattr(thing, name)
    except ImportError:
        return True


def public(module: str) -> Any:
    """Return a module of tinynet, such as "optimizers.schedules", or what stands in its place."""
    try:
        return importlib.import_module(f"tinynet.{module}".rstrip("."))
    except ImportError:
        return None


def states() -> dict[str, dict[str, list[str]]]:
    """Return, for each module, which names are in which state."""
    found: dict[str, dict[str, list[str]]] = {}
    for module, names in NAMES.items():
        rows = found.setdefault(f"keras.{module}".rstrip("."), {})
        for name in names.split():
            if name != PLAIN:
                rows.setdefault(state(module, name), []).append(name)
    return found


def table_of_names() -> list[str]:
    """Return the lines of the table of names."""
    lines = ["| in | state | names |", "|---|---|---|"]
    for module, rows in states().items():
        order = sorted(rows, key=lambda row: (row != "same", row == "absent", row))
        for row in order:
            names = " ".join(f"`{name}`" for name in rows[row])
            lines.append(f"| `{module}` | {row.replace('|', chr(92) + '|')} | {names} |")
    return lines


def refused_arguments() -> dict[str, list[str]]:
    """Return, for what both libraries have, the arguments that only Keras has."""
    found = {}
    for path, signature in json.loads(SIGNATURES.read_text()).items():
        if path == "made with":
            continue
        thing: Any = tinynet
        for name in path.split("."):
            thing = getattr(thing, name)
        known = list(inspect.signature(thing).parameters)
        if hasattr(thing, "arguments"):
            known += [*thing.arguments(), *thing.off]
        missing = [name for name, *_ in signature if name not in (*known, "dtype")]
        if missing and "functions" not in known:  # LambdaCallback takes all hooks
            found[path] = missing
    return found


def table_of_arguments() -> list[str]:
    """Return the lines of the table of arguments."""
    rows = refused_arguments().items()
    return ["| of | refused unless they are switched off |", "|---|---|"] + [
        f"| `{path}` | {' '.join(f'`{name}`' for name in names)} |" for path, names in rows
    ]


def counts() -> list[str]:
    """Return a sentence of how many names are in which state."""
    tinynet.more.load()
    numbers = dict.fromkeys(("same", "refused", "absent"), 0)
    for rows in states().values():
        for row, names in rows.items():
            numbers[row.partition(":")[0]] += len(names)
    said = ", ".join(f"{number} {name}" for name, number in numbers.items())
    return [f"Of {sum(numbers.values())} names: {said}."]


def written(text: str) -> str:
    """Put the tables in their places in the text of docs/keras.md."""
    tinynet.more.load()
    made = {"counts": counts(), "names": table_of_names(), "arguments": table_of_arguments()}
    for name, lines in made.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(start)
        _, after = rest.split(end)
        text = before + start + "\n".join(lines) + "\n" + end + after
    return text


if __name__ == "__main__":
    page = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("keras.md")
    page.write_text(written(page.read_text("utf-8")), "utf-8")
