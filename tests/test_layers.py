"""The layers one by one: what they compute, what shapes they take, what they refuse.

Their gradients are in test_gradients.py.
"""

import numpy as np
import pytest

from tinynet import Input, Sequential, layers
from tinynet.layers import Activation, Dense, Dropout, Flatten, Layer, ReLU, Rescaling, Softmax
from tinynet.optimizers import SGD

X = np.array([[1.0, 2.0], [3.0, -4.0]], np.float32)


def built(*chain, shape=(2,)):
    """Make a model of these layers for examples of that shape."""
    model = Sequential([Input(shape), *chain])
    model.build()
    return model


def test_dense_in_numbers():
    dense = Dense(3)
    built(dense)
    dense.set_weights([[[1, 0, -1], [2, 1, 0]], [0, 10, 0]])
    # (1, 2) W = (1 + 4, 0 + 2, -1 + 0), and 10 more in the middle
    np.testing.assert_array_equal(dense.infer(X), [[5, 12, -1], [-5, 6, -3]])


def test_dense_without_bias():
    dense = Dense(3, use_bias=False)
    built(dense)
    assert dense.count_params() == 6
    np.testing.assert_allclose(dense.infer(X), X @ dense.get_weights()[0])


def test_dense_applies_its_activation_in_a_model():
    model = built(Dense(3, activation="relu"), Dense(4, activation="softmax"))
    first, second = model.layers
    h = np.maximum(X @ first.W + first.b, 0)
    e = np.exp(h @ second.W + second.b)
    np.testing.assert_allclose(model(X), e / e.sum(axis=1, keepdims=True), rtol=1e-5)


def test_dense_starts_from_glorot_uniform_and_a_zero_bias():
    dense = Dense(500)
    built(dense, shape=(300,))
    limit = (6 / 800) ** 0.5
    assert 0.99 * limit < abs(dense.W).max() <= limit
    assert not dense.b.any()


def test_backward_of_dense_writes_its_gradients_and_returns_dx():
    dense = Dense(2)
    built(dense)
    dense.needs_dx = True
    dense.set_weights([[[1, 2], [3, 4]], [0, 0]])
    for _ in range(2):  # written, not added up
        dx = dense.forward(X)[1](np.array([[1, 0], [0, 1]], np.float32))
    np.testing.assert_array_equal(dense.dW, [[1, 3], [2, -4]])  # x.T dy
    np.testing.assert_array_equal(dense.db, [1, 1])  # the sum of the rows
    np.testing.assert_array_equal(dx, [[1, 3], [2, 4]])  # dy W.T


def test_the_first_layer_with_weights_computes_no_dx():
    model = built(Rescaling(2.0), Dense(3), Dense(3))
    assert [layer.needs_dx for layer in model.layers[1:]] == [False, True]
    assert model.layers[1].forward(X)[1](np.ones((2, 3), np.float32)) is None


def test_a_later_prediction_does_not_disturb_a_backward():
    dense = Dense(2)
    built(dense)
    _, backward = dense.forward(X)
    dense.forward(100 * X)
    backward(np.ones((2, 2), np.float32))
    np.testing.assert_array_equal(dense.dW, [[4, 4], [-2, -2]])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Activation("relu"), [[1, 2], [3, 0]]),
        (ReLU(), [[1, 2], [3, 0]]),
        (Rescaling(0.5, offset=1), [[1.5, 2], [2.5, -1]]),
        (Dropout(0.9), X),
        (Flatten(), X),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_layers_without_weights_infer(layer, expected):
    np.testing.assert_array_equal(layer.infer(X), expected)
    assert layer.count_params() == 0


def test_softmax_rows_sum_to_1():
    np.testing.assert_allclose(Softmax().infer(X).sum(axis=1), 1, rtol=1e-6)


def test_flatten_keeps_the_order_of_numbers():
    x = np.arange(24).reshape(2, 3, 4)
    y, backward = Flatten().forward(x)
    np.testing.assert_array_equal(y, [range(12), range(12, 24)])
    np.testing.assert_array_equal(backward(y), x)
    assert built(Flatten(), shape=(3, 4)).output_shape == (None, 12)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.75])
def test_dropout_silences_that_part_and_keeps_the_mean(rate):
    x = np.ones((400, 500), np.float32)
    y, backward = Dropout(rate, seed=1).forward(x)
    assert abs((y == 0).mean() - rate) < 0.01
    assert abs(y.mean() - 1) < 0.02
    np.testing.assert_array_equal(backward(x), y)  # the same mask, the same scale


def test_dropout_draws_a_new_mask_each_time_and_repeats_it_from_its_seed():
    def masks():
        dropout = Dropout(0.5, seed=3)
        return [dropout.forward(np.ones((4, 50)))[0] for _ in range(2)]

    one, two = masks()
    assert (one != two).any()
    np.testing.assert_array_equal(masks(), [one, two])


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2])
def test_dropout_refuses_other_rates(rate):
    with pytest.raises(ValueError, match="Expected rate as a number from 0 to below 1"):
        Dropout(rate)


@pytest.mark.parametrize("units", [0, -3, 2.0, "10", None, True])
def test_dense_refuses_other_units(units):
    with pytest.raises(ValueError, match="units as a whole number from 1"):
        Dense(units)


def test_dense_says_how_to_flatten():
    with pytest.raises(ValueError, match=r"Flatten\(\).*x\.reshape\(len\(x\), 784\)"):
        built(Dense(10), shape=(28, 28))


@pytest.mark.parametrize("make", [lambda: Dense(3, input_shape=784), lambda: Input(784)])
def test_a_shape_without_its_comma_is_explained(make):
    with pytest.raises(ValueError, match=r"\(784,\) with a comma"):
        make()


def test_names_are_given_as_keras_gives_them():
    made = [Dense(1), Dense(1), ReLU(), Flatten(), Dense(1, name="mine"), Dense(1)]
    assert [layer.name for layer in made] == [
        "dense",
        "dense_1",
        "re_lu",
        "flatten",
        "mine",
        "dense_2",
    ]


@pytest.mark.parametrize(
    "layer",
    [
        Dense(3, "tanh", use_bias=False, kernel_regularizer="l2", kernel_initializer="he_normal"),
        Activation("sigmoid"),
        ReLU(),
        Softmax(),
        Flatten(),
        Dropout(0.3, seed=4),
        Rescaling(1 / 255, -1),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_config_makes_the_same_layer(layer):
    twin = layers.get({"class_name": type(layer).__name__, "config": layer.get_config()})
    assert type(twin) is type(layer)
    assert twin.get_config() == layer.get_config()


def test_every_layer_of_the_table_is_tested_here():
    tested = {Dense, Activation, ReLU, Softmax, Flatten, Dropout, Rescaling}
    beside = {cls for cls in layers.BY_NAME.values() if ".more." in cls.__module__}
    assert set(layers.BY_NAME.values()) - beside == tested - beside


def test_set_weights_changes_all_or_nothing():
    dense = Dense(3)
    built(dense)
    before = dense.get_weights()
    with pytest.raises(ValueError, match=r"\(2, 3\).*got"):
        dense.set_weights([np.zeros((2, 3)), np.zeros(4)])
    for now, then in zip(dense.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_layer_of_your_own_trains():
    class Scale(Layer):
        def build(self, input_shape):
            self.add_weight("a", input_shape, "ones")
            return input_shape

        def forward(self, x):
            def backward(dy):
                np.sum(dy * x, axis=0, out=self.da)
                return dy * self.a

            return x * self.a, backward

    model = built(Scale())
    model.compile(SGD(0.1), loss="mse")
    x = np.random.default_rng(0).normal(size=(64, 2))
    model.fit(x, x * [3.0, -2.0], epochs=200, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [3, -2], atol=0.01)


def test_a_layer_without_forward_says_what_to_write():
    with pytest.raises(TypeError, match="Mine has no forward"):
        type("Mine", (Layer,), {})().infer(X)
