"""Train a network to read handwritten digits, and look at what it has learnt.

    python examples/train_mnist.py

A digit is 28 x 28 pixels. Laid out as one row of 784 numbers it goes through two layers of 512
units and one of 10, whose outputs are the probabilities of the digits 0 to 9. After five times
through the training digits the network is right in about 98 of 100 that it has never seen.
"""

import argparse
import sys
from pathlib import Path

from tinynet import datasets, plots, utils
from tinynet.datasets import fashion_mnist, mnist, mnist_10k
from tinynet.layers import Dense
from tinynet.models import Sequential
from tinynet.support.commands import folder, run, whole


def main() -> None:
    options = read_options()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)  # before the training, in case it can't be made
    utils.set_random_seed(options.seed)

    # 1. The data: images of 28 x 28 bytes, 0 the paper and 255 the ink, and what they show.
    (x_train, y_train), (x_valid, y_valid) = load_data(options.data, options.data_dir)
    images, labels = x_valid, y_valid  # as they are, for the pictures
    print(f"{len(x_train):,} images to learn from, {len(x_valid):,} others to be tested on.\n")
    names = fashion_mnist.CLASSES if options.data == "fashion_mnist" else None
    if options.plots:
        plots.digits(x_train[:50], y_train[:50], names=names).savefig(out / "digits.png", dpi=150)

    # 2. An image becomes a row of 784 numbers from 0 to 1, a label a row with a 1 in its place.
    x_train = x_train.reshape(-1, 784) / 255
    x_valid = x_valid.reshape(-1, 784) / 255
    y_train = utils.to_categorical(y_train, 10)
    y_valid = utils.to_categorical(y_valid, 10)

    # 3. The network: 784 numbers in, 10 probabilities out.
    model = Sequential()
    model.add(Dense(units=512, activation="relu", input_shape=(784,)))
    model.add(Dense(units=512, activation="relu"))
    model.add(Dense(units=10, activation="softmax"))
    model.summary()

    # 4. Training: an epoch goes through all the images once, a batch of them at a time.
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x_train,
        y_train,
        epochs=options.epochs,
        batch_size=options.batch_size,
        validation_data=(x_valid, y_valid),
    )
    model.save(out / "model.npz")

    # 5. What it has learnt, and where it goes wrong.
    p = model.predict(x_valid, verbose=0)
    right = (p.argmax(axis=1) == labels).mean()
    print(f"\nRight in {100 * right:.2f} % of the {len(labels):,} images that it had never seen.")
    if options.plots:
        plots.history(history).savefig(out / "history.png", dpi=150)
        plots.confusion_matrix(labels, p, names=names).savefig(out / "confusion.png", dpi=150)
        plots.mistakes(images, labels, p, names=names).savefig(out / "mistakes.png", dpi=150)

    print(f"\nIn {out.resolve()} there are now")
    print("  model.npz      the trained network: tinynet.models.load_model reads it")
    if options.plots:
        print("  digits.png     some of the images that it learnt from")
        print("  history.png    how loss and accuracy went, epoch by epoch")
        print("  confusion.png  which class it took for which")
        print("  mistakes.png   its mistakes, most confident first")


def load_data(name: str, folder: Path | None) -> tuple:
    """Return ((x_train, y_train), (x_valid, y_valid)) of the set of that name.

    "auto" is the whole of MNIST, or mnist_10k where that is not to be had.
    """
    try:
        if name == "mnist_10k":
            return datasets.load_folder(folder) if folder else mnist_10k.load_data()
        full = fashion_mnist if name == "fashion_mnist" else mnist
        return full.load_data(folder)
    except datasets.DownloadError as error:
        if name != "auto":
            sys.exit(str(error))
        print("MNIST can't be downloaded here. Going on with 10,000 digits of it, mnist_10k.")
        return mnist_10k.load_data()
    except (OSError, ValueError) as error:
        sys.exit(str(error))


def read_options() -> argparse.Namespace:
    """Read what was typed after the script's name."""
    parser = argparse.ArgumentParser(
        description="Train a network to read handwritten digits, and draw what it has learnt."
    )
    add = parser.add_argument
    data_help = (
        "which images: mnist or fashion_mnist, 70,000 digits or pieces of clothing, downloaded "
        "the first time; mnist_10k, 10,000 digits that are here; auto (default) is mnist, or "
        "mnist_10k where there is no network"
    )
    sets = ["auto", "mnist", "fashion_mnist", "mnist_10k"]
    add("--epochs", metavar="N", type=whole(1), default=5, help="rounds of training (default 5)")
    add("--batch-size", metavar="N", type=whole(1), default=32, help="images a step (default 32)")
    add("--data", type=name_of_set, choices=sets, default="auto", help=data_help)
    add("--data-dir", metavar="DIR", type=Path, help="where the set's four files are, or are to go")
    add("--out", metavar="DIR", type=folder, default="out", help="where results go (default out)")
    add("--seed", metavar="N", type=whole(0), default=0, help="same seed, same result (default 0)")
    add("--no-plots", dest="plots", action="store_false", help="draw no pictures")
    return parser.parse_args()


def name_of_set(text: str) -> str:
    """Read mnist-10k as mnist_10k, and FASHION-MNIST as fashion_mnist."""
    return text.lower().replace("-", "_")


if __name__ == "__main__":
    run(main)
