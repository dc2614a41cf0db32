"""Scripts as books, courses and kernels have them run to their end on both libraries.

They are written for Keras, as people write them; for tinynet their import lines are changed.
"""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest
from test_scripts import clothes, digits, translate

SCRIPTS = sorted((Path(__file__).parent / "published").glob("*.py"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs_to_its_end(lib, script, monkeypatch, tmp_path, capsys):
    text = script.read_text("utf-8")
    if re.search(r"\.(h5|keras)\b", text):
        pytest.importorskip("h5py")
    path = tmp_path / script.name
    path.write_text(translate(text) if lib.__name__ == "tinynet" else text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lib.datasets.mnist, "load_data", digits)
    monkeypatch.setattr(lib.datasets.fashion_mnist, "load_data", clothes)
    runpy.run_path(str(path))
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")  # other tests count open pictures
    assert capsys.readouterr().out


def test_only_import_lines_change():
    assert len(SCRIPTS) >= 14
    for path in SCRIPTS:
        before, after = path.read_text("utf-8"), translate(path.read_text("utf-8"))
        pairs = zip(before.splitlines(), after.splitlines(), strict=True)
        changed = [old for old, new in pairs if old != new]
        assert changed
        assert all(line.startswith(("import keras", "from keras")) for line in changed)
