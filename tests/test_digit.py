"""A picture of a digit, whatever its size, colours, place and light, becomes MNIST's."""

import io
import itertools
import tempfile
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tinynet.datasets.digit import read_digit

SEVEN = np.array([(0, 0), (9.7, 0), (4, 16)])  # x to the right, y downwards
WHITE, BLACK, BLUE = (1, 1, 1), (0, 0, 0), (0.1, 0.2, 0.7)


def strokes(unit: float = 10, at: tuple[float, float] = (60, 60), size: int = 300) -> Any:
    """How much of each pixel (size, size) a pen 2 units wide covers when it draws a 7."""
    y, x = np.mgrid[:size, :size]
    pixels = np.stack([x, y], axis=-1)
    points = SEVEN * unit + at
    far = np.full((size, size), np.inf)
    for a, b in itertools.pairwise(points):
        t = np.clip((pixels - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        far = np.minimum(far, np.linalg.norm(pixels - (a + t[..., None] * (b - a)), axis=-1))
    return np.clip(unit - far + 0.5, 0, 1)[..., None]


def paint(cover: Any, ink: Any = BLACK, paper: Any = WHITE) -> Any:
    return cover * np.array(ink) + (1 - cover) * np.array(paper)


def read(folder: Path, picture: Any, name: str = "my7.png") -> NDArray[np.uint8]:
    matplotlib.image.imsave(folder / name, np.clip(picture, 0, 1))
    return read_digit(folder / name)


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """By which part of its ink the one image differs from the other.

    A centre of mass near the border of two pixels may be rounded to either, so that images
    one pixel apart count as in the same place.
    """
    near = [np.roll(a, (dy, dx), axis=(0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return min(float(np.abs(c.astype(float) - b).sum() / b.sum()) for c in near)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.uint8]:
    return read(tmp_path_factory.mktemp("black_on_white"), paint(strokes()))


def test_it_has_the_form_of_mnists_images(expected: NDArray[np.uint8]) -> None:
    assert expected.shape == (28, 28)
    assert expected.dtype == np.uint8
    assert expected.max() == 255
    assert expected[0, 0] == 0
    rows, columns = np.nonzero(expected)
    assert rows.max() - rows.min() + 1 == 20
    assert columns.max() - columns.min() + 1 == 13  # 11.7 units wide, 18 high


def test_its_centre_of_mass_is_the_middle(expected: NDArray[np.uint8]) -> None:
    along = np.arange(28)
    assert np.average(along, weights=expected.sum(axis=0)) == pytest.approx(14, abs=0.5)
    assert np.average(along, weights=expected.sum(axis=1)) == pytest.approx(14, abs=0.5)


def test_it_stays_upright_and_is_not_mirrored(expected: NDArray[np.uint8]) -> None:
    rows, columns = np.nonzero(expected > 127)
    top, foot = columns[rows == rows.min() + 1], columns[rows == rows.max()]
    assert top.size > 2 * foot.size  # the bar of the 7 lies above its foot
    assert foot.mean() < top.mean()  # and the foot to the left


@settings(max_examples=12, deadline=None)
@given(unit=st.floats(4, 12), x=st.floats(0, 1), y=st.floats(0, 1))
def test_size_and_place_do_not_matter(
    expected: NDArray[np.uint8], unit: float, x: float, y: float
) -> None:
    corner = (2 * unit + x * (300 - 14 * unit), 2 * unit + y * (300 - 20 * unit))
    with tempfile.TemporaryDirectory() as folder:
        image = read(Path(folder), paint(strokes(unit, corner)))
    assert difference(image, expected) < 0.2


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        (WHITE, BLACK),
        (BLUE, WHITE),
        ((1, 1, 0.3), BLUE),
        ((0.9, 0.9, 0.2), WHITE),
        ((1, 0, 0), (0, 0.3, 0)),  # the same grey
        ((0.45, 0.45, 0.45), (0.6, 0.6, 0.6)),
    ],
)
def test_colours_do_not_matter(
    tmp_path: Path, expected: NDArray[np.uint8], ink: Any, paper: Any
) -> None:
    assert difference(read(tmp_path, paint(strokes(), ink, paper)), expected) < 0.08


def test_a_shadow_and_grain_do_not_matter(tmp_path: Path, expected: NDArray[np.uint8]) -> None:
    light = np.linspace(1, 0.5, 300)[:, None, None] * np.linspace(0.8, 1, 300)[:, None]
    grain = np.random.default_rng(0).normal(0, 0.02, (300, 300, 3))
    photo = paint(strokes(), BLUE, (0.95, 0.93, 0.85)) * light + grain
    assert difference(read(tmp_path, photo, "my7.jpg"), expected) < 0.2


@pytest.mark.parametrize("ink", [BLACK, WHITE, BLUE])
def test_ink_on_transparency_is_seen(tmp_path: Path, expected: NDArray[np.uint8], ink: Any) -> None:
    cover = strokes()
    drawing = np.concatenate([np.broadcast_to(ink, (300, 300, 3)), cover], axis=-1)
    assert difference(read(tmp_path, drawing), expected) < 0.08


PAPERS = [(WHITE, BLACK), (BLACK, WHITE), ((0.9, 0.85, 0.7), BLUE), ((0.5, 0.5, 0.5), (0.2,) * 3)]


def hole(kind: str) -> Any:
    """How opaque each pixel (300, 300, 1) of a sheet is of which corners or edges are missing."""
    y, x = np.abs(np.mgrid[:300, :300] - 149.5)
    far = {
        "rounded corners": np.hypot(np.maximum(x - 90, 0), np.maximum(y - 90, 0)) - 60,
        "a disc": np.hypot(x, y) - 149,
        "a torn sheet": x + y - 230,
        "a margin": np.maximum(x, y) - 135,
        "the margin of a small sheet": np.maximum(x / 0.9, y) - 110,
    }[kind]
    return np.clip(0.5 - far, 0, 1)[..., None]


@pytest.mark.parametrize("junk", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("paper", "ink"), PAPERS)
@pytest.mark.parametrize(
    "kind", ["rounded corners", "a disc", "a torn sheet", "a margin", "the margin of a small sheet"]
)
def test_where_a_sheet_is_transparent_is_no_ink(
    kind: str, paper: Any, ink: Any, junk: float, tmp_path: Path, expected: NDArray[np.uint8]
) -> None:
    alpha = hole(kind)
    colour = np.where(alpha > 0, paint(strokes(8, (110, 90)), ink, paper), junk)
    image = read(tmp_path, np.concatenate([colour, alpha], axis=-1))
    assert difference(image, expected) < 0.15


def test_a_digit_cut_out_of_a_sheet_is_seen(tmp_path: Path, expected: NDArray[np.uint8]) -> None:
    stencil = np.concatenate([np.ones((300, 300, 3)), 1 - strokes()], axis=-1)
    assert difference(read(tmp_path, stencil), expected) < 0.08


def test_strokes_that_fill_a_tight_transparent_picture_are_ink(tmp_path: Path) -> None:
    y, x = np.mgrid[-1:1:60j, -1:1:40j]
    ring = ((np.hypot(x, y) < 1) & (np.hypot(x, y) > 0.3))[..., None]  # a bold 0: most of it
    assert ring.mean() > 0.6
    image = read(tmp_path, np.concatenate([np.zeros((60, 40, 3)), ring], axis=-1))
    assert image[14, 14] == 0
    assert image[14, 8] == 255


@pytest.mark.parametrize("alpha", [0.0, 0.4])
def test_a_picture_that_is_transparent_everywhere_is_empty(tmp_path: Path, alpha: float) -> None:
    with pytest.raises(ValueError, match=r"my7\.png: there is nothing on this picture"):
        read(tmp_path, np.full((40, 40, 4), alpha))


def test_invisible_ink_is_not_read(tmp_path: Path) -> None:
    drawing = np.concatenate([paint(strokes()), np.zeros((300, 300, 1))], axis=-1)
    with pytest.raises(ValueError, match="nothing on this picture"):
        read(tmp_path, drawing)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_phones_photo_is_turned(
    orientation: int, tmp_path: Path, expected: NDArray[np.uint8]
) -> None:
    from PIL import Image, ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = Image.fromarray(np.rint(255 * paint(strokes())).astype(np.uint8))
    back = {3: 180, 6: 90, 8: 270}.get(orientation, 0)
    upright.rotate(back, expand=True).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    assert ImageOps.exif_transpose(Image.open(tmp_path / "photo.jpg")).size == (300, 300)
    assert difference(read_digit(tmp_path / "photo.jpg"), expected) < 0.1


def test_a_file_object_is_read(tmp_path: Path, expected: NDArray[np.uint8]) -> None:
    read(tmp_path, paint(strokes()))
    with open(tmp_path / "my7.png", "rb") as file:
        np.testing.assert_array_equal(read_digit(file), expected)
    np.testing.assert_array_equal(
        read_digit(io.BytesIO((tmp_path / "my7.png").read_bytes())), expected
    )


@pytest.mark.parametrize(("w", "h"), [(400, 100_000), (60_000, 1_000), (9_000, 300)])
def test_a_digit_in_a_long_strip_is_seen_or_the_strip_refused(
    w: int, h: int, tmp_path: Path, expected: NDArray[np.uint8]
) -> None:
    from PIL import Image

    strip = Image.new("L", (w, h), 255)
    drawn = np.rint(255 * paint(strokes(12), [0], [1])[..., 0]).astype(np.uint8)
    strip.paste(Image.fromarray(drawn), (w // 2 - 150, h // 2 - 150))
    strip.save(tmp_path / "strip.png")
    assert difference(read_digit(tmp_path / "strip.png"), expected) < 0.25


def test_a_grey_picture_without_channels_is_read(
    tmp_path: Path, expected: NDArray[np.uint8]
) -> None:
    from PIL import Image

    grey = np.rint(255 * paint(strokes(), [0], [1])[..., 0]).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    assert difference(read_digit(tmp_path / "grey.png"), expected) < 0.08


def test_a_thin_pen_is_as_black_as_a_thick_one(tmp_path: Path) -> None:
    thin = np.ones((400, 400, 3))
    thin[50:350, 199:201] = 0
    assert read(tmp_path, thin).max() == 255


def test_a_bar_lying_on_its_side_keeps_its_proportions(tmp_path: Path) -> None:
    bar = np.ones((100, 200, 3))
    bar[45:55, 20:180] = 0
    rows, columns = np.nonzero(read(tmp_path, bar))
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (1, 20)


@pytest.mark.parametrize("shade", [0.0, 0.5, 1.0])
def test_an_empty_sheet_is_refused(tmp_path: Path, shade: float) -> None:
    with pytest.raises(ValueError, match="nothing on this picture"):
        read(tmp_path, np.full((80, 60, 3), shade))


def test_an_empty_sheet_with_grain_is_refused(tmp_path: Path) -> None:
    grain = np.random.default_rng(0).normal(0.8, 0.02, (100, 100, 1))
    with pytest.raises(ValueError, match="nothing on this picture"):
        read(tmp_path, np.broadcast_to(grain, (100, 100, 3)))


@pytest.mark.parametrize("content", [b"", b"this is text", b"\x89PNG\r\n\x1a\nbroken"])
def test_a_file_that_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"notes\.png is not a picture"):
        read_digit(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.png"):
        read_digit(tmp_path / "absent.png")
