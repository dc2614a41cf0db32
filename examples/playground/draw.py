"""Room one: a network that reads digits, what it makes of a drawing, and what would change it."""

import base64
import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
from shared import packed, signed

from tinynet import activations, datasets
from tinynet.callbacks import Callback
from tinynet.datasets import mnist_10k
from tinynet.layers import Activation, Dense, Dropout, Flatten
from tinynet.losses import CategoricalCrossentropy
from tinynet.models import Sequential, load_model

EPOCHS = 5
WIDEST = 1000  # pixels of a drawing's side
STEP = 0.5  # how far "make it a 3" moves an image at a time: the length of the change
Logs = dict[str, float]


class Reader(Callback):
    """Read digits, and learn to in a thread of its own where there is no trained network yet.

    Questions are put to a copy, which takes over the weights from time to time while the
    network learns: so no question ever sees half a step.

    Args:
        path: a model that train_mnist.py saved; None trains one on mnist_10k.
    """

    def __init__(self, path: Path | None) -> None:
        self.learner = untrained() if path is None else load_model(path)
        if (self.learner.input_shape, self.learner.output_shape) != ((None, 784), (None, 10)):
            raise ValueError(f"{path} does not read digits, which takes 784 numbers in and 10 out.")
        self.copy = Sequential.from_config(self.learner.get_config())
        self.links = chain(self.copy)
        self.lock = threading.Lock()
        self.closed = False
        self.state: dict[str, Any] = {"file": path and str(path), "learning": path is None}
        self.state |= {"epoch": 0, "epochs": EPOCHS, "loss": [], "accuracy": [], "valid": []}
        self.thread = threading.Thread(target=self.learn, daemon=True)
        self.take_over()

    def learn(self) -> None:
        """Train on 8,000 real digits, and test on 2,000 others after every epoch."""
        (x, y), (x_valid, y_valid) = mnist_10k.load_data()
        x, x_valid = x.reshape(-1, 784) / np.float32(255), x_valid.reshape(-1, 784) / 255
        self.learner.fit(x, y, 32, EPOCHS, 0, [self], validation_data=(x_valid, y_valid))
        self.state["learning"] = False

    def stop(self) -> None:
        """Let the training end after the step that it is in."""
        self.closed = True  # fit may not have begun yet, and sets stop_training when it does
        if self.thread.is_alive():
            self.thread.join()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.learner.stop_training = self.closed
        if batch % 10 == 9 and logs:
            self.state["loss"].append(logs["loss"])
            self.state["accuracy"].append(logs["accuracy"])
            self.take_over()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.state["epoch"] = epoch + 1
        self.state["valid"].append((logs or {})["val_accuracy"])

    def take_over(self) -> None:
        """Give the copy the weights of the network that learns."""
        with self.lock:
            self.copy.set_weights(self.learner.get_weights())

    # ---- questions ----

    def training(self) -> dict[str, Any]:
        """Say how far the training is, with the weights of the first units as images."""
        with self.lock:
            W = self.links[0].get_weights()[0]  # (784, m)
        return self.state | {"units": [signed(w) for w in W[:, :24].T]}

    def read(self, png: str, target: int | None = None) -> dict[str, Any]:
        """Bring a drawing into the form of MNIST's images, and look at it."""
        drawing = base64.b64decode(png, validate=True)
        sides = [int.from_bytes(drawing[i : i + 4], "big") for i in (16, 20)]
        if drawing[12:16] != b"IHDR" or max(sides) > WIDEST:
            raise ValueError(f"Expected a PNG of at most {WIDEST} pixels a side.")
        return self.look(packed(datasets.read_digit(io.BytesIO(drawing))), target)

    def look(self, image: str, target: int | None = None) -> dict[str, Any]:
        """Say what the network makes of an image, and which ink would make it the target."""
        x = np.frombuffer(base64.b64decode(image), np.uint8).reshape(1, 784)
        target, p, scores, W, dx = self.gradient(x, target)
        return {
            "image": packed(x),
            "p": p.tolist(),
            "target": target,
            "ink": signed(-dx),  # the loss falls where ink is added against its gradient
            "units": [
                {"unit": i, "score": float(scores[i]), "weights": signed(W[:, i])}
                for i in np.argsort(-scores)[:8].tolist()
            ],
        }

    def nudge(self, image: str, target: int) -> dict[str, Any]:
        """Take one step of gradient descent, on the pixels instead of on the weights."""
        x = np.frombuffer(base64.b64decode(image), np.uint8).reshape(1, 784)
        *_, dx = self.gradient(x, target)
        moved = x / 255 - STEP * dx / (np.linalg.norm(dx) or 1)  # (1, 784)
        return self.look(packed(255 * moved.clip(0, 1)), target)

    def gradient(self, pixels: np.ndarray, target: int | None) -> tuple:
        """Carry the gradient of -log p_target back through all layers, and on to the pixels.

        Returns: the target, p (10,), the scores of the first layer's units (m,), their weights
        (784, m), and dx (1, 784). Without a target it is the digit that comes second.
        """
        x, scores, backwards = (pixels / 255).astype(np.float32), [], []
        with self.lock:
            for link in self.links:  # forward
                x, backward = link.forward(x)  # (1, d) -> (1, m)
                scores.append(x[0])
                backwards.append(backward)
            p = activations.softmax(x)[0]  # (10,)
            target = int(np.argsort(p)[-2]) if target is None else target
            t = np.eye(10, dtype=np.float32)[[target]]  # (1, 10)
            _, dx = CategoricalCrossentropy(from_logits=True).value_and_gradient(t, x)  # p - t
            for backward in reversed(backwards):  # backward
                dx = backward(dx)  # (1, m) -> (1, d)
            return target, p, scores[0], self.links[0].get_weights()[0], dx


def untrained() -> Sequential:
    """Make the network of train_mnist.py."""
    model = Sequential()
    model.add(Dense(units=512, activation="relu", input_shape=(784,)))
    model.add(Dense(units=512, activation="relu"))
    model.add(Dense(units=10, activation="softmax"))
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def chain(model: Sequential) -> list[Any]:
    """Return the links of a model from the pixels to the logits, ready to give dx as well."""
    links = [link for layer in model.layers for link in layer.links()]
    links = [link for link in links if not isinstance(link, (Flatten, Dropout))]
    if isinstance(links[-1], Activation) and links[-1].activation is activations.softmax:
        links.pop()
    dense = all(isinstance(link, (Dense, Activation)) for link in links)
    sizes = np.prod(model.input_shape[1:]), model.output_shape[-1]
    if not dense or not isinstance(links[0], Dense) or sizes != (784, 10):
        raise ValueError("Expected a network of dense layers from 784 pixels to 10 digits.")
    for link in links:
        link.needs_dx = True  # training has no use for the gradient of the pixels; we have
    return links
