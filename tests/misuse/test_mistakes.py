"""A learner's first hour: each mistake is answered with the line to type, and can be fixed.

The mistakes with data and settings that have an answer of one sentence stand in test_checks.py;
here are those that Keras lets pass in silence, old spellings, and what else goes wrong.
"""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy import data, network

from tinynet import Input, Sequential, layers, losses, optimizers
from tinynet.layers import Activation, Dense, Dropout, Flatten, Layer, Rescaling, Softmax
from tinynet.utils import to_categorical

X, CLASSES = data()
ONE_HOT = to_categorical(CLASSES, 3)
SPARSE, CATEGORICAL = "sparse_categorical_crossentropy", "categorical_crossentropy"


def build(*last: Layer, loss: object = SPARSE) -> Sequential:
    model = Sequential([Input(shape=(6,)), Dense(4, activation="relu"), *last])
    model.compile("sgd", loss)
    model.build()
    return model


def refused(model: Sequential, call, *words: str, error: type[Exception] = ValueError) -> str:
    """Check that a call is refused with these words and has changed no weight."""
    before = model.params.copy()
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert (model.params == before).all()
    return message


# ----------------------------------------------------------------- numbers that are not finite


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "predict", "__call__"])
def test_nan_and_infinity_in_x_are_named_by_row_and_column(method, value):
    model, x = network(), X.astype(float)
    model.fit(X, CLASSES, verbose=0)
    x[70, 4] = value
    y = [] if method in ("predict", "__call__") else [CLASSES]
    before = model.params.copy()
    overflow = np.errstate(over="ignore")  # 1e300 is infinite as a float32
    with overflow, pytest.raises(ValueError, match=r"x holds -?(nan|inf) in row 70, column 4"):
        getattr(model, method)(x, *y)
    assert np.isfinite(before).all()
    model.fit(x[:70], CLASSES[:70], verbose=0)


def test_the_rows_can_be_left_out_as_the_message_says():
    for x in (X.copy(), np.ones((100, 2, 3))):
        x[3] = np.nan
        model = Sequential([Input(x.shape[1:]), Flatten(), Dense(3, activation="softmax")])
        model.compile("sgd", SPARSE)
        with pytest.raises(ValueError, match=r"keep = np\.isfinite") as caught:
            model.fit(x, CLASSES, verbose=0)
        line = str(caught.value).partition("rows out: ")[2]
        fixed = {"x": x, "y": CLASSES, "np": np}
        exec(line, fixed)
        assert len(fixed["x"]) == len(fixed["y"]) == 99
        model.fit(fixed["x"], fixed["y"], verbose=0)


@pytest.mark.parametrize("shuffle", [True, False])
def test_the_row_is_that_of_the_data_set_however_it_is_shuffled_and_cut(shuffle):
    x = X.copy()
    x[90, 0] = np.nan
    with pytest.raises(ValueError, match="row 90, column 0"):
        network().fit(x[:95], CLASSES[:95], batch_size=7, shuffle=shuffle, verbose=0)


def test_nan_in_images_is_named_by_its_place_in_the_image():
    x = np.ones((5, 28, 28))
    x[3, 20, 7] = np.nan
    model = Sequential([Input((28, 28)), Flatten(), Dense(3, activation="softmax")])
    model.compile(loss=SPARSE)
    with pytest.raises(ValueError, match="row 3, column 20, 7"):
        model.fit(x, np.arange(5) % 3, verbose=0)


@pytest.mark.parametrize("loss", ["mse", "mae", "binary_crossentropy"])
def test_nan_in_targets_is_named(loss):
    y = np.zeros((100, 2))
    y[33, 1] = np.nan
    model = build(Dense(2, activation="sigmoid"), loss=loss)
    refused(model, lambda: model.fit(X, y, 100, verbose=0), "y holds nan in row 33, column 1")
    refused(model, lambda: model.evaluate(X, y, verbose=0), "y holds nan in row 33, column 1")


def test_nan_in_class_numbers_one_hot_rows_and_weights_is_named():
    model = network()
    model.build()
    y = CLASSES.astype(float)
    y[12] = np.nan
    refused(model, lambda: model.fit(X, y, verbose=0), "nan in row 12")
    weights = np.ones(100)
    weights[5] = np.nan
    refused(
        model,
        lambda: model.fit(X, CLASSES, sample_weight=weights, verbose=0),
        "sample_weight holds nan in row 5",
    )
    model.compile(loss=CATEGORICAL)
    t = ONE_HOT.copy()
    t[7, 2] = np.nan
    refused(model, lambda: model.fit(X, t, verbose=0), "row 7 of y sums to nan")


def test_large_numbers_whose_squares_are_no_float32_are_no_mistake():
    assert np.isfinite(network().predict(X * 1e25, verbose=0)).all()


# -------------------------------------------------------------------------- pixels not scaled


def images(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).integers(0, 256, (n, 6)).astype(np.uint8)
    x[0, 0] = 255
    return x, np.arange(n) % 3


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_pixels_that_are_not_scaled_are_warned_of(dtype):
    x, y = images()
    with pytest.warns(UserWarning, match=r"up to 255.*x\.astype\('float32'\) / 255"):
        network().fit(x.astype(dtype), y, verbose=0)


@pytest.mark.filterwarnings("error")
def test_scaled_pixels_and_other_numbers_are_not_warned_of():
    x, y = images()
    network().fit(x / 255, y, verbose=0)
    network().fit(X, CLASSES, verbose=0)
    network().fit(x - 128.0, y, verbose=0)  # not from 0
    network().fit(x * 4.0, y, verbose=0)  # beyond 255
    network().fit(x / 2, y, verbose=0)  # not whole
    network().fit(x // 16, y, verbose=0)  # small counts
    model = Sequential([Input((6,)), Rescaling(1 / 255), Dense(3, activation="softmax")])
    model.compile(loss=SPARSE)
    model.fit(x, y, verbose=0)


def test_pixels_are_warned_of_once():
    script = (
        "import numpy as np\nfrom toy import network\n"
        "x = np.full((9, 6), 255)\n"
        "for _ in range(3):\n    network().fit(x, np.arange(9) % 3, verbose=0)\n"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": os.pathsep.join([str(root.parent), str(root / "tools")])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.count("UserWarning") == 1


# ------------------------------------------------------------------- the last layer and the loss


@pytest.mark.parametrize("activation", [None, "linear", "relu", "tanh", "leaky_relu"])
@pytest.mark.parametrize(("loss", "y"), [(SPARSE, CLASSES), (CATEGORICAL, ONE_HOT)])
def test_a_missing_softmax(loss, y, activation):
    model = build(Dense(3, activation=activation), loss=loss)
    words = "Dense(3, activation='softmax')", "Crossentropy(from_logits=True)", loss
    refused(model, lambda: model.fit(X, y, verbose=0), *words)
    refused(model, lambda: model.train_on_batch(X, y), *words)
    fixed = type(losses.get(loss))(from_logits=True)  # as the message says
    model.compile("sgd", fixed)
    model.fit(X, y, verbose=0)


def test_a_missing_sigmoid():
    model = build(Dense(1), loss="binary_crossentropy")
    with pytest.warns(UserWarning, match=r"Dense\(1, activation='sigmoid'\).*from_logits=True"):
        model.fit(X, CLASSES > 0, verbose=0)


@pytest.mark.parametrize(
    ("loss", "name", "y"),
    [
        (losses.CategoricalCrossentropy(from_logits=True), "softmax", ONE_HOT),
        (losses.SparseCategoricalCrossentropy(from_logits=True), "softmax", CLASSES),
        (losses.BinaryCrossentropy(from_logits=True), "sigmoid", ONE_HOT),
    ],
)
def test_softmax_or_sigmoid_twice_by_from_logits(loss, name, y):
    model = build(Dense(3, activation=name), loss=loss)
    said = refused(model, lambda: model.fit(X, y, verbose=0), f"applies {name} already")
    model.compile("sgd", said.rpartition("loss=")[2].strip("'"))  # as the message says
    model.fit(X, y, verbose=0)


def test_softmax_twice_by_two_layers():
    model = build(Dense(3, activation="softmax"), Softmax())
    refused(model, lambda: model.fit(X, CLASSES, verbose=0), "softmax twice", "model.pop()")
    model.pop()
    model.fit(X, CLASSES, verbose=0)


def test_a_layer_of_ones_own_may_end_in_anything():
    class Shares(Layer):
        def forward(self, x):
            y = activations_softmax(x)

            def backward(dy):
                return y * (dy - (dy * y).sum(axis=1, keepdims=True))

            return y, backward

    from tinynet.activations import softmax as activations_softmax

    model = build(Dense(3), Shares(name="shares"))
    model.fit(X, CLASSES, verbose=0)


@pytest.mark.parametrize(
    ("loss", "y"), [(SPARSE, CLASSES), (CATEGORICAL, ONE_HOT), (CATEGORICAL, CLASSES)]
)
def test_a_single_unit_for_many_classes(loss, y):
    model = build(Dense(1, activation="softmax"), loss=loss)
    words = "single unit", "Dense(3, activation='softmax')", "Dense(1, activation='sigmoid')"
    refused(model, lambda: model.fit(X, y, verbose=0), *words)


def test_class_numbers_for_the_binary_loss():
    model = build(Dense(1, activation="sigmoid"), loss="binary_crossentropy")
    words = "from 0 to 1, got 0 to 2", "Dense(3, activation='softmax')", SPARSE
    refused(model, lambda: model.fit(X, CLASSES, verbose=0), *words)
    refused(model, lambda: model.fit(X, 1 - CLASSES, verbose=0), "got -1 to 1")


def test_labels_out_of_range_are_named_with_their_rows():
    model = network()
    model.build()
    y = CLASSES.copy()
    y[[4, 9, 50, 51, 52]] = 3, -1, 10, 10, 10
    words = "0 to 2", "3 in row 4, -1 in row 9, 10 in row 50 and 2 more"
    refused(model, lambda: model.fit(X, y, verbose=0), *words)
    model.fit(X, CLASSES, verbose=0)


# ---------------------------------------------------------------------------- shapes and forms


def test_x_and_y_in_the_wrong_order_do_not_teach_the_model_a_wrong_shape():
    model = Sequential([Dense(3, activation="softmax")])
    model.compile(loss=CATEGORICAL)
    with pytest.raises(ValueError, match=r"Expected y of shape \(n, 3\)"):
        model.fit(ONE_HOT, X, verbose=0)
    assert not model.built
    model.fit(X, ONE_HOT, verbose=0)
    assert model.input_shape == (None, 6)


class Frame:
    """A table such as pandas has: no array, but it can become one."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    def __len__(self):
        return len(self.values)


@pytest.mark.parametrize("form", [Frame, list, np.ndarray.tolist, lambda a: np.array(a, object)])
def test_lists_and_tables_are_taken_as_the_arrays_they_mean(form):
    model, twin = network(), network()
    model.fit(form(X), form(CLASSES), verbose=0)
    twin.fit(X, CLASSES, verbose=0)
    assert (model.params == twin.params).all()
    assert (model.predict(form(X), verbose=0) == twin.predict(X, verbose=0)).all()


def test_whole_numbers_are_taken_as_floats():
    x = (X * 9).astype(int)
    model = network()
    model.fit(x, CLASSES.astype(np.uint8), verbose=0)
    assert model.predict(x, verbose=0).dtype == np.float32


def test_names_of_classes_instead_of_numbers():
    names = np.array(["cat", "dog", "owl"])[CLASSES]
    model = network()
    model.build()
    refused(model, lambda: model.fit(X, names, verbose=0), "np.unique(y, return_inverse=True)")
    names, y = np.unique(names, return_inverse=True)
    model.fit(X, y, verbose=0)


@pytest.mark.parametrize("given", [(X,), X, (X, CLASSES, CLASSES, CLASSES), {"x": X}])
def test_validation_data_that_is_no_pair(given):
    model = network()
    model.build()
    call = lambda: model.fit(X, CLASSES, validation_data=given, verbose=0)  # noqa: E731
    refused(model, call, "validation_data=(x, y)")


@pytest.mark.parametrize(
    "options", [{"validation_freq": 0}, {"initial_epoch": -1}, {"epochs": 0}, {"batch_size": 0}]
)
def test_settings_of_fit_below_their_least(options):
    model = network()
    model.build()
    refused(model, lambda: model.fit(X, CLASSES, verbose=0, **options), "whole number from")


@pytest.mark.parametrize("shape", [784, (0,), (-3,), (2.5,), (None, 28), "784", ()])
def test_shapes_that_are_none(shape):
    for make in (lambda: Input(shape), lambda: Dense(3, input_shape=shape)):
        with pytest.raises(ValueError, match=r"Expected the shape of one example as a tuple"):
            make()


def test_layers_of_widths_that_do_not_follow_are_named_with_their_numbers():
    with pytest.raises(ValueError, match=r"'second'.*\(5,\).*before it gives \(4,\)"):
        Sequential([Dense(4, input_shape=(6,)), Dense(3, input_shape=(5,), name="second")])


def test_a_layer_added_to_a_trained_model_is_used_and_trained():
    model = network(loss="mse")
    model.pop()
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((100, 8)), verbose=0)
    kept = model.get_layer("hidden").get_weights()[0]
    model.add(Dense(2, name="added"))
    assert model.predict(X, verbose=0).shape == (100, 2)
    assert (model.get_layer("hidden").get_weights()[0] == kept).all()
    before = [w.copy() for w in model.get_weights()]
    with pytest.raises(ValueError, match="Compile the model again"):
        model.fit(X, np.ones((100, 2)), verbose=0)
    model.compile("sgd", "mse")
    model.fit(X, np.ones((100, 2)), verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


# ------------------------------------------------------------------------ old and wrong spellings


@pytest.mark.parametrize("cls", [optimizers.SGD, optimizers.RMSprop, optimizers.Adam])
@pytest.mark.parametrize(
    ("old", "new"),
    [("lr", "learning_rate"), ("decay", "ExponentialDecay"), ("learningrate", "learning_rate")],
)
def test_old_arguments_of_optimizers(cls, old, new):
    with pytest.raises(ValueError, match=f"{cls.__name__} has no argument '{old}'.*{new}"):
        cls(**{old: 0.1})


@pytest.mark.parametrize(
    ("cls", "settings", "words"),
    [
        (optimizers.SGD, {"momentum": 9}, "momentum as a number from 0 to 1, got 9"),
        (optimizers.RMSprop, {"rho": "0.9"}, "rho as a number from 0 to below 1, got '0.9'"),
        (optimizers.RMSprop, {"epsilon": -1e-7}, "epsilon as a number above 0, got -1e-07"),
        (optimizers.Adam, {"beta_1": 1.0}, "beta_1 as a number from 0 to below 1, got 1.0"),
        (
            optimizers.Adam,
            {"beta_2": float("nan")},
            "beta_2 as a number .* below 1, got nan",
        ),
        (optimizers.Adam, {"weight_decay": -0.1}, "weight_decay as a number from 0, got -0.1"),
        (optimizers.RMSprop, {"rho": 1}, "rho as a number from 0 to below 1, got 1"),
        (optimizers.RMSprop, {"epsilon": 0}, "epsilon as a number above 0, got 0"),
        (optimizers.SGD, {"learning_rate": float("inf")}, "learning_rate as .* from 0, got inf"),
        (optimizers.SGD, {"weight_decay": True}, "weight_decay as a number from 0, got True"),
    ],
)
def test_settings_of_optimizers_out_of_their_range(cls, settings, words):
    with pytest.raises(ValueError, match=words):
        cls(**settings)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Dense(3, activaton="relu"), "Dense has no argument 'activaton'.*'activation'"),
        (lambda: Dense(3, batch_input_shape=(None, 6)), "'batch_input_shape'.*'input_shape'"),
        (lambda: Dropout(0.5, sed=1), "Dropout has no argument 'sed'.*'seed'"),
        (lambda: Activation("relu", nme="a"), "Activation has no argument 'nme'.*'name'"),
    ],
)
def test_typos_in_arguments_of_layers(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    ("make", "nearest"),
    [
        (lambda m: m.compile(loss="categorical_crosentropy"), "categorical_crossentropy"),
        (lambda m: m.compile(optimizer="rmspop"), "rmsprop"),
        (lambda m: m.compile(metrics=["acuracy"]), "accuracy"),
        (lambda m: layers.Dense(3, activation="sofmax"), "softmax"),
        (lambda m: layers.Dense(3, kernel_initializer="glorot_unifrom"), "glorot_uniform"),
    ],
)
def test_typos_in_names(make, nearest):
    model = network()
    model.build()
    refused(model, lambda: make(model), f"Did you mean '{nearest}'?")
    model.fit(X, CLASSES, verbose=0)


def test_metrics_as_a_plain_string():
    model = network()
    model.build()
    refused(model, lambda: model.compile(metrics="accuracy"), "metrics=['accuracy']")


def test_names_that_the_history_does_not_have():
    history = network().fit(X, CLASSES, validation_split=0.2, verbose=0)
    with pytest.raises(KeyError, match=r"no 'acc' here\. Did you mean 'accuracy'"):
        history.history["acc"]
    with pytest.raises(KeyError, match="'val_accuracy'"):
        history.history["val_acc"]
    with pytest.raises(TypeError, match=r"Type history\.history\['accuracy'\]"):
        history["acc"]
    assert "acc" not in history.history
    assert history.history.get("acc") is None
    bare = network(metrics=None).fit(X, CLASSES, verbose=0)
    with pytest.raises(KeyError, match=r"There are: loss.*compile\(metrics=\[...\]\)"):
        bare.history["accuracy"]


def test_acc_is_a_name_that_keras_knows():
    history = network(metrics=["acc"]).fit(X, CLASSES, verbose=0)
    assert list(history.history) == ["acc", "loss"]
    with pytest.raises(KeyError, match="Did you mean 'acc'"):
        history.history["accuracy"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("predict_classes", "model.predict(x).argmax(axis=1)"),
        ("predict_proba", "model.predict(x)"),
        ("fit_generator", "model.fit(x, y)"),
    ],
)
def test_methods_that_are_gone(old, new):
    model = network()
    model.build()
    refused(model, lambda: getattr(model, old), f"no '{old}'", new, error=AttributeError)
    assert not hasattr(model, old)


def test_a_model_that_names_old_methods_can_still_be_copied():
    model = network()
    model.fit(X, CLASSES, verbose=0)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert (twin(X) == model(X)).all()


def test_one_hot_labels_made_one_hot_again():
    with pytest.raises(ValueError, match="one-hot already"):
        to_categorical(ONE_HOT)


@pytest.mark.parametrize(("labels", "words"), [([0, -1], "got -1"), ([0, 5], "got 5")])
def test_labels_that_have_no_column(labels, words):
    with pytest.raises(ValueError, match=f"from 0 to 2.*{words}"):
        to_categorical(labels, 3)


@pytest.mark.filterwarnings("error")
def test_right_use_is_silent():
    model = network()
    model.fit(X, CLASSES, validation_split=0.1, epochs=2, verbose=0)
    model.evaluate(X, CLASSES, verbose=0)
    model.predict(X, verbose=0)


def test_fit_inside_of_fit_is_refused_and_the_outer_one_may_go_on():
    from tinynet.callbacks import LambdaCallback

    model, said = network(), []

    def again(epoch, logs):
        with pytest.raises(ValueError, match="fit runs on this model already") as error:
            model.fit(X, CLASSES, verbose=0)
        said.append(error)

    history = model.fit(
        X, CLASSES, epochs=3, verbose=0, callbacks=[LambdaCallback(on_epoch_end=again)]
    )
    assert history.epoch == [0, 1, 2]
    assert len(said) == 3
    model.fit(X, CLASSES, verbose=0)


@pytest.mark.parametrize("given", [object(), "loss", 3, [lambda: None]])
def test_what_is_no_callback(given):
    from tinynet.callbacks import EarlyStopping

    model = network()
    model.build()
    call = lambda: model.fit(X, CLASSES, verbose=0, callbacks=given)  # noqa: E731
    refused(model, call, "callbacks.Callback")
    for classes in (EarlyStopping, [EarlyStopping]):
        call = lambda c=classes: model.fit(X, CLASSES, verbose=0, callbacks=c)  # noqa: E731
        refused(model, call, "EarlyStopping is a class", "EarlyStopping(...)")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_mistake_in_validation_data_is_said_to_be_there(bad):
    model = network()
    model.build()
    x = X.copy()
    x[3, 1] = bad
    with pytest.raises(ValueError, match=r"^In validation_data: x holds (nan|inf) in row 3"):
        model.fit(X, CLASSES, verbose=0, validation_data=(x, CLASSES))
    for valid in ((X, CLASSES + 9), (X[:, :2], CLASSES), (X, CLASSES[:5])):
        with pytest.raises(ValueError, match=r"^In validation_data: "):
            model.fit(X, CLASSES, verbose=0, validation_data=valid)


def test_weights_of_which_one_is_no_array_change_nothing():
    model = network()
    model.build()
    before = model.params.copy()
    weights = [w + 1 for w in model.get_weights()]
    weights[-1] = np.array(["a"] * weights[-1].size)
    for put in (model, model.layers[-1]):
        with pytest.raises(ValueError, match="could not convert"):
            put.set_weights(weights[-len(put.get_weights()) :])
        np.testing.assert_array_equal(model.params, before)


def test_examples_without_numbers():
    for initializer in ("glorot_uniform", "he_uniform", "zeros"):
        model = Sequential([Dense(3, kernel_initializer=initializer)])
        model.compile("sgd", "mse")
        with pytest.raises(ValueError, match=r"x holds no numbers: its shape is \(\d+, 0\)"):
            model.fit(X[:, :0], CLASSES, verbose=0)


def test_a_collection_that_is_no_array_is_refused_before_it_is_read():
    class Endless:
        def __len__(self):
            return 10**12

        def __getitem__(self, i):
            raise AssertionError("it was read")

    model = network()
    model.build()
    for call in (lambda: model.predict(Endless()), lambda: model.fit(Endless(), CLASSES)):
        refused(model, call, "Endless, which is none", "np.stack")
    model.predict(memoryview(np.ascontiguousarray(X)), verbose=0)  # NumPy can look at its memory
