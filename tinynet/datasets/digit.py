"""Your own handwriting in MNIST's form: any photo or drawing of one digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinynet.datasets.picture import Source, name_of, read_picture

Picture = NDArray[np.float32]

FIELD, BOX = 28, 20  # MNIST fits a digit into a box of 20 x 20 inside a field of 28 x 28


def read_digit(path: Source) -> NDArray[np.uint8]:
    """Read a picture of one digit and bring it into the form of MNIST's images.

    Whatever differs in colour from the paper is ink, be it dark on light or light on dark;
    the paper may lie half in the shade. What is transparent is paper, unless everything else is
    of one colour: then that is the ink, or the paper that the digit was cut out of. The ink's
    bounding box is scaled to 20 x 20 pixels, its proportions kept, and placed with its centre of
    mass in the middle of 28 x 28.

    Args:
        path: the name of a PNG, JPEG, GIF, BMP, PPM or WebP file, or a file open for reading
            bytes, of at most 64 million pixels. The digit stands upright and alone; a photo is
            turned as its EXIF tag says.

    Returns:
        uint8 (28, 28), the paper 0 and the ink up to 255. Like MNIST's own images, it wants
        reshaping and scaling before `predict`: `image.reshape(1, 784) / 255`.

    Raises:
        FileNotFoundError: there is no such file.
        PermissionError: it may not be read.
        ValueError: the file is not a picture, or too large a one, or there is nothing on it;
            names the file.

    Example:
        >>> import matplotlib.image, tempfile
        >>> drawing = np.ones((60, 60, 3))          # white paper
        >>> drawing[10:50, 28:34] = 0, 0, 0.5       # a 1 in blue ink
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     matplotlib.image.imsave(f"{folder}/my1.png", drawing)
        ...     image = read_digit(f"{folder}/my1.png")
        >>> rows, columns = np.nonzero(image)
        >>> rows.min(), rows.max(), columns.min(), columns.max()
        (np.int64(4), np.int64(23), np.int64(13), np.int64(15))

    Source: the recipe is the one by which MNIST was made from NIST's scans (LeCun, Cortes and
    Burges). Keras has no counterpart.
    """
    picture = read_picture(path)
    ink = _ink(picture[..., :3], picture[..., 3])
    ink = ink[_box(ink > 0.5)]
    if ink.size == 0:
        raise ValueError(
            f"{name_of(path)}: there is nothing on this picture; it is all of one colour."
        )

    h, w = (max(1, round(BOX * side / max(ink.shape))) for side in ink.shape)
    small = _shrinking(ink.shape[0], h) @ ink @ _shrinking(ink.shape[1], w).T
    small *= 255 / small.max()  # a thin line of a pen turns grey when it shrinks

    image = np.zeros((FIELD, FIELD), dtype=np.uint8)
    top, left = _start(small.sum(axis=1)), _start(small.sum(axis=0))
    image[top : top + h, left : left + w] = np.rint(small)
    return image


def _ink(colour: Picture, alpha: Picture) -> Picture:
    """How much ink is on each pixel (h, w), 0 to 1: of colours (h, w, 3), opacities (h, w)."""
    solid = alpha > alpha.max() / 2
    if 2 * solid.sum() > solid[_box(solid)].size:  # a sheet of paper, not only strokes
        ink = _unlike_paper(colour, solid)
        if ink.any():
            return ink
    border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    other: Picture = np.abs(alpha - np.median(border))
    return other / np.float32(max(other.max(), 0.05))


def _unlike_paper(colour: Picture, solid: NDArray[np.bool_]) -> Picture:
    """How much each pixel differs from the paper under it (h, w), 0 to 1, where it is solid.

    The paper's colour is a surface of second degree, so that it may be in the shade on one
    side. It is fitted to the nearer half of the pixels, again and again, so that the ink, which
    covers less than half of a picture, has no say in it.
    """
    h, w = solid.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(np.float32)[:, solid]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    pixels = colour[solid]
    some = slice(None, None, max(1, len(pixels) // 10_000))  # are enough to fit six numbers
    surface = np.median(pixels[some], axis=0)
    for _ in range(8):
        distance = np.linalg.norm(pixels[some] - surface, axis=1)
        paper = distance <= np.median(distance)
        fit = np.linalg.lstsq(terms[some][paper], pixels[some][paper], rcond=None)[0]
        surface = terms[some] @ fit
    distance = np.linalg.norm(pixels - terms @ fit, axis=1)
    noise = 4 * np.median(distance) + 1e-3
    ink = np.zeros((h, w), np.float32)
    if distance.max() >= max(2 * noise, 0.05):
        full = np.quantile(distance[distance > (noise + distance.max()) / 2], 0.5)
        ink[solid] = np.clip((distance - noise) / (full - noise), 0, 1)
    return ink


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The smallest box that holds whatever is true: its rows, its columns."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _shrinking(old: int, new: int) -> Picture:
    """The matrix (new, old) that averages `old` pixels into `new`, by how far they overlap."""
    edges = np.linspace(0, old, new + 1)[:, None]
    pixels = np.arange(old)
    overlap: Picture = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (np.maximum(overlap, 0) * new / old).astype(np.float32)


def _start(mass: Picture) -> int:
    """Where the box must start for its centre of mass to fall on pixel 14, as MNIST's does."""
    centre = np.average(np.arange(mass.size), weights=mass)
    return int(np.clip(round(FIELD / 2 - centre), 0, FIELD - mass.size))
