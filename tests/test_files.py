"""Replacing a file: whole or not at all, and with all that the old one was."""

import os
import stat
import subprocess
import sys

import pytest

from tinynet.support.files import must_be_file, replacing

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes, links and pipes of POSIX")


def write(path, body=b"new"):
    with replacing(path) as file:
        file.write(body)


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640, 0o755])
def test_the_mode_is_kept(tmp_path, mode):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    write(path)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@POSIX
def test_what_is_private_is_never_open_to_others_while_it_is_written(tmp_path):
    path = tmp_path / "private"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with replacing(path) as file:
        file.write(b"secret")
        modes = {part.name: stat.S_IMODE(part.stat().st_mode) for part in tmp_path.iterdir()}
    assert len(modes) == 2
    assert set(modes.values()) == {0o600}


@POSIX
@pytest.mark.parametrize("target", ["target", "deep/er/target"])
def test_a_symbolic_link_stays_one_and_its_target_is_replaced(tmp_path, target):
    file = tmp_path / target
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"old")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "link to link").symlink_to("link")
    write(tmp_path / "link to link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "link to link").is_symlink()
    assert file.read_bytes() == b"new"


@POSIX
def test_a_link_that_leads_nowhere_yet_gets_its_file(tmp_path):
    (tmp_path / "link").symlink_to("target")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_read_only_file_is_left_alone(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="read-only; to replace it, make it writable first"):
        write(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["kept"]
    path.chmod(0o644)  # as the message says
    write(path)
    assert path.read_bytes() == b"new"


def test_a_folder_is_refused_in_words(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="expected a file, got a folder"):
        write(tmp_path / "folder")
    assert os.listdir(tmp_path) == ["folder"]


@POSIX
def test_a_named_pipe_is_refused_and_stays_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="expected a file, got a named pipe"):
        write(tmp_path / "pipe")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@POSIX
def test_a_device_is_refused():
    with pytest.raises(OSError, match="expected a file, got a device"):
        write(os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(tmp_path):
    def write_half():
        with replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("file.0123456789ab.part", True),
        ("file.part", False),
        ("file.0123456789AB.part", False),
        ("file.0123456789abc.part", False),
        ("file.my notes.part", False),
        ("other.0123456789ab.part", False),
        ("file.0123456789ab.part.txt", False),
    ],
)
def test_only_names_that_this_library_made_are_tidied_away(tmp_path, name, ours):
    left = tmp_path / name
    left.write_bytes(b"")
    os.utime(left, (0, 0))
    write(tmp_path / "file")
    assert left.exists() is not ours


def test_what_is_still_in_use_is_not_tidied_away(tmp_path):
    left = tmp_path / "file.0123456789ab.part"
    left.write_bytes(b"")
    write(tmp_path / "file")
    assert left.exists()


def test_must_be_file_says_what_it_is(tmp_path):
    (tmp_path / "file").write_bytes(b"12")
    assert must_be_file(tmp_path / "file").st_size == 2
    with pytest.raises(FileNotFoundError):
        must_be_file(tmp_path / "nothing")


@POSIX
def test_a_pipe_does_not_keep_read_idx_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    code = "import sys; from tinynet.idx import read_idx; read_idx(sys.argv[1])"
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "pipe")],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": root},
    )
    assert "expected a file, got a named pipe" in done.stderr


class Windows:
    """os.replace as it is there, while somebody has the old file open."""

    def __init__(self, refusals):
        self.refusals = refusals
        self.replace = os.replace

    def __call__(self, part, path):
        self.refusals -= 1
        if self.refusals >= 0:
            raise PermissionError(13, "Access is denied", str(part))
        self.replace(part, path)


@pytest.mark.parametrize("refusals", [0, 1, 8])
def test_on_windows_it_waits_for_who_has_the_file_open(tmp_path, monkeypatch, refusals):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    slept = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr(os, "replace", Windows(refusals))
    write(path)
    assert path.read_bytes() == b"new"
    assert len(slept) == refusals
    assert sum(slept) < 3


@pytest.mark.parametrize("platform", ["win32", "linux"])
def test_what_can_never_be_replaced_stays_as_it_was(tmp_path, monkeypatch, platform):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(os, "replace", Windows(10**6))
    with pytest.raises(PermissionError):
        write(path)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"old")]
