"""What is built: a wheel that stands on its own, a whole sdist, a page without dead links."""

import email.message
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import tinynet

pytest.importorskip("hatchling", reason="needs pip install -e '.[test]'")

ROOT = Path(__file__).parent.parent
RELATIVE = re.compile(r"\]\((?!https://|#)")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both, and return the folder."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return built / f"tinynet_numpy-{tinynet.__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        name = f"tinynet_numpy-{tinynet.__version__}.dist-info/METADATA"
        return message_from_bytes(archive.read(name))


def test_its_name_is_not_the_name_of_another_project(metadata: email.message.Message) -> None:
    assert metadata["Name"] == "tinynet-numpy"
    assert metadata["Version"] == tinynet.__version__
    assert metadata["License-Expression"] == "MIT"
    assert {url.partition(",")[0] for url in metadata.get_all("Project-URL", [])} >= {
        "Source",
        "Changelog",
    }
    for minor in range(10, 14):
        said = f"Programming Language :: Python :: 3.{minor}"
        assert said in metadata.get_all("Classifier", [])


def test_no_link_of_the_long_description_is_relative(metadata: email.message.Message) -> None:
    text = str(metadata.get_payload())
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(RELATIVE.findall(readme)) > 20
    assert not RELATIVE.findall(text)
    assert text.count("](") == readme.count("](")
    for image in re.findall(r"!\[[^]]*\]\(([^)]*)\)", text):
        assert "/raw/main/docs/" in image


def test_all_say_the_same_home(metadata: email.message.Message) -> None:
    urls = dict(url.split(", ") for url in metadata.get_all("Project-URL", []))
    for name in ("SECURITY.md", "CITATION.cff"):
        assert urls["Source"] in (ROOT / name).read_text("utf-8")


def test_the_sdist_holds_every_file_of_the_project(built: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no clone of the repository")
    home = f"tinynet_numpy-{tinynet.__version__}/"
    with tarfile.open(built / f"{home[:-1]}.tar.gz") as archive:
        held = {name.removeprefix(home) for name in archive.getnames()}
    ours = {name for name in listed.stdout.splitlines() if not name.startswith(".")}
    assert ours - held == set()


def test_an_installed_wheel_trains_on_real_digits_in_an_empty_folder(
    wheel: Path, tmp_path: Path
) -> None:
    site, empty = tmp_path / "site-packages", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site), "TINYNET_HOME": str(tmp_path / "data")}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=empty, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = run("-m", "tinynet").splitlines()
    assert len(said) <= 10
    assert all((site / "tinynet" / "share" / name).is_dir() for name in ("docs/ko", "examples"))
    train = site / "tinynet" / "share" / "examples" / "train_mnist.py"
    assert str(train) in "".join(said)
    options = ("--data", "mnist_10k", "--epochs", "1", "--batch-size", "128", "--no-plots")
    assert "8,000 images to learn from" in run(str(train), *options)
    assert str(site) in run("-m", "tinynet.datasets", "mnist_10k")
