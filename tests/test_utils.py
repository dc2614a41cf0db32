"""to_categorical: what it gives, and what it refuses where Keras wraps round."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinynet.utils import to_categorical

shapes = hnp.array_shapes(max_dims=3, max_side=4).filter(lambda shape: shape[-1] > 1)


@given(
    hnp.arrays(st.sampled_from(["uint8", "int64", "float32"]), shapes, elements=st.integers(2, 9))
)
def test_each_number_becomes_a_row_with_its_single_1(labels):
    t = to_categorical(labels, 10)
    assert (t.shape, t.dtype) == ((*labels.shape, 10), np.float64)
    np.testing.assert_array_equal(t.sum(axis=-1), 1)
    np.testing.assert_array_equal(t.argmax(axis=-1), labels)


def test_the_number_of_classes_is_the_largest_and_one():
    np.testing.assert_array_equal(to_categorical([1, 0, 2]), [[0, 1, 0], [1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize("labels", [[[0], [1]], np.array([[0], [1]])])
def test_a_column_is_taken_as_labels(labels):
    np.testing.assert_array_equal(to_categorical(labels), [[1, 0], [0, 1]])


def test_a_single_label():
    np.testing.assert_array_equal(to_categorical(1, 3), [0, 1, 0])


@pytest.mark.parametrize(
    ("labels", "classes", "words"),
    [
        ([0, -1], None, "from 0 to 0.*got -1"),
        ([0, -1], 10, "from 0 to 9.*got -1"),
        ([0, 10, 11], 10, "from 0 to 9.*got 10 and 1 more"),
        ([0.5], None, r"whole class numbers.*0\.5"),
        ([np.nan], None, "whole class numbers.*nan"),
        (np.eye(3), None, "one-hot already"),
        (np.eye(3), 10, "one-hot already"),
        ([], None, "empty: say num_classes"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_what_is_refused(labels, classes, words):
    with pytest.raises(ValueError, match=words):
        to_categorical(labels, classes)


def test_no_labels_of_a_known_number_of_classes():
    assert to_categorical([], 10).shape == (0, 10)
