"""Layers in a row: building, the two vectors and the views of them, configs."""

import copy
import pickle

import numpy as np
import pytest

from tinynet import Input, Sequential
from tinynet.layers import Activation, Dense, Dropout, Flatten, ReLU
from tinynet.models import load_model

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 4)), RNG.normal(size=(20, 2))


def make():
    model = Sequential([Dense(3, "relu", input_shape=(4,)), Dropout(0.5), Dense(2)])
    model.compile("adam", loss="mse")
    model.fit(X, Y, verbose=0)
    return model


def through_a_file(model, tmp_path):
    model.save(tmp_path / "model.npz")
    return load_model(tmp_path / "model.npz")


def with_new_weights(model, tmp_path):
    model.set_weights([w + 1 for w in model.get_weights()])
    return model


def grown(model, tmp_path):
    model.add(Dense(2))
    model.build()
    return model


def shrunk(model, tmp_path):
    model.pop()
    model.build()
    return model


WAYS = {
    "as it is": lambda model, tmp_path: model,
    "set_weights": with_new_weights,
    "add": grown,
    "pop": shrunk,
    "copy.copy": lambda model, tmp_path: copy.copy(model),
    "deepcopy": lambda model, tmp_path: copy.deepcopy(model),
    "pickle": lambda model, tmp_path: pickle.loads(pickle.dumps(model)),
    "load_model": through_a_file,
}


@pytest.mark.parametrize("way", WAYS)
def test_weights_and_gradients_are_windows_onto_two_vectors(way, tmp_path):
    original = make()
    model = WAYS[way](original, tmp_path)
    for one in (model, original):  # a copy leaves the original whole too
        if not one.built:
            continue
        size = one.params.size
        one.params[:] = np.arange(size)
        one.grads[:] = -np.arange(size)
        dense = [layer for layer in one.layers if layer.declared]
        weights = np.concatenate([w.ravel() for layer in dense for w in (layer.W, layer.b)])
        gradients = np.concatenate([g.ravel() for layer in dense for g in (layer.dW, layer.db)])
        np.testing.assert_array_equal(weights, np.arange(size))
        np.testing.assert_array_equal(gradients, -np.arange(size))


@pytest.mark.parametrize("way", ["deepcopy", "pickle", "load_model"])
def test_a_copy_trains_on_like_the_original_and_apart_from_it(way, tmp_path):
    original = make()
    twin = WAYS[way](original, tmp_path)
    before = original.params.copy()
    twin.fit(X, Y, epochs=3, verbose=0)
    np.testing.assert_array_equal(original.params, before)
    original.fit(X, Y, epochs=3, verbose=0)
    np.testing.assert_array_equal(original.params, twin.params)
    assert (before != twin.params).any()


# Building


def test_a_model_without_a_shape_is_built_by_its_first_data():
    model = Sequential([Dense(3), Dense(2)])
    assert not model.built
    assert model(X).shape == (20, 2)
    assert model.input_shape == (None, 4)
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2


@pytest.mark.parametrize(
    "layers",
    [
        [Dense(3, input_shape=(4,))],
        [Input((4,)), Dense(3)],
        [Input((2, 2)), Flatten(), Dense(3)],
        [Flatten(input_shape=(2, 2)), Dense(3)],
    ],
)
def test_every_way_to_say_the_shape(layers):
    assert Sequential(layers).count_params() == 15


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
        (lambda model: model.add(model.layers[0]), "in a model already: make a new one"),
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


def test_get_layer_by_name_and_by_place():
    model = make()
    assert model.get_layer("dense_1") is model.get_layer(index=2) is model.get_layer(index=-1)
    assert model.get_layer(index=0) is model.layers[0]


def test_get_weights_gives_copies():
    model = make()
    model.get_weights()[0][:] = 9
    assert not (model.layers[0].W == 9).any()


def test_a_config_makes_the_same_network_with_new_weights():
    model = make()
    twin = Sequential.from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    assert [w.shape for w in twin.get_weights()] == [w.shape for w in model.get_weights()]
    assert (twin.params != model.params).any()


def test_the_activation_is_a_link_of_the_chain_but_no_layer():
    model = make()
    assert [layer.name for layer in model.layers] == ["dense", "dropout", "dense_1"]
    assert [type(link) for link in model.chain] == [Dense, Activation, Dropout, Dense]
