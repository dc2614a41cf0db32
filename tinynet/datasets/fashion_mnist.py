"""Fashion-MNIST: 70,000 pictures of clothes, 28 x 28 pixels, by Xiao and others (2017)."""

import os
from collections.abc import Sequence
from pathlib import Path

from tinynet.datasets.cache import DataSet
from tinynet.datasets.datafile import four_files
from tinynet.datasets.folder import Pair

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

SET = DataSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    mirrors=(
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    files=four_files(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    system_folder=Path("/usr/share/datasets/fashion-mnist"),  # Debian's dataset-fashion-mnist
)


def load_data(
    cache_dir: str | os.PathLike[str] | None = None,
    *,
    mirrors: Sequence[str] | str | None = None,
    offline: bool = False,
    progress: bool = True,
) -> tuple[Pair, Pair]:
    """Load Fashion-MNIST, downloading it the first time (31 MB).

    Everything is as for `mnist.load_data`, the default folder being fashion_mnist instead of
    mnist.  The files of Debian's package dataset-fashion-mnist are found by themselves.

    Args:
        cache_dir: the folder of the four files.
        mirrors: addresses of folders to fetch the files from.
        offline: use no network; default False.
        progress: print what is being fetched; default True.

    Returns:
        ((x_train, y_train), (x_test, y_test)) as from `mnist.load_data`; the labels 0 to 9
        stand for the names in `CLASSES`.

    Raises:
        DownloadError: files are missing and could not be fetched; says why, and what to do.

    Example:
        >>> from tinynet.datasets import fashion_mnist
        >>> (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()  # doctest: +SKIP
        >>> fashion_mnist.CLASSES[9]
        'Ankle boot'

    Source: Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST: a novel image dataset for
    benchmarking machine learning algorithms".  Keras: keras.datasets.fashion_mnist.
    """
    return SET.load(cache_dir, mirrors, offline, progress)
