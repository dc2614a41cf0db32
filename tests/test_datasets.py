"""The data sets on disk: found in any form, verified, repaired, never damaged."""

import gzip
import hashlib
import os
import re
import socket
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from misbehaving_server import BEHAVIOURS, Handler, Server
from tiny_set import ARRAYS, PACKED, RAW, SERVED, is_right, tiny

from tinynet.datasets import DownloadError, fashion_mnist, load_folder, mnist
from tinynet.datasets.__main__ import main
from tinynet.datasets.folder import NAMES
from tinynet.idx import IdxError, write_idx

ROOT = Path(__file__).parent.parent
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(SERVED) as server:
        yield server


@pytest.fixture
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it an error to open a socket, or even to look up a host."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def fill(folder: Path, forms: dict[str, bytes] = SERVED) -> Path:
    """Put files into a folder by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in forms.items():
        (folder / name).write_bytes(body)
    return folder


# The set that comes with the project


def test_mnist_10k_is_what_its_page_says() -> None:
    folder = ROOT / "data" / "mnist-10k"
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    hashes = dict(re.findall(r"(\S+-ubyte\.gz) \|.*\| `([0-9a-f]{64})`", page))
    assert sorted(hashes) == sorted(os.listdir(folder))
    for name, sha256 in hashes.items():
        assert hashlib.sha256(gzip.decompress((folder / name).read_bytes())).hexdigest() == sha256
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_500_000

    (x_train, y_train), (x_test, y_test) = load_folder(folder)
    assert (x_train.shape, x_test.shape) == ((8000, 28, 28), (2000, 28, 28))
    for split, labels in (("training", y_train), ("testing", y_test)):
        row = re.search(rf"\| {split} \|(.*)\|", page)
        assert row
        counts = [int(cell.replace(",", "")) for cell in row.group(1).split("|")]
        assert counts == [*np.bincount(labels), len(labels)]
    digits = {image.tobytes() for image in np.concatenate([x_train, x_test])}
    assert len(digits) == 10_000, "no image twice, none in both"


# Where the files are looked for


@pytest.mark.parametrize(
    ("form", "make"),
    [
        ("{}.gz", lambda raw: gzip.compress(raw, 9)),
        ("{}.gz", lambda raw: gzip.compress(raw, 1)),  # compressed again, other bytes
        ("{}", lambda raw: raw),
        ("{}", gzip.compress),  # the name does not say that it is compressed
        ("{}.gz", lambda raw: raw),  # a browser unpacked it and kept the name
    ],
)
@pytest.mark.parametrize("dot", ["-idx", ".idx"])
@pytest.mark.usefixtures("no_socket")
def test_files_placed_by_hand_are_found_in_any_form(
    form: str, make: object, dot: str, tmp_path: Path
) -> None:
    fill(
        tmp_path,
        {form.format(n).replace("-idx", dot): make(raw) for n, raw in RAW.items()},  # type: ignore[operator]
    )
    assert is_right(tiny().load(tmp_path))
    assert is_right(load_folder(tmp_path))


@pytest.mark.parametrize("name", ["plain", "with spaces", "größer-数字", "a'b\"c%20;d"])
@pytest.mark.parametrize("relative", [True, False])
def test_any_folder_will_do(
    name: str, relative: bool, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path(name, "below") if relative else tmp_path / name / "below"
    for cache_dir in (folder, str(folder)):
        assert is_right(tiny(server.address("good")).load(cache_dir, progress=False))
    assert sorted(os.listdir(tmp_path / name / "below")) == sorted(SERVED)


def test_the_folder_is_the_argument_else_tinynet_home_else_the_cache_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("TINYNET_HOME", raising=False)
    assert mnist.SET.folder() == tmp_path / ".cache/tinynet/mnist"
    assert fashion_mnist.SET.folder() == tmp_path / ".cache/tinynet/fashion_mnist"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert mnist.SET.folder() == tmp_path / "xdg/tinynet/mnist"
    monkeypatch.setenv("TINYNET_HOME", "~/shared sets")
    assert mnist.SET.folder() == tmp_path / "shared sets/mnist"
    monkeypatch.setenv("TINYNET_HOME", "")
    assert mnist.SET.folder() == tmp_path / "xdg/tinynet/mnist"
    assert mnist.SET.folder("here") == Path.cwd() / "here"


def test_each_system_has_its_own_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINYNET_HOME", raising=False)
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    monkeypatch.setattr(sys, "platform", "win32")
    assert mnist.SET.folder() == Path("/local/tinynet/mnist")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert mnist.SET.folder() == Path.home() / "Library/Caches/tinynet/mnist"


@pytest.mark.usefixtures("no_socket")
def test_the_files_of_a_system_package_are_found(tmp_path: Path) -> None:
    system = fill(tmp_path / "usr/share")
    assert is_right(tiny(system_folder=system).load(tmp_path / "cache"))
    assert os.listdir(tmp_path) == ["usr"]


# Damaged files


DAMAGE = {
    "a bit of the gzip file": lambda packed, raw: packed[:900] + b"\0" + packed[901:],
    "cut short": lambda packed, raw: packed[: len(packed) // 2],
    "empty": lambda packed, raw: b"",
    "an error page": lambda packed, raw: b"<!DOCTYPE html><title>403</title>",
    "an unpacked file with another pixel": lambda packed, raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "an unpacked file cut short": lambda packed, raw: raw[:-1],
    "an unpacked file too long": lambda packed, raw: raw + b"\0",
    "a huge file": lambda packed, raw: raw + bytes(1 << 20),
}


@pytest.mark.parametrize("form", ["{}.gz", "{}"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_offline_and_replaced_online(
    damage: str, form: str, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path)
    (tmp_path / f"{TEST_IMAGES}.gz").unlink()
    bad = tmp_path / form.format(TEST_IMAGES)
    bad.write_bytes(DAMAGE[damage](PACKED[TEST_IMAGES], RAW[TEST_IMAGES]))
    before = bad.read_bytes()

    dataset = tiny(server.address("good"))
    with pytest.raises(DownloadError) as error:
        dataset.load(tmp_path, offline=True)
    assert f"{bad} is not good: " in str(error.value)
    assert bad.read_bytes() == before

    server.requests.clear()
    assert is_right(dataset.load(tmp_path))
    assert server.requests == [f"/good/{TEST_IMAGES}.gz"], "only what was damaged"
    assert f"{bad} is not good: " in capsys.readouterr().out
    assert is_right(dataset.load(tmp_path, offline=True))
    assert is_right(load_folder(tmp_path)), "whoever reads the folder finds good files only"


def test_a_bad_copy_is_no_trouble_beside_a_good_one(tmp_path: Path) -> None:
    fill(tmp_path, {**SERVED, TEST_LABELS: b"bad"})
    assert is_right(tiny().load(tmp_path, offline=True))


def test_good_files_of_another_set_are_kept_when_they_make_way(
    server: Server, tmp_path: Path
) -> None:
    for name, array in ARRAYS.items():
        write_idx(tmp_path / f"{name}.gz", 255 - array)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert is_right(tiny(server.address("good")).load(tmp_path, progress=False))
    for name, body in before.items():
        (kept,) = tmp_path.glob(f"{name}.*.other")
        assert kept.read_bytes() == body


@pytest.mark.parametrize("good", [True, False])
def test_a_file_that_appears_during_a_download_is_not_overwritten(
    good: bool, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    path = tmp_path / f"{TEST_LABELS}.gz"
    path.unlink()
    mine = gzip.compress(RAW[TEST_LABELS], 1) if good else b"my thesis"

    def meanwhile(handler: Handler, body: bytes) -> None:
        path.write_bytes(mine)
        handler.reply(200, body)

    monkeypatch.setitem(BEHAVIOURS, "meanwhile", meanwhile)
    assert is_right(tiny(server.address("meanwhile")).load(tmp_path, progress=False))
    (kept,) = [path] if good else tmp_path.glob("*.other")
    assert kept.read_bytes() == mine
    assert is_right(tiny().load(tmp_path, offline=True))


@pytest.mark.parametrize(
    "mine",
    [
        np.zeros((301, 8, 8), np.uint8),
        np.zeros((2, 8, 8), np.uint8),
        np.zeros((300, 8, 8), np.float32),
        np.zeros(3000, np.int16),
        np.zeros((300, 28, 28, 3), np.uint8),
        np.zeros((0, 8, 8), np.uint8),
    ],
    ids=lambda array: f"{array.dtype}-{array.shape}",
)
@pytest.mark.parametrize("form", ["{}", "{}.gz", "Train-Images.idx3-ubyte.gz"])
def test_an_idx_file_of_ones_own_is_kept_whatever_its_size_and_type(
    mine: np.ndarray,  # type: ignore[type-arg]
    form: str,
    server: Server,
    tmp_path: Path,
) -> None:
    dataset = tiny(server.address("good"))
    bodies = []
    for version in (1, 2):  # and later a new version of it
        write_idx(tmp_path / form.format(TRAIN_IMAGES), mine + mine.dtype.type(version))
        bodies.append((tmp_path / form.format(TRAIN_IMAGES)).read_bytes())
        for path in tmp_path.glob(f"{TRAIN_IMAGES}*"):  # so that the set is not whole
            if path.name != form.format(TRAIN_IMAGES) and path.suffix != ".other":
                path.unlink()
        assert is_right(dataset.load(tmp_path, progress=False))
        assert is_right(load_folder(tmp_path))
    kept = [path.read_bytes() for path in tmp_path.glob("*.other")]
    assert sorted(kept) == sorted(bodies)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_what_is_no_file_is_left_in_its_place(server: Server, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{TRAIN_IMAGES}.gz")
    (tmp_path / f"{TRAIN_LABELS}.gz").mkdir()
    message = load_and_warn(server, tmp_path)
    assert "expected a file, got" in message
    assert stat.S_ISFIFO((tmp_path / f"{TRAIN_IMAGES}.gz").stat().st_mode)
    assert (tmp_path / f"{TRAIN_LABELS}.gz").is_dir()


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_link_to_a_file_of_ones_own_makes_way_and_the_file_stays(
    server: Server, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"my thesis")
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / f"{TRAIN_IMAGES}.gz").symlink_to(mine)
    assert is_right(tiny(server.address("good")).load(folder, progress=False))
    assert mine.read_bytes() == b"my thesis"


def test_where_there_is_no_home_folder_a_sentence_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("TINYNET_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(DownloadError, match="There is no home folder to keep Tiny in") as error:
        tiny(server.address("good")).load(progress=False)
    assert 'load_data(cache_dir="data/tiny")' in str(error.value)
    monkeypatch.chdir(tmp_path)
    assert is_right(tiny(server.address("good")).load(cache_dir="data/tiny", progress=False))
    with pytest.raises(DownloadError, match="There is no home folder"):
        tiny().load("~nobody-of-this-name/x", offline=True)


def test_both_sets_are_loaded_by_one_definition() -> None:
    assert mnist.load_data.__func__ is fashion_mnist.load_data.__func__  # type: ignore[attr-defined]
    assert "within an hour" in (mnist.load_data.__doc__ or "")


@pytest.mark.parametrize("mirrors", [7, [None], [Path("https://a.example")], b"https://a.example"])
def test_mirrors_that_are_no_addresses_are_refused_in_words(mirrors: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r'mirrors: expected addresses, .*mirrors=\["https://'):
        tiny().load(tmp_path, mirrors=mirrors)


def test_the_name_of_keras_file_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"names a folder .* leave it out: load_data\(\)"):
        mnist.load_data("mnist.npz")


def test_a_failed_repair_leaves_the_folder_as_it_was(server: Server, tmp_path: Path) -> None:
    fill(tmp_path, {**SERVED, f"{TEST_IMAGES}.gz": b"bad"})
    with pytest.raises(DownloadError, match="is not good: "):
        tiny(server.address("http-404")).load(tmp_path, progress=False)
    assert (tmp_path / f"{TEST_IMAGES}.gz").read_bytes() == b"bad"
    assert sorted(os.listdir(tmp_path)) == sorted(SERVED)


# Offline


@pytest.mark.usefixtures("no_socket")
def test_offline_opens_no_socket_and_says_what_to_fetch(tmp_path: Path) -> None:
    fill(tmp_path, {TRAIN_LABELS: RAW[TRAIN_LABELS]})
    with pytest.raises(DownloadError) as error:
        tiny("https://mirror.example/tiny/").load(tmp_path, offline=True)
    message = str(error.value)
    for name in (TRAIN_IMAGES, TEST_IMAGES, TEST_LABELS):
        assert f"https://mirror.example/tiny/{name}.gz" in message
    assert TRAIN_LABELS not in message
    assert str(tmp_path) in message


@pytest.mark.usefixtures("no_socket")
def test_a_complete_folder_needs_no_network(tmp_path: Path) -> None:
    assert is_right(tiny("https://mirror.example/").load(fill(tmp_path)))


# Folders that cannot be written


def load_and_warn(server: Server, folder: Path) -> str:
    """Load into a folder that cannot be written; the set must come, and one warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert is_right(tiny(server.address("good")).load(folder, progress=False))
    (warning,) = caught
    return str(warning.message)


def test_a_full_disk_costs_a_warning_not_the_data(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")

    def open_on_full_disk(part: Path, mode: str) -> object:
        part.touch()
        return open("/dev/full", "wb")

    monkeypatch.setattr("tinynet.support.files.open", open_on_full_disk, raising=False)
    message = load_and_warn(server, tmp_path / "cache")
    assert "No space left on device" in message
    assert "load_data(cache_dir=...)" in message
    assert os.listdir(tmp_path / "cache") == []


def test_a_folder_that_is_a_file_costs_a_warning_not_the_data(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    assert str(tmp_path / "file") in load_and_warn(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"precious"


def test_a_read_only_folder_is_read_and_not_written(server: Server, tmp_path: Path) -> None:
    fill(tmp_path / "cache")
    (tmp_path / "cache" / f"{TEST_LABELS}.gz").write_bytes(b"bad")
    (tmp_path / "cache").chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        if os.access(tmp_path / "cache", os.W_OK):
            pytest.skip("this user may write everywhere")
        assert "Permission denied" in load_and_warn(server, tmp_path / "cache")
        assert (tmp_path / "cache" / f"{TEST_LABELS}.gz").read_bytes() == b"bad"
    finally:
        (tmp_path / "cache").chmod(stat.S_IRWXU)


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: str) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    fill(tmp_path)
    monkeypatch.setattr("tinynet.datasets.cache.open", refuse, raising=False)
    with pytest.raises(DownloadError, match="Permission denied"):
        tiny("http://mirror.example/").load(tmp_path, offline=True)


# Several processes

LOAD_IN_A_PROCESS = """
import sys
sys.path[:0] = sys.argv[3:]
from tiny_set import is_right, tiny
assert is_right(tiny(sys.argv[1]).load(sys.argv[2], progress=False))
"""


def start_loading(address: str, folder: Path) -> "subprocess.Popen[bytes]":
    paths = (str(ROOT), str(ROOT / "tests" / "tools"))
    return subprocess.Popen([sys.executable, "-c", LOAD_IN_A_PROCESS, address, folder, *paths])


def test_eight_processes_on_an_empty_folder_leave_four_good_files(
    server: Server, tmp_path: Path
) -> None:
    processes = [start_loading(server.address("good"), tmp_path / "cache") for _ in range(8)]
    assert [process.wait(60) for process in processes] == [0] * 8
    assert sorted(os.listdir(tmp_path / "cache")) == sorted(SERVED)
    assert is_right(tiny().load(tmp_path / "cache", offline=True))


def test_a_killed_process_leaves_nothing_that_is_believed(server: Server, tmp_path: Path) -> None:
    for milliseconds in (150, 250, 300, 350):
        process = start_loading(server.address("good"), tmp_path)
        time.sleep(milliseconds / 1000)
        process.kill()
        process.wait()
    assert is_right(tiny(server.address("good")).load(tmp_path, progress=False))
    assert is_right(tiny().load(tmp_path, offline=True))


def test_what_killed_processes_left_is_removed_but_not_what_is_in_use(
    server: Server, tmp_path: Path
) -> None:
    old = tmp_path / f"{TRAIN_IMAGES}.gz.0123456789ab.part"
    new = tmp_path / f"{TRAIN_IMAGES}.gz.ba9876543210.part"
    foreign = tmp_path / "thesis.part"
    for path in (old, new, foreign):
        path.write_bytes(b"half")
    for path in (old, foreign):
        os.utime(path, (time.time() - 7200,) * 2)
    assert is_right(tiny(server.address("good")).load(tmp_path, progress=False))
    assert not old.exists()
    assert new.exists()
    assert foreign.exists()


# load_folder: files that do not belong together


def folder_with(folder: Path, **arrays: np.ndarray) -> Path:  # type: ignore[type-arg]
    """Write the tiny set into a folder, with some of its arrays replaced."""
    for name, key in zip(NAMES, ("x_train", "y_train", "x_test", "y_test"), strict=True):
        write_idx(folder / name, arrays.get(key, ARRAYS[name]))
    return folder


def test_missing_files_are_all_named(tmp_path: Path) -> None:
    fill(tmp_path, {TRAIN_IMAGES: RAW[TRAIN_IMAGES], "t10k-labels-idx1-ubyte.gz.part": b""})
    with pytest.raises(FileNotFoundError) as error:
        load_folder(tmp_path)
    message = str(error.value)
    assert str(tmp_path) in message
    assert TRAIN_IMAGES not in message
    for name in (TRAIN_LABELS, TEST_IMAGES, TEST_LABELS):
        assert name in message


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere does not hold"):
        load_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (
            {"y_train": ARRAYS[TEST_LABELS]},
            r"300 images in .* but 50 labels in .* files are of different sets",
        ),
        (
            {"x_train": ARRAYS[TRAIN_LABELS]},
            r"expected images \(magic number 0x00000803\), got labels \(0x00000801\)",
        ),
        (
            {"y_test": ARRAYS[TEST_IMAGES]},
            r"expected labels \(magic number 0x00000801\), got images \(0x00000803\)",
        ),
        (
            {"x_test": ARRAYS[TEST_IMAGES].astype(np.float32)},
            r"expected images .* got float32 \(50, 8, 8\) \(0x00000d03\)",
        ),
        (
            {"y_train": ARRAYS[TRAIN_LABELS] + np.uint8(1)},
            r"labels up to 10; expected 0 to 9.* load_folder\(path, classes=11\)",
        ),
        (
            {"x_train": np.zeros((0, 8, 8), np.uint8), "y_train": np.zeros(0, np.uint8)},
            r"images of shape \(0, 8, 8\): there is nothing in it",
        ),
        ({"x_test": np.zeros((50, 8, 0), np.uint8)}, r"images of shape \(50, 8, 0\)"),
        (
            {"x_test": np.zeros((50, 9, 8), np.uint8)},
            r"images of \(8, 8\) pixels but test images of \(9, 8\)",
        ),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    arrays: dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"],
    words: str,
    tmp_path: Path,
) -> None:
    with pytest.raises(IdxError, match=words):
        load_folder(folder_with(tmp_path, **arrays))


def test_a_set_may_have_more_classes(tmp_path: Path) -> None:
    labels = np.arange(300).astype(np.uint8) % 47
    folder_with(tmp_path, y_train=labels)
    (_, y_train), _ = load_folder(tmp_path, classes=47)
    assert y_train.max() == 46


def test_a_damaged_file_in_the_folder_is_named(tmp_path: Path) -> None:
    fill(tmp_path, {**SERVED, f"{TEST_LABELS}.gz": PACKED[TEST_LABELS][:-9]})
    with pytest.raises(IdxError, match=r"t10k-labels-idx1-ubyte\.gz: begins as a gzip file but"):
        load_folder(tmp_path)


@pytest.mark.parametrize("installed", [False, True])
def test_files_that_the_examples_once_put_beside_themselves_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    package = tmp_path / "site-packages" / "tinynet"
    monkeypatch.setattr("tinynet.support.shipped.PACKAGE", package)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYNET_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    earlier = (package / "share" if installed else package.parent) / "data" / "tiny"
    fill(earlier, SERVED)
    assert is_right(tiny().load(offline=True))
    for options in ({"cache_dir": tmp_path / "mine"}, {}):  # another place is named
        with pytest.raises(DownloadError):
            tiny("http://mirror.example/").load(offline=True, **options)
        monkeypatch.setenv("TINYNET_HOME", str(tmp_path / "class"))


def test_a_bad_file_there_is_left_alone_and_the_good_one_goes_where_it_belongs(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinynet.support.shipped.PACKAGE", tmp_path / "tinynet")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYNET_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    earlier = tmp_path / "data" / "tiny"
    fill(earlier, {**SERVED, f"{TEST_LABELS}.gz": b"mine"})
    assert is_right(tiny(server.address("good")).load())
    assert (earlier / f"{TEST_LABELS}.gz").read_bytes() == b"mine"
    kept = tmp_path / "cache" / "tinynet" / "tiny"
    assert [path.name for path in kept.iterdir()] == [f"{TEST_LABELS}.gz"]


def test_each_set_gives_advice_of_its_own_where_it_cannot_be_fetched(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="mnist_10k"):
        mnist.load_data(tmp_path, offline=True)
    with pytest.raises(DownloadError, match="apt install dataset-fashion-mnist") as error:
        fashion_mnist.load_data(tmp_path, offline=True)
    assert "mnist_10k" not in str(error.value)  # digits are no clothes


# The command


@pytest.mark.parametrize("name", ["mnist_10k", "mnist-10k"])
def test_the_command_knows_the_digits_that_are_always_here(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--download", name]) == 0
    output = capsys.readouterr().out
    assert output.count("  good     ") == 4
    assert str(ROOT / "data" / "mnist-10k") in output


def test_the_command_says_what_to_do_when_they_are_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tinynet.support.shipped.PACKAGE", tmp_path / "tinynet")
    fill(tmp_path / "data" / "mnist-10k", SERVED)  # not those digits
    assert main(["mnist_10k"]) == 0
    assert main(["mnist_10k", "--download"]) == 1
    captured = capsys.readouterr()
    assert captured.out.count("  bad      ") == 8
    assert "pip install --force-reinstall tinynet-numpy" in captured.err


def test_the_command_tells_the_state_of_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tinynet.datasets.__main__.SETS", {"tiny": tiny("http://mirror.example/")})
    monkeypatch.setenv("TINYNET_HOME", str(tmp_path))
    fill(tmp_path / "tiny", {f"{TRAIN_IMAGES}.gz": PACKED[TRAIN_IMAGES], TEST_LABELS: b"<html>"})
    assert main([]) == 0
    output = capsys.readouterr().out
    assert f"Tiny: tiny, in {tmp_path / 'tiny'}" in output
    assert f"  good     {tmp_path / 'tiny' / TRAIN_IMAGES}.gz" in output
    assert f"  missing  {TRAIN_LABELS}.gz" in output
    assert f"  bad      {tmp_path / 'tiny' / TEST_LABELS}: an HTML page" in output
    assert "--download" in output
    assert "without a network" in output


def test_the_command_downloads_and_repairs(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("tinynet.datasets.__main__.SETS", {"tiny": tiny(server.address("good"))})
    monkeypatch.setenv("TINYNET_HOME", str(tmp_path))
    fill(tmp_path / "tiny", {f"{TEST_LABELS}.gz": b"<html>"})
    assert main(["--download", "tiny"]) == 0
    assert capsys.readouterr().out.count("  good     ") == 4
    assert is_right(tiny().load(tmp_path / "tiny", offline=True))


def test_the_command_fails_with_the_cure_where_nothing_can_be_fetched(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        "tinynet.datasets.__main__.SETS", {"tiny": tiny(server.address("http-403"))}
    )
    monkeypatch.setenv("TINYNET_HOME", str(tmp_path))
    assert main(["--download"]) == 1
    assert "HTTP 403 Forbidden" in capsys.readouterr().err


def test_the_command_runs_as_a_module_and_knows_its_sets(tmp_path: Path) -> None:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "tinynet.datasets", *arguments],
            cwd=ROOT,
            env={**os.environ, "TINYNET_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    shown = run("mnist")
    assert shown.returncode == 0
    assert f"MNIST: mnist, in {tmp_path / 'mnist'}" in shown.stdout
    assert "Fashion" not in shown.stdout
    wrong = run("mist")
    assert wrong.returncode == 2
    assert "no set is called mist; there are mnist, fashion_mnist" in wrong.stderr


# The real sets, where they are


@pytest.mark.skipif(
    not Path(os.environ.get("TINYNET_HOME", "/nowhere"), "mnist").is_dir(),
    reason="no full MNIST at $TINYNET_HOME",
)
@pytest.mark.usefixtures("no_socket")
def test_the_full_mnist_loads_as_in_keras() -> None:
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert (x_train.shape, y_train.shape) == ((60000, 28, 28), (60000,))
    assert (x_test.shape, y_test.shape) == ((10000, 28, 28), (10000,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(y_test).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]


@pytest.mark.skipif(
    not Path("/usr/share/datasets/fashion-mnist").is_dir(),
    reason="the Debian package dataset-fashion-mnist is not installed",
)
@pytest.mark.usefixtures("no_socket")
def test_debians_fashion_mnist_is_found_by_itself(tmp_path: Path) -> None:
    (x_train, y_train), _ = fashion_mnist.load_data(tmp_path / "empty")
    assert x_train.shape == (60000, 28, 28)
    assert fashion_mnist.CLASSES[y_train[0]] == "Ankle boot"
