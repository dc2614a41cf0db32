"""The notebook runs from top to bottom, and its saved outputs are those that it gives."""

import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from refresh_notebook import NOTEBOOK, ROOT, executed, tidy

SAVED = nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    """Run it as a lone file, in an empty folder, with tinynet as its wheel installs it."""
    site, empty = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("empty")
    shutil.copytree(ROOT / "tinynet", site / "tinynet")
    shutil.copytree(ROOT / "data" / "mnist-10k", site / "tinynet" / "share" / "data" / "mnist-10k")
    notebook = executed(empty, site)
    tidy(notebook)
    return notebook


def kinds(cell: nbformat.NotebookNode) -> list[list[str]]:
    """Return what kinds of output a cell has: text, a picture, ..."""
    return [sorted(out.get("data", {"printed": 0})) for out in cell.get("outputs", [])]


def printed(cell: nbformat.NotebookNode) -> str:
    """Return all text that a cell puts out."""
    outputs = cell.get("outputs", [])
    return "".join(out.get("text") or out.data.get("text/plain", "") for out in outputs)


# Cells whose numbers depend on the last bits of a training, which machines do not share.
VARY = ("model.fit(", "explain(model", "check_gradients(")


def test_every_cell_gives_what_is_saved(fresh: nbformat.NotebookNode) -> None:
    for ours, saved in zip(fresh.cells, SAVED.cells, strict=True):
        assert kinds(ours) == kinds(saved), saved.source
        if not any(call in saved.source for call in VARY):
            assert printed(ours) == printed(saved), saved.source


def test_it_learns_to_read(fresh: nbformat.NotebookNode) -> None:
    fit = next(cell for cell in fresh.cells if "model.fit(" in cell.source)
    assert float(re.findall(r"val_accuracy: ([\d.]+)", printed(fit))[-1]) > 0.93


def test_it_finds_its_gradients_right(fresh: nbformat.NotebookNode) -> None:
    check = next(cell for cell in fresh.cells if "keras.check_gradients(" in cell.source)
    assert "All gradients agree" in printed(check)


@pytest.mark.parametrize("beside", [[], ["tinynet_numpy-0.2-py3-none-any.whl"]])
def test_where_tinynet_is_missing_it_is_installed(
    beside: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in beside:
        Path(name).touch()
    installed: list[str] = []
    first = next(cell for cell in SAVED.cells if cell.cell_type == "code").source
    code = first.replace("%pip install --quiet {wheel}", "pip_install(wheel)")
    exec(code, {"pip_install": installed.append})
    assert installed == []  # tinynet is here
    monkeypatch.setitem(sys.modules, "tinynet", None)
    exec(code, {"pip_install": installed.append})
    assert installed == (beside or ["tinynet-numpy"])


def test_the_steps_come_in_the_order_of_the_usual_notebook() -> None:
    titles = re.findall(r"^## (.*)$", "\n".join(c.source for c in SAVED.cells), re.MULTILINE)
    assert titles[:10] == [
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
    ]


def test_it_is_small_and_tells_nothing_of_the_machine_it_ran_on() -> None:
    text = NOTEBOOK.read_text("utf-8")
    assert len(text) < 1_500_000
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)
