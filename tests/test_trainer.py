"""Training as a whole: one step by hand, then what fit, evaluate and predict promise."""

import copy
import math
import tracemalloc

import numpy as np
import pytest

from tinynet import Input, Sequential, utils
from tinynet.callbacks import Callback
from tinynet.layers import Activation, Dense, Dropout, Flatten, ReLU, Rescaling, Softmax
from tinynet.losses import CategoricalCrossentropy
from tinynet.optimizers import SGD, Adam, RMSprop

RNG = np.random.default_rng(3)
X = RNG.normal(size=(70, 4))  # float64, as a user's x / 255 is
CLASSES = X[:, :3].argmax(axis=1)
Y = np.eye(3)[CLASSES]


def kind(value):
    return type(value).__name__


def make(*chain, optimizer="rmsprop", loss="categorical_crossentropy", metrics=("accuracy",)):
    chain = chain or (Dense(8, "relu"), Dense(3, "softmax"))
    model = Sequential([Input((4,)), *chain])
    model.compile(optimizer, loss, metrics=metrics)
    return model


# One step, worked by hand


def test_one_step_worked_by_hand():
    # Two inputs, two hidden units, two classes; x is (1, 2) of class 1 and (0, 0) of class 0.
    #
    #     W1 = 1  1   b1 = 0 0      W2 = ln 3   0   b2 = 0 0
    #          0 -1                        5   -5
    #
    # Forward, first example:  x W1 = (1, 1 - 2) = (1, -1); relu: h = (1, 0)
    #                          logits = h W2 = (ln 3, 0);   p = (3/4, 1/4);  l = -ln 1/4 = 2 ln 2
    #         second example:  x W1 = (0, 0);  h = (0, 0);  p = (1/2, 1/2);  l = -ln 1/2 = ln 2
    # The loss is their mean, 3/2 ln 2.
    #
    # Backward, from (p - t) / n with n = 2:
    #     first: (3/8, -3/8); second: (-1/4, 1/4)
    #     dW2 = h.T dlogits = the first row's h is (1, 0):  3/8 -3/8     db2 = 3/8 - 1/4 =  1/8
    #                                                         0    0          -3/8 + 1/4 = -1/8
    #     dh = dlogits W2.T: first (3/8 ln 3, ...), second (...); relu lets through only what was
    #     above 0, which is the first unit of the first example: (3/8 ln 3, 0) and (0, 0).
    #     dW1 = x.T of that:  3/8 ln 3   0      db1 = 3/8 ln 3, 0
    #                         6/8 ln 3   0
    #
    # Step: w -= lr dw, and lr = 8 keeps the numbers round.
    ln3 = math.log(3)
    model = Sequential([Input((2,)), Dense(2, "relu"), Dense(2, "softmax")])
    model.compile(SGD(8.0), "categorical_crossentropy", metrics=["accuracy"])
    model.set_weights([[[1, 1], [0, -1]], [0, 0], [[ln3, 0], [5, -5]], [0, 0]])
    loss, accuracy = model.train_on_batch([[1, 2], [0, 0]], [[0, 1], [1, 0]])
    assert loss == pytest.approx(1.5 * math.log(2), rel=1e-6)
    assert accuracy == 0.5  # (1/2, 1/2) counts as class 0, the first of the largest
    for weight, expected in zip(
        model.get_weights(),
        [
            [[1 - 3 * ln3, 1], [0 - 6 * ln3, -1]],
            [-3 * ln3, 0],
            [[ln3 - 3, 3], [5, -5]],
            [-1, 1],
        ],
        strict=True,
    ):
        np.testing.assert_allclose(weight, expected, rtol=1e-6)


# What training reaches


def test_twenty_random_labels_are_learnt_by_heart():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=(20, 784)), rng.integers(0, 10, 20)
    model = Sequential([Input((784,)), Dense(64, "relu"), Dense(10, "softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=60, batch_size=8, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] == 1.0


@pytest.mark.parametrize(
    ("output", "loss", "y"),
    [
        ("softmax", "categorical_crossentropy", Y),
        ("softmax", "sparse_categorical_crossentropy", CLASSES),
        (None, CategoricalCrossentropy(from_logits=True), Y),
        ("sigmoid", "binary_crossentropy", Y),
        (None, "mse", Y),
        (None, "mae", Y),
    ],
)
@pytest.mark.parametrize("optimizer", [SGD(0.1, momentum=0.9), RMSprop(0.01), Adam(0.01)], ids=kind)
def test_every_loss_falls_under_every_optimizer(output, loss, y, optimizer):
    optimizer = copy.deepcopy(optimizer)
    model = make(Dense(16, "relu"), Dense(3, output), loss=loss, optimizer=optimizer)
    losses = model.fit(X, y, epochs=20, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.75 * losses[0]


# float32 everywhere


CHAINS = {
    "activations": lambda: [
        Dense(5, name) for name in ("linear", "relu", "leaky_relu", "sigmoid", "tanh")
    ],
    "layers": lambda: [
        Rescaling(np.float64(1 / 255), np.float64(1)),
        Flatten(),
        Dense(5, kernel_regularizer="l1l2", bias_regularizer="l2"),
        ReLU(),
        Dropout(np.float64(0.5)),
        Activation("tanh"),
        Dense(3),
        Softmax(),
    ],
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9), RMSprop(centered=True), Adam()], ids=kind)
@pytest.mark.parametrize("loss", ["categorical_crossentropy", "binary_crossentropy", "mse", "mae"])
def test_no_number_on_the_way_is_float64(name, optimizer, loss, monkeypatch):
    seen = []
    optimizer = copy.deepcopy(optimizer)
    model = make(*CHAINS[name](), Dense(3, "softmax"), optimizer=optimizer, loss=loss)
    model.build()
    for link in model.chain:
        monkeypatch.setattr(link, "forward", recorded(link.forward, seen))
    model.train_on_batch(X, Y, sample_weight=np.ones(70))
    update = optimizer.slots | {"params": model.params, "grads": model.grads, "y": model(X)}
    seen += [(array, "") for array in update.values()]
    seen += [(array, "") for array in (model.predict(X, verbose=0), *model.get_weights())]
    assert {array.dtype for array, _ in seen} == {np.dtype("float32")}
    assert {what for _, what in seen} >= {"y", "dy", "dx"}


def recorded(forward, seen):
    """Keep what goes through a layer in both directions."""

    def recording(x):
        y, backward = forward(x)
        seen.append((y, "y"))

        def recording_backward(dy):
            dx = backward(dy)
            seen.extend([(dy, "dy"), *([(dx, "dx")] if dx is not None else [])])
            return dx

        return y, recording_backward

    return recording


@pytest.mark.usefixtures("_float64")
def test_float64_on_request():
    model = make()
    model.fit(X, Y, verbose=0)
    assert model.params.dtype == model.grads.dtype == model.predict(X, verbose=0).dtype == "float64"


# fit


def test_history_has_one_float_an_epoch_under_kerass_names():
    model = make(metrics=["accuracy", "mse"])
    history = model.fit(X, Y, epochs=3, validation_data=(X, Y), verbose=0)
    names = ["accuracy", "loss", "mse", "val_accuracy", "val_loss", "val_mse"]
    assert list(history.history) == names
    assert all(type(v) is float for values in history.history.values() for v in values)
    assert [len(values) for values in history.history.values()] == [3] * 6
    assert history.epoch == [0, 1, 2]
    assert history is model.history


def test_epoch_numbers_are_means_over_examples_while_the_weights_move():
    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    history = model.fit(X, Y, batch_size=32, shuffle=False, verbose=0).history
    starts = (0, 32, 64)
    batches = [twin.train_on_batch(X[i : i + 32], Y[i : i + 32]) for i in starts]
    expected = np.average(batches, axis=0, weights=[32, 32, 6])
    np.testing.assert_allclose([history["loss"][0], history["accuracy"][0]], expected, rtol=1e-6)
    np.testing.assert_array_equal(model.params, twin.params)


class Spy(Callback):
    """Keep the places and the number of examples of each batch."""

    def __init__(self):
        self.places = []

    def on_train_batch_end(self, batch, logs=None):
        self.places.append(batch)


@pytest.mark.parametrize(("size", "steps"), [(None, 3), (32, 3), (35, 2), (70, 1), (1000, 1)])
def test_the_last_partial_batch_is_a_step(size, steps):
    model, spy = make(), Spy()
    model.fit(X, Y, batch_size=size, verbose=0, callbacks=[spy])
    assert spy.places == list(range(steps))
    assert model.optimizer.iterations == steps


def orders(**options):
    """Return the order in which fit shows the examples, epoch by epoch."""
    model, seen = make(), []
    gradients = model.gradients
    model.gradients = lambda x, *rest: seen.append(x[:, 0].copy()) or gradients(x, *rest)
    model.fit(np.repeat(np.arange(70.0)[:, None], 4, axis=1), Y, verbose=0, **options)
    return np.concatenate(seen).reshape(-1, 70)


def test_shuffle_takes_every_example_once_in_a_new_order_each_epoch():
    one, two = orders(epochs=2)
    np.testing.assert_array_equal(np.sort(one), np.arange(70))
    np.testing.assert_array_equal(np.sort(two), np.arange(70))
    assert (one != np.arange(70)).any()
    assert (one != two).any()


def test_without_shuffle_the_examples_come_as_they_are():
    np.testing.assert_array_equal(orders(epochs=2, shuffle=False), [np.arange(70)] * 2)


def test_validation_split_holds_the_last_part_back():
    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    split = model.fit(X, Y, validation_split=0.3, shuffle=False, epochs=2, verbose=0)
    data = twin.fit(
        X[:49], Y[:49], validation_data=(X[49:], Y[49:]), shuffle=False, epochs=2, verbose=0
    )
    assert split.history == data.history


def test_validation_data_wins_over_validation_split():
    model = make()
    history = model.fit(X, Y, validation_split=0.5, validation_data=(X, Y), verbose=0).history
    assert model.optimizer.iterations == 3
    np.testing.assert_allclose(history["val_loss"], model.evaluate(X, Y, verbose=0)[0])


def test_a_split_that_leaves_nothing_is_refused():
    model = make()
    with pytest.raises(ValueError, match="leaves none of the 70 examples to train on"):
        model.fit(X, Y, validation_split=0.99, verbose=0)


def test_validation_is_by_the_weights_after_the_epoch_and_without_dropout():
    model = make(Dense(8, "relu"), Dropout(0.5), Dense(3, "softmax"))
    history = model.fit(X, Y, epochs=2, validation_data=(X, Y, np.full(70, 2.0)), verbose=0).history
    loss = model.evaluate(X, Y, verbose=0)[0]
    assert history["val_loss"][-1] == pytest.approx(2 * loss, rel=1e-6)


def test_validation_freq_and_initial_epoch():
    history = make().fit(
        X, Y, epochs=6, initial_epoch=2, validation_data=(X, Y), validation_freq=2, verbose=0
    )
    assert history.epoch == [2, 3, 4, 5]
    assert len(history.history["val_loss"]) == 2


def test_fit_goes_on_where_the_last_fit_stopped():
    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    model.fit(X, Y, epochs=4, shuffle=False, verbose=0)
    for _ in range(4):
        twin.fit(X, Y, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model.params, twin.params)


def test_same_seed_same_bits():
    def train(seed, **options):
        utils.set_random_seed(seed)
        model = make(Dense(8, "relu"), Dropout(0.5), Dense(3, "softmax"))
        model.fit(X, Y, epochs=2, verbose=0, **options)
        return model.params

    np.testing.assert_array_equal(train(5), train(5))
    np.testing.assert_array_equal(train(5), train(5, validation_data=(X, Y), callbacks=[Spy()]))
    assert (train(5) != train(6)).any()


def test_class_weight_is_the_weight_of_each_examples_class():
    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    model.fit(X, Y, class_weight={0: 3.0, 2: 0.5}, shuffle=False, verbose=0)
    weights = np.array([3.0, 1.0, 0.5])[CLASSES]
    twin.fit(X, Y, sample_weight=weights, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model.params, twin.params)


@pytest.mark.parametrize("dtype", ["float64", "uint8"])
@pytest.mark.parametrize("options", [{}, {"validation_split": 0.5}])
def test_no_copy_of_the_whole_data_is_made(dtype, options):
    x, y = np.ones((4000, 784), dtype), np.zeros((4000, 10))  # x is 25 MB in float64
    y[:, 3] = 1
    model = Sequential([Input((784,)), Dense(10, "softmax")])
    model.compile(loss="categorical_crossentropy")
    tracemalloc.start()
    model.fit(x, y, verbose=0, **options)
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6


def test_the_users_arrays_are_not_changed():
    x, y = X.copy(), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    make().fit(x, y, validation_split=0.2, verbose=0)
    x = X.astype(np.float32)
    before = x.copy()
    make(Rescaling(2.0), ReLU(), Dense(3, "softmax")).fit(x, Y, batch_size=70, verbose=0)
    np.testing.assert_array_equal(x, before)


# evaluate and predict


def test_evaluate_does_not_depend_on_the_batch_size_or_change_anything():
    model = make(Dense(8, "relu", kernel_regularizer="l2"), Dropout(0.5), Dense(3, "softmax"))
    model.build()
    before = model.params.copy(), model.rng.bit_generator.state
    whole = model.evaluate(X, Y, batch_size=70, verbose=0)
    assert whole == pytest.approx(model.evaluate(X, Y, batch_size=9, verbose=0), rel=1e-6)
    assert whole == model.test_on_batch(X, Y)
    assert (model.params == before[0]).all()
    assert model.rng.bit_generator.state == before[1]


def test_what_evaluate_returns():
    loss, accuracy = make().evaluate(X, Y, verbose=0)
    model = make(metrics=None)
    assert isinstance(model.evaluate(X, Y, verbose=0), float)
    assert model.evaluate(X, Y, verbose=0, return_dict=True).keys() == {"loss"}
    assert list(make().evaluate(X, Y, verbose=0, return_dict=True)) == ["accuracy", "loss"]
    assert 0 <= accuracy <= 1 < loss + 1


def test_predict_gives_the_outputs_in_order_whatever_the_batches():
    model = make()
    y = model.predict(X, verbose=0)
    assert (y.shape, y.dtype) == ((70, 3), np.float32)
    for other in (model.predict(X, batch_size=9, verbose=0), model(X), model.predict_on_batch(X)):
        np.testing.assert_allclose(other, y, rtol=1e-5)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)


def test_predict_needs_no_compile():
    model = Sequential([Dense(3, "softmax")])
    assert model.predict(X.tolist(), verbose=0).shape == (70, 3)


def test_a_fused_model_still_reports_probabilities():
    model = make(metrics=["mse"])
    _, mse = model.evaluate(X, Y, verbose=0)
    assert mse == pytest.approx(np.square(model(X) - Y).mean(), rel=1e-5)


def test_compile_anew_keeps_the_weights():
    model = make()
    model.fit(X, Y, verbose=0)
    before = model.params.copy()
    model.compile("adam", "mse")
    assert (model.params == before).all()
    model.fit(X, Y, verbose=0)
    assert model.optimizer.iterations == 3


@pytest.mark.parametrize(
    "form", [lambda a: a, lambda a: a.reshape(-1, 1), lambda a: [a], lambda a: (a.reshape(-1, 1),)]
)
def test_one_number_an_example_says_what_the_inputs_are(form):
    x = np.array([1.0, 2.0, 4.0], "float32")
    model = Sequential([Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    assert model.evaluate(form(x), form(x + 1), verbose=0) == pytest.approx(1.0)
    assert model.input_shape == (None, 1)
