"""What is frozen in Keras is frozen here, at the same moments, and counted as there."""

from __future__ import annotations

import numpy as np
import pytest

RNG = np.random.default_rng(0)
X = RNG.random((32, 4)).astype("float32")
Y = RNG.random((32, 2)).astype("float32")


def net(lib, *middle, **first):
    layers = lib.layers
    return lib.Sequential(
        [
            lib.Input(shape=(4,)),
            layers.Dense(3, activation="relu", name="a", **first),
            *middle,
            layers.Dense(2, name="b"),
        ]
    )


def moved(model):
    before = [np.array(w) for w in model.get_weights()]
    model.fit(X, Y, verbose=0)
    return [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]


def test_frozen_before_compile(lib):
    model = net(lib)
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    assert moved(model) == [False, False, True, True]


def test_frozen_after_compile_before_fit(lib):
    model = net(lib)
    model.compile("adam", "mse")
    model.layers[0].trainable = False
    assert moved(model) == [False, False, True, True]


def test_frozen_in_the_constructor(lib):
    model = net(lib, trainable=False)
    model.compile("adam", "mse")
    assert model.layers[0].trainable is False
    assert moved(model) == [False, False, True, True]


@pytest.mark.parametrize("value", [True, False])
def test_changed_after_fit_without_compile_is_an_error(lib, value):
    model = net(lib, trainable=not value)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = value
    with pytest.raises(ValueError, match=r".+"):
        model.fit(X, Y, verbose=0)


def test_set_free_and_compiled_again(lib):
    model = net(lib, trainable=False)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = True
    model.compile("adam", "mse")
    assert moved(model) == [True] * 4


def test_a_whole_model(lib):
    model = net(lib)
    model.trainable = False
    assert [layer.trainable for layer in model.layers] == [False, False]
    model.compile("adam", "mse")
    assert moved(model) == [False] * 4
    model.trainable = True
    assert [layer.trainable for layer in model.layers] == [True, True]


def test_the_penalty_of_a_frozen_weight_does_not_count(lib):
    model = net(lib, kernel_regularizer="l2", trainable=False)
    model.compile("sgd", "mse")
    plain = float(np.mean((model.predict(X, verbose=0) - Y) ** 2))
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("frozen", [False, True])
def test_batch_normalisation(lib, frozen):
    model = net(lib, lib.layers.BatchNormalization(name="bn"))
    assert [w.shape for w in model.get_weights()[2:6]] == [(3,)] * 4
    model.layers[1].trainable = not frozen
    model.compile("sgd", "mse")
    assert moved(model) == [True, True, *[not frozen] * 4, True, True]


def test_configs_say_it(lib):
    model = net(lib, lib.layers.BatchNormalization(name="bn"))
    model.layers[1].trainable = False
    twin = lib.Sequential.from_config(model.get_config())
    assert [layer.trainable for layer in twin.layers] == [True, False, True]


def test_the_summary_counts(lib, capsys):
    model = net(lib, lib.layers.BatchNormalization(name="bn"))
    model.layers[0].trainable = False
    model.summary()
    shown = capsys.readouterr().out
    assert "Trainable params: 14 (56.00 B)" in shown
    assert "Non-trainable params: 21 (84.00 B)" in shown


def test_the_config_of_batch_normalisation_is_read_by_both(lib):
    layer = lib.layers.BatchNormalization(momentum=0.9, epsilon=0.01, scale=False, name="bn")
    config = layer.get_config()
    twin = type(layer).from_config(config)
    assert (twin.momentum, twin.epsilon, twin.scale, twin.center) == (0.9, 0.01, False, True)


def test_what_is_frozen_has_no_penalty(lib):
    model = lib.Sequential([lib.Input((4,)), lib.layers.Dense(2, kernel_regularizer="l1")])
    model.compile("sgd", "mse")
    model.set_weights([np.ones((4, 2)), np.zeros(2)])
    penalised = model.evaluate(X, Y, verbose=0)
    model.layers[-1].trainable = False
    model.compile("sgd", "mse")
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(penalised - 0.08, rel=1e-5)


def test_where_all_is_frozen_there_is_no_step(lib):
    model = net(lib)
    model.trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, Y, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 0
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
