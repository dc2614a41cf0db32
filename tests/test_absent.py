"""What is not there says what to type; and what it says to type works."""

import importlib
import re
import subprocess
import sys

import pytest

import tinynet
from tinynet.layers import Dense, Dropout
from tinynet.support import absent, spellings
from tinynet.support.keras_names import NAMES

tinynet.more.load()


@pytest.mark.parametrize("name", [*spellings.MODULES, *spellings.OUTSIDE])
def test_a_module_that_is_not_there_is_answered_when_it_is_imported(name):
    if name.startswith("wrappers"):
        pytest.importorskip("sklearn")
    words = spellings.MODULES.get(name) or spellings.OUTSIDE[name]
    first = name.partition(".")[0]
    for code in (f"import tinynet.{name}", f"from tinynet.{name} import Anything"):
        with pytest.raises(ImportError) as caught:
            exec(code, {})
        if first in spellings.MODULES or first in spellings.OUTSIDE:
            words = spellings.MODULES.get(first) or spellings.OUTSIDE[first]
        assert words in str(caught.value)


@pytest.mark.parametrize("line", spellings.MODULES.values())
def test_what_it_says_to_type_can_be_imported(line):
    if "wrappers" in line:
        pytest.importorskip("sklearn")
    exec(line, {})


@pytest.mark.parametrize("full", spellings.NAMES)
def test_a_name_that_is_not_there_is_answered_with_another(full):
    module, _, name = full.rpartition(".")
    if module == "wrappers":
        pytest.importorskip("sklearn")
    with pytest.raises(ImportError, match=re.escape(spellings.NAMES[full])):
        exec(f"from tinynet.{module} import {name}", {})
    with pytest.raises(AttributeError, match=re.escape(spellings.NAMES[full])):
        getattr(importlib.import_module(f"tinynet.{module}"), name)
    first = re.match(r"(layers|callbacks|utils|models)\.(\w+)", spellings.NAMES[full])
    if first:
        assert getattr(getattr(tinynet, first[1]), first[2])


@pytest.mark.parametrize("module", ["layers", "optimizers", "losses", "metrics", "activations"])
def test_every_name_of_keras_is_there_or_refused_and_never_taken_for_another(module):
    public = importlib.import_module(f"tinynet.{module}")
    for name in NAMES[module].split():
        if name in dir(public):
            continue
        with pytest.raises(ImportError) as caught:
            exec(f"from tinynet.{module} import {name}", {})
        assert "Did you mean" not in str(caught.value)
        assert not hasattr(public, name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Conv2D", "Flatten"),
        ("MaxPooling2D", "Flatten"),
        ("LSTM", "row of numbers"),
        ("Embedding", "count them"),
        ("Lambda", "forward"),
        ("RandomFlip", "elastic.py"),
        ("Dnese", "Did you mean 'Dense'"),
    ],
)
def test_layers_that_are_outside(name, words):
    with pytest.raises(AttributeError, match=re.escape(words)):
        getattr(tinynet.layers, name)


def test_a_misspelt_name_is_told_from_one_of_keras():
    with pytest.raises(AttributeError, match="Did you mean 'Adam'"):
        _ = tinynet.optimizers.Adma
    with pytest.raises(AttributeError, match=r"Keras has optimizers\.Lion"):
        _ = tinynet.optimizers.Lion
    with pytest.raises(AttributeError, match="Did you mean 'Sequential'"):
        _ = tinynet.Sequentail
    with pytest.raises(ValueError, match="Keras has it"):
        tinynet.activations.get("hard_tanh")
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        tinynet.activations.get("reul")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Dense(3, init="uniform"), "called 'kernel_initializer' now"),
        (lambda: Dense(output_dim=3), "units"),
        (lambda: Dense(3, W_regularizer="l2"), "called 'kernel_regularizer' now"),
        (lambda: Dense(3, bias=False), "called 'use_bias' now"),
        (lambda: Dropout(p=0.3), "rate"),
        (lambda: Dropout(0.3, activity_regularizer="l2"), "layers.ActivityRegularization(l2=0.01)"),
        (lambda: Dropout(0.3, noise_shape=(1,)), "on its own"),
        (lambda: tinynet.optimizers.SGD(decay=1e-6), "ExponentialDecay"),
        (lambda: tinynet.optimizers.Adam(amsgrad=True), "Leave it out"),
    ],
)
def test_arguments(make, words):
    with pytest.raises((ValueError, TypeError), match=re.escape(words)):
        make()


def test_arguments_that_are_switched_off_do_no_harm():
    assert Dense(3, kernel_constraint=None, activity_regularizer=None).units == 3
    assert Dropout(0.3, noise_shape=None).rate == 0.3
    assert tinynet.optimizers.Adam(amsgrad=False, use_ema=False).beta_1 == 0.9


def test_names_of_other_modules_are_where_keras_has_them():
    code = """
from tinynet import Layer, Loss, Metric, Optimizer, Initializer, Regularizer, Variable
from tinynet.optimizers.schedules import ExponentialDecay
from tinynet.optimizers import schedules
from tinynet.layers import Input, InputLayer
from tinynet.models import Model, Sequential, load_model
assert issubclass(Sequential, Model)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_table_of_names_is_that_of_keras():
    keras = pytest.importorskip("keras")
    for module, names in NAMES.items():
        part = keras
        for piece in filter(None, module.split(".")):
            part = getattr(part, piece)
        assert names.split() == sorted(n for n in dir(part) if not n.startswith("_"))


def test_what_python_asks_for_itself_is_no_matter():
    assert not hasattr(tinynet.layers, "__wrapped__")
    assert importlib.util.find_spec("json") is not None
    assert absent.Finder.find_spec("other.module") is None
