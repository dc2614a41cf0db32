"""The files of a published data set, and how to know a good copy of one."""

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass

from tinynet.idx import GZIP, IdxError, parse_idx

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
SIZES = (16 + 60_000 * 28 * 28, 8 + 60_000, 16 + 10_000 * 28 * 28, 8 + 10_000)


class OtherContents(IdxError):
    """A good IDX file, but not the one it is named for: perhaps of another set."""


@dataclass(frozen=True)
class DataFile:
    """One file of a set, and what it must hold.

    Fields:
        name: as the mirrors spell it, without .gz.
        size: in bytes, unpacked.
        sha256: of the unpacked bytes, because copies go round that were compressed again.
    """

    name: str
    size: int
    sha256: str

    @property
    def longest(self) -> int:
        """How many bytes a copy may have, compressed or not: gzip adds little even to noise."""
        return self.size + (1 << 16)

    def address(self, mirror: str) -> str:
        """Give the address of this file on a mirror."""
        return f"{mirror.rstrip('/')}/{self.name}.gz"

    def unpack(self, copy: bytes) -> bytes:
        """Unpack a copy of this file, compressed or not; IdxError says why it is not one."""
        data = copy
        if copy.startswith(GZIP):
            try:
                data = gzip.GzipFile(fileobj=io.BytesIO(copy)).read(self.size + 1)
            except (EOFError, OSError, zlib.error) as error:
                raise IdxError(f"a gzip file that is damaged or cut short: {error}") from None
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            if len(data) > self.size and data.startswith(b"\0\0"):
                raise IdxError(f"too long: expected {self.size:,} bytes unpacked, found more")
            parse_idx(data)  # where it is not even IDX, says so
            raise OtherContents(f"other contents: expected SHA-256 {self.sha256}, found {found}")
        return data


def four_files(*sha256: str) -> tuple[DataFile, ...]:
    """Describe a set in MNIST's form: 60,000 and 10,000 images of 28 x 28 pixels."""
    return tuple(DataFile(*file) for file in zip(NAMES, SIZES, sha256, strict=True))
