"""The Korean pages say what the English ones say, and a change of the English is noticed."""

import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
import translation
from translation import PAGES, sections, title

PAIRS = [
    (korean.name, original, section)
    for english, korean in PAGES
    for original, section in zip(sections(english), sections(korean), strict=True)
]
NAMES = [f"{page}: {title(original)}" for page, original, _ in PAIRS]


@pytest.mark.parametrize(("page", "english", "korean"), PAIRS, ids=NAMES)
def test_the_english_has_not_changed_since(page: str, english: str, korean: str) -> None:
    assert len(translation.NOTE.findall(korean)) == 1, f"which English is {title(korean)!r}?"
    assert not translation.is_stale(english, korean), (
        f"{title(english)!r} has changed since {title(korean)!r} of {page} was translated. Look, "
        f"then: python tests/tools/translation.py --seen {title(korean)!r}"
    )


@pytest.fixture(params=PAGES, ids=[korean.name for _, korean in PAGES])
def copies(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """Copy a page and its translation, and let the script see the copies alone."""
    english, korean = (
        Path(shutil.copy(page, tmp_path / f"{i}{page.suffix}"))
        for i, page in enumerate(request.param)
    )
    monkeypatch.setattr(translation, "PAGES", [(english, korean)])
    return english, korean


def script(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the script with these arguments, and return how many sections are left."""
    monkeypatch.setattr(sys, "argv", ["translation.py", *arguments])
    return translation.main()


def test_one_changed_word_is_told_and_can_be_noted(
    copies: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    english, korean = copies
    before, old = korean.read_bytes(), sections(english)
    for i, section in enumerate(old):
        changed = re.sub(r"\b(?:the|a)\b", "another", section, count=1)
        translation.write(english, [*old[:i], changed, *old[i + 1 :]])
        assert script(monkeypatch) == (changed != section)
        if changed != section:
            named = title(sections(korean)[i])
            assert capsys.readouterr().out.startswith(f"{korean.name}: {named}  <-")
            assert script(monkeypatch, "--seen", "no such title") == 1
            assert script(monkeypatch, "--seen", named) == 0
        translation.write(english, old)
        script(monkeypatch, "--seen", title(sections(korean)[i]))
        assert korean.read_bytes() == before
        capsys.readouterr()


FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"\s*#.*")
IN_KOREAN = re.compile(r'"[^"]*[가-힣][^"]*"')


def blocks(page: Path) -> list[str]:
    """Return the blocks of code of a page, or the cells of code of a notebook."""
    if page.suffix == ".ipynb":
        cells = nbformat.read(page, as_version=4).cells
        return [cell.source for cell in cells if cell.cell_type == "code"]
    return ["\n".join(block) for block in FENCE.findall(page.read_text("utf-8"))]


def is_same(korean: str, english: str) -> bool:
    """Say whether two pieces of code differ in nothing but comments and Korean strings."""
    parts = IN_KOREAN.split(COMMENT.sub("", korean))
    return bool(re.fullmatch('"[^"]*"'.join(map(re.escape, parts)), COMMENT.sub("", english)))


@pytest.mark.parametrize("pages", PAGES, ids=[korean.name for _, korean in PAGES])
def test_the_code_is_the_same(pages: tuple[Path, Path]) -> None:
    english, korean = map(blocks, pages)
    for ours, theirs in zip(korean, english, strict=True):
        assert is_same(ours, theirs), ours


def test_other_code_would_be_noticed() -> None:
    assert is_same('assert x == 1, "아니다"  # 하나', 'assert x == 1, "not yet"  # one')
    assert not is_same('assert x == 2, "아니다"', 'assert x == 1, "not yet"')
    assert not is_same('print("no")', 'print("not yet")')
    assert not is_same("a = 1", "a = 1\nb = 2")


TRANSLATED = {page.name for pair in PAGES for page in pair}  # they lead to each other


def shape(section: str) -> list[object]:
    """Return what a section has of everything that is in no language."""
    outside = FENCE.sub("", section)
    links = re.findall(r"\]\((?:\.\./)*([^)#\s]+)", outside)
    marks = [
        outside.count(mark) for mark in ("<details>", "![", "**Predict.**", "**예측해 보자.**")
    ]
    return [
        re.match("#*", section.lstrip())[0],
        sorted(link for link in links if Path(link).name not in TRANSLATED),
        [*marks[:2], sum(marks[2:])],
        [row.count("|") for row in outside.splitlines() if row.startswith("|")],
        len(re.findall(r"\n\n    ", outside)),
    ]


NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@pytest.mark.parametrize(("page", "english", "korean"), PAIRS, ids=NAMES)
def test_nothing_is_left_out(page: str, english: str, korean: str) -> None:
    korean = translation.NOTE.sub("", korean)
    assert shape(korean) == shape(english)
    assert set(NUMBER.findall(english)) <= set(NUMBER.findall(korean))
    letters = len(re.findall("[가-힣]", korean))
    words = len(re.findall(r"[A-Za-z]{3,}", FENCE.sub("", english)))
    assert (
        letters > 1.5 * words
    )  # Korean has about 2.3 letters for each; no paragraph is still English
