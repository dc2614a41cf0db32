"""What evaluate, predict and calling the model give back."""

from __future__ import annotations

import numpy as np
import pytest
from nets import classifier, frozen, hits, losses, probabilities


def test_evaluate_gives_loss_then_metrics_as_a_list(lib, data):
    x, y = data
    model = frozen(lib)
    result = model.evaluate(x, y, batch_size=4, verbose=0)
    assert isinstance(result, list)
    assert result == pytest.approx([losses(model, x, y).mean(), hits(model, x, y).mean()], rel=1e-5)


def test_evaluate_without_metrics_gives_one_number(lib, data):
    x, y = data
    model = frozen(lib, metrics=None)
    result = model.evaluate(x, y, verbose=0)
    assert isinstance(result, float)
    assert result == pytest.approx(losses(model, x, y).mean(), rel=1e-5)


def test_evaluate_can_name_its_numbers(lib, data):
    x, y = data
    model = frozen(lib)
    result = model.evaluate(x, y, return_dict=True, verbose=0)
    assert list(result) == ["accuracy", "loss"]
    assert result["loss"] == pytest.approx(losses(model, x, y).mean(), rel=1e-5)


def test_evaluate_takes_sample_weights(lib, data):
    x, y = data
    model = frozen(lib)
    weight = np.linspace(0, 2, 10).astype("float32")
    loss, accuracy = model.evaluate(x, y, sample_weight=weight, batch_size=4, verbose=0)
    assert loss == pytest.approx((losses(model, x, y) * weight).mean(), rel=1e-5)
    assert accuracy == pytest.approx(hits(model, x, y).mean(), rel=1e-5)


def test_evaluate_keeps_the_order_of_the_metrics(lib, data):
    x, y = data
    model = frozen(lib, metrics=["mse", "accuracy", "mae"])
    loss, mse, accuracy, mae = model.evaluate(x, y, verbose=0)
    error = probabilities(model, x) - y
    assert loss == pytest.approx(losses(model, x, y).mean(), rel=1e-5)
    assert mse == pytest.approx((error**2).mean(), rel=1e-5)
    assert accuracy == pytest.approx(hits(model, x, y).mean(), rel=1e-5)
    assert mae == pytest.approx(np.abs(error).mean(), rel=1e-5)


@pytest.mark.parametrize("batch_size", [None, 1, 3, 10, 100])
def test_predict_gives_float32_rows_in_order(lib, data, batch_size):
    x, _ = data
    model = classifier(lib)
    p = model.predict(x, batch_size=batch_size, verbose=0)
    assert isinstance(p, np.ndarray)
    assert (p.dtype, p.shape) == (np.float32, (10, 4))
    np.testing.assert_allclose(p, probabilities(model, x), rtol=1e-5, atol=1e-6)


def test_predict_takes_float64_and_integers(lib, data):
    x, _ = data
    model = classifier(lib)
    whole = np.rint(x * 3).astype("int64")
    for given in (x.astype("float64"), whole):
        p = model.predict(given, verbose=0)
        assert p.dtype == np.float32
        np.testing.assert_allclose(p, probabilities(model, given), rtol=1e-4, atol=1e-6)


def test_predict_on_batch_and_calling_the_model_give_the_same(lib, data):
    x, _ = data
    model = classifier(lib)
    np.testing.assert_allclose(model.predict_on_batch(x), probabilities(model, x), atol=1e-6)
    np.testing.assert_allclose(np.asarray(model(x)), probabilities(model, x), atol=1e-6)


def test_predict_and_evaluate_leave_the_weights_alone(lib, data):
    x, y = data
    model = classifier(lib)
    model.compile(loss="categorical_crossentropy")
    before = model.get_weights()
    model.predict(x, verbose=0)
    model.evaluate(x, y, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_flatten_takes_images(lib):
    x = np.arange(24, dtype="float32").reshape(2, 3, 4)
    model = lib.Sequential([lib.layers.Input((3, 4)), lib.layers.Flatten()])
    assert np.array_equal(model.predict(x, verbose=0), x.reshape(2, 12))


def test_rescaling_scales_and_shifts(lib):
    x = np.array([[0, 128, 255]], "uint8")
    model = lib.Sequential([lib.layers.Input((3,)), lib.layers.Rescaling(1 / 127.5, offset=-1)])
    np.testing.assert_allclose(model.predict(x, verbose=0), [[-1, 128 / 127.5 - 1, 1]], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [0, 0, 0, 2]),
        ("linear", [-3, -0.5, 0, 2]),
        ("sigmoid", 1 / (1 + np.exp([3, 0.5, 0, -2]))),
        ("tanh", np.tanh([-3, -0.5, 0, 2])),
        ("leaky_relu", [-0.6, -0.1, 0, 2]),
        ("softmax", np.exp([-3, -0.5, 0, 2]) / np.exp([-3, -0.5, 0, 2]).sum()),
    ],
)
def test_activations(lib, name, expected):
    x = np.array([[-3, -0.5, 0, 2]], "float32")
    by_name = lib.Sequential([lib.layers.Input((4,)), lib.layers.Activation(name)])
    np.testing.assert_allclose(by_name.predict(x, verbose=0), [expected], rtol=1e-5, atol=1e-7)
    by_hand = np.asarray(getattr(lib.activations, name)(x))
    np.testing.assert_allclose(by_hand, [expected], rtol=1e-5, atol=1e-7)


def test_relu_and_softmax_have_layers_of_their_own(lib):
    x = np.array([[-3, -0.5, 0, 2]], "float32")
    model = lib.Sequential([lib.layers.Input((4,)), lib.layers.ReLU(), lib.layers.Softmax()])
    p = np.exp([0, 0, 0, 2])
    np.testing.assert_allclose(model.predict(x, verbose=0), [p / p.sum()], rtol=1e-5)
