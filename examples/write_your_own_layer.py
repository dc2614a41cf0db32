"""Write a layer of your own, make a mistake in it, and find the mistake.

    python examples/write_your_own_layer.py

The layer is a ReLU that learns its slope below 0 (He et al., 2015, call it PReLU):

    y = x      where x > 0                  a (m,), one slope for each unit
    y = a x    elsewhere

Two derivatives are needed. By the chain rule, with dy given:

    dx = dy       where x > 0               y grows as fast as x, or a times as fast
    dx = a dy     elsewhere
    da = the sum over the examples of dy x where x <= 0
                                            a reaches every row: each sends its share, add them up
"""

import argparse
from typing import Any

import numpy as np

import tinynet
from tinynet.datasets import mnist_10k
from tinynet.layers import Dense, Layer
from tinynet.models import Sequential
from tinynet.support.commands import run


class LearnedSlope(Layer):
    """The layer, with a mistake: its way back is copied from ReLU."""

    def build(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        self.add_weight("a", input_shape, tinynet.initializers.Constant(0.25))
        return input_shape  # an output has the shape of an input

    def forward(self, x: np.ndarray) -> Any:
        y = np.where(x > 0, x, self.a * x)  # (n, m)

        def backward(dy: np.ndarray) -> np.ndarray:
            np.sum(dy * np.minimum(x, 0), axis=0, out=self.da)  # (m,): min(x, 0) is x or 0
            return dy * (x > 0)  # (n, m)

        return y, backward


class LearnedSlopeMended(LearnedSlope):
    """The same layer, with the mistake fixed."""

    def forward(self, x: np.ndarray) -> Any:
        y = np.where(x > 0, x, self.a * x)  # (n, m)

        def backward(dy: np.ndarray) -> np.ndarray:
            np.sum(dy * np.minimum(x, 0), axis=0, out=self.da)  # (m,)
            return np.where(x > 0, dy, self.a * dy)  # (n, m)

        return y, backward


def network(layer: Layer) -> Sequential:
    """Return a network that reads digits, with this layer in its middle."""
    tinynet.utils.set_random_seed(1)
    first, last = Dense(32, name="first"), Dense(10, activation="softmax", name="last")
    model = Sequential([first, layer, last])
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    argparse.ArgumentParser(description="Write a layer, find its mistake, fix it.").parse_args()
    (x, y), (x_test, y_test) = mnist_10k.load_data()
    x, x_test = x.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255

    print("1. With the mistake, the network learns all the same:\n")
    model = network(LearnedSlope(name="slope"))
    model.fit(x, y, epochs=2, verbose=2)
    print(f"\nIt reads {model.evaluate(x_test, y_test, verbose=0)[1]:.1%} of new digits.")

    print("\n2. But its gradients are wrong, and the check says where:\n")
    print(tinynet.check_gradients(model, x[:8], y[:8]))
    print("\nda is right. dx is not: the units below 0 send nothing back.")

    print("\n3. Mended:\n")
    model = network(LearnedSlopeMended(name="slope"))
    print(tinynet.check_gradients(model, x[:8], y[:8]))
    model.fit(x, y, epochs=2, verbose=2)
    print(f"\nIt reads {model.evaluate(x_test, y_test, verbose=0)[1]:.1%} of new digits.")
    a = model.get_layer("slope").get_weights()[0]
    print(f"The slopes, 0.25 at first, are now from {a.min():.2f} to {a.max():.2f}.")
    print("\nThe broken one read about as many digits. So a good score does not prove a gradient.")


if __name__ == "__main__":
    run(main)
