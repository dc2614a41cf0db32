"""A picture file as an array of moderate size, whatever is in the file.

A file of some kilobytes can hold a picture of gigabytes, so its size is looked at before it is
unpacked, and only formats are read in which it must be what the header says. (A TIFF of 10 x 10
pixels may consist of one tile of 40,000 x 40,000, and Pillow hands PostScript to another program.)
"""

import math
import os
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinynet.support.files import must_be_file

if TYPE_CHECKING:
    from PIL import Image

Source: TypeAlias = str | os.PathLike[str] | BinaryIO

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "PPM", "WEBP")
MOST = 64_000_000  # pixels that are unpacked, into 256 MB
ENOUGH = 1_000_000  # pixels that are looked at: more of a photo is not needed
CURE = "Cut the digit out, and save it anew."
ORIENTATION = 0x0112  # the EXIF tag in which a phone says how it was held
TURNS = {  # what it says: how often to turn the picture by 90 degrees, and then mirror it
    2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True),
    6: (3, False), 7: (1, True), 8: (1, False),
}  # fmt: skip


class _Refused(Exception):
    """The file is a picture, but one that is not read."""


def read_picture(source: Source) -> NDArray[np.float32]:
    """Read a picture, upright and averaged down to about a million pixels at most.

    Args:
        source: the name of a PNG, JPEG, GIF, BMP, PPM or WebP file, or a file open for reading
            bytes.

    Returns:
        float32 (h, w, 4): red, green, blue and opacity, each 0 to 1.

    Raises:
        FileNotFoundError: there is no such file.
        PermissionError: it may not be read.
        ValueError: it is no picture, or too large a one; names the file.

    Example:
        >>> import io
        >>> read_picture(io.BytesIO(b"P6 2 1 255 " + bytes([255, 0, 0, 0, 0, 255])))
        array([[[1., 0., 0., 1.],
                [0., 0., 1., 1.]]], dtype=float32)
    """
    from PIL import Image

    try:
        with _opened(source) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the words are below
            with Image.open(file, formats=FORMATS) as picture:
                _check_size(*picture.size)
                return _upright(_shrunk(picture), picture.getexif().get(ORIENTATION))
    except (FileNotFoundError, PermissionError):
        raise
    except _Refused as error:
        raise ValueError(f"{name_of(source)}: {error}") from None
    except Image.DecompressionBombError:  # far more than MOST
        raise ValueError(f"{name_of(source)}: far too large a picture. {CURE}") from None
    except MemoryError:
        raise ValueError(f"{name_of(source)}: too little memory to read this picture.") from None
    except Exception as error:  # a damaged file makes of a reader what it likes
        raise ValueError(
            f"{name_of(source)} is not a picture that can be read: save it as PNG."
        ) from error


def _opened(source: Source) -> AbstractContextManager[BinaryIO]:
    """Open a file by its name; one that is open already stays open."""
    if not isinstance(source, (str, bytes, os.PathLike)):
        return nullcontext(source)
    try:
        must_be_file(source)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        raise _Refused(error.strerror) from None
    return open(source, "rb")


def name_of(source: Source) -> str:
    """Say how to name a file in a message."""
    if isinstance(source, (str, bytes, os.PathLike)):
        return os.fsdecode(source)
    return str(getattr(source, "name", "the file object"))


def _check_size(w: int, h: int) -> None:
    """Raise _Refused for a picture that would take too much memory, or shows no digit."""
    if w * h > MOST:
        raise _Refused(f"{w:,} x {h:,} pixels; expected at most {MOST:,} in all. {CURE}")
    if min(w, h) < _step(w, h):
        raise _Refused(f"{w:,} x {h:,} pixels: too long and narrow. {CURE}")


def _step(w: int, h: int) -> int:
    """Say how many pixels a side become one."""
    return math.ceil(math.sqrt(w * h / ENOUGH))


def _shrunk(picture: "Image.Image") -> NDArray[np.float32]:
    """Average a picture down, band by band, for a large one would need its size three times."""
    side = math.isqrt(ENOUGH)
    picture.draft(None, (side, side))  # JPEG can be unpacked smaller than it is
    w, h = picture.size
    step = _step(w, h)
    band = step * 64  # rows
    bands = []
    for top in range(0, h, band):
        part = picture.crop((0, top, w, min(top + band, h)))
        if part.mode.startswith("I"):  # grey of 16 bits
            part = part.convert("I").point(lambda grey: grey / 257).convert("L")
        bands.append(np.asarray(part.convert("RGBA").reduce(step)))
    return np.concatenate(bands).astype(np.float32) / np.float32(255)


def _upright(picture: NDArray[np.float32], orientation: object) -> NDArray[np.float32]:
    """Turn a picture as its camera says that it was held."""
    turns, mirrored = TURNS.get(orientation, (0, False))  # type: ignore[call-overload]
    turned = np.rot90(picture, turns)
    return turned[:, ::-1] if mirrored else turned
