"""The contestants of compare.py: each trains the same network, in a process of its own.

    python tests/benchmarks/contestants.py NAME     reads jobs from stdin, one JSON a line

The network has `depth` hidden layers of `width` units with ReLU, 784 inputs and 10 outputs, and
learns by RMSprop (scikit-learn, which has none, by Adam) on random float32 images. Every
contestant gets the same arrays, in the form that it likes best, and reports the time of its
last call only: what it compiles, it has compiled before.
"""

import json
import os
import sys
import time
import warnings
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent.parent))  # where tinynet is

INPUTS, CLASSES = 784, 10
rng = np.random.default_rng(0)


@dataclass(frozen=True)
class Job:
    """Train on, or predict, so many examples."""

    task: str = "train"  # or "predict"
    examples: int = 60_000
    batch: int = 32
    width: int = 512
    depth: int = 2


class Contestant:
    """Base class: a subclass says how to build a model, and how to train it and predict."""

    def __init__(self) -> None:
        self.model: Any = None
        self.shape = (0, 0)
        self.warm: set[Job] = set()
        self.x = np.zeros((0, INPUTS), np.float32)
        self.labels = np.zeros(0, np.int64)

    def seconds(self, job: Job) -> float:
        if self.shape != (job.width, job.depth):
            self.shape, self.warm = (job.width, job.depth), set()
            self.model = None
            self.build(job.width, job.depth)
        if len(self.x) < job.examples:
            self.x = rng.random((job.examples, INPUTS), dtype=np.float32)
            self.labels = rng.integers(0, CLASSES, job.examples)
        if job not in self.warm:  # three whole batches and a last one of the size that it will be
            self.run(job, min(job.examples, 3 * job.batch + job.examples % job.batch))
            self.warm.add(job)
        start = time.perf_counter()
        self.run(job, job.examples)
        return time.perf_counter() - start

    def run(self, job: Job, examples: int) -> None:
        if job.task == "train":
            self.train(self.x[:examples], self.labels[:examples], job.batch)
        else:
            self.predict(self.x[:examples], job.batch)


class Tinynet(Contestant):
    def build(self, width: int, depth: int) -> None:
        import tinynet

        self.library(tinynet, width, depth)

    def library(self, keras: Any, width: int, depth: int) -> None:
        Dense = keras.layers.Dense
        hidden = [Dense(width, activation="relu") for _ in range(depth)]
        output = Dense(CLASSES, activation="softmax")
        self.model = keras.Sequential([keras.Input(shape=(INPUTS,)), *hidden, output])
        self.model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
        self.one_hot = np.eye(CLASSES, dtype=np.float32)

    def train(self, x: np.ndarray, labels: np.ndarray, batch: int) -> None:
        self.model.fit(x, self.one_hot[labels], batch_size=batch, verbose=0)

    def predict(self, x: np.ndarray, batch: int) -> None:
        self.model.predict(x, batch_size=batch, verbose=0)


class Together(Tinynet):
    """All cores, a process each."""

    def train(self, x: np.ndarray, labels: np.ndarray, batch: int) -> None:
        import tinynet

        with tinynet.distributed.processes():
            super().train(x, labels, batch)

    def predict(self, x: np.ndarray, batch: int) -> None:
        import tinynet

        with tinynet.distributed.processes():
            super().predict(x, batch)


class Keras(Tinynet):
    def __init__(self, backend: str) -> None:
        super().__init__()
        os.environ["KERAS_BACKEND"] = backend

    def build(self, width: int, depth: int) -> None:
        import keras

        self.library(keras, width, depth)


class Torch(Contestant):
    def __init__(self, compiled: bool) -> None:
        super().__init__()
        self.compiled = compiled

    def build(self, width: int, depth: int) -> None:
        import torch
        from torch import nn

        self.torch = torch
        sizes = [INPUTS, *[width] * depth]
        hidden = [part for d, m in pairwise(sizes) for part in (nn.Linear(d, m), nn.ReLU())]
        model = nn.Sequential(*hidden, nn.Linear(width, CLASSES))
        self.optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
        self.model = torch.compile(model) if self.compiled else model
        self.loss = nn.CrossEntropyLoss()

    def train(self, x: np.ndarray, labels: np.ndarray, batch: int) -> None:
        torch = self.torch
        images, t = torch.from_numpy(x), torch.from_numpy(labels)
        total, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for rows in torch.randperm(len(images)).split(batch):
            logits = self.model(images[rows])
            loss = self.loss(logits, t[rows])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(rows)
            right += (logits.argmax(1) == t[rows]).sum()

    def predict(self, x: np.ndarray, batch: int) -> None:
        with self.torch.inference_mode():
            for part in self.torch.from_numpy(x).split(batch):
                self.model(part).softmax(1)


class Sklearn(Contestant):
    def build(self, width: int, depth: int) -> None:
        from sklearn.neural_network import MLPClassifier

        self.model = MLPClassifier((width,) * depth)

    def train(self, x: np.ndarray, labels: np.ndarray, batch: int) -> None:
        self.model.batch_size = batch
        self.model.partial_fit(x, labels, classes=np.arange(CLASSES))  # one epoch

    def predict(self, x: np.ndarray, batch: int) -> None:
        for start in range(0, len(x), batch):
            self.model.predict_proba(x[start : start + batch])


class Floor(Contestant):
    """The matrix products of training alone: what any framework has to do."""

    def build(self, width: int, depth: int) -> None:
        shapes = list(pairwise([INPUTS, *[width] * depth, CLASSES]))
        *ends, size = np.cumsum([d * m for d, m in shapes])
        self.w, self.g = rng.random(size, dtype=np.float32), np.zeros(size, np.float32)
        self.model, self.dW = (
            [part.reshape(s) for part, s in zip(np.split(vector, ends), shapes, strict=True)]
            for vector in (self.w, self.g)
        )

    def train(self, x: np.ndarray, labels: np.ndarray, batch: int) -> None:
        sizes = [len(self.model[0]), *(W.shape[1] for W in self.model)]
        for n in [batch] * (len(x) // batch) + [len(x) % batch] * (len(x) % batch > 0):
            ys = [x[:n], *(np.ones((n, m), np.float32) for m in sizes[1:])]
            for y, W in zip(ys, self.model, strict=False):
                y @ W
            for i in reversed(range(len(self.model))):
                np.matmul(ys[i].T, ys[i + 1], out=self.dW[i])
                if i:
                    ys[i + 1] @ self.model[i].T
            self.update()

    def update(self) -> None:
        """Do nothing more."""

    def predict(self, x: np.ndarray, batch: int) -> None:
        for start in range(0, len(x), batch):
            y = x[start : start + batch]
            for W in self.model:
                y = y @ W


class Updated(Floor):
    """The products and RMSprop's update: what is left when all between them costs nothing."""

    def build(self, width: int, depth: int) -> None:
        super().build(width, depth)
        from tinynet.optimizers import RMSprop

        self.rmsprop = RMSprop()
        self.rmsprop.build(self.w, [self.w.size])

    def update(self) -> None:
        self.rmsprop.step(self.w, self.g)


class Peak(Contestant):
    """One large product: two cubes of 2048 operations, in float32."""

    def build(self, width: int, depth: int) -> None:
        self.model = rng.random((2048, 2048), dtype=np.float32)

    def train(self, x: np.ndarray, labels: np.ndarray, batch: int) -> None:
        self.model @ self.model


CONTESTANTS: dict[str, Any] = {
    "tinynet": Tinynet,
    "tinynet, processes": Together,
    "Keras on JAX": lambda: Keras("jax"),
    "Keras on TensorFlow": lambda: Keras("tensorflow"),
    "Keras on torch": lambda: Keras("torch"),
    "PyTorch": lambda: Torch(compiled=False),
    "PyTorch, compiled": lambda: Torch(compiled=True),
    "scikit-learn (Adam)": Sklearn,
    "products alone": Floor,
    "products and update": Updated,
    "one large product": Peak,
}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")  # what libraries print must not get in between
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    contestant = CONTESTANTS[sys.argv[1]]()
    for line in sys.stdin:
        print(contestant.seconds(Job(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
