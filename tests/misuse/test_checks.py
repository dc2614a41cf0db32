"""What users get wrong: each gets an error that says what to type, and a model that still works."""

import numpy as np
import pytest

from tinynet import Input, Sequential
from tinynet.layers import Dense, Rescaling
from tinynet.saving import ModelFileError

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(12, 784))
CLASSES = np.arange(12) % 10
Y = np.eye(10)[CLASSES]


def make(loss="categorical_crossentropy", units=10, activation="softmax"):
    model = Sequential([Input((784,)), Dense(units, activation)])
    model.compile("rmsprop", loss, metrics=["accuracy"])
    model.fit(X, CLASSES if loss.startswith("sparse") else Y[:, :units], verbose=0)
    return model


CATEGORICAL, SPARSE = "categorical_crossentropy", "sparse_categorical_crossentropy"
BAD_DATA = {  # what is wrong: (loss, x, y, what the message must say)
    "integer labels": (CATEGORICAL, X, CLASSES, ["one-hot", SPARSE, "to_categorical(y, 10)"]),
    "integer labels in a column": (CATEGORICAL, X, CLASSES[:, None], [SPARSE, "to_categorical"]),
    "one-hot for the sparse loss": (SPARSE, X, Y, [CATEGORICAL, "y.argmax(axis=1)"]),
    "too few columns": (CATEGORICAL, X, Y[:, :9], ["(n, 10)", "(12, 9)"]),
    "rows that sum to 2": (CATEGORICAL, X, 2 * Y, ["row 0", "sums to 2", "binary_crossentropy"]),
    "rows of 0": (CATEGORICAL, X, (0 * Y).astype(np.uint8), ["sums to 0"]),
    "a class number too large": (SPARSE, X, CLASSES + 1, ["0 to 9", "10 in row 9"]),
    "a class number below 0": (SPARSE, X, CLASSES - 1, ["0 to 9", "-1 in row 0"]),
    "half a class number": (SPARSE, X, CLASSES + 0.5, ["0 to 9", "0.5 in row 0"]),
    "y of another width": ("mse", X, Y[:, :3], ["(n, 10)", "(12, 3)"]),
    "wrong input width": (CATEGORICAL, X[:, :700], Y, ["(n, 784)", "(12, 700)"]),
    "images": (CATEGORICAL, X.reshape(-1, 28, 28), Y, ["(12, 28, 28)", "reshape(len(x), 784)"]),
    "one sample": (CATEGORICAL, X[0], Y, ["batch axis", "x[np.newaxis]"]),
    "different lengths": (CATEGORICAL, X, Y[:7], ["x has 12", "y has 7"]),
    "empty x": (CATEGORICAL, X[:0], Y[:0], ["x is empty", "(0, 784)"]),
    "empty y": (CATEGORICAL, X, [], ["y is empty"]),
    "no y": (CATEGORICAL, X, None, ["targets y", "model.fit(x, y"]),
    "ragged rows": (CATEGORICAL, [[1, 2], [3]], Y, ["different lengths"]),
    "words": (CATEGORICAL, np.full((12, 784), "a"), Y, ["array of numbers", "<U1"]),
    "a single number": (CATEGORICAL, 3.0, Y, ["array of examples", "3.0"]),
    "complex numbers": (CATEGORICAL, X + 1j, Y, ["complex128"]),
}


def refused(model, call, words):
    """Check that a call is refused with these words, and that the model is as before."""
    before = model.params.copy(), model.rng.bit_generator.state, model.optimizer.iterations
    with pytest.raises(ValueError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    after = model.params, model.rng.bit_generator.state, model.optimizer.iterations
    np.testing.assert_array_equal(after[0], before[0])
    assert after[1:] == before[1:]


@pytest.mark.parametrize("mistake", BAD_DATA)
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_bad_data(mistake, method):
    loss, x, y, words = BAD_DATA[mistake]
    model = make(loss)
    refused(model, lambda: getattr(model, method)(x, y), words)
    model.fit(X, CLASSES if loss == SPARSE else Y, verbose=0)


@pytest.mark.parametrize("mistake", BAD_DATA)
def test_bad_validation_data_is_found_before_training_begins(mistake):
    loss, x, y, words = BAD_DATA[mistake]
    model = make(loss)
    good = CLASSES if loss == SPARSE else Y
    refused(model, lambda: model.fit(X, good, validation_data=(x, y)), words)


@pytest.mark.parametrize(
    "mistake", ["wrong input width", "images", "one sample", "empty x", "ragged rows", "words"]
)
def test_bad_data_to_predict(mistake):
    _, x, _, words = BAD_DATA[mistake]
    model = make()
    refused(model, lambda: model.predict(x), words)
    refused(model, lambda: model(x), words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, ["batch_size as a whole number from 1", "0"]),
        ({"batch_size": -32}, ["batch_size as a whole number from 1", "-32"]),
        ({"batch_size": 32.0}, ["batch_size as a whole number from 1", "32.0"]),
        ({"epochs": 0}, ["epochs as a whole number from 1"]),
        ({"epochs": 2.5}, ["epochs as a whole number from 1"]),
        ({"validation_split": 1.0}, ["validation_split as a number from 0 to below 1, got 1.0"]),
        ({"validation_split": -0.1}, ["validation_split as a number from 0 to below 1, got -0.1"]),
        ({"validation_split": 0.99}, ["leaves none of the 12 examples"]),
        ({"verbose": "loud"}, ["verbose as 'auto', 0, 1 or 2"]),
        ({"sample_weight": np.ones(5)}, ["sample_weight of shape (12,)", "(5,)"]),
        ({"sample_weight": np.ones(12), "class_weight": {0: 2}}, ["got both"]),
    ],
)
def test_bad_settings_of_fit(options, words):
    model = make()
    refused(model, lambda: model.fit(X, Y, **options), words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "categorical_crosentropy"}, ["'categorical_crosentropy'", f"'{CATEGORICAL}'"]),
        ({"optimizer": "rms_prop"}, ["Did you mean 'rmsprop'"]),
        ({"optimizer": 3}, ["the optimizer as a name such as", "3"]),
        ({"metrics": ["acuracy"]}, ["Did you mean 'accuracy'"]),
        ({"metrics": "accuracy"}, ["metrics=['accuracy']"]),
    ],
)
def test_bad_settings_of_compile_leave_the_model_compiled_as_it_was(options, words):
    model = make()
    before = model.optimizer, model.loss, model.metrics
    refused(model, lambda: model.compile(**{"loss": "mse"} | options), words)
    assert (model.optimizer, model.loss, model.metrics) == before


def test_an_unknown_activation():
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        Dense(3, activation="rleu")


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_training_before_compile(method):
    model = Sequential([Input((784,)), Dense(10)])
    with pytest.raises(ValueError, match=r"not compiled yet: model\.compile\(loss="):
        getattr(model, method)(X, Y)


def test_training_without_a_loss():
    model = Sequential([Input((784,)), Dense(10)])
    model.compile()
    with pytest.raises(ValueError, match=r"nothing to learn by: model\.compile\(loss="):
        model.fit(X, Y)


def test_a_model_that_does_not_know_its_shape_yet_is_not_spoilt_by_images():
    model = Sequential([Dense(10, "softmax")])
    model.compile(loss=CATEGORICAL)
    with pytest.raises(ValueError, match=r"x\.reshape\(len\(x\), 784\)"):
        model.fit(X.reshape(-1, 28, 28), Y)
    model.fit(X, Y, verbose=0)


def test_outputs_of_more_axes_than_a_loss_takes():
    model = Sequential([Input((28, 28)), Rescaling(2.0)])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match=r"Flatten\(\)"):
        model.fit(X.reshape(-1, 28, 28), X.reshape(-1, 28, 28))


@pytest.mark.parametrize("form", [np.asarray, list, np.ndarray.tolist, np.asfortranarray])
@pytest.mark.parametrize("dtype", ["float16", "float32", "int32", "bool"])
def test_other_forms_of_the_same_data_train_the_same(form, dtype):
    x = (X > 0.5).astype(dtype)
    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    options = {"shuffle": False, "verbose": 0}
    model.compile("sgd", CATEGORICAL)
    twin.compile("sgd", CATEGORICAL)
    model.fit(form(x), form(Y), **options)
    twin.fit((X > 0.5).astype(float), Y, **options)
    np.testing.assert_allclose(model.params, twin.params, rtol=1e-5, atol=1e-7)


def test_one_output_takes_targets_in_a_row_or_in_a_column():
    for y in (CLASSES % 2, (CLASSES % 2)[:, None]):
        model = Sequential([Input((784,)), Dense(1, "sigmoid")])
        model.compile(loss="binary_crossentropy", metrics=["accuracy"])
        model.fit(X, y, verbose=0)


def test_a_file_that_is_no_model_is_no_ordinary_value_error():
    assert issubclass(ModelFileError, ValueError)
