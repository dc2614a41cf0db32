"""What comes with the package is found, and named where it helps."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinynet
from tinynet.datasets import DownloadError, load_folder, mnist, mnist_10k
from tinynet.support import shipped

ROOT = Path(__file__).parent.parent


def test_the_ten_thousand_digits_are_the_committed_ones() -> None:
    for ours, committed in zip(
        mnist_10k.load_data(), load_folder(ROOT / "data" / "mnist-10k"), strict=True
    ):
        np.testing.assert_array_equal(ours[0], committed[0])
        np.testing.assert_array_equal(ours[1], committed[1])


def test_an_installed_package_takes_its_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tinynet" / "share" / "docs").mkdir(parents=True)
    (tmp_path / "examples").mkdir()
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "tinynet")
    assert shipped.shipped("docs") == tmp_path / "tinynet" / "share" / "docs"
    assert shipped.shipped("examples") == tmp_path / "examples"
    with pytest.raises(FileNotFoundError, match="pip install --force-reinstall tinynet-numpy"):
        shipped.shipped("data/mnist-10k")


def test_without_a_network_mnist_names_the_digits_that_are_here(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"mnist_10k\.load_data\(\)"):
        mnist.load_data(tmp_path, offline=True)


@pytest.mark.parametrize("module", ["tinynet", "tinynet.datasets"])
def test_the_commands_say_where_the_digits_are(module: str, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TINYNET_HOME": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-m", module], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    assert str(ROOT / "data" / "mnist-10k") in said.stdout


def test_editors_see_what_is_imported_late() -> None:
    assert {"datasets", "idx", "plots"} <= set(dir(tinynet))
