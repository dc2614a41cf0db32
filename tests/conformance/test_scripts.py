"""Dense-network scripts as people publish them, run on both libraries.

The files in scripts/ are written for Keras. For tinynet their import lines are changed, and
nothing else. Each leaves its final figures in RESULT.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from tinynet.datasets import load_folder

SCRIPTS = Path(__file__).parent / "scripts"
DIGITS = Path(__file__).parents[2] / "data" / "mnist-10k"

IMPORT = re.compile(r"^(import|from) keras\b(.*)$", re.MULTILINE)


def translate(script: str) -> str:
    """Change the import lines of a Keras script into tinynet's."""

    def line(match: re.Match[str]) -> str:
        word, rest = match.groups()
        whole = word == "import" and not rest
        return f"{word} tinynet{' as keras' if whole else rest}"

    return IMPORT.sub(line, script)


def digits():
    """Read a part of the small set of real digits."""
    (x_train, y_train), (x_test, y_test) = load_folder(DIGITS)
    return (x_train[:1500], y_train[:1500]), (x_test[:500], y_test[:500])


def clothes():
    """Draw ten kinds of blurred pictures, a stand-in of Fashion-MNIST's shape and type."""
    rng = np.random.default_rng(0)
    kinds = np.kron(rng.random((10, 7, 7)), np.ones((4, 4)))
    label = rng.integers(0, 10, 1000).astype("uint8")
    noisy = 0.5 * kinds[label] + 0.5 * rng.random((1000, 28, 28))
    x = (255 * noisy).astype("uint8")
    return (x[:800], label[:800]), (x[800:], label[800:])


ENOUGH = {
    "mnist_quickstart": {"accuracy": 0.85},
    "mnist_mlp": {"accuracy": 0.85},
    "book_512_10": {"accuracy": 0.85},
    "fashion_mnist": {"accuracy": 0.95},
    "binary_classification": {"accuracy": 0.80},
    "regression": {"mae": -0.35, "cross_validated": -0.5},  # negative: at most this
}


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_script(lib, name, monkeypatch, tmp_path, capsys):
    script = (SCRIPTS / f"{name}.py").read_text()
    path = tmp_path / f"{name}.py"
    path.write_text(translate(script) if lib.__name__ == "tinynet" else script)
    monkeypatch.setattr(lib.datasets.mnist, "load_data", digits)
    monkeypatch.setattr(lib.datasets.fashion_mnist, "load_data", clothes)
    result = runpy.run_path(str(path))["RESULT"]
    for figure, limit in ENOUGH[name].items():
        if limit > 0:
            assert result[figure] >= limit
        else:
            assert result[figure] <= -limit


def test_only_import_lines_change():
    for path in SCRIPTS.glob("*.py"):
        before = path.read_text().splitlines()
        after = translate(path.read_text()).splitlines()
        changed = [old for old, new in zip(before, after, strict=True) if old != new]
        assert changed
        assert all(line.startswith(("import keras", "from keras")) for line in changed)
