"""Two models training in two threads, and one predicting in many, give what they give alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from toy import data, network, same

from tinynet import Input, Sequential
from tinynet.layers import Activation, Dense, Dropout, Flatten, ReLU, Rescaling, Softmax


def together(functions: list[Callable[[], object]]) -> list[object]:
    """Run functions in threads of their own that start at one moment; return their results."""
    barrier = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> object:
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


def test_models_that_train_in_threads_end_as_they_would_alone():
    settings = [{"seed": 1}, {"seed": 2, "optimizer": "adam"}, {"seed": 3, "optimizer": "sgd"}]
    options = {"epochs": 30, "validation_split": 0.2, "verbose": 0}
    alone = [network(**s) for s in settings]
    for model in alone:
        model.fit(*data(), **options)
    threaded = [network(**s) for s in settings]
    together([lambda m=m: m.fit(*data(), **options) for m in threaded])
    for a, b in zip(alone, threaded, strict=True):
        assert same(a, b)
        assert a.history.history == b.history.history


def test_one_model_predicts_and_evaluates_in_many_threads_as_alone():
    model = Sequential(
        [
            Input(shape=(4, 5)),
            Rescaling(2.0),
            Flatten(),
            Dense(64),
            ReLU(),
            Dropout(0.5),
            Dense(64, activation="tanh"),
            Activation("sigmoid"),
            Dense(7),
            Softmax(),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    sets = [np.random.default_rng(i).random((500, 4, 5)) for i in range(8)]
    y = np.arange(500) % 7

    def work(x: np.ndarray) -> tuple[bytes, object]:
        return model.predict(x, verbose=0).tobytes(), model.evaluate(x, y, verbose=0)

    alone = [work(x) for x in sets]
    assert together([lambda x=x: [work(x) for _ in range(5)] for x in sets]) == [
        [result] * 5 for result in alone
    ]


def test_a_model_trains_in_a_thread_while_another_predicts():
    busy, alone, quiet = network(seed=1), network(seed=1), network(seed=2)
    x, y = data()
    alone.fit(x, y, epochs=30, verbose=0)
    expected = quiet.predict(x, verbose=0).tobytes()
    _, outputs = together(
        [
            lambda: busy.fit(x, y, epochs=30, verbose=0),
            lambda: {quiet.predict(x, verbose=0).tobytes() for _ in range(100)},
        ]
    )
    assert outputs == {expected}
    assert same(busy, alone)
