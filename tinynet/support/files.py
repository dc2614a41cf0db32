"""Writing a file whole or not at all."""

import glob
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to be written that takes the place of `path` only when it is complete.

    What is written goes to a file of its own beside `path`, named `path` and `.part`, which
    is renamed at the end. Whoever reads `path` sees the old file or the new one, never half
    of one, however many processes write and whenever one of them is stopped. The `.part` of
    a process that was killed is removed by the first one to write `path` an hour later.

    Args:
        path: the file to be; its folder must exist.

    Returns:
        A context manager that gives a file open for writing bytes.

    Raises:
        OSError: the file cannot be written; `path` is as it was and nothing is left behind.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "poem.txt"
        >>> with replacing(path) as file:
        ...     _ = file.write(b"roses")
        >>> path.read_bytes()
        b'roses'
    """
    path = Path(path)
    _tidy(path)
    part = path.with_name(f"{path.name}.{os.urandom(6).hex()}.part")
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave the name without the bytes
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _tidy(path: Path) -> None:
    """Remove what killed processes have left beside the path, but no file still in use."""
    for part in path.parent.glob(f"{glob.escape(path.name)}.*.part"):
        with suppress(OSError):
            if part.stat().st_mtime < time.time() - 3600:
                part.unlink()
