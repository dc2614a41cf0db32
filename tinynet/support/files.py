"""Writing a file whole or not at all."""

import errno
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

KINDS = {  # what else can bear the name of a file
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
WAITS = [0.01 * 2**i for i in range(8)]  # seconds


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to be written that takes the place of `path` only when it is complete.

    What is written goes to a file of its own beside `path`, named `path` and `.part`, which
    is renamed at the end. Whoever reads `path` sees the old file or the new one, never half
    of one, however many processes write and whenever one of them is stopped. The `.part` of
    a process that was killed is removed by the first one to write `path` an hour later.

    The new file has the mode of the old one. Where `path` is a symbolic link, it stays one, and
    the file that it leads to is replaced.

    Args:
        path: the file to be; its folder must exist.

    Returns:
        A context manager that gives a file open for writing bytes.

    Raises:
        OSError: the file cannot be written, is read-only, or is no file but a folder, a device or
            a named pipe; `path` is as it was and nothing is left behind.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "poem.txt"
        >>> with replacing(path) as file:
        ...     _ = file.write(b"roses")
        >>> path.read_bytes()
        b'roses'
    """
    path = Path(os.path.realpath(path))
    old = _old(path)
    _tidy(path)
    part = path.with_name(f"{path.name}.{os.urandom(6).hex()}.part")
    try:
        with open(part, "xb") as file:
            if old:  # before the first byte: what was private is never open to others
                with suppress(OSError, AttributeError):  # to give it away takes a right; Windows
                    os.chown(part, old.st_uid, old.st_gid)
                os.chmod(part, stat.S_IMODE(old.st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave the name without the bytes
        _rename(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _rename(part: Path, path: Path) -> None:
    """Let the new file take the old one's place.

    Windows refuses that as long as anybody has the old one open, another process that reads it or a
    scanner. Those are quick, so it is tried for two seconds and a half.
    """
    for wait in WAITS if sys.platform == "win32" else ():
        with suppress(PermissionError):
            os.replace(part, path)
            return
        time.sleep(wait)
    os.replace(part, path)


def must_be_file(path: str | os.PathLike[str]) -> os.stat_result:
    """Give what the system knows of a file; OSError if it is something else, or not there.

    Example:
        >>> must_be_file(os.curdir)
        Traceback (most recent call last):
            ...
        OSError: [Errno 22] expected a file, got a folder: '.'
    """
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise OSError(errno.EINVAL, f"expected a file, got {kind}", os.fspath(path))
    return found


def _old(path: Path) -> os.stat_result | None:
    """Give what the system knows of the file that is to be replaced, None if there is none."""
    try:
        old = must_be_file(path)
    except FileNotFoundError:
        return None
    # The superuser may write everything, but is asked not to as much as anybody.
    if not old.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise PermissionError(
            errno.EACCES, "read-only; to replace it, make it writable first", str(path)
        )
    return old


def _tidy(path: Path) -> None:
    """Remove what killed processes have left beside the path, but no file still in use."""
    ours = re.compile(re.escape(path.name) + r"\.[0-9a-f]{12}\.part")
    with suppress(OSError):  # a folder that may be written, but not listed
        for part in path.parent.iterdir():
            if ours.fullmatch(part.name) and part.stat().st_mtime < time.time() - 3600:
                part.unlink()
