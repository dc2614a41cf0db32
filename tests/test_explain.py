"""explain: it tells of the very step that training takes, in numbers that can be followed."""

import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import activations, losses
from tinynet.layers import Activation, Dense, Dropout, Flatten, Layer, Rescaling
from tinynet.models import Sequential

ROOT = Path(__file__).parent.parent
X = np.array([[1.0, 2.0], [3.0, -1.0]])
T = np.array([[1.0, 0.0], [0.0, 1.0]])


def net(*layers: Layer, loss: Any = "categorical_crossentropy", optimizer: Any = "rmsprop") -> Any:
    tinynet.utils.set_random_seed(2)
    model = Sequential(list(layers))
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def two_three_two(**options: Any) -> Any:
    return net(
        Dense(3, "relu", input_shape=(2,), name="hidden"),
        Dense(2, "softmax", name="output"),
        **options,
    )


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_the_step_is_the_one_that_training_takes(optimizer: str) -> None:
    model = two_three_two(optimizer=optimizer)
    model.fit(X, T, verbose=0)
    step = tinynet.explain(model, X, T)
    loss = model.train_on_batch(X, T, return_dict=True)["loss"]
    np.testing.assert_array_equal(step.new_params, model.params)
    np.testing.assert_array_equal(step.grads, model.grads)
    assert step.loss == loss
    assert step.loss_after == model.evaluate(X, T, verbose=0)[0]


def test_the_model_stays_as_it_was() -> None:
    model = net(Dense(5, "relu", input_shape=(2,)), Dropout(0.5), Dense(2, "softmax"))
    model.fit(X, T, verbose=0)
    before, params, grads = copy.deepcopy(model), model.params.copy(), model.grads.copy()
    tinynet.explain(model, X, T)
    np.testing.assert_array_equal(model.params, params)
    np.testing.assert_array_equal(model.grads, grads)
    model.fit(X, T, verbose=0)
    before.fit(X, T, verbose=0)
    np.testing.assert_array_equal(model.params, before.params)


def test_the_figures_fit_together() -> None:
    step = tinynet.explain(two_three_two(), X, T)
    hidden, relu, output = step.layers
    np.testing.assert_allclose(hidden["x"] @ hidden["W"] + hidden["b"], hidden["y"], rtol=1e-6)
    np.testing.assert_array_equal(relu["x"], hidden["y"])
    np.testing.assert_allclose(output["dy"], (step.y - step.t) / 2, rtol=1e-5)
    np.testing.assert_allclose(output["x"].T @ output["dy"], output["dW"], rtol=1e-6)
    np.testing.assert_allclose(output["dy"] @ output["W"].T, relu["dy"], rtol=1e-6)
    assert hidden["dx"] is None
    vector = [hidden["dW"], hidden["db"], output["dW"], output["db"]]
    np.testing.assert_array_equal(np.concatenate([g.ravel() for g in vector]), step.grads)


def test_a_small_network_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    model = two_three_two()
    W, b = model.layers[1].W, model.layers[1].b
    W[...], b[...] = [[1, 2], [3, 4], [5, 6]], [7, 8]
    step = tinynet.explain(model, X, T)
    printed = capsys.readouterr().out
    assert printed == step.text + "\n"
    for line in (
        "output (Dense): y = x W + b",
        "    (2, 3) @ (3, 2) + (2,) -> (2, 2)",
        "        [[1. 2.]\n         [3. 4.]\n         [5. 6.]]",
        "    dW (3, 2): x.T dy    (3, 2) @ (2, 2) -> (3, 2)",
        "    dx (2, 3): dy W.T    (2, 2) @ (2, 3) -> (2, 3)",
        "    dx is not computed: nobody needs the gradient of the inputs",
        "    w -= lr g / sqrt(v + epsilon)",
    ):
        assert line in printed


def test_the_seed_model_is_printed_in_norms_and_ranges() -> None:
    model = net(Dense(512, "relu", input_shape=(784,)), Dense(512, "relu"), Dense(10, "softmax"))
    x = np.random.default_rng(1).random((32, 784))
    step = tinynet.explain(model, x, np.eye(10)[np.arange(32) % 10])
    lines = step.text.splitlines()
    assert len(lines) < 130
    assert max(map(len, lines)) <= 100
    assert f"L = {step.loss:.6g}" in step.text
    assert "        norm 0, from 0 to 0, 100% of them 0" in lines


def test_what_stands_before_the_first_weights_is_explained_forward_only() -> None:
    model = net(Flatten(input_shape=(2, 1)), Dense(2, "softmax"))
    step = tinynet.explain(model, X[..., None], T)
    assert "flatten (Flatten): y = x, every example laid out as one row" in step.text
    assert "flatten, from dy" not in step.text


def test_every_layer_and_activation_has_its_formulas() -> None:
    ours = [Dense(2), Rescaling(2.0), Flatten(), Dropout(0.1), Dense(2)]
    functions = [Activation(name) for name in activations.BY_NAME]
    text = tinynet.explain(net(*ours, *functions, loss="mse"), X, T).text
    for formula in ("y = x scale + offset", "y = x mask / (1 - rate)", "dy (1 - y²)"):
        assert formula in text
    assert "y = forward(x)" not in text
    assert "dx (2, 2):     " not in text


@pytest.mark.parametrize(
    ("loss", "last", "formula", "dy"),
    [
        ("categorical_crossentropy", "softmax", "(p - t) / n", lambda y, t: (y - t) / 2),
        ("binary_crossentropy", "sigmoid", "(p - t) / k / n", lambda y, t: (y - t) / 2 / 2),
        ("mse", None, "2 (y - t) / k / n", lambda y, t: 2 * (y - t) / 2 / 2),
        ("mae", None, "sign(y - t) / k / n", lambda y, t: np.sign(y - t) / 2 / 2),
        (
            losses.CategoricalCrossentropy(),
            "sigmoid_then_softmax",
            "(1 - t / p) / n",
            lambda y, t: (1 - t / y) / 2,
        ),
        (
            "binary_crossentropy",
            "sigmoid_then_softmax",
            "(p - t) / (p (1 - p)) / k / n",
            lambda y, t: (y - t) / (y * (1 - y)) / 2 / 2,
        ),
    ],
)
def test_the_formula_of_the_losss_gradient_is_what_is_computed(
    loss: Any, last: str | None, formula: str, dy: Any
) -> None:
    if last == "sigmoid_then_softmax":  # then linear, so that nothing is fused
        layers = [Dense(2, "softmax", input_shape=(2,)), Rescaling(1.0)]
    else:
        layers = [Dense(2, last, input_shape=(2,))]
    step = tinynet.explain(net(*layers, loss=loss), X, T)
    assert f"dy (2, 2): {formula}" in step.text
    np.testing.assert_allclose(step.layers[-1]["dy"], dy(step.y, step.t), rtol=1e-4)


def test_penalties_are_told() -> None:
    layer = Dense(2, "softmax", input_shape=(2,), kernel_regularizer="l2")
    text = tinynet.explain(net(layer), X, T).text
    assert "of which the penalties on large weights are" in text
    assert "then the slope of the penalty added" in text


def test_a_layer_of_ones_own_is_explained_too() -> None:
    class Shift(Layer):
        def build(self, input_shape: Any) -> Any:
            self.add_weight("c", input_shape, "ones")
            return input_shape

        def forward(self, x: np.ndarray) -> Any:
            def backward(dy: np.ndarray) -> np.ndarray:
                np.sum(dy, axis=0, out=self.dc)
                return dy

            return x + self.c, backward

    step = tinynet.explain(net(Dense(2, input_shape=(2,)), Shift(name="shift"), loss="mse"), X, T)
    assert "shift (Shift): y = forward(x)" in step.text
    np.testing.assert_allclose(step.layers[1]["dc"], step.layers[1]["dy"].sum(axis=0))


def test_where_the_output_is_ascii_it_is_told_in_ascii() -> None:
    script = """
import tinynet
model = tinynet.Sequential([tinynet.layers.Dense(1, "tanh", input_shape=(2,))])
model.compile(loss="mse")
tinynet.explain(model, [[1.0, 2.0]], [[0.0]])
"""
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True)
    assert b"dy (1 - y^2)" in done.stdout
    assert b"v = rho v + (1 - rho) g^2" in done.stdout
    assert b"?" not in done.stdout
