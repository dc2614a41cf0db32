"""Model files: one .npz that holds arrays and a description in JSON, and never any code.

An .npz is a zip of .npy files, here of one-dimensional arrays of plain numbers. What a file
says of itself is compared with the bytes that are there before memory is taken, and whatever
does not match leads to a ModelFileError.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import optimizers
from tinynet.support import absent, registry, settings
from tinynet.support.files import replacing

VERSION = 1  # of the format; a file with another one is refused
Array = NDArray[Any]

# The head of an .npy file, as NumPy writes it for (n,) numbers. It is a Python literal, which
# NumPy would evaluate; here it is only compared.
NPY_HEAD = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(\|u1|[<>]f[48])', 'fortran_order': False, "
    rb"'shape': \((\d{1,18}),\), \} *\n",
    re.DOTALL,
)


class ModelFileError(ValueError):
    """A file is not a model that this tinynet can load; the message says why."""


@contextmanager
def blaming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn whatever goes wrong with the contents of a file into a ModelFileError."""
    try:
        yield
    except (ModelFileError, ImportError):  # a library that is missing is not the file's fault
        raise
    except MemoryError:  # nor is too little memory: a file never asks for more than its own size
        raise MemoryError(f"There is too little memory to load {os.fspath(path)}.") from None
    except registry.UnknownClass as error:  # nor is a class that was not handed over
        reason = settings.plain(str(error), 500)
        raise ModelFileError(f"{os.fspath(path)} can't be loaded yet. {reason}") from None
    except Exception as error:  # a hostile file can make almost anything fail
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        reason = settings.plain(reason or type(error).__name__, 500).rstrip(".")
        raise ModelFileError(
            f"{os.fspath(path)} can't be loaded as a model: {reason}. "
            f"Expected a file that model.save(path) wrote, whole and unchanged."
        ) from error


def write(
    path: str | os.PathLike[str], model: Any, more: Mapping[str, Any] | None = None, **arrays: Array
) -> None:
    """Write a model file whole or not at all: a file that was there stays until then.

    Args:
        path: where to.
        model: the model.
        more: of the description; arrays: more of those. A backup has them (backups.py).
    """
    text = json.dumps({"version": VERSION, **describe(model), **(more or {})})
    entries: dict[str, Any] = {"description": np.frombuffer(text.encode(), np.uint8)}
    entries |= arrays_of(model) | arrays
    with replacing(path) as file:
        np.savez(file, **entries)


def describe(model: Any) -> dict[str, Any]:
    """Return all of a model but its arrays: layers, how it was compiled, where training is."""
    compiled = model.optimizer and {
        "optimizer": registry.serialize(model.optimizer),
        "loss": registry.serialize(model.loss),
        "metrics": [registry.serialize(metric) for metric in model.metrics],
        "weighted_metrics": [registry.serialize(metric) for metric in model.weighted_metrics],
    }
    weights = [weight for layer in model.layers for weight in layer.declared.values()]
    return {
        "model": model.get_config(),
        "trained": [weight.trained for weight in weights],
        "compiled": compiled,
        "iterations": model.ready_optimizer().iterations if model.optimizer else 0,
        **progress(model),
    }


def progress(model: Any) -> dict[str, Any]:
    """Return where training is: the epoch, and the state of the random generators."""
    generators = model.generators().items()
    states = {name: rng.bit_generator.state for name, rng in generators}
    return {"generators": states, "epoch": model.epoch}


def arrays_of(model: Any) -> dict[str, Array]:
    """Return a model's own arrays: its weights, and what its optimizer remembers."""
    slots = model.ready_optimizer().slots if model.optimizer else {}
    kept = {"kept": model.kept} if model.kept.size else {}
    return {"params": model.params, **kept} | {f"optimizer.{n}": slots[n] for n in slots}


def put_weights(model: Any, description: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Give a model that has no weights yet those of a file.

    Raises:
        ValueError: the file has more or fewer than its layers need; no memory is taken for them.
    """
    params = arrays["params"]
    kept = arrays.get("kept", params[:0])
    model.params = params[:0]  # its dtype
    needed, found = model.declare_from(model._input_shape), params.size + kept.size
    if needed != found:
        raise ValueError(f"its layers need {needed} weights, and it holds {found}")
    place(model, description.get("trained"))
    model._begin(model._input_shape)
    if model.params.size != params.size:
        raise ValueError(f"it trains {params.size} weights, and its layers {model.params.size}")
    model.params[:], model.kept[:] = params, kept


def place(model: Any, trained: Any) -> None:
    """Say of every weight of a model whether it lies in `params`, or in `kept`.

    Raises:
        ValueError: not a list of as many True and False as there are weights.
    """
    weights = [weight for layer in model.layers for weight in layer.declared.values()]
    if trained is None:  # as files were before there was a choice
        trained = [True] * len(weights)
    if not isinstance(trained, list) or len(trained) != len(weights):
        raise ValueError(f"expected a list of {len(weights)} weights that are trained or not")
    for weight, flag in zip(weights, trained, strict=True):
        weight.trained = settings.choice("trained", flag, True, False) and weight.trainable


def restore(model: Any, description: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Make a model go on from there, if all of it fits; else it stays as it was.

    Raises:
        ValueError: arrays that are missing, or too many, or of other sizes; a broken state.
    """
    own = arrays_of(model)
    arrays = {name: array for name, array in arrays.items() if not name.startswith("callback.")}
    sizes = {name: (array.size, array.dtype.name) for name, array in arrays.items()}
    expected = {name: (array.size, array.dtype.name) for name, array in own.items()}
    if sizes != expected:
        raise ValueError(f"it holds the arrays {sizes}, and the model has {expected}")
    iterations = settings.count("iterations", description["iterations"], least=0)
    restore_progress(model, description)
    if model.optimizer:  # its rate may have been changed since it was made, by a callback
        written = optimizers.get(description["compiled"]["optimizer"])
        vars(model.optimizer)["learning_rate"] = written.setting("learning_rate")
        model.optimizer.iterations = iterations
    for name, array in own.items():
        array[:] = arrays[name]


def restore_progress(model: Any, description: Mapping[str, Any]) -> None:
    """Put the epoch and the random generators back, if all of them fit.

    Raises:
        ValueError, KeyError, TypeError: a state that is broken or missing; nothing is changed.
    """
    generators = model.generators()
    states = list(description["generators"].values())  # in order: names may be others now
    if len(states) != len(generators):
        raise ValueError(f"it has {len(states)} random generators, the model {len(generators)}")
    for state in states:
        np.random.PCG64().state = state  # or say what is wrong with it
    model.epoch = settings.count("epoch", description["epoch"], least=0)
    for rng, state in zip(generators.values(), states, strict=True):
        rng.bit_generator.state = state


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the description and the arrays of a model file.

    Raises:
        ModelFileError: where the file is not a whole, plain model file of a known version.
        FileNotFoundError: where there is none.
    """
    with open(path, "rb") as file, blaming(path):
        with zipfile.ZipFile(file) as archive:
            arrays = read_arrays(archive, os.fstat(file.fileno()).st_size)
        description: dict[str, Any] = json.loads(arrays.pop("description").tobytes())
        if description["version"] != VERSION:
            raise ModelFileError(
                f"{os.fspath(path)} is a model file of version {description['version']}; this "
                f"tinynet reads version {VERSION}. Try: pip install --upgrade tinynet-numpy"
            )
    return description, arrays


def read_arrays(archive: zipfile.ZipFile, size: int) -> dict[str, Array]:
    """Return the arrays of a zip of so many bytes, never taking more memory than that."""
    entries = archive.infolist()
    names = [entry.filename.removesuffix(".npy") for entry in entries]
    if len(set(names)) < len(names):
        raise ValueError("it holds two entries of one name")
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise ValueError(f"its entry {entry.filename!r} is compressed, as tinynet's never are")
    claimed = sum(entry.file_size for entry in entries)
    if claimed > size:
        raise ValueError(f"its entries claim {claimed} bytes, and the file has {size}")
    return {
        name: plain_array(entry.filename, archive.read(entry))
        for name, entry in zip(names, entries, strict=True)
    }


def plain_array(name: str, data: bytes) -> Array:
    """Return the numbers of an .npy file, (n,)."""
    head = NPY_HEAD.match(data)
    if head is None:
        raise ValueError(f"its entry {name!r} is no plain array of (n,) floats or bytes")
    dtype, length = np.dtype(head[1].decode()), int(head[2])
    found = len(data) - head.end()
    if found != length * dtype.itemsize:
        raise ValueError(f"its entry {name!r} claims {length} numbers and has {found} bytes")
    return np.frombuffer(data, dtype, offset=head.end()).astype(dtype.newbyteorder("="))


__getattr__ = absent.Answer(__name__)  # for keras.saving.load_model and its like
