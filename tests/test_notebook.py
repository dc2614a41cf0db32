"""The notebooks run from top to bottom, and their saved outputs are those that they give."""

import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from refresh_notebook import NOTEBOOKS, ROOT, executed, tidy

SAVED = {path.stem: nbformat.read(path, as_version=4) for path in NOTEBOOKS}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, nbformat.NotebookNode]:
    """Run each as a lone file, in an empty folder, with tinynet as its wheel installs it."""
    site, empty = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("empty")
    shutil.copytree(ROOT / "tinynet", site / "tinynet")
    shutil.copytree(ROOT / "data" / "mnist-10k", site / "tinynet" / "share" / "data" / "mnist-10k")
    with ThreadPoolExecutor() as both:
        done = both.map(lambda path: executed(path, empty, site), NOTEBOOKS)
        notebooks = dict(zip(SAVED, done, strict=True))
    for notebook in notebooks.values():
        tidy(notebook)
    return notebooks


@pytest.fixture(params=SAVED)
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of each notebook."""
    return request.param


@pytest.fixture
def saved(name: str) -> nbformat.NotebookNode:
    """Return a notebook as it is saved."""
    return SAVED[name]


@pytest.fixture
def fresh(name: str, runs: dict[str, nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """Return a notebook as it was run."""
    return runs[name]


def kinds(cell: nbformat.NotebookNode) -> list[list[str]]:
    """Return what kinds of output a cell has: text, a picture, ..."""
    return [sorted(out.get("data", {"printed": 0})) for out in cell.get("outputs", [])]


def printed(cell: nbformat.NotebookNode) -> str:
    """Return all text that a cell puts out."""
    outputs = cell.get("outputs", [])
    return "".join(out.get("text") or out.data.get("text/plain", "") for out in outputs)


# Cells whose numbers depend on the last bits of a training, which machines do not share.
VARY = ("model.fit(", "explain(model", "check_gradients(")


def test_every_cell_gives_what_is_saved(
    fresh: nbformat.NotebookNode, saved: nbformat.NotebookNode
) -> None:
    for ours, theirs in zip(fresh.cells, saved.cells, strict=True):
        assert kinds(ours) == kinds(theirs), theirs.source
        if not any(call in theirs.source for call in VARY):
            assert printed(ours) == printed(theirs), theirs.source


def test_it_learns_to_read(fresh: nbformat.NotebookNode) -> None:
    fit = next(cell for cell in fresh.cells if "model.fit(" in cell.source)
    assert float(re.findall(r"val_accuracy: ([\d.]+)", printed(fit))[-1]) > 0.93


def test_it_finds_its_gradients_right(fresh: nbformat.NotebookNode) -> None:
    check = next(cell for cell in fresh.cells if "keras.check_gradients(" in cell.source)
    assert "All gradients agree" in printed(check)


@pytest.mark.parametrize("beside", [[], ["tinynet_numpy-0.2-py3-none-any.whl"]])
def test_where_tinynet_is_missing_it_is_installed(
    saved: nbformat.NotebookNode,
    beside: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for wheel in beside:
        Path(wheel).touch()
    installed: list[str] = []
    first = next(cell for cell in saved.cells if cell.cell_type == "code").source
    code = first.replace("%pip install --quiet {wheel}", "pip_install(wheel)")
    exec(code, {"pip_install": installed.append})
    assert installed == []  # tinynet is here
    monkeypatch.setitem(sys.modules, "tinynet", None)
    exec(code, {"pip_install": installed.append})
    assert installed == (beside or ["tinynet-numpy"])


USUAL = {
    "mnist_walkthrough": [
        "The data",
        "A picture",
        "Flatten",
        "Normalise",
        "Categorical labels",
        "The model",
        "Summary",
        "Compile",
        "Fit",
        "Clear the memory",
    ],
    "mnist_walkthrough_ko": [
        "데이터",
        "그림 한 장",
        "펼치기",
        "정규화",
        "범주형 레이블",
        "모델",
        "요약",
        "컴파일",
        "학습",
        "메모리 비우기",
    ],
}


def test_the_steps_come_in_the_order_of_the_usual_notebook(
    name: str, saved: nbformat.NotebookNode
) -> None:
    titles = re.findall(r"^## (.*)$", "\n".join(c.source for c in saved.cells), re.MULTILINE)
    assert titles[:10] == USUAL[name]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=SAVED)
def test_it_is_small_and_tells_nothing_of_the_machine_it_ran_on(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text) < 1_500_000
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)
