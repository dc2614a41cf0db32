"""What goes through every link of the chain is kept; the model that was copied is left alone."""

import copy
import itertools

import numpy as np

from tinynet import Sequential
from tinynet.layers import Dense
from tinynet.models.trace import Traced, trace

X, T = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0]])


def make():
    model = Sequential([Dense(3, "relu", input_shape=(2,)), Dense(2, "softmax")])
    model.compile("sgd", "categorical_crossentropy")
    return model


def test_a_traced_step_computes_the_same_gradients():
    model = make()
    model.gradients(X.astype("float32"), T.astype("float32"))
    twin = copy.deepcopy(model)
    links = trace(twin)
    twin.gradients(X.astype("float32"), T.astype("float32"))
    assert twin.grads.tobytes() == model.grads.tobytes()
    assert [link.name for link in links] == ["dense", "dense_activation", "dense_1"]


def test_y_of_a_link_is_x_of_the_next_and_dx_is_dy_of_the_one_before():
    twin = copy.deepcopy(make())
    links = trace(twin)
    twin.gradients(X.astype("float32"), T.astype("float32"))
    for before, after in itertools.pairwise(links):
        np.testing.assert_array_equal(before.y, after.x)
        np.testing.assert_array_equal(before.dy, after.dx)
    assert links[0].dx is None  # nobody asks for the gradient of the inputs


def test_the_softmax_that_the_loss_takes_over_stays_in_the_chain_untraced():
    twin = copy.deepcopy(make())
    trace(twin)
    assert [isinstance(link, Traced) for link in twin.chain] == [True, True, True, False]


def test_only_the_copy_gets_another_chain():
    model = make()
    twin = copy.copy(model)
    trace(twin)
    assert not any(isinstance(link, Traced) for link in model.chain)
