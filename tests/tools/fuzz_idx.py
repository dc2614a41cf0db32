"""Let atheris look for bytes that parse_idx cannot cope with, guided by what they reach.

    python -m venv fuzz && fuzz/bin/pip install atheris numpy
    fuzz/bin/python tests/tools/fuzz_idx.py -max_total_time=600 corpus/

Whatever the bytes, parse_idx must return an array of just their size or raise IdxError, and must
not take more memory than the file, unpacked, and a fixed margin. The first input that breaks
this is printed and saved.  corpus/ is made and kept between runs; libFuzzer's options all work.
"""

import io
import itertools
import math
import struct
import sys
import tracemalloc
import zlib
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))
with atheris.instrument_imports(include=["tinynet.idx", "gzip", "_compression"]):
    import gzip

    from tinynet.idx import GZIP, IdxError, parse_idx

MARGIN = 1 << 19
LONGEST = 1 << 12  # of an input


def unpacked_size(data: bytes) -> int:
    """Count the bytes in a gzip file as far as it can be unpacked."""
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while chunk := file.read(1 << 10):
                size += len(chunk)
    except (EOFError, OSError, zlib.error):
        pass
    return size


def parse_any_bytes(data: bytes) -> None:
    """Try the bytes as they are, and as what is inside a good gzip file."""
    check(data)
    check(gzip.compress(data, 1))


def check(data: bytes) -> None:
    """Fail by any exception but IdxError."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        array = parse_idx(data)
    except IdxError:
        array = None
    peak = tracemalloc.get_traced_memory()[1] - before
    size = unpacked_size(data) if data.startswith(GZIP) else len(data)
    assert peak < size + MARGIN, f"{peak:,} bytes of memory for a file of {size:,}"
    if array is not None:
        assert 1 <= array.ndim <= 32
        assert size == 4 + 4 * array.ndim + math.prod(array.shape) * array.itemsize


def write_seeds(folder: Path) -> None:
    """Begin with good files of each type, and with each pitfall that is known."""
    folder.mkdir(exist_ok=True)
    codes = {0x08: 1, 0x09: 1, 0x0B: 2, 0x0C: 4, 0x0D: 4, 0x0E: 8}
    seeds = [b"", b"<html>", b"\x93NUMPY", struct.pack(">HBB4I", 0, 8, 4, *[2**32 - 1] * 4)]
    for (code, size), shape in itertools.product(codes.items(), [(0,), (3,), (2, 2), (1,) * 32]):
        header = struct.pack(f">HBB{len(shape)}I", 0, code, len(shape), *shape)
        seeds.append(header + bytes(range(math.prod(shape) * size)))
    seeds += [gzip.compress(seed, mtime=0) for seed in seeds]
    seeds += [seeds[-1] + seeds[-2], gzip.compress(seeds[-1], mtime=0)]
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:03}").write_bytes(seed)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            write_seeds(Path(argument))
    tracemalloc.start()
    atheris.Setup([sys.argv[0], f"-max_len={LONGEST}", *sys.argv[1:]], parse_any_bytes)
    atheris.Fuzz()
