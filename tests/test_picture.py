"""Pictures of every format and shape: read upright and small, or refused by name; never a bomb."""

import io
import os
import random
import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tinynet.datasets.picture import FORMATS, read_picture

GRADIENT = np.mgrid[0:240:40, 0:250:50].transpose(1, 2, 0).astype(np.uint8)  # (6, 5, 2)
SMALL = np.concatenate([GRADIENT, np.full((6, 5, 1), 90, np.uint8)], axis=2)  # (6, 5, 3)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(w: int, h: int, bits: int = 1) -> bytes:
    """Make a PNG of zeros, of any size."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (w * bits + 7) // 8)
    rows = b"".join(packer.compress(row * min(1000, h - i)) for i in range(0, h, 1000))
    header = struct.pack(">IIBBBBB", w, h, bits, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", rows + packer.flush()) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def saved(form: str, array: np.ndarray = SMALL, **settings: object) -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(array).save(file, form, **settings)
    return file


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_is_read(form: str) -> None:
    picture = read_picture(saved(form, np.kron(SMALL, np.ones((16, 16, 1), np.uint8)), quality=95))
    assert picture.dtype == np.float32
    assert picture.shape == (96, 80, 4)
    centres = picture[8::16, 8::16, :3]
    assert np.abs(centres - SMALL / np.float32(255)).max() < 0.1
    assert (picture[..., 3] == 1).all()


@pytest.mark.parametrize(
    ("mode", "white", "black"),
    [
        ("1", 1, 0), ("L", 255, 0), ("LA", (255, 255), (0, 255)), ("I;16", 65535, 0),
        ("RGB", (255,) * 3, (0,) * 3), ("RGBA", (255,) * 4, (0, 0, 0, 255)),
    ],
)  # fmt: skip
def test_each_kind_of_colour_is_read(mode: str, white: object, black: object) -> None:
    image = Image.new(mode, (4, 3), white)  # type: ignore[arg-type]
    image.putpixel((1, 2), black)  # type: ignore[arg-type]
    file = io.BytesIO()
    image.save(file, "PNG")
    expected = np.ones((3, 4, 4), np.float32)
    expected[2, 1, :3] = 0
    np.testing.assert_array_equal(read_picture(file), expected)


def test_a_jpeg_in_printers_colours_is_read() -> None:
    file = io.BytesIO()
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(file, "JPEG")  # red
    assert np.allclose(read_picture(file)[8, 8], [1, 0, 0, 1], atol=0.1)


def test_a_palette_is_followed() -> None:
    file = io.BytesIO()
    Image.fromarray(SMALL).quantize(30).save(file, "PNG")
    assert np.abs(read_picture(file)[..., :3] - SMALL / np.float32(255)).max() < 0.02


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "I;16"])
def test_the_colour_that_a_png_names_transparent_is(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (4, 3)).save(file, "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert (read_picture(file)[..., 3] == 0).all()


# Phones and turned pictures


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_tag_says(form: str, orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    large = np.kron(SMALL, np.ones((16, 16, 1), np.uint8))
    file = saved(form, large, exif=exif, quality=95)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(file)).convert("RGBA"))
    np.testing.assert_allclose(read_picture(file), upright / 255, atol=1e-6)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_tag_that_says_nothing_turns_nothing(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    np.testing.assert_array_equal(read_picture(saved("PNG", exif=exif)), read_picture(saved("PNG")))


# Sizes


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize(("w", "h"), [(4000, 3000), (1200, 900), (1001, 1000), (300, 8000)])
def test_a_large_picture_is_averaged(form: str, w: int, h: int) -> None:
    lines = np.full((h, w), 255, np.uint8)
    lines[:, ::2] = 0  # of one pixel: to leave out pixels would leave out all of them, or none
    picture = read_picture(saved(form, lines, quality=95))
    ratio = picture.shape[1] / picture.shape[0]
    assert ratio == pytest.approx(w / h, rel=0.02)
    assert 250_000 <= picture.shape[0] * picture.shape[1] <= 1_010_000
    if w > 1000:
        assert abs(picture[:-1, :-1, :3] - 0.5).max() < 0.02


BOMBS = {  # each would take more than a gigabyte
    "png": png(40_000, 40_000),
    "a png just below Pillow's own limit": png(13_000, 13_000),
    "a long png": png(100_000, 8_000),
    "a narrow png": png(7, 9_000_000),
    "a png of one row": png(50_000_000, 1),
    "gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 128, 0, 0) + bytes(6)
    + b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x44\x01\0;",
    "a gif whose first picture is larger than its screen":
    b"GIF89a" + struct.pack("<HHBBB", 8, 8, 128, 0, 0) + bytes(6)
    + b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x44\x01\0;",
    "bmp": b"BM" + struct.pack("<IHHI", 100, 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, 60_000, 60_000, 1, 8, 1, 0, 0, 0, 0, 0) + bytes(2000),
    "ppm": b"P6 60000 60000 255\n" + bytes(1000),
    "jpeg": saved("JPEG", np.zeros((8, 8), np.uint8)).getvalue().replace(
        struct.pack(">HH", 8, 8), struct.pack(">HH", 65_500, 65_500)),
    "webp": b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8L" + struct.pack("<I", 18)
    + b"\x2f" + struct.pack("<I", 16383 | 16383 << 14) + bytes(13),
    "ico": b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, 60_000, 22)
    + png(13_000, 13_000),
    "tiff": b"II*\0" + struct.pack("<IH", 8, 10) + b"".join(
        struct.pack("<HHII", *tag) for tag in [
            (256, 4, 1, 10), (257, 4, 1, 10), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
            (277, 3, 1, 1), (322, 4, 1, 40_000), (323, 4, 1, 40_000), (324, 4, 1, 134),
            (325, 4, 1, 1000)]) + bytes(4) + zlib.compress(bytes(1 << 20)),
}  # fmt: skip
READ_ALL = """
import sys
from tinynet.datasets import read_digit
from PIL import Image
for path in sys.argv[1:]:
    for limit in (Image.MAX_IMAGE_PIXELS, None):  # a program may switch Pillow's own guard off
        Image.MAX_IMAGE_PIXELS = limit
        try:
            read_digit(path)
        except ValueError as error:
            assert path in str(error), error
        except BaseException as error:
            sys.exit(f"{path}: {error!r}")
        else:
            sys.exit(f"{path} was read")
        # not ru_maxrss, which counts what the parent had before it started this process
        status = open("/proc/self/status").read().split("VmHWM:")[1]
        peak = int(status.split()[0]) // 1024
        if peak > 350:
            sys.exit(f"{path}: {peak} MB")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says it on Linux")
def test_no_file_takes_more_memory_than_a_large_photo(tmp_path: Path) -> None:
    paths = []
    for number, body in enumerate(BOMBS.values()):
        paths.append(tmp_path / f"bomb{number}.png")
        paths[-1].write_bytes(body)
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, *paths],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_too_large_a_picture_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(png(8001, 8001))
    with pytest.raises(ValueError, match=r"huge\.png: 8,001 x 8,001 pixels; expected at most 64,0"):
        read_picture(tmp_path / "huge.png")
    assert read_picture(io.BytesIO(png(8000, 8000))).shape == (1000, 1000, 4)


# What is no picture


def foreign() -> dict[str, bytes]:
    """Make files that are damaged, or of a format that is not read."""
    good = saved("PNG").getvalue()
    return {
        "empty": b"",
        "text": b"this is no picture",
        "HTML": b"<!DOCTYPE html><html></html>",
        "the beginning of a PNG": good[:40],
        "half a PNG": good[: len(good) // 2],
        "a PNG with a wrong byte": good[:45] + bytes([good[45] ^ 255]) + good[46:],
        "the beginning of a JPEG": saved("JPEG").getvalue()[:300],
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "PDF": b"%PDF-1.4\n",
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "a broken GIF": b"GIF89a" + b"\xff" * 4 + b"\x80" + bytes(5) + b"\xff\xff\xff," + bytes(9),
        "DDS": b"DDS " + struct.pack("<7I", 124, 0x1007, 8, 8, 0, 0, 0) + bytes(300),
        "a PNG without pixels": png(0, 0),
        "PPM with a long number": b"P6 " + b"9" * 10_000 + b" 1 255 ",
        "a PNG of a shape that is none": png(5, 5).replace(b"IHDR\0\0\0\5", b"IHDR\0\0\0\0"),
    }  # fmt: skip


@pytest.mark.parametrize("what", foreign())
def test_whatever_fails_is_a_value_error_that_names_the_file(what: str, tmp_path: Path) -> None:
    path = tmp_path / "my7.png"
    path.write_bytes(foreign()[what])
    with pytest.raises(ValueError, match=r"my7\.png"):
        read_picture(path)


@pytest.mark.parametrize("form", FORMATS)
def test_damaged_bytes_give_a_picture_or_a_value_error(form: str) -> None:
    good = saved(form).getvalue()
    chance = random.Random(0)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with suppress(ValueError):
            read_picture(io.BytesIO(bytes(data[: chance.randint(1, len(data))])))


def test_a_folder_and_a_pipe_are_called_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a file, got a folder"):
        read_picture(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match=r"pipe: expected a file, got a named pipe"):
            read_picture(tmp_path / "pipe")


def test_a_missing_file_is_one() -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        read_picture("absent.png")


def test_too_little_memory_is_not_blamed_on_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("tinynet.datasets.picture._shrunk", fail)
    with pytest.raises(ValueError, match="too little memory"):
        read_picture(saved("PNG"))


# File objects


def test_an_open_file_is_read_and_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    path.write_bytes(saved("PNG").getvalue())
    expected = read_picture(path)
    for source in (str(path), os.fsencode(path)):
        np.testing.assert_array_equal(read_picture(source), expected)  # type: ignore[arg-type]
    with open(path, "rb") as file:
        np.testing.assert_array_equal(read_picture(file), expected)
        assert not file.closed
    with open(path, encoding="latin-1") as text, pytest.raises(ValueError, match=r"small\.png"):
        read_picture(text)  # type: ignore[arg-type]


def test_a_stream_that_can_only_be_read_forwards_is_read() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as file:
        os.write(writing, saved("PNG").getvalue())
        os.close(writing)
        assert read_picture(file).shape == (6, 5, 4)


@pytest.mark.parametrize("source", [None, 7, ["my7.png"], np.zeros((28, 28), np.uint8)])
def test_what_is_neither_a_name_nor_a_file_is_refused(source: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_picture(source)  # type: ignore[arg-type]
