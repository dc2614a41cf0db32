"""docs/forty_ways.md: every mistake is found, in the part that it is in, with its cause."""

import os
import re
from pathlib import Path

import pytest

import tinynet
from tinynet.gradcheck import Report

TEXT = (Path(__file__).parent.parent / "docs" / "forty_ways.md").read_text("utf-8")
HEAD, *WAYS = re.split(r"^### ", TEXT, flags=re.MULTILINE)
TITLES = [way.partition("\n")[0] for way in WAYS]
MODEL = 'Dense(4, "tanh"), *layers, Dense(4, last)'  # as the page has it


def code(text: str) -> str:
    """Return the block of Python in a text."""
    block: str = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    return block


def result(way: str, start: str = HEAD) -> list[str]:
    """Run a way, and return all that is said about it."""
    reports: list[Report] = []
    try:
        exec(code(start) + "\n" + code(way), {"__name__": "mine", "print": reports.append})
    except tinynet.models.contracts.BrokenContract as error:
        return [str(error)]
    wrong = [row for row in reports[0].rows if not row.ok]
    return [f"{row.name} of {row.layer}: {row.cause}" for row in wrong] + reports[0].notes


def test_there_are_at_least_forty() -> None:
    assert len(WAYS) >= 40


@pytest.mark.parametrize("way", WAYS, ids=TITLES)
def test_a_mistake_is_found_where_it_is_and_named(way: str) -> None:
    found = result(way)
    assert said(way) in found, found
    assert all("mistake" in sentence.lower() for sentence in found), found


ELSEWHERE = {
    "first": (MODEL, "*layers, Dense(4, last)"),
    "last": (MODEL, "Dense(4, last), *layers"),
    "alone": (MODEL, "*(layers or [Dense(4, last)])"),
    "twice": (
        MODEL,
        'Dense(4, "relu"), Dense(4, "tanh"), *layers, Dense(4, "relu"), Dense(4, last)',
    ),
    "after Dropout": (MODEL, 'Dense(4, "tanh"), Dropout(0.2), *layers, Dense(4, last)'),
    "before softmax": (
        f"[{MODEL}])\n    model.compile(optimizer, loss",
        '[Dense(4, "tanh"), *layers, Dense(4, last or "softmax")])\n'
        "    model.compile(optimizer, losses.CategoricalCrossentropy() if loss == 'mse' else loss",
    ),
    "first weights of 0": (
        MODEL,
        'Dense(4, "tanh", kernel_initializer="zeros"), *layers, '
        'Dense(4, last, kernel_initializer="zeros")',
    ),
    "first weights of 1": (MODEL, 'Dense(4, kernel_initializer="ones"), *layers, Dense(4, last)'),
    "identity": (MODEL, 'Dense(4, kernel_initializer="identity"), *layers, Dense(4, last)'),
    "a batch of one": ("size=(6, 4)", "size=(1, 4)"),
    "a batch of four": ("size=(6, 4)", "size=(4, 4)"),
    "inputs of 0 and 1": ("x = rng.normal(size=(6, 4))", "x = rng.integers(0, 2, size=(6, 4))"),
    "float64": ("rng = ", "tinynet.config.set_floatx('float64')\nrng = "),
}
STEP = int(os.environ.get("EVERY_WAY", "4"))  # EVERY_WAY=1 tries all ways everywhere: a minute
WITHOUT_MODEL = [way for way in WAYS if "loss=" not in way]
OTHER_WORDS = {  # what is said elsewhere has another number or shape in it
    "A metric of one number": set(ELSEWHERE),
    "A corner that no input reaches": set(ELSEWHERE),
    "Added up over the examples": {"a batch of one", "a batch of four"},
    "dx is transposed": {"a batch of one", "a batch of four"},
    "forward returns y only": {"a batch of one", "a batch of four"},
    # In front nobody needs a dx.
    "Nothing is returned": {"first", "alone", "a batch of one", "a batch of four"},
    # With two examples (one alone is doubled), a half is the mean as well.
    "The 2 of a square is missing": {"a batch of one"},
    # Its mask, y != 0, is wrong once more for what the Dropout in front has dropped.
    "The scale of Dropout is forgotten": {"after Dropout"},
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_it_is_found_and_named_wherever_it_stands(where: str) -> None:
    old, new = ELSEWHERE[where]
    assert old in HEAD
    start = HEAD.replace(old, new).replace("t = rng.random(size=(6, 4))", T)
    turn = list(ELSEWHERE).index(where)
    try:
        for way in WITHOUT_MODEL[turn % STEP :: STEP]:
            look(way, where, start)
    finally:
        tinynet.config.set_floatx("float32")


def look(way: str, where: str, start: str) -> None:
    """See whether a way is found in the right place, and whether its cause is named."""
    found = result(way, start)
    assert found, way
    assert all("mistake" in sentence.lower() for sentence in found), (way, found)
    if where not in OTHER_WORDS.get(way.partition("\n")[0], ()):
        assert said(way) in found, (way, found)


def said(way: str) -> str:
    """Return what the page says that the checker says."""
    return " ".join(re.findall(r"^> (.*)$", way, flags=re.MULTILINE))


T = "t = np.eye(4)[rng.integers(0, 4, len(x))]"


def test_the_right_layers_of_the_page_are_right() -> None:
    layers = "Scale(), Affine(), Function(np.tanh, lambda dy, x, y: dy * (1 - y**2))"
    assert result(f"```python\ncheck({layers})```") == []
