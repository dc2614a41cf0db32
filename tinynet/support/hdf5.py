"""HDF5, the container of Keras's weights: groups of arrays, with attributes.

    arrays      {"layers/dense/vars/0": array, ...}
    attributes  {group: {name: text or list of texts}}, the root's under ""

It is read without trust: no link out of the file or to another place in it is followed, and no
array may be larger than the bytes that are there.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Attributes = dict[str, dict[str, Any]]

MAGIC = b"\x89HDF\r\n\x1a\n"  # what every file begins with


def library() -> Any:
    """Return h5py, or say how to get it.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return import_module("h5py")
    except ImportError:
        raise ImportError(
            "Keras's files are HDF5, which takes h5py: pip install h5py. A file of any other "
            "name, such as model.npz, needs nothing."
        ) from None


def write(arrays: Mapping[str, Array], attributes: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return an HDF5 file that holds these arrays and attributes."""
    buffer = io.BytesIO()
    with library().File(buffer, "w") as file:
        for group, named in attributes.items():
            target = file.require_group(group) if group else file
            for name, value in named.items():
                target.attrs[name] = value
        for path, array in arrays.items():
            file.create_dataset(path, data=array)
    return buffer.getvalue()


def read(data: bytes) -> tuple[dict[str, Array], Attributes]:
    """Return the arrays and the attributes of an HDF5 file.

    Raises:
        ValueError, OSError, RuntimeError, KeyError: it is none, or not a plain one.
    """
    arrays: dict[str, Array] = {}
    attributes: Attributes = {}
    with library().File(io.BytesIO(data), "r") as file:
        groups, seen = [("", file)], set()
        while groups:
            path, group = groups.pop()
            address = library().h5o.get_info(group.id).addr
            if address in seen:
                raise ValueError(f"its group {path!r} has two names")
            seen.add(address)
            attributes[path] = texts(group, len(data))
            for name in group:
                child, inner = followed(group, name), f"{path}/{name}".lstrip("/")
                if isinstance(child, library().Group):
                    groups.append((inner, child))
                else:
                    left = len(data) - sum(array.nbytes for array in arrays.values())
                    arrays[inner] = numbers(child, inner, left)
    return arrays, attributes


def followed(group: Any, name: str) -> Any:
    """Return what stands in a group under that name, if it stands there itself."""
    if not isinstance(group.get(name, getlink=True), library().HardLink):
        raise ValueError(f"its {group.name}/{name} is a link to another place")
    return group[name]


def numbers(dataset: Any, path: str, most: int) -> Array:
    """Return the array of a dataset whose bytes are all in the file, and no more than so many."""
    h5py = library()
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "fiu":
        raise ValueError(f"its {path} is no array of numbers")
    if dataset.chunks or dataset.external or dataset.is_virtual or dataset.shape is None:
        raise ValueError(f"its {path} is compressed, or lies in another file")
    if dataset.nbytes > most or dataset.id.get_storage_size() != dataset.nbytes:
        raise ValueError(f"its {path} claims {dataset.nbytes} bytes that are not there")
    found: Array = dataset[()]
    return np.asarray(found, dataset.dtype.newbyteorder("="))


def texts(group: Any, most: int) -> dict[str, Any]:
    """Return the attributes of a group that are a text or a list of texts."""
    found: dict[str, Any] = {}
    for name in group.attrs:
        kept = group.attrs.get_id(name)
        if math.prod(kept.shape) * kept.dtype.itemsize > most:
            raise ValueError(f"its attribute {name!r} claims bytes that are not there")
        value = group.attrs[name]
        if isinstance(value, np.ndarray):
            found[name] = [text(item) for item in value.ravel().tolist()]
        else:
            found[name] = text(value)
    return found


def text(value: Any) -> str:
    """Return a text, which may have come as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)
