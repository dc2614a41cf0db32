"""The functional form: shapes, names, summary, training, files, and layers in several models."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet


def chain(lib):
    inputs = lib.Input(shape=(6,))
    x = lib.layers.Dense(5, activation="relu")(inputs)
    return lib.Model(inputs=inputs, outputs=lib.layers.Dense(4, activation="softmax")(x))


def skipping(lib):
    layers = lib.layers
    inputs = lib.Input((6,), name="features")
    x = layers.Dense(6, activation="tanh")(inputs)
    y = layers.Add()([x, inputs])
    y = layers.Multiply()([y, x])
    y = layers.Concatenate()([layers.Dense(3, activation="relu")(y), inputs])
    y = layers.Average()([layers.Dense(5)(y), layers.Dense(5, activation="relu")(y)])
    y = layers.Subtract()([y, layers.Dense(5, name="last_but_one")(x)])
    return lib.Model(inputs, layers.Dense(4, activation="softmax")(y), name="skipping")


MODELS = [chain, skipping]


def compiled(model, optimizer="adam"):
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


def test_what_a_model_is(lib):
    model = chain(lib)
    assert isinstance(model, lib.Model)
    assert isinstance(lib.Sequential(), lib.Model)
    assert not isinstance(model, lib.Sequential)
    assert type(model).__name__ == "Functional"
    assert model.input_shape == (None, 6)
    assert model.output_shape == (None, 4)
    assert model.input.shape == (None, 6)
    assert model.outputs[0].shape == (None, 4)
    assert [layer.name for layer in model.layers] == ["input_layer", "dense", "dense_1"]
    assert type(model.layers[0]).__name__ == "InputLayer"
    assert model.count_params() == 6 * 5 + 5 + 5 * 4 + 4
    assert model.get_layer("dense_1") is model.layers[2]
    assert model.name == "functional"


def test_symbols_have_shapes(lib):
    inputs = lib.Input(shape=(2, 3))
    x = lib.layers.Flatten()(inputs)
    assert tuple(inputs.shape) == (None, 2, 3)
    assert tuple(x.shape) == (None, 6)
    assert tuple(lib.Input(batch_shape=(None, 4)).shape) == (None, 4)
    assert inputs.dtype == "float32"


@pytest.mark.parametrize("line_length", [None, 60])
@pytest.mark.parametrize("make", MODELS)
def test_summaries_look_alike(keras, capsys, make, line_length):
    texts = []
    for lib in (keras, tinynet):
        lib.utils.clear_session()
        model = make(lib)
        capsys.readouterr()
        model.summary(line_length)
        texts.append([line.rstrip() for line in capsys.readouterr().out.strip().splitlines()])
    assert texts[0] == texts[1]


@pytest.mark.parametrize("make", MODELS)
def test_the_same_numbers(keras, data, make):
    tiny, model = compiled(make(tinynet)), compiled(make(keras))
    assert [layer.name for layer in tiny.layers] == [layer.name for layer in model.layers]
    model.set_weights(tiny.get_weights())
    for net in (tiny, model):
        net.fit(*data, epochs=4, batch_size=4, shuffle=False, verbose=0)
    for a, b in zip(tiny.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("make", MODELS)
def test_configs_go_both_ways(keras, data, make):
    for one, other in ((keras, tinynet), (tinynet, keras)):
        model = make(one)
        twin = other.Model.from_config(model.get_config())
        twin.set_weights(model.get_weights())
        np.testing.assert_allclose(
            twin.predict(data[0], verbose=0), model.predict(data[0], verbose=0), atol=1e-6
        )
        assert twin.name == model.name


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_files_go_both_ways(keras, data, tmp_path, ending):
    pytest.importorskip("h5py")
    for one, other in ((keras, tinynet), (tinynet, keras), (tinynet, tinynet)):
        model = compiled(skipping(one))
        model.fit(*data, verbose=0)
        model.save(tmp_path / f"m{ending}")
        twin = other.models.load_model(tmp_path / f"m{ending}")
        np.testing.assert_allclose(
            twin.evaluate(*data, verbose=0), model.evaluate(*data, verbose=0), atol=1e-6
        )


def test_layers_of_two_models_share_their_weights(lib, data):
    x, _ = data
    inputs = lib.Input((6,))
    code = lib.layers.Dense(2, activation="relu")(inputs)
    whole = lib.Model(inputs, lib.layers.Dense(6)(code))
    encoder = lib.Model(inputs, code)
    start = lib.Input((2,))
    decoder = lib.Model(start, whole.layers[-1](start))
    whole.compile("adam", "mse")
    whole.fit(x, x, epochs=2, verbose=0)
    both = decoder.predict(encoder.predict(x, verbose=0), verbose=0)
    np.testing.assert_allclose(both, whole.predict(x, verbose=0), atol=1e-6)


def test_models_on_models(lib, data):
    x, _ = data
    encoder = lib.Sequential([lib.Input((6,)), lib.layers.Dense(3, activation="relu")])
    decoder = lib.Sequential([lib.Input((3,)), lib.layers.Dense(6)])
    stacked = lib.Sequential([encoder, decoder])
    inputs = lib.Input((6,))
    applied = lib.Model(inputs, decoder(encoder(inputs)))
    stacked.compile("adam", "mse")
    stacked.fit(x, x, epochs=3, verbose=0)
    expected = decoder.predict(encoder.predict(x, verbose=0), verbose=0)
    for model in (stacked, applied):
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
        assert len(model.get_weights()) == 4


def test_what_a_layer_gives_makes_a_model(lib, data):
    model = lib.Sequential([lib.Input((6,)), lib.layers.Dense(3), lib.layers.ReLU()])
    part = lib.Model(inputs=model.inputs, outputs=model.layers[0].output)
    np.testing.assert_allclose(
        np.maximum(part.predict(data[0], verbose=0), 0), model.predict(data[0], verbose=0)
    )


def test_functions_that_merge(lib):
    a, b = lib.Input((6,)), lib.Input((6,))
    for name in ("add", "subtract", "multiply", "average"):
        assert tuple(getattr(lib.layers, name)([a, b]).shape) == (None, 6)
    assert tuple(lib.layers.concatenate([a, b], axis=-1).shape) == (None, 12)


def test_a_layer_is_a_function_of_arrays(lib, data):
    layer = lib.layers.Dense(3, kernel_initializer="ones")
    expected = data[0].sum(axis=1, keepdims=True) @ np.ones((1, 3))
    assert np.asarray(layer(data[0])) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda k: k.Model(inputs=k.Input((4,)), outputs=k.layers.Dense(3)(k.Input((4,)))),
        lambda k: k.layers.Add()([k.Input((4,)), k.Input((3,))]),
        lambda k: k.Sequential([k.Input((4,)), k.Input((4,))]),
    ],
)
def test_mistakes_are_value_errors(lib, make):
    with pytest.raises(ValueError):
        make(lib)


def test_a_subclass_in_the_functional_form(lib):
    class Net(lib.Model):
        def __init__(self, units):
            inputs = lib.Input((6,))
            x = lib.layers.Dense(units, activation="relu")(inputs)
            super().__init__(inputs=inputs, outputs=lib.layers.Dense(4, activation="softmax")(x))
            self.units = units

    class Plain(lib.Model):
        pass

    inputs = lib.Input((6,))
    plain = Plain(inputs, lib.layers.Dense(4, activation="softmax")(inputs), name="plain")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 6)), np.eye(4)[rng.integers(0, 4, 20)]
    for model, cls, parameters in ((Net(5), Net, 59), (plain, Plain, 28)):
        assert isinstance(model, cls)
        assert type(model).__name__ == cls.__name__
        assert model.count_params() == parameters
        history = compiled(model).fit(x, y, epochs=3, verbose=0)
        assert len(history.history["loss"]) == 3
        assert model.predict(x, verbose=0).shape == (20, 4)
