"""docs/write_your_own.md: its code runs, and what it demands is demanded."""

import re
from pathlib import Path
from typing import Any

import pytest

from tinynet.models import load_model
from tinynet.saving import ModelFileError

TEXT = (Path(__file__).parent.parent / "docs" / "write_your_own.md").read_text("utf-8")


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """Run the page, and return what it defines."""
    found: dict[str, Any] = {"__name__": "mine"}
    exec("\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)), found)
    return found


def test_the_code_of_the_page_runs(names: dict[str, Any]) -> None:
    assert names["twin"].layers[1].first == 2.0


@pytest.mark.parametrize(
    "missing", ["Signs", "Large", "Scale", "Centre", "Momentum", "Focal", "Confidence"]
)
def test_what_is_left_out_is_named(names: dict[str, Any], missing: str) -> None:
    own = {cls.__name__: cls for cls in names["own"] if cls.__name__ != missing}
    with pytest.raises(ModelFileError, match=f"custom_objects={{'{missing}': {missing}}}") as error:
        load_model(names["path"], custom_objects=own)
    assert "whole and unchanged" not in str(error.value)  # the file is not called damaged
