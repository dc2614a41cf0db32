"""A data set in a folder: four IDX files, whatever their spelling, that belong together."""

import os
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from tinynet.idx import CODES, IdxError, read_idx

Pair: TypeAlias = tuple[NDArray[Any], NDArray[Any]]

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
IMAGES, LABELS = "0x00000803", "0x00000801"  # their magic numbers


def load_folder(path: str | os.PathLike[str], *, classes: int = 10) -> tuple[Pair, Pair]:
    """Load a data set from four IDX files in one folder.

    The files are train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
    t10k-labels-idx1-ubyte; compressed or not, with or without .gz, and .idx3 or -idx3.

    Args:
        path: the folder.
        classes: how many classes there are; the labels run from 0 to classes - 1; default 10.

    Returns:
        ((x_train, y_train), (x_test, y_test)): the images uint8 (n, height, width), the labels
        uint8 (n,).

    Raises:
        FileNotFoundError: one of the four files is not there.
        IdxError: a file is not good IDX, or the four do not belong together.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from tinynet.idx import write_idx
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("train", "t10k"):
        ...     write_idx(folder / f"{name}-images.idx3-ubyte", np.zeros((2, 28, 28), np.uint8))
        ...     write_idx(folder / f"{name}-labels-idx1-ubyte.gz", np.array([7, 2], np.uint8))
        >>> (x_train, y_train), (x_test, y_test) = load_folder(folder)
        >>> x_train.shape, y_train
        ((2, 28, 28), array([7, 2], dtype=uint8))
    """
    folder = Path(path)
    found = {name: spellings(folder, name) for name in NAMES}
    missing = [name for name in NAMES if not found[name]]
    if missing:
        raise FileNotFoundError(
            f"{folder.absolute()} does not hold {', '.join(missing)} (each may end in .gz)"
        )
    train_images, train_labels, test_images, test_labels = (found[name][0] for name in NAMES)
    train = _read_pair(train_images, train_labels, classes)
    test = _read_pair(test_images, test_labels, classes)
    if train[0].shape[1:] != test[0].shape[1:]:
        raise IdxError(
            f"{folder}: training images of {train[0].shape[1:]} pixels but test images of "
            f"{test[0].shape[1:]}: the files are of different sets"
        )
    return train, test


def spellings(folder: Path, name: str) -> list[Path]:
    """Find the files in a folder that bear the name in any spelling, unpacked ones first."""
    try:
        files = [path for path in folder.iterdir() if path.is_file()]
    except OSError:  # no such folder, or one we may not look into
        return []
    alike = [f for f in files if f.name.lower().removesuffix(".gz").replace(".", "-") == name]
    return sorted(alike, key=lambda path: (path.suffix == ".gz", path.name))


def _read_pair(images_path: Path, labels_path: Path, classes: int) -> Pair:
    """Read images and their labels, and check that they can belong together."""
    images = _read(images_path, "images", IMAGES)
    labels = _read(labels_path, "labels", LABELS)
    if len(images) != len(labels):
        raise IdxError(
            f"{len(images):,} images in {images_path} but {len(labels):,} labels in "
            f"{labels_path}: the files are of different sets"
        )
    if labels.max() >= classes:
        raise IdxError(
            f"{labels_path}: labels up to {labels.max()}; expected 0 to {classes - 1}. If the "
            f"set has more classes: load_folder(path, classes={labels.max() + 1})"
        )
    return images, labels


def _read(path: Path, what: str, expected: str) -> NDArray[Any]:
    """Read a file that must have this magic number and hold something."""
    array = read_idx(path)
    magic = f"0x0000{CODES[array.dtype.newbyteorder('>')]:02x}{array.ndim:02x}"
    if magic != expected:
        held = {IMAGES: "images", LABELS: "labels"}.get(magic, f"{array.dtype} {array.shape}")
        raise IdxError(f"{path}: expected {what} (magic number {expected}), got {held} ({magic})")
    if array.size == 0:
        raise IdxError(f"{path}: {what} of shape {array.shape}: there is nothing in it")
    return array
