"""Sequential: layers added and taken off, configs, and what is refused."""

import numpy as np
import pytest

from tinynet import Input, Sequential
from tinynet.layers import Dense, Dropout, ReLU

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 4)), RNG.normal(size=(20, 2))


def make():
    model = Sequential([Dense(3, "relu", input_shape=(4,)), Dropout(0.5), Dense(2)])
    model.compile("adam", loss="mse")
    model.fit(X, Y, verbose=0)
    return model


def test_add_after_build_keeps_the_weights_that_are_there():
    model = make()
    before = model.get_weights()
    model.add(ReLU())
    model.add(Dense(5))
    after = model.get_weights()
    for old, new in zip(before, after, strict=False):
        np.testing.assert_array_equal(new, old)
    assert [w.shape for w in after[4:]] == [(2, 5), (5,)]


def test_pop_takes_the_last_layer_off_and_keeps_the_rest():
    model = make()
    before = model.get_weights()
    assert model.pop().units == 2
    assert len(model.layers) == 2
    for old, new in zip(before, model.get_weights(), strict=False):
        np.testing.assert_array_equal(new, old)
    assert len(model.get_weights()) == 2


def test_a_layer_that_does_not_fit_leaves_the_model_as_it_was():
    model = make()
    outputs, params = model(X), model.params
    with pytest.raises(ValueError, match=r"input_shape=\(7,\).*before it gives \(2,\)"):
        model.add(Dense(3, input_shape=(7,)))
    assert model.params is params
    np.testing.assert_array_equal(model(X), outputs)


@pytest.mark.parametrize(
    ("add", "words"),
    [
        (lambda model: model.add("relu"), "Expected a layer such as"),
        (lambda model: model.add(Dense), "Expected a layer such as"),
        (lambda model: model.add(Input((3,))), "add it first"),
        (lambda model: model.add(model.layers[0]), "in this model already: make a new one"),
        (lambda model: model.add(Dense(1, name=model.layers[0].name)), "named 'dense' already"),
        (lambda model: Sequential().pop(), "no layers to take off"),
        (lambda model: Sequential().build((None, 3)), "no layers yet"),
        (lambda model: Sequential([Dense(3)]).build(), r"input_shape=\(784,\)"),
        (lambda model: model.set_weights(model.get_weights()[:3]), "Expected weights of shapes"),
        (lambda model: model.set_weights([w.T for w in model.get_weights()]), "got"),
        (lambda model: model.get_layer("dence"), r"No layer 'dence'.*dense, dropout, dense_1"),
        (lambda model: model.get_layer(index=9), r"No layer 9"),
    ],
)
def test_misuse_is_named_and_changes_nothing(add, words):
    model = make()
    before = model.params.copy()
    with pytest.raises(ValueError, match=words):
        add(model)
    np.testing.assert_array_equal(model.params, before)
    assert len(model.layers) == 3
    model.fit(X, Y, verbose=0)


def test_a_config_makes_the_same_network_with_new_weights():
    model = make()
    twin = Sequential.from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    assert [w.shape for w in twin.get_weights()] == [w.shape for w in model.get_weights()]
    assert (twin.params != model.params).any()
