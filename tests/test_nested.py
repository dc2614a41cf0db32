"""A model inside a model: to be used, not to be trained."""

import numpy as np
import pytest

from tinynet import Sequential
from tinynet.layers import Dense, Softmax

X, Y = np.eye(4, 3), np.array([0, 1, 0, 1])


def make():
    inner = Sequential([Dense(2, input_shape=(3,))])
    return inner, Sequential([inner, Softmax()])


def test_it_gives_what_the_two_give_one_after_the_other():
    inner, outer = make()
    logits = inner.predict(X, verbose=0)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outer.predict(X, verbose=0), expected, rtol=1e-6)


def test_what_the_inner_one_learns_later_shows():
    inner, outer = make()
    before = outer.predict(X, verbose=0)
    inner.set_weights([w + np.arange(w.size).reshape(w.shape) for w in inner.get_weights()])
    assert not np.allclose(outer.predict(X, verbose=0), before)


def test_training_it_is_refused_by_name_and_changes_nothing():
    inner, outer = make()
    outer.compile("sgd", "sparse_categorical_crossentropy")
    before = inner.params.copy()
    with pytest.raises(ValueError, match="is part of another one, which can't train it"):
        outer.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(inner.params, before)


def test_saving_it_is_refused_by_name(tmp_path):
    _, outer = make()
    with pytest.raises(ValueError, match="save 'sequential' itself"):
        outer.save(tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []
