"""IDX files: the format byte by byte, round trips, and files made to do harm."""

import gzip
import math
import os
import random
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tinynet.idx import IdxError, parse_idx, read_idx, write_idx

TYPES = ["uint8", "int8", "int16", "int32", "float32", "float64"]
MIB = 1 << 20


def idx(code: int, *sizes: int, data: bytes = b"") -> bytes:
    """Put an IDX file together by hand, from the format's description."""
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, code, len(sizes), *sizes) + data


# The format, byte by byte


@pytest.mark.parametrize(
    ("code", "data", "expected"),
    [
        (0x08, b"\x00\xff", np.array([0, 255], np.uint8)),
        (0x09, b"\x7f\x80", np.array([127, -128], np.int8)),
        (0x0B, b"\x01\x02\xff\xfe", np.array([258, -2], np.int16)),
        (0x0C, b"\x00\x01\x00\x00\xff\xff\xff\xff", np.array([65536, -1], np.int32)),
        (0x0D, b"\x3f\x80\x00\x00\xc0\x20\x00\x00", np.array([1.0, -2.5], np.float32)),
        (
            0x0E,
            b"\x3f\xf0\x00\x00\x00\x00\x00\x00\xc0\x04\x00\x00\x00\x00\x00\x00",
            np.array([1.0, -2.5], np.float64),
        ),
    ],
)
def test_each_type_is_read_and_written_most_significant_byte_first(
    code: int, data: bytes, expected: NDArray[Any], tmp_path: Path
) -> None:
    array = parse_idx(idx(code, 2, data=data))
    np.testing.assert_array_equal(array, expected, strict=True)
    assert array.dtype.isnative
    write_idx(tmp_path / "file", expected)
    assert (tmp_path / "file").read_bytes() == idx(code, 2, data=data)


def test_the_last_index_moves_fastest() -> None:
    array = parse_idx(idx(0x08, 2, 3, data=bytes([1, 2, 3, 4, 5, 6])))
    assert array.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_the_array_may_be_written_to() -> None:
    array = parse_idx(idx(0x0B, 1, data=b"\x00\x01"))
    array += 1
    assert array.tolist() == [2]


def test_thirty_two_dimensions_are_read() -> None:
    assert parse_idx(idx(0x08, *[1] * 32, data=b"\x07")).shape == (1,) * 32


@pytest.mark.parametrize("name", ["file", "file.gz", "a file, größer.IDX.gz"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_written_is_what_is_read(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    dtype = np.dtype(data.draw(st.sampled_from(TYPES))).newbyteorder(
        data.draw(st.sampled_from("<>"))
    )
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=6, min_side=0, max_side=4))
    array = data.draw(hnp.arrays(dtype, shape))
    if data.draw(st.booleans()):
        array = array.T  # not in C order
    write_idx(path, array)
    again = read_idx(path)
    np.testing.assert_array_equal(again, array)
    assert again.dtype == dtype.newbyteorder("=")
    assert again.shape == array.shape
    np.testing.assert_array_equal(parse_idx(path.read_bytes()), array)


# Compression


def test_gzip_is_known_by_its_first_bytes_not_by_the_name(tmp_path: Path) -> None:
    plain = idx(0x08, 3, data=b"abc")
    (tmp_path / "plain.gz").write_bytes(plain)
    (tmp_path / "packed").write_bytes(gzip.compress(plain))
    assert read_idx(tmp_path / "plain.gz").tolist() == [97, 98, 99]
    assert read_idx(tmp_path / "packed").tolist() == [97, 98, 99]


def test_gzip_in_several_members_is_read() -> None:
    plain = idx(0x08, 3, data=b"abc")
    assert parse_idx(gzip.compress(plain[:5]) + gzip.compress(plain[5:])).tolist() == [
        97,
        98,
        99,
    ]


def test_the_same_array_always_gives_the_same_compressed_file(tmp_path: Path) -> None:
    array = np.arange(100, dtype=np.uint8)
    write_idx(tmp_path / "one.gz", array)
    write_idx(tmp_path / "two.gz", array)
    packed = (tmp_path / "one.gz").read_bytes()
    assert packed == (tmp_path / "two.gz").read_bytes()
    assert packed[3] == 0, "no name, no comment"
    assert packed[4:8] == bytes(4), "no time"


# What is refused, and in which words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes long; expected at least 8"),
        (b"\x00\x00\x08", "3 bytes long"),
        (b"<!DOCTYPE html><title>403</title>", "an HTML page, not IDX"),
        (b"\r\n <html>", "an HTML page, not IDX"),
        (gzip.compress(b"<html>"), "an HTML page, not IDX"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", "numpy.load"),
        (b"PK\x03\x04....", "begins with 50 4b 03 04; an IDX file begins with 00 00"),
        (b"\x00\x00\x0a\x01\x00\x00\x00\x00", "type 0a (third byte) does not exist"),
        (b"\x00\x00\x08\x00", "0 dimensions (fourth byte); expected 1 to 32"),
        (idx(0x08, *[1] * 33, data=b"x"), "33 dimensions (fourth byte); expected 1 to 32"),
        (idx(0x08, 5, 28, 28)[:10], "3 dimensions need 16 bytes; got 10"),
        (idx(0x08, 4, data=b"abc"), "uint8 of shape (4,), 12 bytes in all; got 11"),
        (idx(0x0B, 2, data=b"abc"), "int16 of shape (2,), 12 bytes in all; got 11"),
        (idx(0x08, 2, data=b"abc"), "too long: the header promises uint8 of shape (2,)"),
        (gzip.compress(idx(0x08, 2, data=b"abc")), "10 bytes in all unpacked; got more"),
        (idx(0x08, 60000, 28, 28), "47,040,016 bytes in all; got 16"),
        (idx(0x0E, *[2**32 - 1] * 4), "too large for any array"),
        (idx(0x0E, 0, *[2**32 - 1] * 3), "too large for any array"),
        (idx(0x08, 2**16, 2**16, 2**16, 2**16), "too large for any array"),
        (gzip.compress(gzip.compress(idx(0x08, 1, data=b"a"))), "still gzip-compressed"),
        (gzip.compress(idx(0x08, 1, data=b"a"))[:-3], "gzip file but is damaged or cut short"),
        (gzip.compress(idx(0x08, 1, data=b"a")) + b"junk", "gzip file but is damaged"),
        (gzip.compress(bytes(99))[:9], "gzip file but is damaged or cut short"),
    ],
)
def test_a_bad_file_is_refused_in_words(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(IdxError) as from_bytes:
        parse_idx(data)
    assert words in str(from_bytes.value)

    (tmp_path / "bad").write_bytes(data)
    with pytest.raises(IdxError) as from_file:
        read_idx(tmp_path / "bad")
    assert str(from_file.value) == f"{tmp_path / 'bad'}: {from_bytes.value}"


def test_every_cut_of_a_good_file_is_refused() -> None:
    whole = idx(0x0C, 2, 3, data=bytes(24))
    for good in (whole, gzip.compress(whole)):
        for length in range(len(good)):
            with pytest.raises(IdxError):
                parse_idx(good[:length])


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(3, np.int64), "int64: array.astype() to one of uint8, int8"),
        (np.zeros(3, bool), "cannot hold bool"),
        (np.array(["a"]), "cannot hold <U1"),
        (np.array([None]), "cannot hold object"),
        (np.array(1.5), "1 to 32 dimensions; the array has 0"),
        (np.zeros((1,) * 33), "1 to 32 dimensions; the array has 33"),
    ],
)
def test_an_array_that_idx_cannot_hold_is_refused_and_the_old_file_kept(
    array: NDArray[Any], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    write_idx(path, np.zeros(1, np.uint8))
    before = path.read_bytes()
    with pytest.raises(IdxError) as error:
        write_idx(path, array)
    assert words in str(error.value)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_idx(path, np.zeros(1, np.uint8))
    before = path.read_bytes()

    def open_full_disk(part: Path, mode: str) -> Any:
        part.touch()
        return open("/dev/full", "wb")

    monkeypatch.setattr("tinynet.support.files.open", open_full_disk, raising=False)
    with pytest.raises(OSError, match="No space left"):
        write_idx(path, np.zeros(MIB, np.uint8))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["file"]


# Hostile bytes


def peak_of_parsing(data: bytes) -> tuple[int, NDArray[Any] | None]:
    """Parse, and give the most memory that took; anything but IdxError is passed on."""
    tracemalloc.start()
    try:
        array = parse_idx(data)
    except IdxError:
        array = None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak, array


headers = st.builds(
    lambda magic, sizes, data: magic + b"".join(struct.pack(">I", s) for s in sizes) + data,
    st.one_of(
        st.builds(
            lambda code, ndim: bytes([0, 0, code, ndim]),
            st.sampled_from([0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E]),
            st.integers(0, 34),
        ),
        st.binary(max_size=4),
    ),
    st.lists(st.sampled_from([0, 1, 2, 3, 255, 2**16, 2**31, 2**32 - 1]), max_size=34),
    st.binary(max_size=64),
)


@settings(max_examples=600, deadline=None)
@given(data=st.one_of(headers, st.binary(max_size=200)), packed=st.booleans())
def test_any_bytes_give_an_array_or_an_idx_error_within_their_own_size(
    data: bytes, packed: bool
) -> None:
    peak, array = peak_of_parsing(gzip.compress(data) if packed else data)
    assert peak < len(data) + MIB
    if array is not None:
        assert array.ndim == data[3]
        assert len(data) == 4 + 4 * array.ndim + math.prod(array.shape) * array.itemsize


def test_damaged_gzip_gives_an_array_or_an_idx_error() -> None:
    good = gzip.compress(idx(0x08, 10, 10, data=random.Random(0).randbytes(100)))
    generator = random.Random(1)
    for _ in range(2000):
        data = bytearray(good)
        for _ in range(generator.randint(1, 3)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        peak, _ = peak_of_parsing(bytes(data))
        assert peak < len(good) + MIB


def test_parsing_takes_one_copy_of_the_numbers_and_no_more() -> None:
    data = idx(0x0D, 4, MIB, data=bytes(16 * MIB))
    for form in (data, gzip.compress(data, 1)):
        peak, array = peak_of_parsing(form)
        assert array is not None
        assert peak < 16 * MIB + MIB


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(idx(0x08, 4), id="holds far more than it promises"),
        pytest.param(idx(0x08, 2**32 - 1), id="promises more than it holds"),
        pytest.param(idx(0x08, 200 * MIB - 1), id="one byte too many"),
        pytest.param(b"", id="not IDX"),
    ],
)
def test_a_gzip_bomb_costs_no_memory(header: bytes) -> None:
    bomb = gzip.compress(header + bytes(200 * MIB), 1)
    assert len(bomb) < MIB
    peak, array = peak_of_parsing(bomb)
    assert array is None
    assert peak < MIB


# Memory maps


@pytest.mark.parametrize("dtype", TYPES)
def test_a_mapped_file_holds_the_same_numbers(dtype: str, tmp_path: Path) -> None:
    array = np.arange(-12, 12).astype(dtype).reshape(2, 3, 4)
    write_idx(tmp_path / "file", array)
    mapped = read_idx(tmp_path / "file", mmap=True)
    assert isinstance(mapped, np.memmap)
    assert not mapped.flags.writeable
    np.testing.assert_array_equal(mapped, array)


def test_a_compressed_file_cannot_be_mapped(tmp_path: Path) -> None:
    write_idx(tmp_path / "file.gz", np.zeros(3, np.uint8))
    with pytest.raises(IdxError, match="unpack it with gunzip"):
        read_idx(tmp_path / "file.gz", mmap=True)


def test_a_file_cut_short_cannot_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(idx(0x08, 4, data=b"abc"))
    with pytest.raises(IdxError, match="12 bytes in all; got 11"):
        read_idx(tmp_path / "file", mmap=True)


def test_a_sparse_file_of_terabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(idx(0x08, 3))
    os.truncate(path, 1 << 40)
    with pytest.raises(IdxError, match="too long"):
        read_idx(path)
