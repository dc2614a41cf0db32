"""Old spellings: what the table says to type works."""

import inspect
import re

import numpy as np
import pytest

import tinynet
from tinynet import layers, optimizers
from tinynet.support import spellings

CLASSES = [
    cls
    for module in (layers, optimizers)
    for cls in vars(module).values()
    if inspect.isclass(cls) and hasattr(cls, "arguments")
]


@pytest.mark.parametrize("old", spellings.ARGUMENTS)
def test_the_new_argument_is_there_and_the_old_one_is_not(old):
    known = [cls.arguments() for cls in CLASSES]
    assert any(spellings.ARGUMENTS[old] in arguments for arguments in known)
    assert not any(old in arguments for arguments in known)


@pytest.mark.parametrize("old", spellings.METHODS)
def test_a_model_answers_an_old_method_with_a_line_that_runs(old, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = tinynet.Sequential([layers.Dense(2, "softmax", input_shape=(3,))])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.save("model.npz")
    with pytest.raises(AttributeError, match=re.escape(spellings.METHODS[old])):
        getattr(model, old)
    names = {"model": model, "x": np.eye(3), "y": np.arange(3) % 2, "tinynet": tinynet}
    exec(spellings.METHODS[old], names)
