"""The functional form: graphs, their gradients, layers in several models, and what is refused."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

from tinynet import Input, Model, Sequential, check_gradients
from tinynet.layers import (
    Activation,
    Add,
    Average,
    Concatenate,
    Dense,
    Dropout,
    Flatten,
    Layer,
    Multiply,
    Softmax,
    Subtract,
    add,
    concatenate,
)
from tinynet.models import clone_model, graph, load_model

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 4)), RNG.integers(0, 3, 12)
MERGES = [Add, Average, Concatenate, Multiply, Subtract]


def skipping(merge=Add):
    """Return a model in which the input is used three times, and x twice."""
    inputs = Input(shape=(4,))
    x = Dense(4, activation="tanh")(inputs)
    y = merge()([x, inputs])
    z = Dense(5, activation="sigmoid")(y)
    z = Concatenate()([z, x, inputs])
    return Model(inputs, Dense(3, activation="softmax")(z))


def compiled(model, loss="sparse_categorical_crossentropy", optimizer="sgd"):
    model.compile(optimizer, loss)
    return model


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("merge", MERGES)
def test_gradients_of_values_used_twice_are_added(merge):
    assert check_gradients(compiled(skipping(merge)), X, Y).ok


@pytest.mark.usefixtures("_float64")
def test_gradients_that_are_not_added_are_found(monkeypatch):
    model = compiled(skipping())
    good = graph.Graph.forward

    def forgetful(self, x):
        steps = self.steps
        y, _ = good(self, x)

        def backward(dy):  # each value keeps the gradient of its last use alone
            values, backwards = [x], []
            for link, sources in steps:
                taken = [values[source] for source in sources]
                value, back = link.forward(taken if link.several else taken[0])
                values.append(value)
                backwards.append(back)
            gradients = [None] * len(steps) + [dy]
            for i in reversed(range(len(steps))):
                link, sources = steps[i]
                dx = backwards[i](gradients[i + 1])
                for source, part in zip(sources, dx if link.several else [dx], strict=True):
                    gradients[source] = part
            return gradients[0]

        return y, backward

    monkeypatch.setattr(graph.Graph, "forward", forgetful)
    assert not check_gradients(model, X, Y).ok


@pytest.mark.usefixtures("_float64")
def test_a_graph_behind_other_weights_hands_its_gradient_on():
    inputs = Input((4,))
    x = Dense(4)(inputs)
    x = Add()([Dense(4, activation="tanh")(x), x])
    x = Add()([x, x])
    model = Model(inputs, Dense(3, activation="softmax")(x))
    assert [type(link).__name__ for link in model.chain] == [
        *("Dense", "Graph", "Graph", "Dense", "Activation")
    ]
    assert check_gradients(compiled(model), X, Y).ok


def test_only_where_values_are_used_twice_is_there_a_graph():
    inputs = Input((2, 2))
    x = Dense(3, activation="relu")(Flatten()(inputs))
    model = Model(inputs, Softmax()(Dropout(0.5)(x)))
    kinds = [type(link).__name__ for link in model.chain]
    assert kinds == ["Flatten", "Dense", "Activation", "Dropout", "Softmax"]
    assert model.input_shape == (None, 2, 2)


def test_a_last_softmax_is_left_to_the_loss():
    model = compiled(skipping())
    body, head, loss = model.fused()
    assert type(body[-1]) is Dense
    assert loss.from_logits
    assert head == model.chain[-1].infer


def test_merges_by_hand():
    a, b = np.array([[1.0, 2.0]]), np.array([[3.0, 5.0]])
    dy = np.array([[10.0, 100.0]])
    for layer, y, da, db in [
        (Add(), [[4, 7]], [[10, 100]], [[10, 100]]),
        (Subtract(), [[-2, -3]], [[10, 100]], [[-10, -100]]),
        (Multiply(), [[3, 10]], [[30, 500]], [[10, 200]]),
        (Average(), [[2, 3.5]], [[5, 50]], [[5, 50]]),
    ]:
        found, backward = layer.forward([a, b])
        np.testing.assert_array_equal(found, y)
        np.testing.assert_array_equal(backward(dy), [da, db])
    y, backward = Concatenate().forward([a, b])
    np.testing.assert_array_equal(y, [[1, 2, 3, 5]])
    np.testing.assert_array_equal(backward(y), [a, b])
    assert add([a, b]).tolist() == [[4, 7]]
    assert concatenate([a, b]).tolist() == [[1, 2, 3, 5]]


def test_float32_stays_float32():
    model = compiled(skipping())
    model.fit(X, Y, verbose=0)
    assert model.predict(X, verbose=0).dtype == np.float32
    for link in model.chain:
        X32 = X.astype("f4")
        if isinstance(link, graph.Graph):
            y, backward = link.forward(X32)
            assert y.dtype == np.float32
            link.needs_dx = True
            assert backward(y).dtype == np.float32


@pytest.mark.parametrize("name", ["m.npz", "m.keras", "m.h5"])
def test_saving(tmp_path, name):
    if name != "m.npz":
        pytest.importorskip("h5py")
    model = compiled(skipping(), optimizer="adam")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / name)
    twin = load_model(tmp_path / name)
    assert type(twin) is type(model)
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    assert twin.get_config() == model.get_config()
    twin.load_weights(tmp_path / name)
    for one in (model, twin):
        one.fit(X, Y, shuffle=False, verbose=0)
    np.testing.assert_array_equal(twin.params, model.params)


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_have_weights_of_their_own(twin_of):
    model = compiled(skipping())
    model.fit(X, Y, verbose=0)
    part = Model(model.input, model.layers[1].output)
    for one in (model, part):
        twin = twin_of(one)
        before = one.predict(X, verbose=0)
        np.testing.assert_array_equal(twin.predict(X, verbose=0), before)
        twin.set_weights([w + 1 for w in twin.get_weights()])
        np.testing.assert_array_equal(one.predict(X, verbose=0), before)
        assert not np.allclose(twin.predict(X, verbose=0), before)
    twin = twin_of(model)
    twin.fit(X, Y, verbose=0)


def test_models_are_freed_at_once():
    gc.collect()
    gc.disable()
    try:
        model = skipping()
        seen = weakref.ref(model)
        layer = weakref.ref(model.layers[1])
        del model
        assert seen() is None
        assert layer() is None
    finally:
        gc.enable()


# ------------------------------------------------------------------ layers in several models


def test_a_part_of_a_model_shares_its_weights():
    inputs = Input((4,))
    code = Dense(2, activation="relu")(inputs)
    whole = compiled(Model(inputs, Dense(4)(code)), "mse", "adam")
    encoder = Model(inputs, code)
    start = Input((2,))
    decoder = Model(start, whole.layers[-1](start))

    def check():
        both = decoder.predict(encoder.predict(X, verbose=0), verbose=0)
        np.testing.assert_allclose(both, whole.predict(X, verbose=0), rtol=1e-6)

    check()
    whole.fit(X, X, verbose=0)
    check()
    before = encoder.get_weights()
    compiled(encoder, "mse").fit(X, X[:, :2], verbose=0)  # now the encoder trains on its own
    assert not np.array_equal(before[0], encoder.get_weights()[0])
    check()
    whole.fit(X, X, verbose=0)  # and then the whole again, with its own slots
    check()
    assert whole.optimizer.iterations == 2
    flat = np.concatenate([w.ravel() for w in whole.get_weights()])
    np.testing.assert_array_equal(whole.params, flat)


def test_models_on_models():
    inner = Sequential([Dense(2, input_shape=(4,))])
    outer = Sequential([inner, Softmax()])
    logits = inner.predict(X, verbose=0)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outer.predict(X, verbose=0), expected, rtol=1e-6)
    compiled(outer).fit(X, Y % 2, epochs=3, verbose=0)
    np.testing.assert_array_equal(outer.layers[0].get_weights()[0], inner.get_weights()[0])
    inputs = Input((4,))
    again = Model(inputs, Softmax()(inner(inputs)))
    np.testing.assert_allclose(again.predict(X, verbose=0), outer.predict(X, verbose=0), rtol=1e-6)
    inner.set_weights([w + 1 for w in inner.get_weights()])
    np.testing.assert_allclose(again.predict(X, verbose=0), outer.predict(X, verbose=0), rtol=1e-6)


def test_features_of_a_sequential():
    model = Sequential([Dense(3, activation="relu", input_shape=(4,)), Dense(2)])
    features = Model(inputs=model.inputs, outputs=model.layers[0].output)
    W, b = model.layers[0].get_weights()
    np.testing.assert_allclose(features.predict(X, verbose=0), np.maximum(X @ W + b, 0), rtol=1e-5)


def test_a_clone_shares_nothing():
    model = skipping()
    twin = clone_model(model)
    assert not set(twin.layers) & set(model.layers)
    assert twin.get_config() == model.get_config()


def test_a_layer_applied_to_arrays_makes_its_weights_and_keeps_them():
    layer = Dense(2, activation="relu")
    y = layer(X)
    W, b = layer.get_weights()
    np.testing.assert_allclose(y, np.maximum(X.astype("f4") @ W + b, 0), rtol=1e-5)
    model = Sequential([layer])
    np.testing.assert_array_equal(model.predict(X, verbose=0), y)


# --------------------------------------------------------------------------- what is refused


def two_inputs():
    a, b = Input((4,)), Input((4,))
    return Model(a, Add()([a, b]))


def shared():
    a, layer = Input((4,)), Dense(4)
    return Model(a, layer(layer(a)))


class Called(Layer):
    def call(self, x):
        return x


class Stepping(Sequential):
    def train_step(self, data):
        return {}


REFUSED = {
    "two inputs in a list": (lambda: Model([Input((4,)), Input((4,))], 0), "one of the inputs"),
    "two outputs": (lambda: Model(Input((4,)), [Input((4,))] * 2), "one of the outputs"),
    "an input that is not named": (two_inputs, "need the input 'input_layer_1'"),
    "an input that is not used": (lambda: Model(Input((4,)), Input((4,))), "need the input"),
    "weights used twice": (shared, "is applied twice, and has weights"),
    "one name twice": (
        lambda: Model(a := Input((4,)), Dense(2, name="a")(Dense(3, name="a")(a))),
        "Two layers are named 'a'",
    ),
    "no symbol": (lambda: Model(Input((4,)), Dense(3)), "got Dense"),
    "nothing": (lambda: Model(), "Expected inputs"),
    "a list for one": (lambda: Dense(3)([Input((4,))]), "as one, as in layer"),
    "one for a list": (lambda: Add()(Input((4,))), "as a list"),
    "other shapes": (lambda: Add()([Input((4,)), Input((3,))]), "one shape"),
    "three to subtract": (lambda: Subtract()([Input((4,))] * 3), "two inputs"),
    "shapes that don't fit": (lambda: Concatenate(1)([Input((4, 2)), Input((3, 3))]), "together"),
    "along the batch": (lambda: Concatenate(0)([Input((4,)), Input((4,))]), "together"),
    "mixed": (lambda: Add()([Input((4,)), X]), "symbols and arrays"),
    "a merge in a row": (lambda: Sequential([Input((4,)), Add()]), "Expected a layer"),
    "not flat": (lambda: Dense(3)(Input((2, 2))), "Flatten"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_by_name(name):
    make, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda s: s + s, "Add"),
        (lambda s: 2 * s, "Rescaling"),
        (lambda s: s @ np.eye(4), "Only layers"),
        (lambda s: np.asarray(s), "no numbers"),
        (lambda s: Called(), "forward"),
        (lambda s: Stepping(), "train_step"),
    ],
)
def test_what_only_a_framework_could_do(compute, words):
    with pytest.raises(TypeError, match=words):
        compute(Input((4,)))


def test_a_layer_that_has_weights_for_another_shape():
    layer = Dense(3)
    Sequential([Input((4,)), layer])
    W = layer.get_weights()[0]
    for make in (lambda: Sequential([Input((5,)), layer]), lambda: layer(Input((5,)))):
        with pytest.raises(ValueError, match="layer"):
            make()
        np.testing.assert_array_equal(layer.get_weights()[0], W)


def test_layers_without_weights_may_be_applied_twice():
    relu, inputs = Activation("relu"), Input((4,))
    model = Model(inputs, Dense(3)(relu(Dense(4)(relu(inputs)))))
    assert [layer.name for layer in model.layers].count("activation") == 1
    twin = clone_model(model)
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
