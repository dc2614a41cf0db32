"""How near training comes to the least it could take: the matrix products alone.

    python tests/benchmarks/step_floor.py [rounds]

One step of 784-512-512-10 at batch 128 contains eight matrix products: three forward, three for
the gradients of the weights, two to carry the gradient back. An epoch of full-MNIST shape (469
steps) by `fit` and the same number of these products by NumPy are timed in turn, in one process,
so that both see the same machine; what counts is the median of the ratios.
"""

import itertools
import statistics
import sys
import time

import numpy as np

from tinynet import Input, Sequential
from tinynet.layers import Dense

EXAMPLES, BATCH, WIDTHS, GOAL = 60_000, 128, (784, 512, 512, 10), 1.6


def products(sizes):
    """Return a function that computes an epoch's products, each into memory of its own."""
    rng = np.random.default_rng(0)

    def random(*shape):
        return rng.normal(size=shape).astype(np.float32)

    steps = []
    for layer, (d, m) in enumerate(itertools.pairwise(sizes)):
        x, W, y = random(BATCH, d), random(d, m), random(BATCH, m)
        steps += [(x, W, np.empty_like(y)), (x.T, y, np.empty_like(W))]
        if layer:  # nobody asks for the gradient of the pixels
            steps.append((y, W.T, np.empty_like(x)))
    assert len(steps) == 8

    def epoch():
        for _ in range(-(-EXAMPLES // BATCH)):
            for a, b, out in steps:
                np.matmul(a, b, out=out)

    return epoch


def training():
    """Return a function that trains an epoch on data of MNIST's shape and dtype."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (EXAMPLES, 784), np.uint8) / 255
    y = np.eye(10)[rng.integers(0, 10, EXAMPLES)]
    first, second, last = WIDTHS[1:]
    layers = [Dense(first, "relu"), Dense(second, "relu"), Dense(last, "softmax")]
    model = Sequential([Input((784,)), *layers])
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    return lambda: model.fit(x, y, batch_size=BATCH, verbose=0)


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    floor, train = products(WIDTHS), training()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    seconds(floor), seconds(train)  # warm up
    pairs = [(seconds(floor), seconds(train)) for _ in range(rounds)]
    print(f"products  {statistics.median(f for f, _ in pairs):6.2f} s")
    print(f"epoch     {statistics.median(t for _, t in pairs):6.2f} s")
    ratios = sorted(t / f for f, t in pairs)
    print(
        f"ratio     {statistics.median(ratios):6.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}, "
        f"of {rounds} pairs; the goal is {GOAL})"
    )


if __name__ == "__main__":
    main()
