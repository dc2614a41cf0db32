"""docs/keras.md says rightly of every public name of Keras what tinynet makes of it."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinynet
from tinynet.support.keras_names import NAMES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "keras.md"
TEXT = PAGE.read_text("utf-8")
ROWS = re.findall(r"^\| `keras\.?([\w.]*)` \| (.*?) \| ((?:`\w+` ?)+) \|$", TEXT, re.MULTILINE)
SAYS = [
    (module, name, state) for module, state, names in ROWS for name in re.findall(r"\w+", names)
]
NEEDED = {
    "layers.Input": {"shape": (3,)},
    "layers.Dense": {"units": 3},
    "layers.Dropout": {"rate": 0.5},
}

tinynet.more.load()


def test_the_tables_are_made_anew(tmp_path):
    page = tmp_path / "keras.md"
    page.write_text(TEXT, "utf-8")
    subprocess.run([sys.executable, ROOT / "docs" / "make_keras.py", page], check=True)
    assert page.read_text("utf-8") == TEXT, "python docs/make_keras.py"


def test_every_name_stands_there_once():
    told = sorted((module, name) for module, name, _ in SAYS)
    names = [(m, name) for m, listed in NAMES.items() for name in listed.split() if name != "src"]
    assert told == sorted(names)


@pytest.mark.parametrize("module", NAMES)
def test_what_it_says_of_a_name_is_so(module):
    for where, name, state in SAYS:
        if where != module or where == "Sequential":
            continue
        code = f"from tinynet{'.' * bool(module)}{module} import {name}"
        if state == "same":
            if where == "wrappers" or name == "wrappers":
                pytest.importorskip("sklearn")
            exec(code, {})
            continue
        with pytest.raises(ImportError) as caught:
            exec(code, {})
        said = state.partition("refused: ")[2] or "Keras has"
        assert said in str(caught.value)


def test_what_it_says_of_a_model_is_so():
    model = tinynet.Sequential([tinynet.layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    for module, name, state in SAYS:
        if module == "Sequential" and state == "same":
            assert hasattr(model, name), name
        elif module == "Sequential":
            with pytest.raises(AttributeError, match="Type" if "Type" in state else "Keras"):
                getattr(model, name)


def test_an_argument_that_it_says_is_refused_is_refused():
    rows = re.findall(
        r"^\| `((?:layers|losses|optimizers)\.\w+)` \| ((?:`\w+` ?)+) \|$", TEXT, re.M
    )
    assert rows
    for path, names in rows:
        module, _, cls = path.partition(".")
        thing = getattr(importlib.import_module(f"tinynet.{module}"), cls)
        needed = NEEDED.get(path, {})
        for name in re.findall(r"\w+", names):
            with pytest.raises((ValueError, TypeError), match=name):
                thing(**needed, **{name: "something"})
