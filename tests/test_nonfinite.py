"""Numbers that are not finite stop the training before they reach the weights."""

from __future__ import annotations

import numpy as np
import pytest
from toy import data, network

from tinynet import Sequential, callbacks
from tinynet.layers import Dense, Layer
from tinynet.losses import MeanSquaredError
from tinynet.optimizers import SGD


class Broken(Layer):
    """Pass x on; from its third step on, `where` holds a number that is not finite."""

    def __init__(self, where: str, value: float = np.nan) -> None:
        super().__init__(name="broken")
        self.where = where
        self.value = value
        self.steps = 0

    def build(self, input_shape):
        self.add_weight("a", input_shape, "ones")
        return input_shape

    def forward(self, x):
        self.steps += 1
        due = self.steps >= 3
        y = x * self.a
        if due and self.where == "y":
            y[-1, 0] = self.value

        def backward(dy):
            np.sum(dy * x, axis=0, out=self.da)
            if due and self.where == "da":
                self.da[0] = self.value
            dx = dy * self.a
            if due and self.where == "dx":
                dx[0, -1] = self.value
            return dx

        return y, backward

    def infer(self, x):
        return x


def broken_network(where: str, value: float) -> Sequential:
    layers = [Dense(5, name="first", input_shape=(6,)), Broken(where, value), Dense(1, name="last")]
    model = Sequential(layers)
    model.compile(SGD(0.01), "mse")
    return model


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("where", "named"), [("y", "output"), ("da", "gradient"), ("dx", "gradient")]
)
def test_the_step_is_not_taken_and_the_layer_is_named(where, named, value):
    model, twin = broken_network(where, value), broken_network(where, value)
    x, y = data()
    model.build()
    twin.build()
    twin.set_weights(model.get_weights())
    with pytest.raises(FloatingPointError) as caught:
        model.fit(x, y, batch_size=50, epochs=3, shuffle=False, verbose=0)
    message = str(caught.value)
    assert "epoch 2, batch 1:" in message
    assert f"{named} of layer 'broken' is not finite" in message
    assert "SGD(learning_rate=0.001, clipnorm=1.0)" in message
    twin.fit(x, y, batch_size=50, epochs=1, shuffle=False, verbose=0)  # two steps, as before it
    assert model.params.tobytes() == twin.params.tobytes()
    assert model.history.epoch == [0]


def test_a_dense_layer_without_bias_is_watched_too():
    model = Sequential([Dense(5, use_bias=False, input_shape=(6,)), Broken("dx", np.inf)])
    model.compile(SGD(0.01), "mse")
    x, _ = data()
    with pytest.raises(FloatingPointError, match="gradient of layer 'broken'"):
        model.fit(x, np.zeros((100, 5)), verbose=0)
    assert np.isfinite(model.params).all()


def test_a_learning_rate_that_is_far_too_large_is_answered_with_a_smaller_one():
    model = network(optimizer=SGD(1e30))
    x, y = data()
    with pytest.raises(FloatingPointError, match=r"Try a smaller learning rate.*rate=0.01"):
        model.fit(x, y, epochs=50, verbose=0)
    assert np.isfinite(model.params).all()


def test_large_inputs_are_named_as_a_cause():
    model = Sequential([Dense(4, input_shape=(6,)), Dense(1)])
    model.compile(SGD(0.1), "mse")
    x, y = data()
    with pytest.raises(FloatingPointError, match="Try smaller inputs, which reach"):
        model.fit(x * 1e6, y, epochs=50, verbose=0)


def test_after_it_the_same_model_learns_with_the_smaller_rate():
    model = network(optimizer=SGD(1e30))
    x, y = data()
    start = [w.copy() for w in (model.build() or model.get_weights())]
    with pytest.raises(FloatingPointError):
        model.fit(x, y, epochs=50, verbose=0)
    model.set_weights(start)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert model.fit(x, y, epochs=300, verbose=0).history["accuracy"][-1] > 0.7


def test_train_on_batch_stops_as_well():
    model = broken_network("y", np.nan)
    x, y = data()
    model.train_on_batch(x, y)
    model.train_on_batch(x, y)
    before = model.params.copy()
    with pytest.raises(FloatingPointError, match="output of layer 'broken'"):
        model.train_on_batch(x, y)
    assert (model.params == before).all()


def test_terminate_on_nan_ends_the_training_without_an_error_as_in_keras(capsys):
    model = broken_network("y", np.nan)
    x, y = data()
    history = model.fit(x, y, 50, 3, 0, [callbacks.TerminateOnNaN()])
    assert history.epoch == [0, 1]
    assert np.isnan(history.history["loss"][1])
    assert np.isfinite(model.params).all()
    assert "Batch 0: Invalid loss" in capsys.readouterr().out


def test_no_numpy_warnings_come_before_the_error(recwarn):
    with pytest.raises(FloatingPointError):
        network(optimizer=SGD(1e30)).fit(*data(), epochs=50, verbose=0)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_gradients_that_are_only_very_large_do_not_stop_it():
    class Loud(MeanSquaredError):
        def per_example(self, t, y):
            values, dy = super().per_example(t, y)
            return values, np.sign(dy) * np.float32(1e20)  # its square is no float32

    model = Sequential([Dense(1, input_shape=(6,))])
    model.compile(SGD(1e-22), Loud())
    x, y = data()
    before = model.build() or model.params.copy()
    model.fit(x, y, verbose=0)
    assert np.isfinite(model.params).all()
    assert not (model.params == before).all()
