"""How commands and examples answer what was mistyped, and how they end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinynet.support import commands

ROOT = Path(__file__).parent.parent


def ends(main: object) -> object:
    """Run a command; return the status or the line that it ends with."""
    with pytest.raises(SystemExit) as end:
        commands.run(main)  # type: ignore[arg-type]
    return end.value.code


def stops(error: BaseException) -> object:
    def main() -> None:
        raise error

    return ends(main)


def test_what_the_user_can_put_right_is_said_in_a_line() -> None:
    assert ends(lambda: None) is None
    assert ends(lambda: 1) == 1
    assert stops(ValueError("expected a digit")) == "expected a digit"
    assert stops(ImportError("pip install h5py")) == "pip install h5py"
    assert stops(KeyboardInterrupt()) == 130
    named = FileNotFoundError(2, "No such file", "none.npz")
    assert stops(named) == "none.npz: No such file"


@pytest.mark.parametrize("error", [RuntimeError("a fault of ours"), ZeroDivisionError()])
def test_a_fault_of_ours_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)):
        commands.run(lambda: stops(error))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("text", ["-1", "0", "1.5", "1e3", "nan", "inf", "", "x", "101"])
def test_what_is_no_whole_number_of_the_range_is_refused(text: str) -> None:
    with pytest.raises(Exception, match=f"a whole number from 1 to 100, got '{text}'"):
        commands.whole(1, 100)(text)
    assert commands.whole(1, 100)("100") == 100
    assert commands.whole(0)("0") == 0


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e300", "", "x", "1,5"])
def test_what_is_no_number_of_the_range_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="a number from -2 to 2, got"):
        commands.number(-2, 2)(text)
    assert commands.number(-2, 2)("-1.5") == -1.5


def test_a_folder_is_there_or_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("text")
    for good in (tmp_path, tmp_path / "new" / "newer"):
        assert commands.folder(str(good)) == good
        assert list(tmp_path.iterdir()) == [tmp_path / "README.md"]  # nothing is made yet
    for bad in (tmp_path / "README.md", tmp_path / "README.md" / "out"):
        with pytest.raises(Exception, match=r"expected a folder, and .*README.md is a file"):
            commands.folder(str(bad))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_takes_nothing_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Exception, match="nothing can be written into"):
        commands.folder(str(tmp_path / "out"))


def test_a_command_that_is_shown_can_be_typed(tmp_path: Path) -> None:
    script = tmp_path / "my folder" / "say.py"
    script.parent.mkdir()
    script.write_text("import sys; print(sys.argv[1])")
    line = commands.typed(sys.executable, script, "it's")
    assert subprocess.run(line, shell=True, capture_output=True, text=True).stdout == "it's\n"


# ---- real processes ----

SAYS = """
from tinynet.support.commands import bar, run
def main():
    for i in range(100_000):
        print(f"{bar(0.1)} é → {i}")
run(main)
"""


def start(encoding: str = "utf-8") -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    return subprocess.Popen(
        [sys.executable, "-c", SAYS],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_head_ends_it_quietly() -> None:
    with start() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == commands.BROKEN_PIPE


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", b"#### \\xe9 \\u2192 0"),
        ("cp1252", b"#### \xe9 \\u2192 0"),
        ("utf-8", "████ é → 0".encode()),
    ],
)
def test_every_encoding_shows_it(encoding: str, shown: bytes) -> None:
    with start(encoding) as process:
        assert process.stdout is not None
        assert process.stdout.readline().rstrip() == shown
        process.kill()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is full")
def test_a_full_disk_is_told() -> None:
    command = [sys.executable, "-m", "tinynet"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["[Errno 28] No space left on device"]
