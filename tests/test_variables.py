"""What Keras's scripts read of weights and outputs, and what may be set after building."""

import numpy as np
import pytest

from tinynet import Sequential, activations
from tinynet.layers import Dense, Dropout, Input
from tinynet.models import load_model
from tinynet.regularizers import L2

X, Y = np.random.default_rng(0).normal(size=(20, 4)), np.arange(20) % 3


@pytest.fixture
def model():
    model = Sequential([Input((4,)), Dense(5, "relu", name="a"), Dropout(0.5), Dense(3, name="b")])
    model.compile("sgd", "mse")
    return model


def test_weights_are_views_with_names(model):
    assert [w.path for w in model.weights] == ["a/kernel", "a/bias", "b/kernel", "b/bias"]
    assert [w.name for w in model.layers[0].weights] == ["kernel", "bias"]
    assert sum(w.numpy().size for w in model.trainable_weights) == model.count_params()
    model.layers[0].kernel.assign(np.ones((4, 5)))
    assert (model.layers[0].W == 1).all()
    assert (model.params[:20] == 1).all()
    model.weights[1][...] = 2
    assert (model.layers[0].bias == 2).all()
    with pytest.raises(ValueError, match=r"\(4, 5\)"):
        model.layers[0].kernel.assign(np.ones(5))
    model.layers[0].trainable = False
    assert [w.path for w in model.trainable_variables] == ["b/kernel", "b/bias"]
    assert [w.path for w in model.non_trainable_variables] == ["a/kernel", "a/bias"]


def test_a_layer_that_has_no_weights_yet_says_so():
    assert Dense(3).weights == []
    with pytest.raises(AttributeError, match="kernel"):
        _ = Dense(3).kernel


def test_outputs_have_numpy_and_look_like_arrays(model):
    y = model(X)
    assert type(y.numpy()) is np.ndarray
    assert repr(y).startswith("array(")
    assert type(model.predict(X, verbose=0)) is np.ndarray


def test_metrics_names_are_those_of_keras(model):
    assert model.metrics_names == ["loss"]
    model.compile("sgd", "mse", metrics=["mae", "mse"])
    assert model.metrics_names == ["loss", "compile_metrics"]


# ------------------------------------------------------------------------ set after building


def test_an_activation_takes_effect_and_is_saved(model, tmp_path):
    before = model.predict(X, verbose=0)
    model.layers[-1].activation = activations.sigmoid
    after = model.predict(X, verbose=0)
    np.testing.assert_allclose(after, 1 / (1 + np.exp(-before)), rtol=1e-5)
    model.fit(X, np.eye(3)[Y], verbose=0)
    model.save(tmp_path / "m")
    twin = load_model(tmp_path / "m")
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    model.layers[-1].activation = "tanh"
    assert np.abs(model(X)).max() <= 1
    with pytest.raises(ValueError, match="tanh"):
        model.layers[-1].activation = "tahn"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("units", 7),
        ("use_bias", False),
        ("kernel_regularizer", L2(1.0)),
        ("bias_initializer", "ones"),
    ],
)
def test_what_weights_were_made_from_is_refused(model, name, value):
    before = repr(model.layers[0])
    with pytest.raises(ValueError, match=f"another {name}: make a new layer"):
        setattr(model.layers[0], name, value)
    assert repr(model.layers[0]) == before
    layer = Dense(3)
    setattr(layer, name, value)  # before it is built it counts


def test_an_array_in_the_place_of_a_weight_is_written_into_it(model, tmp_path):
    model.layers[0].W = np.ones((4, 5))
    assert (model.params[:20] == 1).all()
    model.fit(X, np.eye(3)[Y], verbose=0)
    assert not (model.layers[0].W == 1).all()
    with pytest.raises(ValueError, match=r"W of shape \(4, 5\), got \(5, 4\)"):
        model.layers[0].W = np.ones((5, 4))


def test_the_list_of_layers_is_a_copy(model):
    model.layers.pop()
    assert len(model.layers) == 3
    with pytest.raises(AttributeError, match=r"model\.add"):
        model.layers = []
