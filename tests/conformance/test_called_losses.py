"""Losses called by hand, as objects and as functions: any rank and dtype, weights of every shape.

What Keras computes is compared with where it is installed; elsewhere with sums worked out here.
"""

from __future__ import annotations

import numpy as np
import pytest

import tinynet

NUMBERS = [
    "MeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "Huber",
    "LogCosh",
    "Hinge",
    "SquaredHinge",
    "CategoricalHinge",
    "KLDivergence",
    "Poisson",
    "CosineSimilarity",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
]
FUNCTIONS = {
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "categorical_hinge": "CategoricalHinge",
    "kl_divergence": "KLDivergence",
    "poisson": "Poisson",
    "cosine_similarity": "CosineSimilarity",
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
}
SHORT = {"mse", "MSE", "mae", "MAE", "mape", "MAPE", "msle", "MSLE", "bce", "BCE", "kld", "KLD"}


def drawn(*shape):
    """Draw targets and outputs between 0 and 1, no two of them alike."""
    rng = np.random.default_rng(sum(shape))
    return rng.random(shape, "float32"), rng.uniform(0.05, 0.95, shape).astype("float32")


def value(loss, *arguments, **keywords):
    """Return what a loss says, or that it refuses."""
    try:
        return np.asarray(loss(*arguments, **keywords))
    except (ValueError, TypeError) as error:
        return type(error)


# ------------------------------------------------------------------- worked out by hand, in both


def test_a_loss_of_three_axes_is_the_mean_over_all(lib):
    zeros, ones = np.zeros((2, 3, 2), "float32"), np.ones((2, 3, 2), "float32")
    for name in ("MeanSquaredError", "MeanAbsoluteError"):
        assert float(getattr(lib.losses, name)()(zeros, ones)) == 1.0


@pytest.mark.parametrize("weights", [[1.0, 3.0], [[1.0], [3.0]]])
def test_weights_are_one_number_an_example_in_either_shape(lib, weights):
    loss = lib.losses.MeanSquaredError()
    y, t = np.zeros((2, 1), "float32"), np.array([[1.0], [2.0]], "float32")
    assert float(loss(t, y, sample_weight=np.array(weights))) == 6.5


def test_a_weight_may_be_a_single_number(lib):
    loss = lib.losses.MeanSquaredError()
    assert float(loss(np.zeros((2, 1)), np.ones((2, 1)), sample_weight=2.0)) == 2.0
    assert float(loss(np.zeros(3), np.ones(3), sample_weight=2.0)) == 2.0


def test_one_row_without_its_batch_axis(lib):
    assert float(lib.losses.MeanSquaredError()(np.zeros(4), np.array([1, 1, 0, 0]))) == 0.5


@pytest.mark.parametrize("shape", [(3, 2), (2, 2), (3,), (1, 2, 3), (2, 3, 2), ()])
def test_targets_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"Expected y_true of the shape of y_pred, \(2, 3\)"):
        tinynet.losses.MeanAbsoluteError()(np.zeros(shape), np.zeros((2, 3)))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 1)])
def test_weights_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="Expected sample_weight as a number or of shape"):
        tinynet.losses.MeanSquaredError()(np.zeros((2, 5)), np.zeros((2, 5)), np.ones(shape))


def test_numbers_of_any_kind(lib):
    mae, mse = lib.losses.MeanAbsoluteError(), lib.losses.MeanSquaredError()
    assert float(mae(np.uint8([[5]]), np.uint8([[3]]))) == 2.0
    assert float(mse(np.int32([[100_000]]), np.int32([[0]]))) == 1e10
    assert float(mse([[True]], [[False]])) == 1.0
    ones = np.ones((100_000, 1), "float16")
    assert float(mse(np.zeros((100_000, 1), "float16"), ones)) == 1.0
    assert float(lib.losses.BinaryCrossentropy()(np.ones((1, 1)), np.float16([[1.0]]))) < 1e-6


def test_a_class_that_is_none_counts_0(lib):
    loss = lib.losses.SparseCategoricalCrossentropy()
    p = np.array([[0.5, 0.5], [0.5, 0.5]], "float32")
    assert float(loss(np.array([-1, 1]), p)) == pytest.approx(np.log(2) / 2)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", 14 / 2),
        ("mean", 14 / 2),
        ("mean_with_sample_weight", 14 / 5),
        ("sum", 14.0),
        (None, [2.0, 12.0]),
        ("none", [2.0, 12.0]),
    ],
)
def test_reductions(lib, reduction, expected):
    loss = lib.losses.MeanSquaredError(reduction=reduction, name="mine")
    t, y = np.array([[1.0], [2.0]], "float32"), np.zeros((2, 1), "float32")
    np.testing.assert_allclose(loss(t, y, sample_weight=np.array([2.0, 3.0])), expected)
    config = loss.get_config()
    assert (config["reduction"], config["name"]) == (reduction, "mine")
    assert type(loss).from_config(config).get_config() == config


def test_no_weight_at_all_is_0_and_not_nan(lib):
    loss = lib.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    assert float(loss(np.ones((2, 1)), np.zeros((2, 1)), sample_weight=np.zeros(2))) == 0.0


def test_another_reduction_is_refused(lib):
    with pytest.raises(ValueError, match="reduction"):
        lib.losses.MeanSquaredError(reduction="average")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gives_each_example_its_loss(lib, name):
    t, y = drawn(4, 3)
    t = np.array([0, 2, 1, 0]) if name.startswith("sparse") else t
    each = np.asarray(getattr(lib.losses, name)(t, y))
    cls = getattr(lib.losses, FUNCTIONS[name])
    assert each.shape == (4,)
    assert each.mean() == pytest.approx(float(cls()(t, y)), rel=1e-5)


@pytest.mark.parametrize("name", [*FUNCTIONS, *FUNCTIONS.values()])
def test_a_loss_is_named_compiled_and_trained_by(lib, name):
    sparse = "parse" in name
    x, y = np.ones((4, 2), "float32"), np.full((4, 3), 1 / 3, "float32")
    given = [name]
    given += [getattr(lib.losses, name)] if name in FUNCTIONS else [getattr(lib.losses, name)()]
    found = []
    for loss in given:
        layer = lib.layers.Dense(3, activation="softmax", kernel_initializer="ones")
        model = lib.Sequential([lib.layers.Input((2,)), layer])
        model.compile("sgd", loss)
        found += model.fit(x, np.zeros(4, int) if sparse else y, verbose=0).history["loss"]
    assert found[0] == pytest.approx(found[1])


@pytest.mark.parametrize("name", sorted(SHORT))
def test_short_names_of_losses(lib, name):
    model = lib.Sequential([lib.layers.Input((2,)), lib.layers.Activation("sigmoid")])
    model.compile("sgd", name)
    full = {"e": "mean_squared_error"}.get(name, tinynet.losses.get(name).name)
    twin = lib.Sequential([lib.layers.Input((2,)), lib.layers.Activation("sigmoid")])
    twin.compile("sgd", full)
    t, x = drawn(4, 2)
    assert model.evaluate(x, t, verbose=0) == twin.evaluate(x, t, verbose=0)


# ------------------------------------------------------------------------------- beside Keras


SHAPES = [(4, 3), (3,), (2, 3, 2)]


def same_as_keras(ours, theirs, t, y, weight=None):
    """Compare two losses, or see that both refuse."""
    a, b = (value(loss, t, y, sample_weight=weight) for loss in (ours, theirs))
    assert isinstance(a, type) == isinstance(b, type), (t.shape, y.shape, weight, a, b)
    if not isinstance(a, type):
        np.testing.assert_allclose(a, b, rtol=3e-5, atol=3e-6, err_msg=str((t.shape, weight)))


@pytest.mark.parametrize("name", NUMBERS)
def test_every_rank_gives_keras_numbers(keras, name):
    for shape in SHAPES:
        ours = getattr(tinynet.losses, name)(reduction=None)
        same_as_keras(ours, getattr(keras.losses, name)(reduction=None), *drawn(*shape))


@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryCrossentropy", "CosineSimilarity"])
@pytest.mark.parametrize("dtype", ["float16", "int32", "bool"])
def test_every_dtype_gives_keras_numbers(keras, name, dtype):
    t, y = ((3 * array).astype(dtype) for array in drawn(4, 3))
    same_as_keras(getattr(tinynet.losses, name)(), getattr(keras.losses, name)(), t, y)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight", None])
def test_weights_of_every_shape_give_keras_numbers(keras, reduction):
    ours = tinynet.losses.MeanSquaredError(reduction=reduction)
    theirs = keras.losses.MeanSquaredError(reduction=reduction)
    for shape in SHAPES:
        each = np.arange(1.0, shape[0] + 1)
        for weight in (2.0, np.float32(0.5), each, each[:, np.newaxis], np.ones(shape[:-1])):
            same_as_keras(ours, theirs, *drawn(*shape), weight)


@pytest.mark.parametrize("from_logits", [False, True])
def test_the_sparse_loss_of_every_rank_gives_keras_numbers(keras, from_logits):
    ours = tinynet.losses.SparseCategoricalCrossentropy(from_logits, reduction=None)
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits, reduction=None)
    for shape in [(4, 3), (4, 1), (3,), (2, 3, 2)]:
        y = drawn(*shape)[1]
        classes = np.random.default_rng(0).integers(-1, shape[-1] + 1, shape[:-1])
        for t in (classes, classes[..., np.newaxis], classes.astype("float32")):
            a, b = value(ours, t, y), value(theirs, t, y)
            assert isinstance(a, type) == isinstance(b, type), (shape, t.shape, a, b)
            if not isinstance(a, type):
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [*NUMBERS, "SparseCategoricalCrossentropy"])
def test_configs_go_to_keras_and_back(keras, name):
    ours, theirs = getattr(tinynet.losses, name), getattr(keras.losses, name)
    config = theirs(name="mine", reduction="sum").get_config()
    loss = ours.from_config(config)
    assert (loss.name, loss.reduction) == ("mine", "sum")
    assert config.items() <= loss.get_config().items()  # Keras forgets Huber's delta
    kept = {key: value for key, value in loss.get_config().items() if key in config}
    assert theirs.from_config(kept).get_config() == config
    assert ours().name == theirs().name


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", [*NUMBERS, "SparseCategoricalCrossentropy"])
def test_training_goes_the_same_way(keras, name, weighted):
    x, y = drawn(12, 3)
    t = np.array([0, 2, 1] * 4) if name.startswith("Sparse") else y / y.sum(axis=1, keepdims=True)
    weight = np.linspace(0.5, 2, 12) if weighted else None
    reduction = "mean_with_sample_weight" if weighted else "sum"
    found = []
    for lib in (tinynet, keras):
        layer = lib.layers.Dense(3, "softmax", kernel_initializer="identity")
        model = lib.Sequential([lib.layers.Input((3,)), layer])
        loss = getattr(lib.losses, name)(reduction=reduction)
        model.compile(lib.optimizers.SGD(0.1), loss)
        history = model.fit(
            x, t, batch_size=5, epochs=3, shuffle=False, sample_weight=weight, verbose=0
        )
        found.append((history.history["loss"], model.get_weights()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=2e-5)
    for ours, theirs in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-6)
