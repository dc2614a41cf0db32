"""MNIST: 70,000 handwritten digits, 28 x 28 pixels, by LeCun, Cortes and Burges (1998)."""

import os
from collections.abc import Sequence

from tinynet.datasets.cache import DataSet
from tinynet.datasets.datafile import four_files
from tinynet.datasets.folder import Pair

SET = DataSet(
    name="mnist",
    title="MNIST",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files=four_files(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


def load_data(
    cache_dir: str | os.PathLike[str] | None = None,
    *,
    mirrors: Sequence[str] | str | None = None,
    offline: bool = False,
    progress: bool = True,
) -> tuple[Pair, Pair]:
    """Load MNIST, downloading it the first time (11 MB).

    Every file is verified by its SHA-256 whenever it is read.  One that is damaged is fetched
    anew.

    Args:
        cache_dir: the folder of the four files, compressed or not, spelled -idx3 or .idx3;
            default $TINYNET_HOME/mnist if that variable is set, else tinynet/mnist in the
            user's cache folder (~/.cache, on macOS ~/Library/Caches, on Windows
            %LOCALAPPDATA%).
        mirrors: addresses of folders to fetch the files from, in the order to try them;
            default two public ones.
        offline: use no network, whatever is missing; default False.
        progress: print what is being fetched; default True.

    Returns:
        ((x_train, y_train), (x_test, y_test)), all uint8: images (60000, 28, 28) and
        (10000, 28, 28) from 0, the paper, to 255, the ink; labels 0 to 9, (60000,) and
        (10000,).

    Raises:
        DownloadError: files are missing and could not be fetched; says why, and what to do.

    Example:
        >>> from tinynet.datasets import mnist
        >>> (x_train, y_train), (x_test, y_test) = mnist.load_data()  # doctest: +SKIP
        >>> x_train.shape, y_train[:3]                                # doctest: +SKIP
        ((60000, 28, 28), array([5, 0, 4], dtype=uint8))

    Source: LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to
    document recognition".  Keras: keras.datasets.mnist.load_data(path), where path names a
    file; here cache_dir names a folder.
    """
    return SET.load(cache_dir, mirrors, offline, progress)
