"""Data sets, as Keras gives them: two pairs of arrays, for training and for testing.

    folder.py         four IDX files in a folder, however they are spelled
    cache.py          a published set: verified when it is read, downloaded when it is not there
    download.py       fetching a file from mirrors that may fail in every way
    transfer.py       one attempt at it, which ends in time whatever the server does
    digit.py          a photo or drawing of your own, in the form of MNIST's images
    picture.py        a picture file as an array, upright and of moderate size
    mnist.py, fashion_mnist.py    the sets: their files, checksums and mirrors
    mnist_10k.py      10,000 digits of MNIST that come with tinynet

`python -m tinynet.datasets` says where the files are and whether they are whole.
"""

from typing import TYPE_CHECKING

from tinynet.datasets import fashion_mnist, mnist, mnist_10k
from tinynet.datasets.digit import read_digit
from tinynet.datasets.download import DownloadError
from tinynet.datasets.folder import load_folder
from tinynet.support.absent import Answer

__all__ = ["DownloadError", "fashion_mnist", "load_folder", "mnist", "mnist_10k", "read_digit"]

if not TYPE_CHECKING:  # a type checker would take any name then
    __getattr__ = Answer(__name__)  # for the sets that Keras has, too
