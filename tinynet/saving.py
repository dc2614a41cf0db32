"""Model files: one .npz that holds arrays and a description in JSON, and never any code.

An .npz is a zip of .npy files. Every size that such a file claims is checked against the bytes
that are there before memory is taken, and objects (pickle) are refused.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.files import replacing

VERSION = 1  # of the format; a file with a higher one is refused
Array = NDArray[Any]


class ModelFileError(ValueError):
    """A file is not a model that this tinynet can load; the message says why."""


def write(
    path: str | os.PathLike[str], description: Mapping[str, Any], arrays: Mapping[str, Array]
) -> None:
    """Write a model file whole or not at all: a file that was there stays until then."""
    text = json.dumps({"version": VERSION, **description})
    with replacing(path) as file:
        np.savez(
            file,
            allow_pickle=False,
            description=np.frombuffer(text.encode(), np.uint8),
            **arrays,
        )


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the description and the arrays of a model file.

    Raises:
        ModelFileError: where the file is not a whole, plain model file of a known version.
        FileNotFoundError: where there is none.
    """
    name = os.fspath(path)
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                arrays = {
                    info.filename.removesuffix(".npy"): read_array(archive, info)
                    for info in archive.infolist()
                }
            description = json.loads(arrays.pop("description").tobytes())
            version = description["version"]
        except (zipfile.BadZipFile, EOFError, KeyError, TypeError, ValueError) as error:
            raise ModelFileError(
                f"{name} is not a model saved by tinynet: {error}. Expected an .npz file that "
                f"model.save(path) wrote."
            ) from error
    if version != VERSION:
        raise ModelFileError(
            f"{name} is a model file of version {version}; this tinynet reads version {VERSION}. "
            f"Try: pip install --upgrade tinynet"
        )
    return description, arrays


def read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    """Return one array of the zip, never taking more memory than the zip has bytes."""
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"its entry {info.filename!r} is compressed, which tinynet never does")
    data = archive.read(info)
    file = io.BytesIO(data)
    np.lib.format.read_magic(file)
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.kind not in "fu" or fortran_order:
        raise ValueError(f"its entry {info.filename!r} holds {dtype}, not plain numbers")
    found, claimed = len(data) - file.tell(), math.prod(shape) * dtype.itemsize
    if found != claimed:
        raise ValueError(
            f"its entry {info.filename!r} claims {claimed} bytes of numbers and has {found}"
        )
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape).copy()


def fitted(arrays: Mapping[str, Array], name: str, like: Array) -> Array:
    """Return the array of that name, which must have the shape and dtype of another.

    Raises:
        ValueError: it is missing or does not fit.
    """
    if name not in arrays:
        raise ValueError(f"the array {name!r} is missing")
    array = arrays[name]
    if array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(
            f"the array {name!r} should hold {like.size} numbers of {like.dtype}, and is "
            f"{array.dtype} of shape {array.shape}"
        )
    return array
