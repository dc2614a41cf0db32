"""What every model has: building, shapes, weights, layers by name."""

import numpy as np
import pytest

from tinynet import Input, Sequential
from tinynet.layers import Dense, Dropout, Flatten

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 4)), RNG.normal(size=(20, 2))


def make():
    model = Sequential([Dense(3, "relu", input_shape=(4,)), Dropout(0.5), Dense(2)])
    model.compile("adam", loss="mse")
    model.fit(X, Y, verbose=0)
    return model


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


def test_get_layer_by_name_and_by_place():
    model = make()
    assert model.get_layer("dense_1") is model.get_layer(index=2) is model.get_layer(index=-1)
    assert model.get_layer(index=0) is model.layers[0]


def test_get_weights_gives_copies():
    model = make()
    model.get_weights()[0][:] = 9
    assert not (model.layers[0].W == 9).any()


def test_a_model_shows_itself_in_a_line():
    model = Sequential(name="reader")
    assert repr(model) == "<Sequential 'reader': 0 layers, not built yet>"
    model.add(Dense(512, "relu", name="first"))
    assert repr(model) == "<Sequential 'reader': 1 layers, not built yet>"
    model.build((None, 784))
    told = "1 layers, (None, 784) to (None, 512), 401,920 parameters"
    assert repr(model) == f"<Sequential 'reader': {told}>"
