"""utils.normalize, utils.to_categorical, config and backend: the same in both libraries."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import tinynet

X = np.array([[3.0, -4.0], [0.0, 0.0], [1.0, 1.0]], "float32")


@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
@pytest.mark.parametrize("axis", [-1, 1])
def test_normalize_gives_every_row_the_length_1(lib, axis, order):
    y = np.asarray(lib.utils.normalize(X, axis, order))
    assert y.dtype == "float32"
    np.testing.assert_allclose(np.linalg.norm(y, order, axis), [1, 0, 1], rtol=1e-6)
    np.testing.assert_allclose(y[0] / y[0, 0], X[0] / X[0, 0], rtol=1e-6)


def test_normalize_takes_whole_numbers_images_and_lists(lib):
    images = np.arange(24, dtype="uint8").reshape(2, 3, 4)
    y = np.asarray(lib.utils.normalize(images, axis=1))
    np.testing.assert_allclose(np.square(y).sum(axis=1), 1)
    assert y.dtype == "float64"
    of_list = np.asarray(lib.utils.normalize([[3.0, 4.0]]))
    np.testing.assert_allclose(of_list, [[0.6, 0.8]], rtol=1e-6)
    assert of_list.dtype == "float32"


@pytest.mark.parametrize(
    ("x", "k"),
    [
        ([0, 2, 1], None),
        ([0, 2, 1], 5),
        ([[0], [2], [1]], None),
        ([[0, 2], [1, 1], [2, 0]], 3),
        (2, 4),
        ([True, False], None),
        (np.array([1.0, 3.0]), None),
        (np.array([1, 0], "uint8"), 2),
        (np.zeros((0,), int), 3),
        (np.array([[[1], [0]]]), 2),
    ],
)
def test_to_categorical(lib, x, k):
    t = lib.utils.to_categorical(x, k)
    labels = np.asarray(x, int)
    labels = labels[..., 0] if labels.ndim > 1 and labels.shape[-1] == 1 else labels
    assert t.dtype == np.float64
    assert t.shape == (*labels.shape, k or labels.max() + 1)
    assert (t.sum(axis=-1) == 1).all()
    np.testing.assert_array_equal(t.argmax(axis=-1), labels)


def test_the_backend_module(lib):
    K = importlib.import_module(f"{lib.__name__}.backend")
    assert (K.floatx(), K.epsilon()) == ("float32", 1e-7)
    assert lib.config.epsilon() == K.epsilon()
    assert lib.config.backend() == K.backend()
    K.set_floatx("float64")
    try:
        assert lib.config.floatx() == K.floatx() == "float64"
    finally:
        K.set_floatx("float32")
    lib.layers.Dense(1)
    K.clear_session()
    assert lib.layers.Dense(1).name == "dense"


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        ("datasets", "cifar10", "It has mnist, mnist_10k and fashion_mnist. Load other data"),
        ("datasets", "boston_housing", r"np\.load\('data\.npz'\)"),
        ("datasets", "imdb", "datasets has no imdb"),
        ("datasets", "reuters", "datasets has no reuters"),
        ("backend", "mean", r"Type numpy\.mean\(\.\.\.\)"),
        ("backend", "set_epsilon", "Keras has backend.set_epsilon"),
        ("utils", "get_file", r"Type urllib\.request\.urlretrieve"),
        ("utils", "model_to_dot", "Keras has utils.model_to_dot"),
        ("utils", "vis_utils", "Type from tinynet.utils import plot_model"),
    ],
)
def test_what_is_not_there_is_refused_by_name(module, name, said):
    with pytest.raises(ImportError, match=said):
        exec(f"from tinynet.{module} import {name}")
    with pytest.raises(AttributeError, match=said):
        getattr(getattr(tinynet, module), name)


@pytest.mark.parametrize("name", ["utils.vis_utils", "datasets.cifar10", "datasets.imdb"])
def test_modules_that_are_not_there(name):
    with pytest.raises(ModuleNotFoundError, match=r"Type|Load other data"):
        importlib.import_module(f"tinynet.{name}")
