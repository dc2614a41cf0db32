"""The examples do what they say: run as their readers run them, without display or network."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import matplotlib.image
import numpy as np
import pytest

import tinynet
from tinynet.datasets import load_folder
from tinynet.models import load_model
from tinynet.support import commands

ROOT = Path(__file__).parent.parent
PICTURES = ["digits.png", "history.png", "confusion.png", "mistakes.png"]


def run(script: str, *options: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run an example in a folder of its own, with no display and no network."""
    clean = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MPLBACKEND")}
    # Two test runs at once would spend their time with waiting for each other's threads.
    clean["OPENBLAS_NUM_THREADS"] = "1"
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "TINYNET_HOME": str(cwd / "empty")}
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / script), *options],
        cwd=cwd,
        env=clean | nowhere | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | env,
        capture_output=True,
        encoding=env.get("PYTHONIOENCODING", "utf-8"),
        timeout=120,
    )


def module(name: str) -> ModuleType:
    """Import an example without running it."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


# ---- train_mnist.py ----


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def trained(home: Path) -> subprocess.CompletedProcess[str]:
    """One epoch with `auto`, where no mirror can be reached."""
    return run("train_mnist.py", "--epochs", "1", "--batch-size", "128", cwd=home)


def test_it_trains(trained: subprocess.CompletedProcess[str]) -> None:
    assert trained.returncode == 0, trained.stderr
    assert trained.stderr == ""
    right = re.search(r"^Right in ([\d.]+) % of the 2,000 images", trained.stdout, re.MULTILINE)
    assert right, trained.stdout
    assert float(right[1]) > 85


def test_without_a_network_it_says_so_and_takes_the_small_set(
    trained: subprocess.CompletedProcess[str],
) -> None:
    said = [line for line in trained.stdout.splitlines() if "can't be downloaded" in line]
    assert len(said) == 1
    assert "mnist_10k" in said[0]
    assert "8,000 images to learn from, 2,000 others" in trained.stdout


def test_it_says_where_it_put_things(trained: subprocess.CompletedProcess[str], home: Path) -> None:
    assert str((home / "out").resolve()) in trained.stdout
    for name in [*PICTURES, "model.npz"]:
        assert name in trained.stdout
        assert (home / "out" / name).exists()


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.usefixtures("trained")
def test_its_pictures_are_pictures(home: Path, name: str) -> None:
    picture = matplotlib.image.imread(home / "out" / name)
    assert min(picture.shape[:2]) > 200
    assert picture[..., :3].std() > 0.05


def test_its_model_reads_digits_as_well_as_it_said(
    trained: subprocess.CompletedProcess[str], home: Path
) -> None:
    _, (x, y) = load_folder(ROOT / "data" / "mnist-10k")
    p = load_model(home / "out" / "model.npz").predict(x.reshape(-1, 784) / 255, verbose=0)
    right = (p.argmax(axis=1) == y).mean()
    assert f"Right in {100 * right:.2f} % of the 2,000" in trained.stdout


@pytest.mark.usefixtures("trained")
def test_the_same_seed_gives_the_same_network_and_no_plots_draws_none(
    home: Path, tmp_path: Path
) -> None:
    options = ["--data", "mnist-10k", "--epochs", "1", "--batch-size", "128"]
    again = run("train_mnist.py", *options, "--no-plots", "--out", "here", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["model.npz"]
    ours = load_model(home / "out" / "model.npz").get_weights()
    theirs = load_model(tmp_path / "here" / "model.npz").get_weights()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_set_asked_for_by_name_is_not_replaced(tmp_path: Path) -> None:
    done = run("train_mnist.py", "--data", "mnist", cwd=tmp_path)
    assert done.returncode == 1
    assert "What to do:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    done = run("train_mnist.py", "--data", "mnist-10k", "--data-dir", "nothing", cwd=tmp_path)
    assert done.returncode == 1
    assert "nothing does not hold train-images-idx3-ubyte" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("script", ["train_mnist", "elastic"])
@pytest.mark.parametrize("folder", [None, Path("/mine")])
def test_the_examples_find_what_the_readme_and_the_command_find(
    monkeypatch: pytest.MonkeyPatch, script: str, folder: Path | None
) -> None:
    example = module(script)
    monkeypatch.setattr(example.mnist, "load_data", lambda cache_dir: ("asked for", cache_dir))
    options = ("auto", folder) if script == "train_mnist" else (folder, False)
    assert example.load_data(*options) == ("asked for", folder)


# ---- classify.py ----


@pytest.mark.usefixtures("trained")
def test_it_reads_digits_photographed_in_another_form(home: Path) -> None:
    _, (images, labels) = load_folder(ROOT / "data" / "mnist-10k")
    images, labels = images[:50], labels[:50]
    p = load_model(home / "out" / "model.npz")(images.reshape(-1, 784) / 255)
    clear = np.flatnonzero((p.argmax(axis=1) == labels) & (p.max(axis=1) > 0.99))[:4]
    for i in clear:
        ink = np.pad(images[i] / 255, ((10, 30), (40, 5))).repeat(6, axis=0).repeat(6, axis=1)
        matplotlib.image.imsave(
            home / f"digit{i}.png", 0.9 - 0.7 * ink, cmap="gray", vmin=0, vmax=1
        )
    done = run("classify.py", *(f"digit{i}.png" for i in clear), cwd=home)
    assert done.returncode == 0, done.stderr
    said = re.findall(r"png shows a (\d)", done.stdout)
    assert said == [str(label) for label in labels[clear]]
    for i in clear:
        assert (home / "out" / f"digit{i}-read.png").exists()


@pytest.mark.usefixtures("trained")
def test_it_prints_ten_probabilities(home: Path) -> None:
    drawing = np.ones((60, 60, 3))
    drawing[10:50, 27:33] = 0
    matplotlib.image.imsave(home / "one.png", drawing)
    done = run("classify.py", "one.png", cwd=home)
    bars = re.findall(r"^  (\d) +([\d.]+) %", done.stdout, re.MULTILINE)
    assert [digit for digit, _ in bars] == list("0123456789")
    assert sum(float(percent) for _, percent in bars) == pytest.approx(100, abs=1)


def test_without_a_network_trained_it_says_how_to_train_one(tmp_path: Path) -> None:
    done = run("classify.py", "my7.png", cwd=tmp_path)
    assert done.returncode == 1
    assert "train_mnist.py" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("trained")
def test_what_is_no_picture_is_named(home: Path) -> None:
    (home / "letter.txt").write_text("Dear network")
    done = run("classify.py", "letter.txt", cwd=home)
    assert done.returncode == 1
    assert "letter.txt is not a picture" in done.stderr
    assert "Traceback" not in done.stderr


# ---- fit_a_line.py ----

X, Y = np.arange(10), np.array([10, 20, 25, 30, 40, 45, 40, 50, 60, 55])


@pytest.mark.parametrize(("m", "b"), [(-2, 40), (6, 10)])
def test_gradient_descent_finds_what_polyfit_finds(tmp_path: Path, m: int, b: int) -> None:
    done = run("fit_a_line.py", "--m", str(m), "--b", str(b), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^([^\d\n]+?) +(-?[\d.]+) +(-?[\d.]+) +([\d.]+)$", done.stdout, re.MULTILINE)
    table = {name: [float(v) for v in values] for name, *values in rows}
    assert table["by hand"] == pytest.approx([m, b, np.mean((m * X + b - Y) ** 2)], abs=1e-3)
    assert table["gradient descent"] == pytest.approx(table["numpy.polyfit"], abs=1e-3)
    assert table["numpy.polyfit"][:2] == pytest.approx(np.polyfit(X, Y, 1), abs=1e-3)
    assert "agree to 3 decimals" in done.stdout
    for name in ("line.png", "surface.png"):
        assert matplotlib.image.imread(tmp_path / "out" / name).std() > 0.05


# ---- all of them ----

SCRIPTS = [path.name for path in (ROOT / "examples").glob("*.py")]
SLIPS = {
    "--seed": {"-1": "from 0, got '-1'", "1.5": "from 0, got '1.5'", "x": "from 0, got 'x'"},
    "--epochs": {"0": "from 1, got '0'", "-1": "from 1", "1e3": "from 1", "nan": "from 1"},
    "--batch-size": {"0": "from 1, got '0'", "many": "from 1, got 'many'"},
    "--out": {"text": "expected a folder, and", "text/out": "expected a folder, and"},
    "--m": {"nan": "from -1000 to 1000, got 'nan'", "inf": "from", "1e300": "from", "x": "from"},
    "--b": {"nan": "from -1000 to 1000, got 'nan'"},
    "--port": {"-1": "from 0 to 65535", "99999": "from 0 to 65535", "x": "from 0 to 65535"},
    "--model": {
        "text": "text can't be loaded as a model",
        ".": "directory",
        "none.npz": "none.npz",
        "iris.npz": "iris.npz does not read digits",
    },
    "--data": {"cifar": "invalid choice"},
    "--distort": {"both": "invalid choice"},
    "--nonsense": {"": "unrecognized arguments"},
}
WHICH = {
    "train_mnist.py": ["--seed", "--epochs", "--batch-size", "--out", "--data", "--nonsense"],
    "elastic.py": ["--seed", "--epochs", "--out", "--distort", "--nonsense"],
    "train_mpi.py": ["--epochs", "--batch-size", "--out", "--nonsense"],
    "fit_a_line.py": ["--m", "--b", "--out", "--nonsense"],
    "classify.py": ["--out", "--model", "--nonsense"],
    "playground.py": ["--model", "--port", "--nonsense"],
    "write_your_own_layer.py": ["--nonsense"],
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_slip_is_answered_in_a_line_before_anything_is_done(
    script: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("Dear network")
    tinynet.Sequential([tinynet.layers.Dense(3, input_shape=(4,))]).save("iris.npz")
    monkeypatch.syspath_prepend(ROOT / "examples" / "playground")
    example = module(script.removesuffix(".py"))
    for flag in WHICH[script]:
        for given, words in SLIPS[flag].items():
            rest = ["text"] if script == "classify.py" else []
            monkeypatch.setattr(sys, "argv", [script, *rest, flag, *filter(None, [given])])
            with pytest.raises(SystemExit) as end:
                commands.run(example.main)
            said = capsys.readouterr().err + str(end.value.code)
            assert words in said, (flag, given, said)
            assert sorted(path.name for path in tmp_path.iterdir()) == ["iris.npz", "text"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.usefixtures("trained")
def test_it_reads_digits_where_the_output_has_few_characters(home: Path, encoding: str) -> None:
    drawing = np.ones((60, 60, 3))
    drawing[10:50, 27:33] = 0
    matplotlib.image.imsave(home / "één→.png", drawing)
    done = run("classify.py", "één→.png", cwd=home, PYTHONIOENCODING=encoding, PYTHONUTF8="1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  1 +[\d.]+ % #+$", done.stdout, re.MULTILINE)
    assert "n\\u2192.png shows a 1" in done.stdout


@pytest.mark.parametrize("script", ["train_mnist.py", "classify.py", "fit_a_line.py", "elastic.py"])
def test_help_explains_every_option(tmp_path: Path, script: str) -> None:
    text = run(script, "--help", cwd=tmp_path, COLUMNS="200").stdout
    one_line_each = re.sub(r"\n {8,}", "  ", text)
    options = re.findall(r"^  (?:-h, )?(--[\w-]+)(.*)$", one_line_each, re.MULTILINE)
    assert len(options) >= 3
    for name, rest in options:
        assert re.search(r"  +\w", rest), name
