"""What is trained and what is kept: frozen layers, running means, and where their numbers lie."""

import copy
import pickle

import numpy as np
import pytest

import tinynet
from tinynet import Sequential
from tinynet.layers import BatchNormalization, Dense, Dropout, Layer
from tinynet.models import load_model
from tinynet.optimizers import SGD, Adam

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 4)), RNG.normal(size=(40, 2))
TRAINED = {"kernel and bias": [0, 1, 6, 7], "gamma and beta": [2, 3]}


class Counter(Layer):
    """Count the examples seen in training, without training on the number."""

    def build(self, input_shape):
        self.add_weight("seen", (1,), "zeros", trainable=False)
        self.add_weight("a", input_shape, "ones")
        return input_shape

    def forward(self, x):
        self.seen += len(x)

        def backward(dy):
            np.sum(dy * x, axis=0, out=self.da)
            return dy * self.a

        return x * self.a, backward

    def infer(self, x):
        return x * self.a


def make(*, optimizer="adam", middle=BatchNormalization, **first):
    layers = [Dense(3, "relu", input_shape=(4,), **first), middle(), Dense(2)]
    model = Sequential(layers)
    model.compile(optimizer, "mse")
    return model


def moved(model, **options):
    """Train, and say which weights are other ones afterwards."""
    before = model.get_weights()
    model.fit(X, Y, verbose=0, **options)
    return [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]


def through_a_file(model, tmp_path):
    model.save(tmp_path / "model.npz")
    return load_model(tmp_path / "model.npz", custom_objects={"Counter": Counter})


WAYS = {
    "as it is": lambda model, tmp_path: model,
    "copy.copy": lambda model, tmp_path: copy.copy(model),
    "deepcopy": lambda model, tmp_path: copy.deepcopy(model),
    "pickle": lambda model, tmp_path: pickle.loads(pickle.dumps(model)),
    "load_model": through_a_file,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("frozen", [[], [0], [1], [2], [0, 2], [0, 1, 2]])
@pytest.mark.parametrize("middle", [BatchNormalization, Counter])
def test_every_weight_is_a_view_of_one_of_the_two_vectors(way, frozen, middle, tmp_path):
    model = make(middle=middle)
    for i in frozen:
        model.layers[i].trainable = False
    model.fit(X, Y, verbose=0)
    model = WAYS[way](model, tmp_path)
    sizes = {True: 0, False: 0}
    for layer in model.layers:
        for name, weight in layer.declared.items():
            assert weight.trained is (weight.trainable and layer.trainable)
            vector = model.params if weight.trained else model.kept
            assert np.shares_memory(getattr(layer, name), vector)
            assert np.shares_memory(getattr(layer, "d" + name), model.grads) is weight.trained
            sizes[weight.trained] += weight.size
    assert (model.params.size, model.kept.size) == (sizes[True], sizes[False])
    assert model.grads.shape == model.params.shape
    assert all(slot.shape == model.params.shape for slot in model.optimizer.slots.values())
    assert model.count_params() == sizes[True] + sizes[False]


@pytest.mark.parametrize("way", ["deepcopy", "pickle", "load_model"])
@pytest.mark.parametrize("frozen", [[], [0], [1]])
def test_a_copy_trains_on_to_the_same_bits(way, frozen, tmp_path):
    model = make()
    for i in frozen:
        model.layers[i].trainable = False
    model.fit(X, Y, verbose=0)
    twin = WAYS[way](model, tmp_path)
    for each in (model, twin):
        each.fit(X, Y, verbose=0, shuffle=False)
    assert twin.params.tobytes() == model.params.tobytes()
    assert twin.kept.tobytes() == model.kept.tobytes()
    assert twin.optimizer.iterations == model.optimizer.iterations == 4


@pytest.mark.parametrize("when", ["in the constructor", "before compile", "before fit"])
def test_a_frozen_layer_stays_as_it_is(when):
    model = make(trainable=when != "in the constructor")
    if when == "before compile":
        model.layers[0].trainable = False
        model.compile("adam", "mse")
    model.layers[0].trainable = False
    assert moved(model) == [False, False, True, True, True, True, True, True]


def test_a_frozen_model_stays_as_it_is_and_may_be_set_free():
    model = make()
    model.trainable = False
    assert [layer.trainable for layer in model.layers] == [False] * 3
    assert not any(moved(model, epochs=2))
    model.trainable = True
    model.compile("adam", "mse")
    assert all(moved(model))


def test_what_is_added_to_a_frozen_model_is_frozen_too():
    model = make()
    model.trainable = False
    model.add(Dense(2))
    model.compile("adam", "mse")
    assert not any(moved(model))


def test_running_means_move_in_training_only():
    model = make()
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model(X)
    np.testing.assert_array_equal(model.layers[1].moving_mean, 0)
    model(X, training=True)
    assert (model.layers[1].moving_mean != 0).any()


def test_a_frozen_batch_normalisation_uses_its_running_means_in_training():
    model = make()
    model.fit(X, Y, verbose=0)
    model.layers[1].trainable = False
    model.compile("adam", "mse")
    np.testing.assert_allclose(model(X, training=True), model(X), rtol=1e-6)
    assert moved(model) == [True, True, False, False, False, False, True, True]


def test_freezing_after_steps_asks_for_compile_and_changes_nothing():
    model = make()
    model.fit(X, Y, verbose=0)
    before, slots = model.params.copy(), model.optimizer.slots["velocity"].copy()
    model.layers[0].trainable = False
    with pytest.raises(ValueError, match=r"Compile the model again.*Adam\("):
        model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.params, before)
    np.testing.assert_array_equal(model.optimizer.slots["velocity"], slots)
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.compile(Adam(), "mse")  # as the message says
    assert moved(model) == [False, False, True, True, True, True, True, True]


def test_a_model_frozen_after_training_can_be_saved_and_gives_the_same(tmp_path):
    model = make()
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    twin = through_a_file(model, tmp_path)
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    assert [layer.trainable for layer in twin.layers] == [False, True, True]
    twin.compile("sgd", "mse")
    assert moved(twin)[:2] == [False, False]


def test_a_penalty_on_a_frozen_weight_is_no_part_of_the_loss():
    model = make(kernel_regularizer="l2")
    with_penalty = model.evaluate(X, Y, verbose=0)
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    model.set_weights(make().get_weights())
    assert with_penalty > 0
    plain = np.mean((model.predict(X, verbose=0) - Y) ** 2)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(plain, rel=1e-6)


def test_no_gradient_goes_back_beyond_the_first_layer_that_is_trained():
    asked = []

    class Spy(Layer):
        def forward(self, x):
            return x, lambda dy: asked.append("spy") or dy

    model = Sequential([Dense(3, input_shape=(4,)), Spy(), Dense(2)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)  # a rehearsal on a copy comes first, and asks all
    asked.clear()
    model.fit(X, Y, verbose=0)
    assert asked == []


def test_the_summary_counts_what_is_trained_and_what_is_not(capsys):
    model = make()
    model.build()
    model.layers[0].trainable = False
    model.summary()
    shown = capsys.readouterr().out
    assert "Total params: 35 (140.00 B)" in shown
    assert "Trainable params: 14 (56.00 B)" in shown
    assert "Non-trainable params: 21 (84.00 B)" in shown


def test_a_config_says_what_is_frozen():
    model = make()
    model.layers[0].trainable = False
    twin = Sequential.from_config(model.get_config())
    assert [layer.trainable for layer in twin.layers] == [False, True, True]
    twin.compile("sgd", "mse")
    assert moved(twin)[:2] == [False, False]


def test_a_step_that_is_not_taken_leaves_the_running_means(monkeypatch):
    model = make(optimizer=SGD(0.1))
    model.fit(X, Y, verbose=0)
    before = model.params.copy(), model.kept.copy()
    with pytest.raises(FloatingPointError):
        model.fit(np.full((40, 4), 3e38), Y, verbose=0)
    np.testing.assert_array_equal(model.params, before[0])
    np.testing.assert_array_equal(model.kept, before[1])


def test_state_of_ones_own_is_saved_and_counted(tmp_path):
    model = make(middle=Counter)
    model.fit(X, Y, epochs=2, verbose=0)
    assert model.layers[1].seen == 80
    twin = through_a_file(model, tmp_path)
    assert twin.layers[1].seen == 80


def test_the_gradient_check_leaves_what_is_not_trained_alone():
    model = make()
    model.layers[0].trainable = False
    report = tinynet.check_gradients(model, X[:5], Y[:5])
    assert report.ok
    names = {(row.layer, row.name) for row in report.rows}
    assert ("batch_normalization", "dgamma") in names
    assert ("dense", "dW") not in names
    assert not any("moving" in name for _, name in names)


def test_a_damaged_list_of_what_is_trained_is_refused(tmp_path):
    from tinynet import saving

    model = make()
    model.build()
    for trained in ([True], "all", [1] * 8, [True] * 9, {}):
        with pytest.raises(ValueError, match="trained"):
            saving.place(model, trained)
    saving.place(model, [True] * 8)
    assert [w.trained for w in model.layers[1].declared.values()] == [True, True, False, False]


@pytest.mark.parametrize("where", ["first", "after dropout", "last"])
def test_batch_normalisation_anywhere_has_right_gradients(where):
    layers = {
        "first": [BatchNormalization(input_shape=(4,)), Dense(2)],
        "after dropout": [Dense(3, input_shape=(4,)), Dropout(0.2), BatchNormalization(), Dense(2)],
        "last": [Dense(2, input_shape=(4,)), BatchNormalization()],
    }[where]
    model = Sequential(layers)
    model.compile("sgd", "mse")
    assert tinynet.check_gradients(model, X[:6], Y[:6]).ok
