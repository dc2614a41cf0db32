"""IDX, the file format of MNIST: a short header, then the numbers.

    00 00 TT NN        TT names the type of the numbers, NN is how many dimensions there are
    NN sizes           four bytes each, most significant byte first
    the data           in C order (the last index moves fastest), most significant byte first

MNIST's training images begin 00 00 08 03 | 00 00 ea 60 | 00 00 00 1c | 00 00 00 1c: bytes
(08), three dimensions, 60000 x 28 x 28. The first four bytes are called the magic number.

A file may be damaged, cut short or made to do harm, so nothing is believed before it is
checked: no memory is asked for until the length is known to be the one in the header.
"""

import gzip
import io
import math
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from tinynet.support.files import must_be_file, replacing

TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
CODES = {dtype: code for code, dtype in TYPES.items()}
MOST_DIMENSIONS = 32
GZIP = b"\x1f\x8b"  # how every gzip file begins
CHUNK = 1 << 16


class IdxError(ValueError):
    """What is wrong with an IDX file: what was expected, and what came."""


def parse_idx(data: bytes) -> NDArray[Any]:
    """Turn the bytes of an IDX file into an array.

    Args:
        data: the whole file, gzip-compressed or not.

    Returns:
        A new array of the file's shape and type (uint8, int8, int16, int32, float32 or
        float64), in the byte order of this machine.

    Raises:
        IdxError: the bytes are not exactly one IDX file.

    Example:
        >>> parse_idx(bytes([0, 0, 8, 2,  0, 0, 0, 2,  0, 0, 0, 3,  1, 2, 3, 4, 5, 6]))
        array([[1, 2, 3],
               [4, 5, 6]], dtype=uint8)

    Source: the format as described at the foot of LeCun, Cortes and Burges, "The MNIST
    database of handwritten digits".
    """
    return _read(io.BytesIO(data), mmap=False)


def read_idx(path: str | os.PathLike[str], *, mmap: bool = False) -> NDArray[Any]:
    """Read an IDX file.

    Args:
        path: the file, gzip-compressed or not, whatever its name.
        mmap: leave the numbers in the file and read them when they are used, so that a set
            may be larger than memory; default False. The file must not be compressed, nor cut
            while it is in use: the system ends a process that reads what is there no more.

    Returns:
        An array as from `parse_idx`; with `mmap` a read-only `numpy.memmap`, in the byte
        order of the file.

    Raises:
        IdxError: the file is not exactly one IDX file, or it is compressed and `mmap` was
            asked for.
        OSError: the file cannot be read, or is a folder, a device or a named pipe.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "labels-idx1-ubyte.gz"
        >>> write_idx(path, np.array([5, 0, 4], np.uint8))
        >>> read_idx(path)
        array([5, 0, 4], dtype=uint8)
    """
    must_be_file(path)  # opening a named pipe would wait for somebody to write into it
    with open(path, "rb") as file:
        try:
            return _read(file, mmap)
        except IdxError as error:
            raise IdxError(f"{os.fspath(path)}: {error}") from None


def write_idx(path: str | os.PathLike[str], array: NDArray[Any]) -> None:
    """Write an array as an IDX file, whole or not at all.

    Args:
        path: the file; if its name ends in .gz it is compressed, always to the same bytes.
        array: 1 to 32 dimensions of uint8, int8, int16, int32, float32 or float64.

    Raises:
        IdxError: IDX cannot hold the array: its type, its size, or the mask of a masked one.
        OSError: the file cannot be written; an older file of that name is left as it was.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "numbers-idx1-short"
        >>> write_idx(path, np.array([1, -2], np.int16))
        >>> path.read_bytes().hex(" ", 4)
        '00000b01 00000002 0001fffe'
    """
    if not isinstance(array, np.ndarray):
        raise IdxError(f"expected an array, got {type(array).__name__}: np.array(..., np.uint8)")
    if isinstance(array, np.ma.MaskedArray):
        raise IdxError("IDX cannot hold a mask: fill its holes, as in array.filled(0)")
    big_endian = array.dtype.newbyteorder(">") if array.dtype.kind in "uif" else array.dtype
    if big_endian not in CODES:
        known = ", ".join(dtype.name for dtype in CODES)
        raise IdxError(f"IDX cannot hold {array.dtype}: array.astype() to one of {known}")
    if not 1 <= array.ndim <= MOST_DIMENSIONS:
        raise IdxError(f"IDX holds 1 to {MOST_DIMENSIONS} dimensions; the array has {array.ndim}")
    if max(array.shape) >= 1 << 32:
        raise IdxError(f"IDX holds sizes below 2**32; the array has shape {array.shape}")

    code = CODES[big_endian]
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    numbers = _bytes_of(np.ascontiguousarray(array, big_endian))
    with replacing(path) as file:
        if Path(path).suffix == ".gz":
            # No name and no time inside, so that the same array always gives the same file.
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                packed.write(header)
                packed.write(numbers)
        else:
            file.write(header)
            file.write(numbers)


def _read(file: BinaryIO, mmap: bool) -> NDArray[Any]:
    """Read the array, and check that it is all there is, from a file or something like one."""
    packed = file.read(2) == GZIP
    file.seek(0)
    if packed and mmap:
        raise IdxError("compressed, so it cannot be mapped into memory: unpack it with gunzip")
    # GzipFile is a binary file in all but its declared type.
    source = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
    try:
        dtype, shape = _read_header(source)
        start = source.tell()
        expected = math.prod(shape) * dtype.itemsize
        # A gzip file cannot be asked for its length: unpack it twice, to count, then to keep.
        found = _count(source, expected + 1) if packed else file.seek(0, io.SEEK_END) - start
        if found != expected:
            raise IdxError(_wrong_length(dtype, shape, start + expected, start + found, packed))
        if mmap:
            return np.memmap(file, dtype, "r", start, shape)
        array = np.empty(shape, dtype)
        source.seek(start)
        _fill(source, _bytes_of(array))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IdxError(f"begins as a gzip file but is damaged or cut short: {error}") from None
    return array if dtype.isnative else array.byteswap(inplace=True).view(dtype.newbyteorder())


def gunzip(packed: bytes, most: int) -> bytes:
    """Unpack the bytes of a gzip file once, and stop after `most` bytes.

    Raises:
        IdxError: damaged, or cut short.

    Example:
        >>> gunzip(gzip.compress(b"1234567"), most=3)
        b'123'
    """
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(packed)).read(most)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IdxError(f"a gzip file that is damaged or cut short: {error}") from None


def _read_header(file: BinaryIO) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Read the type and the sizes, and leave the file where the numbers begin."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise IdxError(_not_idx(magic + file.read(60)))
    code, ndim = magic[2:]
    if code not in TYPES:
        known = ", ".join(f"{code:02x}" for code in TYPES)
        raise IdxError(f"type {code:02x} (third byte) does not exist; expected one of {known}")
    if not 1 <= ndim <= MOST_DIMENSIONS:
        raise IdxError(f"{ndim} dimensions (fourth byte); expected 1 to {MOST_DIMENSIONS}")
    sizes = file.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise IdxError(
            f"cut short inside its header: {ndim} dimensions need {4 + 4 * ndim} bytes; "
            f"got {4 + len(sizes)}"
        )
    shape = struct.unpack(f">{ndim}I", sizes)
    # NumPy counts the bytes as if no size were 0.
    if math.prod(filter(None, shape)) * TYPES[code].itemsize > sys.maxsize:
        raise IdxError(f"shape {shape}, too large for any array")
    return TYPES[code], shape


def _not_idx(start: bytes) -> str:
    """Say what a file is that does not begin as IDX does."""
    if start.startswith(GZIP):
        return "still gzip-compressed after unpacking it once: unpack it with gunzip"
    if start.startswith(b"\x93NUMPY"):
        return "a NumPy .npy file, not IDX: read it with numpy.load"
    if start.lstrip().startswith(b"<"):
        return "an HTML page, not IDX: most likely the error or login page of a server"
    if len(start) < 4:
        return f"{len(start)} bytes long; expected at least 8"
    return f"begins with {start[:4].hex(' ')}; an IDX file begins with 00 00"


def _wrong_length(
    dtype: np.dtype[Any], shape: tuple[int, ...], expected: int, found: int, packed: bool
) -> str:
    """Say by how much a file is too short or too long for its header."""
    if found < expected:
        what, got = "cut short", f"got {found:,}"
    else:
        what, got = "too long", "got more" if packed else f"got {found:,}"
    unpacked = " unpacked" if packed else ""
    return (
        f"{what}: the header promises {dtype.name} of shape {shape}, "
        f"{expected:,} bytes in all{unpacked}; {got}"
    )


def _count(file: BinaryIO, most: int) -> int:
    """Count the bytes that are left, but stop at `most`."""
    count = 0
    while count < most and (chunk := file.read(min(CHUNK, most - count))):
        count += len(chunk)
    return count


def _fill(file: BinaryIO, buffer: memoryview) -> None:
    """Read as many bytes as the buffer holds, never keeping a second copy of them all."""
    for start in range(0, len(buffer), CHUNK):
        part = buffer[start : start + CHUNK]
        numbers = file.read(len(part))
        if len(numbers) < len(part):
            raise IdxError("became shorter while it was read: is another program writing it?")
        part[:] = numbers


def _bytes_of(array: NDArray[Any]) -> memoryview:
    """Give a view of the bytes of a contiguous array."""
    return array.reshape(-1).view(np.uint8).data
