"""Check thousands of random networks that are right: none may be called wrong.

    python tests/tools/right_networks.py [how many] [first seed]

Layers, penalties, losses, kinks, dropout, first weights, sizes of batches, odd inputs and both
float types are drawn at random; so are layers of one's own, written with care. Prints what was
blamed or noted, and how long it took.
"""

import sys
import time
from typing import Any

import numpy as np

import tinynet
from tinynet import activations, initializers, layers, losses, regularizers
from tinynet.layers import Activation, Dense, Dropout, Flatten, Input, Layer
from tinynet.models import Model, Sequential


class Scale(Layer):
    """y = x a + c, one a and one c for each input."""

    def build(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        self.add_weight("a", input_shape, "ones", "l2")
        self.add_weight("c", input_shape, "zeros")
        return input_shape

    def forward(self, x: np.ndarray) -> Any:
        def backward(dy: np.ndarray) -> np.ndarray:
            np.sum(dy * x, axis=0, out=self.da)
            np.sum(dy, axis=0, out=self.dc)
            return dy * self.a

        return x * self.a + self.c, backward


class Clip(Layer):
    """y = x, but not below -1 and not above 1."""

    def forward(self, x: np.ndarray) -> Any:
        return np.clip(x, -1, 1), lambda dy: dy * (np.abs(x) < 1)


class Largest(Layer):
    """Of every two inputs the larger one."""

    def build(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        return (input_shape[0] // 2,)

    def forward(self, x: np.ndarray) -> Any:
        pairs = x[:, : x.shape[1] // 2 * 2].reshape(len(x), -1, 2)  # (n, m, 2)
        which = pairs.argmax(axis=2)[..., np.newaxis]  # (n, m, 1)

        def backward(dy: np.ndarray) -> np.ndarray:
            dpairs = np.zeros_like(pairs)
            np.put_along_axis(dpairs, which, dy[..., np.newaxis], axis=2)
            dx = np.zeros_like(x)
            dx[:, : dpairs[0].size] = dpairs.reshape(len(x), -1)
            return dx

        return np.take_along_axis(pairs, which, axis=2)[..., 0], backward


class Residual(Layer):
    """y = x + tanh(x W)."""

    def build(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        self.add_weight("W", (*input_shape, *input_shape), "glorot_uniform")
        return input_shape

    def forward(self, x: np.ndarray) -> Any:
        a = np.tanh(x @ self.W)

        def backward(dy: np.ndarray) -> np.ndarray:
            dz = dy * (1 - a**2)
            self.dW[...] = x.T @ dz
            return dy + dz @ self.W.T

        return x + a, backward


class Noise(Layer):
    """Add random numbers in training, from a generator of its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.numbers = np.random.default_rng(3)

    def forward(self, x: np.ndarray) -> Any:
        return x + self.numbers.normal(size=x.shape), lambda dy: dy

    def infer(self, x: np.ndarray) -> Any:
        return x


class Cached(Layer):
    """A layer that keeps what backward needs as attributes, as many are written."""

    def forward(self, x: np.ndarray) -> Any:
        self.slope = 1 / (1 + np.exp(-x))
        return np.logaddexp(0, x), self.back

    def back(self, dy: np.ndarray) -> np.ndarray:
        return dy * self.slope


class Small(Layer):
    """A layer that computes in float32 whatever comes in."""

    def forward(self, x: np.ndarray) -> Any:
        y = np.tanh(x.astype(np.float32))
        return y.astype(x.dtype), lambda dy: dy * (1 - y * y)


class Huber(losses.Loss):
    """Square near 0, straight beyond."""

    def per_example(self, t: np.ndarray, y: np.ndarray) -> Any:
        e = y - t
        l = np.where(np.abs(e) < 1, e * e / 2, np.abs(e) - 0.5)
        return l.mean(axis=1), np.clip(e, -1, 1) / y.shape[1]


def pick(rng: np.random.Generator, choices: Any) -> Any:
    """Return one of them."""
    return choices[int(rng.integers(len(choices)))]


FIRST = ["glorot_uniform", "zeros", "ones", "he_normal", initializers.RandomNormal(stddev=2.0)]
OWN = [Scale, Clip, Largest, Residual, Noise, Cached, Small]


def network(rng: np.random.Generator) -> tuple[Sequential, np.ndarray, np.ndarray]:
    """Return a random network that is right, compiled, and a batch for it."""
    n, d, k = pick(rng, [1, 2, 5, 8, 33]), int(rng.integers(2, 7)), int(rng.integers(2, 5))
    chain: list[Layer] = [Flatten()] if rng.random() < 0.3 else []
    for _ in range(int(rng.integers(0, 5))):
        chain.append(hidden(rng))
    loss, last = pick(rng, ENDS)
    chain.append(Dense(k, last, use_bias=rng.random() < 0.8, kernel_initializer=pick(rng, FIRST)))
    flat = not isinstance(chain[0], Flatten)
    shape = (d,) if flat else (d, 1)
    model = Sequential(chain) if rng.random() < 0.7 else graph(rng, chain, shape)
    model.compile("sgd", loss() if isinstance(loss, type) else loss)
    x = pick(rng, INPUTS)(rng, (n, d))
    t = np.eye(k)[rng.integers(0, k, n)]
    if loss == "sparse_categorical_crossentropy":
        t = t.argmax(axis=1)
    return model, x.reshape(n, *shape), t


def graph(rng: np.random.Generator, chain: list[Layer], shape: tuple[int, ...]) -> Model:
    """Return the same layers with skip connections around some of them."""
    inputs = y = Input(shape)
    for layer in chain[:-1]:
        x, y = y, layer(y)
        if len(x.shape) == 2 and rng.random() < 0.7:
            kinds: list[Any] = [layers.Concatenate]
            if x.shape == y.shape:
                kinds += [layers.Add, layers.Average, layers.Multiply, layers.Subtract]
            merge = pick(rng, kinds)
            values = [x, y] if rng.random() < 0.5 else [y, x]
            if merge is not layers.Subtract and rng.random() < 0.3:
                values.append(y)
            y = merge()(values)
    return Model(inputs, chain[-1](y))


def hidden(rng: np.random.Generator) -> Layer:
    """Return a layer for the middle."""
    penalty = pick(rng, [None, None, regularizers.L1L2(0.01, 0.1), "l1"])
    activation = pick(rng, [None, *activations.BY_NAME])
    kinds = [
        lambda: Dense(
            int(rng.integers(2, 8)),
            activation,
            kernel_initializer=pick(rng, FIRST),
            bias_initializer=pick(rng, FIRST),
            kernel_regularizer=penalty,
        ),
        lambda: Activation(pick(rng, list(activations.BY_NAME))),
        lambda: Dropout(float(rng.random() * 0.9), seed=pick(rng, [None, 1])),
        lambda: layers.BatchNormalization(beta_regularizer=penalty),
        lambda: layers.BatchNormalization(trainable=False),
        lambda: layers.LeakyReLU(),
        lambda: layers.ReLU(max_value=6.0, threshold=0.1),
        lambda: layers.ELU(),
        lambda: layers.Rescaling(0.5, 1.0),
        lambda: Dense(int(rng.integers(2, 8)), trainable=False),
        lambda: pick(rng, OWN)(),
        lambda: pick(rng, OWN)(),
    ]
    return pick(rng, kinds)()


ENDS = [
    ("mse", None),
    ("mae", None),
    ("mae", "relu"),
    (Huber, "tanh"),
    (Huber, None),
    ("categorical_crossentropy", "softmax"),
    ("sparse_categorical_crossentropy", "softmax"),
    ("categorical_crossentropy", "sigmoid"),
    ("binary_crossentropy", "sigmoid"),
    ("binary_crossentropy", "softmax"),
    (losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), None),
]
INPUTS = [
    lambda rng, shape: rng.normal(size=shape),
    lambda rng, shape: rng.random(shape),
    lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    lambda rng, shape: rng.normal(size=shape) * (rng.random(shape) < 0.5),
    lambda rng, shape: np.zeros(shape),
    lambda rng, shape: np.ones(shape),
    lambda rng, shape: 100 * rng.normal(size=shape),
    lambda rng, shape: 0.001 * rng.normal(size=shape),
]


def blamed(seed: int) -> str:
    """Check the network of that seed, and return what is said against it, if anything."""
    rng = np.random.default_rng(seed)
    tinynet.utils.set_random_seed(seed)
    tinynet.utils.clear_session()
    tinynet.config.set_floatx(pick(rng, ["float32", "float64"]))
    try:
        model, x, t = network(rng)
        report = tinynet.check_gradients(model, x, t)
    except ValueError as error:
        if "it has no slopes" in str(error):  # sigmoids of 0, whose sum a loss divides by
            return ""
        raise
    finally:
        tinynet.config.set_floatx("float32")
    return "" if report.ok else repr(report)


def main(count: int = 2000, first: int = 0) -> None:
    """Check so many networks, and print what was blamed."""
    start, wrong = time.perf_counter(), 0
    for seed in range(first, first + count):
        try:
            found = blamed(seed)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        wrong += bool(found)
        if found:
            print(f"seed {seed}\n{found}\n")
    print(f"{count} right networks, {wrong} blamed, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
