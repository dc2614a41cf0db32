"""Names, shapes, counts, order of the weights, summary, adding and taking away layers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from nets import classifier, suffix


def every_layer(lib):
    return [
        lib.layers.Input((2, 3)),
        lib.layers.Flatten(),
        lib.layers.Rescaling(2.0),
        lib.layers.Dense(4),
        lib.layers.ReLU(),
        lib.layers.Dense(5, activation="tanh"),
        lib.layers.Dropout(0.1),
        lib.layers.Activation("sigmoid"),
        lib.layers.Dense(3, name="scores"),
        lib.layers.Dense(3, use_bias=False),
        lib.layers.Softmax(),
        lib.layers.ReLU(),
    ]


def test_layers_are_named_by_their_kind_and_counted(lib):
    model = lib.Sequential(every_layer(lib))
    assert [layer.name for layer in model.layers] == [
        "flatten",
        "rescaling",
        "dense",
        "re_lu",
        "dense_1",
        "dropout",
        "activation",
        "scores",
        "dense_2",
        "softmax",
        "re_lu_1",
    ]
    assert model.name == "sequential"


def test_a_model_can_be_named(lib):
    assert lib.Sequential(every_layer(lib), name="digits").name == "digits"


def test_weights_come_layer_by_layer_kernel_then_bias(lib):
    model = lib.Sequential(every_layer(lib))
    shapes = [(6, 4), (4,), (4, 5), (5,), (5, 3), (3,), (3, 3)]
    assert [w.shape for w in model.get_weights()] == shapes
    assert [w.dtype for w in model.get_weights()] == [np.float32] * 7
    assert [w.shape for w in model.layers[2].get_weights()] == [(6, 4), (4,)]
    assert model.count_params() == sum(np.prod(shape) for shape in shapes)
    assert model.layers[2].count_params() == 28


def test_set_weights_then_get_weights_gives_them_back(lib):
    model = classifier(lib)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=w.shape).astype("float32") for w in model.get_weights()]
    model.set_weights(weights)
    for a, b in zip(model.get_weights(), weights, strict=True):
        assert np.array_equal(a, b)


def test_get_weights_gives_copies(lib, data):
    model = classifier(lib)
    weights = model.get_weights()
    before = model.predict(data[0], verbose=0)
    for w in weights:
        w += 1
    assert np.array_equal(model.predict(data[0], verbose=0), before)


def test_a_model_may_be_built_by_add_with_input_shape(lib):
    model = lib.Sequential()
    model.add(lib.layers.Dense(5, activation="relu", input_shape=(6,)))
    model.add(lib.layers.Dense(4))
    assert [w.shape for w in model.get_weights()] == [(6, 5), (5,), (5, 4), (4,)]


def test_a_model_may_be_built_by_add_with_an_input(lib):
    model = lib.Sequential()
    model.add(lib.layers.Input(shape=(6,)))
    model.add(lib.layers.Dense(5))
    assert len(model.layers) == 1
    assert model.count_params() == 35
    assert model.output_shape == (None, 5)
    assert model.input_shape == (None, 6)


def test_a_model_may_take_its_input_shape_from_the_data(lib, data):
    x, y = data
    model = lib.Sequential([lib.layers.Dense(5, activation="relu"), lib.layers.Dense(4)])
    assert model.get_weights() == []
    assert model.built is False
    model.compile(loss="mse")
    model.fit(x, y, verbose=0)
    assert model.built is True
    assert [w.shape for w in model.get_weights()] == [(6, 5), (5,), (5, 4), (4,)]


def test_build_gives_the_input_shape(lib):
    model = lib.Sequential([lib.layers.Dense(5), lib.layers.Dense(4)])
    model.build((None, 6))
    assert model.count_params() == 35 + 24


def test_pop_takes_the_last_layer_away(lib, data):
    model = classifier(lib)
    last = model.layers[-1]
    assert model.pop() is last
    assert model.output_shape == (None, 5)
    assert model.predict(data[0], verbose=0).shape == (10, 5)


def test_add_after_building_keeps_the_weights(lib, data):
    model = classifier(lib)
    before = model.get_weights()
    model.add(lib.layers.Dense(2))
    assert model.predict(data[0], verbose=0).shape == (10, 2)
    for a, b in zip(before, model.get_weights(), strict=False):
        assert np.array_equal(a, b)


def test_get_layer_by_name_and_by_index(lib):
    model = classifier(lib)
    assert model.get_layer("dense_1") is model.layers[1]
    assert model.get_layer(index=0) is model.layers[0]


def test_a_layer_shows_what_it_is_made_of(lib):
    layer = classifier(lib).layers[0]
    assert layer.units == 5
    assert layer.use_bias is True
    assert [w.shape for w in layer.get_weights()] == [(6, 5), (5,)]


def test_a_layer_sets_its_own_weights(lib, data):
    model = classifier(lib)
    W, _ = model.layers[1].get_weights()
    model.layers[1].set_weights([np.zeros_like(W), np.arange(4, dtype="float32")])
    p = np.exp(np.arange(4)) / np.exp(np.arange(4)).sum()
    np.testing.assert_allclose(model.predict(data[0], verbose=0), [p] * 10, rtol=1e-5)


def summary(model, capsys):
    """Give what summary prints."""
    capsys.readouterr()
    model.summary()
    return capsys.readouterr().out


def test_summary_names_layers_shapes_and_counts(lib, capsys):
    text = summary(lib.Sequential(every_layer(lib)), capsys)
    rows = [
        ("flatten (Flatten)", "(None, 6)", "0"),
        ("rescaling (Rescaling)", "(None, 6)", "0"),
        ("dense (Dense)", "(None, 4)", "28"),
        ("re_lu (ReLU)", "(None, 4)", "0"),
        ("dense_1 (Dense)", "(None, 5)", "25"),
        ("dropout (Dropout)", "(None, 5)", "0"),
        ("activation (Activation)", "(None, 5)", "0"),
        ("scores (Dense)", "(None, 3)", "18"),
        ("dense_2 (Dense)", "(None, 3)", "9"),
        ("softmax (Softmax)", "(None, 3)", "0"),
        ("re_lu_1 (ReLU)", "(None, 3)", "0"),
    ]
    found = re.findall(r"(\w+ \(\w+\))\s*│\s*(\([^)]*\))\s*│\s*([\d,]+)", text)
    assert found == rows
    assert 'Model: "sequential"' in text
    assert "Layer (type)" in text
    assert "Output Shape" in text
    assert "Param #" in text


@pytest.mark.parametrize(
    ("units", "line"),
    [
        ((3,), "21 (84.00 B)"),
        ((512, 512, 10), "271,370 (1.04 MB)"),
        ((50,), "350 (1.37 KB)"),
    ],
)
def test_summary_totals_in_units_of_1024(lib, capsys, units, line):
    model = lib.Sequential([lib.layers.Input((6,)), *map(lib.layers.Dense, units)])
    text = summary(model, capsys)
    assert f"Total params: {line}" in text
    assert f"Trainable params: {line}" in text
    assert "Non-trainable params: 0 (0.00 B)" in text


def test_the_seed_model_has_669_706_parameters(lib, capsys):
    model = lib.Sequential()
    model.add(lib.layers.Dense(units=512, activation="relu", input_shape=(784,)))
    model.add(lib.layers.Dense(units=512, activation="relu"))
    model.add(lib.layers.Dense(units=10, activation="softmax"))
    assert [layer.count_params() for layer in model.layers] == [401_920, 262_656, 5_130]
    assert "Total params: 669,706 (2.55 MB)" in summary(model, capsys)


@pytest.mark.parametrize(
    ("make", "low", "high", "std"),
    [
        (lambda k: "glorot_uniform", -((6 / 500) ** 0.5), (6 / 500) ** 0.5, (2 / 500) ** 0.5),
        (lambda k: k.initializers.GlorotUniform(), -0.1096, 0.1096, (2 / 500) ** 0.5),
        # A normal cut off at two standard deviations, widened so that its own is as named.
        (lambda k: "glorot_normal", -0.1438, 0.1438, (2 / 500) ** 0.5),
        (lambda k: "he_uniform", -((6 / 300) ** 0.5), (6 / 300) ** 0.5, (2 / 300) ** 0.5),
        (lambda k: "he_normal", -0.1857, 0.1857, (2 / 300) ** 0.5),
        (lambda k: "random_normal", -1.0, 1.0, 0.05),
        (lambda k: "random_uniform", -0.05, 0.05, 0.05 / 3**0.5),
        (lambda k: k.initializers.RandomNormal(stddev=0.2), -2.0, 2.0, 0.2),
        (lambda k: k.initializers.RandomUniform(minval=0.0, maxval=1.0), 0.0, 1.0, 12**-0.5),
    ],
)
def test_initializers_have_the_spread_of_their_name(lib, make, low, high, std):
    layer = lib.layers.Dense(200, kernel_initializer=make(lib))
    model = lib.Sequential([lib.layers.Input((300,)), layer])
    W, b = model.get_weights()
    assert W.min() >= low * (1 + 1e-6)
    assert W.max() <= high * (1 + 1e-6)
    assert W.std() == pytest.approx(std, rel=0.02)
    assert abs(W.mean() - max(0, (low + high) / 2)) < 0.01
    assert not b.any()


def test_initializers_that_draw_nothing(lib):
    k = lib.initializers
    for made, value in ((k.Zeros(), 0), (k.Ones(), 1), (k.Constant(0.25), 0.25), ("ones", 1)):
        layer = lib.layers.Dense(3, kernel_initializer=made, bias_initializer=made)
        W, b = lib.Sequential([lib.layers.Input((2,)), layer]).get_weights()
        assert np.array_equal(W, np.full((2, 3), value))
        assert np.array_equal(b, np.full(3, value))


def test_a_seed_repeats_the_weights(lib, data):
    runs = []
    for _ in range(2):
        lib.utils.set_random_seed(12)
        model = classifier(lib)
        model.compile(loss="categorical_crossentropy")
        model.fit(*data, epochs=2, batch_size=3, verbose=0)
        runs.append(model.get_weights())
    for a, b in zip(*runs, strict=True):
        assert np.array_equal(a, b)


def test_to_categorical(lib):
    expected = [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]]
    assert np.array_equal(lib.utils.to_categorical([0, 3, 1]), expected)
    wide = lib.utils.to_categorical(np.array([[0], [1]]), 3)
    assert np.array_equal(wide, [[1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (lambda s: s.ExponentialDecay(0.1, 10, 0.5), {0: 0.1, 5: 0.1 * 0.5**0.5, 20: 0.025}),
        (lambda s: s.ExponentialDecay(0.1, 10, 0.5, staircase=True), {9: 0.1, 10: 0.05, 29: 0.025}),
        (lambda s: s.CosineDecay(0.1, 10), {0: 0.1, 5: 0.05, 10: 0.0, 99: 0.0}),
        (lambda s: s.CosineDecay(0.1, 10, alpha=0.2), {0: 0.1, 5: 0.06, 10: 0.02, 99: 0.02}),
        (
            lambda s: s.CosineDecay(0.0, 10, warmup_target=0.1, warmup_steps=4),
            {0: 0.0, 2: 0.05, 4: 0.1, 9: 0.05, 14: 0.0},
        ),
    ],
)
def test_schedules(lib, make, values):
    schedule = make(lib.optimizers.schedules)
    found = [float(schedule(step)) for step in values]
    assert found == pytest.approx(list(values.values()), rel=1e-5, abs=1e-8)


def test_the_optimizer_counts_its_steps_and_its_rate_can_be_set(lib, data):
    model = classifier(lib)
    model.compile(loss="categorical_crossentropy")
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)
    model.fit(*data, batch_size=3, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 8
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    model.fit(*data, verbose=0)
    assert np.array_equal(before[0], model.get_weights()[0])


def test_save_and_load_give_the_same_model(lib, data, tmp_path):
    x, y = data
    model = classifier(lib)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    path = tmp_path / f"net{suffix(lib)}"
    model.save(path)
    loaded = lib.models.load_model(path)
    np.testing.assert_allclose(model.predict(x, verbose=0), loaded.predict(x, verbose=0), rtol=1e-6)
    assert loaded.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))
    for net in (model, loaded):  # the slots came along: both go on alike
        net.fit(x, y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], loaded.get_weights()[0], rtol=1e-6)
