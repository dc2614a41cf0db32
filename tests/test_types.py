"""What mypy and pyright say of a user's script: its types are known, its slips are errors."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

RIGHT = """
import numpy as np

import tinynet as keras
from tinynet import datasets, idx, plots
from tinynet.callbacks import EarlyStopping, History
from tinynet.datasets import mnist, mnist_10k
from tinynet.layers import Add, BatchNormalization, Dense, Input, LeakyReLU
from tinynet.losses import Huber
from tinynet.models import Model, Sequential

(x, y), _ = mnist_10k.load_data()
x = x.reshape(-1, 784) / np.float32(255)
model = Sequential()
model.add(Dense(units=512, activation="relu", input_shape=(784,)))
model.add(BatchNormalization())
model.add(LeakyReLU())
model.add(Dense(units=10, activation="softmax"))
optimizer = keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10))
model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history: History = model.fit(x, y, epochs=5, callbacks=[EarlyStopping()])
losses: list[float] = history.history["loss"]
shape: tuple[int, ...] = model.predict(x).shape
weights: list[np.ndarray] = model.get_weights()
plots.history(history).savefig("history.png")
keras.plots.digits(x, y)
keras.datasets.fashion_mnist.load_data(offline=True)
keras.idx.read_idx("t10k-labels-idx1-ubyte")
inputs = Input(shape=(4,))
skipping: Model = Model(inputs, Add()([Dense(4)(inputs), inputs]))
first: keras.Layer = model.layers[0]
penalty: keras.Regularizer = keras.regularizers.l2(1e-4)
"""

# Each line is one mistake.
WRONG = """
import tinynet as keras
from tinynet import plots
from tinynet.layers import Dens
keras.nonsense
keras.Sequentail
plots.histori
keras.layers.nonsense
keras.losses.nonsense
keras.optimizers.Adma
keras.callbacks.nonsense
keras.datasets.cifar10
keras.datasets.mnist.nonsense
keras.utils.nonsense
keras.Sequential().nonsense
keras.Sequential().fit(epochs=1)
keras.layers.Dense()
keras.utils.set_random_seed("one")
"""
LINES = [n for n, line in enumerate(WRONG.splitlines(), 1) if n > 3 and line]


def lines_with_errors(checker: str, script: Path) -> set[int]:
    """Return the numbers of the lines that a type checker does not let pass."""
    environment = {**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    if checker == "mypy":
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--cache-dir",
            str(ROOT / ".mypy_cache"),
        ]
        done = subprocess.run(
            [*command, str(script)],
            env=environment,
            cwd=script.parent,
            capture_output=True,
            text=True,
        )
        return {int(n) for n in re.findall(r"^\w+\.py:(\d+): error", done.stdout, re.M)}
    settings = {"extraPaths": [str(ROOT)], "include": [script.name]}
    (script.parent / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=script.parent, capture_output=True, text=True)
    if not done.stdout.startswith("{"):  # it fetches Node the first time
        pytest.skip(f"pyright can't start here: {done.stderr[-200:]}")
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {item["range"]["start"]["line"] + 1 for item in found if item["severity"] == "error"}


@pytest.fixture(params=["mypy", "pyright"])
def checker(request: pytest.FixtureRequest) -> str:
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: pip install {request.param}")
    return str(request.param)


def test_the_right_script_passes(checker: str, tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(RIGHT, encoding="utf-8")
    assert lines_with_errors(checker, tmp_path / "right.py") == set()


def test_every_slip_is_an_error(checker: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    assert lines_with_errors(checker, tmp_path / "wrong.py") == set(LINES)
