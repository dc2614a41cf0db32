"""The script that tinynet exists for, with tinynet or with Keras, as a process to be measured.

    python tests/benchmarks/seed_script.py LIBRARY FOLDER [--epochs 5]

LIBRARY is tinynet, processes (tinynet on all cores), jax, tensorflow or torch; FOLDER holds four
IDX files. Prints what the test images score. With --epochs 0 nothing is trained: what is left is
the imports and the arrays.
"""

import argparse
import contextlib
import gzip
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("library")
    options.add_argument("folder", type=Path)
    options.add_argument("--epochs", type=int, default=5)
    found = options.parse_args()
    keras = library(found.library)

    x_train = read(found.folder / "train-images-idx3-ubyte.gz", 16).reshape(-1, 784) / 255
    x_test = read(found.folder / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784) / 255
    y_train = keras.utils.to_categorical(read(found.folder / "train-labels-idx1-ubyte.gz", 8), 10)
    y_test = keras.utils.to_categorical(read(found.folder / "t10k-labels-idx1-ubyte.gz", 8), 10)
    if not found.epochs:
        return

    Dense = keras.layers.Dense
    model = keras.Sequential()
    model.add(keras.Input(shape=(784,)))
    model.add(Dense(units=512, activation="relu"))
    model.add(Dense(units=512, activation="relu"))
    model.add(Dense(units=10, activation="softmax"))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    together = found.library == "processes"
    with keras.distributed.processes() if together else contextlib.nullcontext():
        model.fit(
            x_train, y_train, epochs=found.epochs, validation_data=(x_test, y_test), verbose=2
        )
        print(model.evaluate(x_test, y_test, verbose=0))


def library(name: str) -> Any:
    """Import what the script is about."""
    if name in ("tinynet", "processes"):
        sys.path.insert(0, str(Path(__file__).parent.parent.parent))
        import tinynet

        return tinynet
    os.environ["KERAS_BACKEND"] = name
    import keras

    return keras


def read(path: Path, header: int) -> Array:
    """Read what follows the header of a compressed IDX file, for all libraries alike."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


if __name__ == "__main__":
    main()
