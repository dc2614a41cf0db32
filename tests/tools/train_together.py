"""What the tests of tinynet.distributed let several processes run.

    mpiexec -n 2 python tests/tools/train_together.py same [--far]
    mpiexec -n 2 python tests/tools/train_together.py backup FOLDER RESULT [--killed RANK EPOCH]

With --far the ranks behave as on several machines: they share no memory.
"""

from __future__ import annotations

import argparse
import os
import signal
import time

import numpy as np

import tinynet
from tinynet import Sequential, callbacks, optimizers
from tinynet.layers import Dense, Dropout

RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(53, 6)), np.eye(3)[RNG.integers(3, size=53)]


class Normed(optimizers.Optimizer):
    """A rule that looks at all of g."""

    def update(self, lr, w, g, slots):
        w -= lr * g / np.sqrt(g @ g)


class Meddle(callbacks.Callback):
    """Change rate, weights and settings in the middle of an epoch, and stop in the third."""

    def on_train_batch_end(self, batch, logs=None):
        optimizer = self.model.optimizer
        optimizer.learning_rate = 0.01 / (batch + 1)
        optimizer.weight_decay = 0.1 if batch % 2 else None
        self.model.layers[0].W[:] *= 0.99
        if optimizer.iterations == 15:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        self.model.layers[1].b[:] += 0.1


CASES = {
    "sgd": (lambda: optimizers.SGD(0.1, momentum=0.9), []),
    "adam": (lambda: optimizers.Adam(clipnorm=0.1), [callbacks.ReduceLROnPlateau(patience=1)]),
    "rmsprop": (lambda: optimizers.RMSprop(weight_decay=0.1, centered=True), [Meddle()]),
    "own": (lambda: Normed(0.01), [callbacks.EarlyStopping(patience=1)]),
}


def make(optimizer):
    tinynet.utils.set_random_seed(1)
    model = Sequential([Dense(9, "tanh", kernel_regularizer="l2", input_shape=(6,))])
    model.add(Dense(3, "softmax"))
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


def used(name, far):
    """Return all that a training and its results are, as a list of arrays."""
    optimizer, hooks = CASES[name]
    model = make(optimizer())
    weights = 1 + np.arange(53) % 3
    history = model.fit(X, T, 8, 4, 0, hooks, validation_split=0.2, sample_weight=weights)
    results = [model.params, *model.optimizer.slots.values(), *history.history.values()]
    results += [model.predict(X, 8, verbose=0), model.evaluate(X, T, 8, 0), history.epoch]
    results = [np.copy(result) for result in results]
    x = X.copy()
    x[50] = np.nan  # and an error is the same for all; on several machines it ends them
    if not far:
        assert "x holds nan in row 50" in error_of(lambda: model.fit(x, T, 8, 1, 0, shuffle=False))
    heavy = np.full(53, 1e308)
    assert "batch 1: the loss is inf" in error_of(
        lambda: model.fit(X, T, 8, 1, 0, sample_weight=heavy)
    )
    return [*results, model.params.copy(), model.optimizer.iterations]


def error_of(call):
    """Return what a call fails with."""
    try:
        call()
    except (ValueError, FloatingPointError) as error:
        return str(error)
    raise AssertionError("this should have failed")


def same(far):
    tinynet.config.set_floatx("float64")
    alone = {name: used(name, far) for name in CASES}
    with tinynet.distributed.mpi() as rank:
        for name, expected in alone.items():
            for i, (one, other) in enumerate(zip(expected, used(name, far), strict=True)):
                np.testing.assert_allclose(other, one, 1e-12, 1e-12, err_msg=f"{name}, array {i}")
    os.write(1, f"rank {rank} has the same\n".encode())


def deadly(forward, epoch, here):
    """Let a layer kill its process in that epoch, if it is here."""
    steps = iter(range(10**9))

    def forward_or_die(x):
        if next(steps) == 10 * epoch + 3 and here:
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGKILL)
        return forward(x)

    return forward_or_die


def backup(folder, result, killed):
    tinynet.utils.set_random_seed(5)
    with tinynet.distributed.mpi() as rank:
        model = Sequential([Dense(9, "relu", input_shape=(6,)), Dropout(0.3), Dense(3, "softmax")])
        model.layers[0].forward = deadly(model.layers[0].forward, killed[1], rank == killed[0])
        model.compile("adam", "categorical_crossentropy")
        hooks = [callbacks.BackupAndRestore(folder, delete_checkpoint=False)]
        model.fit(X[:50], T[:50], 5, 8, 0, hooks, validation_split=0.0)
        if rank == 0:
            np.save(result, np.concatenate([model.params, *model.optimizer.slots.values()]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what")
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--far", action="store_true")
    parser.add_argument("--killed", nargs=2, type=int, default=(-1, 0), metavar=("RANK", "EPOCH"))
    options = parser.parse_args()
    if options.far:
        from tinynet.distributed.mpiexec import Started

        Started.one_machine = property(lambda self: False, lambda self, value: None)
    same(options.far) if options.what == "same" else backup(*options.paths, options.killed)


if __name__ == "__main__":
    main()
