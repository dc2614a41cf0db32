"""Your own handwriting in MNIST's form: any photo or drawing of one digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

FIELD, BOX = 28, 20  # MNIST fits a digit into a box of 20 x 20 inside a field of 28 x 28
ENOUGH = 500  # pixels a side: more than that of a photo is not needed


def read_digit(path: str | Path) -> NDArray[np.uint8]:
    """Read a picture of one digit and bring it into the form of MNIST's images.

    Whatever differs in colour from the paper is ink, be it dark on light or light on dark;
    the paper may lie half in the shade. The ink's bounding box is scaled to 20 x 20 pixels,
    its proportions kept, and placed with its centre of mass in the middle of 28 x 28.

    Args:
        path: a PNG, JPEG or other file that matplotlib reads. The digit stands upright and
            alone. (Some phones store photos lying on their side: turn those first.)

    Returns:
        uint8 (28, 28), the paper 0 and the ink up to 255. Like MNIST's own images, it wants
        reshaping and scaling before `predict`: `image.reshape(1, 784) / 255`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a picture, or there is nothing on it.

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
    ink = _ink(_read(path))
    rows, columns = np.nonzero(ink > 0.5)
    if rows.size == 0:
        raise ValueError(f"{path}: there is nothing on this picture; it is all of one colour.")
    ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]

    h, w = (max(1, round(BOX * side / max(ink.shape))) for side in ink.shape)
    small = _shrinking(ink.shape[0], h) @ ink @ _shrinking(ink.shape[1], w).T
    small *= 255 / small.max()  # a thin line of a pen turns grey when it shrinks

    image = np.zeros((FIELD, FIELD), dtype=np.uint8)
    top, left = _start(small.sum(axis=1)), _start(small.sum(axis=0))
    image[top : top + h, left : left + w] = np.rint(small)
    return image


def _read(path: str | Path) -> Picture:
    """The colours (h, w, 1 or 3), 0 to 1, whatever is transparent filled with a contrast."""
    from matplotlib.image import imread

    try:
        picture = imread(path)
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{path} is not a picture that can be read: save it as PNG.") from error
    scale = np.iinfo(picture.dtype).max if picture.dtype.kind in "iu" else 1
    step = max(1, min(picture.shape[:2]) // ENOUGH)
    picture = np.atleast_3d(picture[::step, ::step]).astype(np.float32) / np.float32(scale)
    if picture.shape[2] in (2, 4):
        colour, alpha = picture[..., :-1], picture[..., -1:]
        drawn = (colour * alpha).sum() / max(alpha.sum() * colour.shape[2], 1e-6)
        picture = colour * alpha + (1 - alpha) * np.float32(drawn < 0.5)
    return picture


def _ink(picture: Picture) -> Picture:
    """How much each pixel differs from the paper under it (h, w), 0 to 1.

    The paper's colour is a surface of second degree, so that it may be in the shade on one
    side. It is fitted to the nearer half of the pixels, again and again, so that the ink, which
    covers less than half of a picture, has no say in it.
    """
    h, w, channels = picture.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].reshape(2, -1)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1).astype(np.float32)
    pixels = picture.reshape(-1, channels)
    some = slice(None, None, max(1, len(pixels) // 10_000))  # are enough to fit six numbers
    surface = np.median(pixels[some], axis=0)
    for _ in range(8):
        distance = np.linalg.norm(pixels[some] - surface, axis=1)
        paper = distance <= np.median(distance)
        fit = np.linalg.lstsq(terms[some][paper], pixels[some][paper], rcond=None)[0]
        surface = terms[some] @ fit
    distance = np.linalg.norm(pixels - terms @ fit, axis=1)
    noise = 4 * np.median(distance) + 1e-3
    if distance.max() < max(2 * noise, 0.05):
        return np.zeros((h, w), dtype=np.float32)
    full = np.quantile(distance[distance > (noise + distance.max()) / 2], 0.5)
    ink: Picture = np.clip((distance - noise) / (full - noise), 0, 1)
    return ink.reshape(h, w)


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
