"""The forms in which examples, targets and weights may come, and what they weigh."""

from __future__ import annotations

import numpy as np
import pytest


def single(lib, loss="mse", **dense):
    """Build a model of one input and one output that stays as it is."""
    dense = {"kernel_initializer": "ones", "input_dim": 1} | dense
    model = lib.Sequential([lib.layers.Dense(1, **dense)])
    model.compile(lib.optimizers.SGD(0.0), loss)
    return model


def test_input_dim_is_input_shape(lib):
    model = lib.Sequential([lib.layers.Dense(3, input_dim=4), lib.layers.Dense(2)])
    assert model.input_shape == (None, 4)
    assert model.count_params() == 15 + 8


@pytest.mark.parametrize(
    "form", [lambda a: a, lambda a: a.reshape(-1, 1), lambda a: [a], lambda a: [a[:, np.newaxis]]]
)
def test_one_number_an_example(lib, form):
    x = np.array([1.0, 2.0, 4.0], "float32")
    model = single(lib)
    loss = model.fit(form(x), form(x + 1), verbose=0).history["loss"]
    assert loss == pytest.approx([1.0])
    assert model.predict(form(x), verbose=0) == pytest.approx(x.reshape(-1, 1))
    assert model.evaluate(form(x), form(x + 2), verbose=0) == pytest.approx(4.0)


def test_sample_weight_of_n_rows(lib):
    x = np.array([1.0, 2.0], "float32")
    weights = np.array([[1.0], [3.0]])
    loss = single(lib).fit(x, x + x, sample_weight=weights, verbose=0).history["loss"]
    assert loss == pytest.approx([(1 * 1 + 3 * 4) / 2])


def test_class_weights_leave_the_validation_part_alone(lib):
    x, y = np.ones((4, 1), "float32"), np.ones(4)
    model = single(lib, "binary_crossentropy", activation="sigmoid")
    logs = model.fit(x, y, validation_split=0.5, class_weight={1: 100.0}, verbose=0).history
    assert logs["loss"] == pytest.approx([31.326], rel=1e-4)
    assert logs["val_loss"] == pytest.approx([0.31326], rel=1e-4)


@pytest.mark.parametrize(
    ("y", "class_weight", "expected"),
    [
        (np.full(4, 0.9), {1: 10.0}, 10 * 0.01),  # rounded to its class
        (np.full((4, 1), 0.9), {1.0: 10}, 10 * 0.01),
        (np.full(4, 1.5), {2: np.float32(4)}, 4 * 0.25),  # to the even number
        (np.full(4, 3), {0: 5.0}, 4.0),  # a class that is not named has weight 1
        (np.full(4, 2), {2: 0.0}, 0.0),
        (np.arange(4.0), {}, (1 + 0 + 1 + 4) / 4),
    ],
)
def test_class_weights_of_one_output(lib, y, class_weight, expected):
    x = np.ones((4, 1), "float32")
    logs = single(lib).fit(x, y, class_weight=class_weight, verbose=0).history
    assert logs["loss"] == pytest.approx([expected], abs=1e-6)


@pytest.mark.parametrize("class_weight", ["balanced", [1.0, 2.0], np.ones(2)])
def test_class_weights_that_are_no_dict_are_refused(lib, class_weight):
    with pytest.raises((ValueError, AttributeError)):
        single(lib).fit(np.ones(4), np.ones(4), class_weight=class_weight, verbose=0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"run_eagerly": False},
        {"run_eagerly": None},
        {"jit_compile": False},
        {"jit_compile": "auto"},
        {"steps_per_execution": 1},
        {"weighted_metrics": None},
        {"loss_weights": None},
        {"auto_scale_loss": False},
    ],
)
def test_settings_without_effect_are_taken(lib, arguments):
    model = single(lib)
    model.compile("sgd", "mse", **arguments)
    model.fit(np.ones(4), np.ones(4), verbose=0)


def test_a_binary_crossentropy_of_no_probabilities_clips(lib):
    model = single(lib, "binary_crossentropy", kernel_initializer="zeros", use_bias=True)
    model.compile(lib.optimizers.SGD(1.0), "binary_crossentropy")
    model.set_weights([np.array([[0.5]]), np.array([0.0])])
    x, y = np.array([1.0, -1.0, 4.0], "float32"), np.array([1.0, 0.0, 1.0])
    model.fit(x, y, verbose=0)
    W, b = (np.asarray(w) for w in model.get_weights())
    # Only the first output, 0.5, lies between 0 and 1: its slope is -1 / 0.5, over 3 examples.
    assert W.ravel() == pytest.approx([0.5 + 2 / 3], rel=1e-5)
    assert b == pytest.approx([2 / 3], rel=1e-5)


@pytest.mark.parametrize("verbose", [0, 1, 2, 3, True])
def test_any_number_is_a_verbosity(lib, verbose, capsys):
    single(lib).fit(np.ones(4), np.ones(4), epochs=2, verbose=verbose)
    assert ("Epoch 1/2" in capsys.readouterr().out) is bool(verbose)
