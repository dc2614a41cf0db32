"""What initializers draw: their names, shapes, dtypes, sizes and configs, in both libraries."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet

SIZES = {  # name: the deviation of W (300, 700), and the largest |W| where there is one
    "glorot_uniform": (np.sqrt(2 / 1000), np.sqrt(6 / 1000)),
    "glorot_normal": (np.sqrt(2 / 1000), 2 * np.sqrt(2 / 1000) / 0.8796),
    "he_uniform": (np.sqrt(2 / 300), np.sqrt(6 / 300)),
    "he_normal": (np.sqrt(2 / 300), 2 * np.sqrt(2 / 300) / 0.8796),
    "lecun_uniform": (np.sqrt(1 / 300), np.sqrt(3 / 300)),
    "lecun_normal": (np.sqrt(1 / 300), 2 * np.sqrt(1 / 300) / 0.8796),
    "truncated_normal": (0.05 * 0.8796, 0.1),
    "random_normal": (0.05, np.inf),
    "random_uniform": (0.1 / np.sqrt(12), 0.05),
    "variance_scaling": (np.sqrt(1 / 300), 2 * np.sqrt(1 / 300) / 0.8796),
    "orthogonal": (np.sqrt(1 / 700), np.inf),
}
ALIASES = {"normal": "RandomNormal", "uniform": "RandomUniform", "zero": "Zeros", "one": "Ones"}


@pytest.mark.parametrize("name", SIZES)
def test_the_numbers_are_of_the_size_that_keras_says(lib, name):
    W = np.asarray(lib.initializers.get(name)((300, 700)))
    deviation, largest = SIZES[name]
    assert W.std() == pytest.approx(deviation, rel=0.02)
    assert abs(W).max() <= largest * 1.0001
    assert W.dtype == np.float32


@pytest.mark.parametrize("name", [name for name in SIZES if name != "orthogonal"])
@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (0,)])
def test_a_weight_of_no_numbers_is_drawn_too(lib, name, shape):
    assert np.asarray(lib.initializers.get(name)(shape)).shape == shape


@pytest.mark.parametrize(
    ("mode", "distribution", "fan"),
    [
        ("fan_in", "uniform", 300),
        ("fan_out", "untruncated_normal", 700),
        ("fan_avg", "normal", 500),
    ],
)
def test_variance_scaling_takes_its_fan_and_distribution(lib, mode, distribution, fan):
    W = np.asarray(lib.initializers.VarianceScaling(2.0, mode, distribution)((300, 700)))
    assert W.std() == pytest.approx(np.sqrt(2 / fan), rel=0.02)


@pytest.mark.parametrize("name", [*SIZES, "zeros", "ones", "identity"])
def test_a_lower_case_name_is_the_class_itself(lib, name):
    cls = getattr(lib.initializers, name)
    assert cls is type(lib.initializers.get(name))
    assert cls.from_config(cls().get_config()).get_config() == cls().get_config()


def test_a_constant_has_a_lower_case_name_too(lib):
    assert lib.initializers.constant is lib.initializers.Constant


@pytest.mark.parametrize("name", ALIASES)
def test_an_alias_is_a_string_only(lib, name):
    layer = lib.layers.Dense(3, kernel_initializer=name)
    assert type(layer.kernel_initializer).__name__ == ALIASES[name]


def test_a_kernel_of_rank_4_has_the_fans_of_a_convolution(lib):
    W = np.asarray(lib.initializers.HeUniform()((3, 3, 8, 16)))
    assert abs(W).max() == pytest.approx(np.sqrt(6 / 72), rel=0.02)


@pytest.mark.parametrize("name", ["zeros", "glorot_uniform", "truncated_normal"])
def test_dtype_none_is_the_number_type_of_all(lib, name):
    assert np.asarray(lib.initializers.get(name)((2, 2), dtype=None)).dtype == np.float32


@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (5, 3)])
def test_orthogonal_rows_or_columns(lib, shape):
    W = np.asarray(lib.initializers.Orthogonal(gain=2.0)(shape))
    product = W @ W.T if shape[0] < shape[1] else W.T @ W
    np.testing.assert_allclose(product, 4 * np.eye(3), atol=1e-5)


def test_identity_is_a_diagonal(lib):
    np.testing.assert_array_equal(lib.initializers.Identity(2.0)((2, 3)), 2 * np.eye(2, 3))


def test_penalties_have_lower_case_names(lib):
    regularizers = lib.regularizers
    assert (regularizers.l1, regularizers.l2) == (regularizers.L1, regularizers.L2)
    assert regularizers.l1_l2 is regularizers.L1L2
    assert float(regularizers.l2(0.5)(np.array([1.0, -2.0], "float32"))) == 2.5
    assert float(regularizers.l1_l2(0.5, 0.5)(np.array([1.0, -2.0], "float32"))) == 4.0


def pair(lib, initializer):
    """Build two layers that begin with numbers of one initializer."""
    layers = [lib.layers.Dense(4, kernel_initializer=initializer) for _ in range(2)]
    lib.Sequential([lib.layers.Input((4,)), *layers])
    return [np.asarray(layer.get_weights()[0]) for layer in layers]


@pytest.mark.parametrize("seed", [None, 3])
def test_one_object_gives_the_same_numbers_each_time(lib, seed):
    initializer = lib.initializers.HeNormal(seed=seed)
    a, b = pair(lib, initializer)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(a, np.asarray(initializer((4, 4))))
    assert initializer.get_config()["seed"] == seed


def test_a_name_gives_other_numbers_each_time(lib):
    a, b = pair(lib, "he_normal")
    assert abs(a - b).max() > 0.01
    one, two = lib.initializers.HeNormal(), lib.initializers.HeNormal()
    assert abs(np.asarray(one((4, 4))) - np.asarray(two((4, 4)))).max() > 0.01


@pytest.mark.parametrize("shape", [[3], [3, 2], (), (5,)])
def test_shapes_may_be_lists(lib, shape):
    assert np.asarray(lib.initializers.Ones()(shape)).shape == tuple(shape)
    assert np.asarray(lib.initializers.GlorotUniform()(shape)).shape == tuple(shape)
    assert np.asarray(lib.initializers.Ones()(3)).shape == (3,)


def test_an_initializer_of_ones_own_as_keras_has_it(lib):
    class Rising(lib.initializers.Initializer):
        def __init__(self, step=1.0):
            self.step = step

        def __call__(self, shape, dtype=None):
            return (self.step * np.arange(np.prod(shape)).reshape(shape)).astype("float32")

        def get_config(self):
            return {"step": self.step}

    layer = lib.layers.Dense(2, kernel_initializer=Rising(0.5), bias_initializer=Rising())
    lib.Sequential([lib.layers.Input((3,)), layer])
    W, b = (np.asarray(w) for w in layer.get_weights())
    assert (W.tolist(), b.tolist()) == ([[0, 0.5], [1, 1.5], [2, 2.5]], [0, 1])
    assert layer.get_config()["kernel_initializer"]["config"] == {"step": 0.5}


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("HeNormal", {"seed": 1.5}, "seed as a whole number from 0"),
        ("HeNormal", {"seed": "a"}, "seed as a whole number from 0"),
        ("RandomUniform", {"minval": 1.0, "maxval": -1.0}, "maxval as a number from 1"),
        ("TruncatedNormal", {"stddev": -1.0}, "stddev as a number from 0"),
        ("Orthogonal", {"gain": "2"}, "gain as a finite number"),
        ("VarianceScaling", {"mode": "fan"}, "mode as 'fan_in', 'fan_out' or 'fan_avg'"),
        ("VarianceScaling", {"distribution": "flat"}, "distribution as 'normal'"),
        ("Constant", {"value": [1.0, 2.0]}, "value as a finite number"),
    ],
)
def test_settings_are_checked(name, options, said):
    with pytest.raises(ValueError, match=said):
        getattr(tinynet.initializers, name)(**options)


def test_a_function_is_answered_with_the_class_to_write():
    with pytest.raises(
        ValueError, match=r"class Mine\(tinynet\.initializers\.Initializer\)"
    ) as said:
        tinynet.layers.Dense(3, kernel_initializer=lambda shape, dtype=None: np.ones(shape))
    code = str(said.value).split("\n\n")[1]
    scope = {"tinynet": tinynet}
    exec(code, scope)
    layer = tinynet.layers.Dense(3, kernel_initializer=scope["Mine"]())
    tinynet.Sequential([tinynet.Input((2,)), layer])
    assert layer.W.shape == (2, 3)


def test_numbers_of_another_shape_are_refused():
    class Flat(tinynet.initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return np.ones(3)

    with pytest.raises(ValueError, match=r"Flat gave numbers of shape \(3,\); expected shape"):
        tinynet.Sequential(
            [tinynet.Input((2,)), tinynet.layers.Dense(4, kernel_initializer=Flat())]
        )


@pytest.mark.parametrize("module", ["initializers", "losses", "metrics", "activations"])
def test_serialize_is_refused_by_name(module):
    with pytest.raises(AttributeError, match=rf"Type x\.get_config\(\), and {module}\.get"):
        _ = getattr(tinynet, module).serialize
