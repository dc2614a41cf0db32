"""A published set like MNIST in everything but its size."""

import gzip
import hashlib
import tempfile
from pathlib import Path

import numpy as np

from tinynet.datasets.cache import DataFile, DataSet
from tinynet.datasets.folder import NAMES
from tinynet.idx import write_idx

_generator = np.random.default_rng(0)
ARRAYS = {
    NAMES[0]: _generator.integers(0, 256, (300, 8, 8), np.uint8),
    NAMES[1]: _generator.integers(0, 10, 300, np.uint8),
    NAMES[2]: _generator.integers(0, 256, (50, 8, 8), np.uint8),
    NAMES[3]: _generator.integers(0, 10, 50, np.uint8),
}


def _idx_bytes(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_idx(Path(folder) / name, ARRAYS[name])
        return (Path(folder) / name).read_bytes()


RAW = {name: _idx_bytes(name) for name in NAMES}
PACKED = {name: gzip.compress(raw, mtime=0) for name, raw in RAW.items()}
SERVED = {f"{name}.gz": packed for name, packed in PACKED.items()}
FILES = tuple(
    DataFile(name, len(raw), hashlib.sha256(raw).hexdigest()) for name, raw in RAW.items()
)


def tiny(*mirrors: str, system_folder: Path | None = None) -> DataSet:
    """Make the set, to be fetched from these mirrors."""
    return DataSet("tiny", "Tiny", mirrors, FILES, system_folder=system_folder)


def is_right(loaded: object) -> bool:
    """Tell whether what was loaded is the set."""
    (x_train, y_train), (x_test, y_test) = loaded  # type: ignore[misc]
    return all(
        np.array_equal(array, ARRAYS[name]) and array.dtype == np.uint8
        for name, array in zip(NAMES, (x_train, y_train, x_test, y_test), strict=True)
    )
