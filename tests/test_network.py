"""The heart: the two vectors and the views of them, the chain."""

import copy
import pickle

import numpy as np
import pytest

from tinynet import Sequential
from tinynet.layers import Activation, Dense, Dropout
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


def test_the_activation_is_a_link_of_the_chain_but_no_layer():
    model = make()
    assert [layer.name for layer in model.layers] == ["dense", "dropout", "dense_1"]
    assert [type(link) for link in model.chain] == [Dense, Activation, Dropout, Dense]
