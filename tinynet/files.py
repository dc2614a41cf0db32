"""Writing a file whole or not at all."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to be written that takes the place of `path` only when it is complete.

    What is written goes to a file of its own beside `path`, named `path` and `.part`, which
    is renamed at the end.  Whoever reads `path` sees the old file or the new one, never half
    of one, however many processes write and whenever one of them is stopped.

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
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave the name without the bytes
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
