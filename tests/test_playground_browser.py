"""The playground's page in a real browser, where Chromium and selenium are."""

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent / "tools"


def test_every_room_in_chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("selenium", reason="needs pip install -e '.[browser]'")
    for program in ("/usr/bin/chromium", "/usr/bin/chromedriver"):
        if not Path(program).exists():
            pytest.skip(f"needs {program}: apt-get install chromium chromium-driver")
    monkeypatch.setattr(sys, "path", [str(TOOLS), *sys.path])
    from drive_playground import drive

    drive(tmp_path)
