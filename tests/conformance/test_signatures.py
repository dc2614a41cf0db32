"""Every constructor and method takes Keras's parameters, in Keras's order, with its defaults.

A strict subset: tinynet may lack a parameter, and then refuses it by name; it may not have
another meaning for one.
"""

from __future__ import annotations

import json

import pytest
from record_signatures import PATHS, TABLE, describe, look_up, parameters

import tinynet

KERAS = json.loads(TABLE.read_text())

# What Keras takes as **kwargs in every layer, so that its signatures do not show it.
LAYER_KEYWORDS = {"name": None, "input_shape": None, "dtype": None}


@pytest.mark.parametrize("path", PATHS)
def test_parameters_and_defaults_are_those_of_keras(path):
    keras = {name: default for name, *default in KERAS[path]}
    if path.startswith("layers."):
        keras |= {name: [default] for name, default in LAYER_KEYWORDS.items()}
    for parameter in parameters(look_up(tinynet, path)):
        assert parameter.name in keras, f"Keras has no {parameter.name!r}"
        if parameter.default is parameter.empty:  # demanded: of Keras, or where None is no use
            assert keras[parameter.name] in ([], [None])
        elif (
            path.startswith(("losses.", "metrics.")) and parameter.name == "name"
        ):  # None: the class's own
            assert [look_up(tinynet, path)().name] == keras["name"]
        else:
            assert [parameter.default] == keras[parameter.name], f"default of {parameter.name!r}"


@pytest.mark.parametrize("path", PATHS)
def test_an_argument_by_position_means_the_same(path):
    keras = [name for name, *_ in KERAS[path]]
    tiny = [p.name for p in parameters(look_up(tinynet, path)) if p.kind is not p.KEYWORD_ONLY]
    assert tiny == keras[: len(tiny)]


@pytest.mark.parametrize("path", PATHS)
def test_what_keras_demands_tinynet_demands(path):
    demanded = [name for name, *default in KERAS[path] if not default]
    tiny = [p.name for p in parameters(look_up(tinynet, path)) if p.default is p.empty]
    assert tiny[: len(demanded)] == demanded


@pytest.mark.parametrize("path", PATHS)
def test_the_table_is_that_of_keras(keras, path):
    assert json.loads(json.dumps(describe(look_up(keras, path)))) == KERAS[path]
