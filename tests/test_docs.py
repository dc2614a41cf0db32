"""The guides say what is true: quotes match the code, sessions run, links lead somewhere."""

import doctest
import os
import re
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").rglob("*.md"))
GUIDE = ROOT / "docs" / "backprop.md"
GUIDES = [GUIDE, ROOT / "docs" / "ko" / "backprop.md"]
FENCE = re.compile(r"(?P<before>[^\n]*)\n```(?P<kind>\w+)\n(?P<text>.*?)\n```", re.DOTALL)
SOURCE = re.compile(r"\[(?P<shown>[^]]+)\]\((?:\.\./)+(?P<path>[^)]+)\)$")


EXERCISE = re.compile(
    r"^### ((For the e|E)xercise|연습 문제).*?(?=^##+ |\Z)", re.DOTALL | re.MULTILINE
)


def relative(page: Path) -> str:
    """Return the path of a page inside docs."""
    return page.relative_to(ROOT / "docs").as_posix()


def quotes(guide: Path) -> list[tuple[str, str]]:
    """Return the path and the text of every quote: a block of Python under the file's name.

    The Python of the exercises is nobody's; test_exercises.py runs it.
    """
    found = []
    for fence in FENCE.finditer(EXERCISE.sub("", guide.read_text("utf-8"))):
        if fence["kind"] == "python":
            source = SOURCE.search(fence["before"])
            assert source, f"from which file is this?\n{fence['text']}"
            assert source["shown"] == source["path"]
            found.append((source["path"], fence["text"]))
    return found


def is_in(quote: str, source: str) -> bool:
    """Say whether these lines stand in the source, one after the other, however indented."""
    wanted = textwrap.dedent(quote).splitlines()
    lines = source.splitlines()
    windows = (lines[i : i + len(wanted)] for i in range(len(lines)))
    return any(textwrap.dedent("\n".join(w)).splitlines() == wanted for w in windows)


@pytest.mark.parametrize(
    ("path", "quote"),
    [quote for page in [*GUIDES, ROOT / "docs" / "elastic.md"] for quote in quotes(page)],
)
def test_a_quote_stands_in_the_file(path: str, quote: str) -> None:
    assert is_in(quote, (ROOT / path).read_text("utf-8")), f"not in {path} any more:\n{quote}"


HEART = re.compile(r"^```python\n# (?P<path>tinynet/\S+)\n(?P<text>.*?)^```", re.M | re.S)


def test_what_the_readme_shows_as_the_heart_stands_in_the_files() -> None:
    shown = list(HEART.finditer((ROOT / "README.md").read_text("utf-8")))
    assert len(shown) == 2
    for block in shown:
        assert is_in(block["text"], (ROOT / block["path"]).read_text("utf-8")), block["text"]


@pytest.mark.parametrize("guide", GUIDES, ids=relative)
def test_the_guide_shows_the_first_epoch_of_the_readme(guide: Path) -> None:
    first = r"^ *(1875/1875 - .*)$"
    shown = re.findall(first, guide.read_text("utf-8"), re.M)
    assert shown == re.findall(first, (ROOT / "README.md").read_text("utf-8"), re.M)[:1]


def test_a_wrong_quote_would_be_noticed() -> None:
    assert is_in("a = 1\nif a:\n    b", "  a = 1\n  if a:\n      b\n  c")
    assert not is_in("a = 1\nb", "a = 1\nc\nb")
    assert not is_in("a = 1\nif a:\n  b", "  a = 1\n  if a:\n      b")


# The pages with sessions, and how many inputs each has at least.
SESSIONS = {
    "backprop.md": 75,
    "ko/backprop.md": 75,
    "failing.md": 20,
    "overfitting.md": 20,
    "augmentation.md": 20,
}


@pytest.mark.parametrize("page", SESSIONS)
def test_the_sessions_of_the_guide_run(page: str) -> None:
    guide = ROOT / "docs" / page
    text = re.sub(r"^```.*$", "", guide.read_text("utf-8"), flags=re.MULTILINE)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(text, {}, guide.name, str(guide), 0)
    assert len(test.examples) > SESSIONS[page]
    report: list[str] = []
    with np.printoptions():  # the guide sets its own
        result = doctest.DocTestRunner(optionflags=flags).run(test, out=report.append)
    assert result.failed == 0, "".join(report)


@pytest.mark.parametrize("guide", DOCS, ids=relative)
def test_links_and_pictures_are_there(guide: Path) -> None:
    text = guide.read_text("utf-8")
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors
        elif not target.startswith("http"):
            path = guide.parent / target.partition("#")[0]
            assert path.exists(), f"{guide.name} leads to {target}"


def run(script: str, *arguments: str) -> str:
    """Run a script of the project, and return what it prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / script), *arguments]
    return subprocess.run(
        command, env=env, check=True, timeout=120, stdout=subprocess.PIPE, text=True
    ).stdout


def test_the_figures_are_made_by_their_script(tmp_path: Path) -> None:
    run("docs/make_figures.py", str(tmp_path))
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {path.name for path in (ROOT / "docs" / "figures").iterdir()}
    for guide in GUIDES:
        shown = set(re.findall(r"\((?:\.\./)?figures/(\w+\.png)\)", guide.read_text("utf-8")))
        assert made == shown
    assert all(path.stat().st_size > 10_000 for path in tmp_path.iterdir())


@pytest.mark.parametrize("page", ["failing", "overfitting", "augmentation", "scaling"])
def test_the_figures_of_a_page_are_made_by_its_script(page: str, tmp_path: Path) -> None:
    printed = run(f"docs/make_{page}.py", "--quick", "--out", str(tmp_path))
    made = {path.name for path in tmp_path.iterdir()}
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    shown = set(re.findall(rf"\({page}/(\w+\.png)\)", text))
    assert made == shown == {path.name for path in (ROOT / "docs" / page).iterdir()}
    assert all(path.stat().st_size > 10_000 for path in tmp_path.iterdir())
    row = re.compile(r"^\| ([^|]+) \| [\d.]+ % \|", re.MULTILINE)
    assert row.findall(printed) == row.findall(text)


def test_the_pages_are_one_path() -> None:
    path = ["../README.md", "backprop.md", "failing.md", "overfitting.md", "augmentation.md"]
    for page, following in zip(path, [*path[1:], "elastic.md"], strict=True):
        text = (ROOT / "docs" / page).read_text("utf-8")
        assert re.search(rf"\]\((docs/)?{following}\)", text), f"{page} does not go on"


def test_augmentation_is_measured_with_the_functions_of_its_page() -> None:
    text = (ROOT / "docs" / "augmentation.md").read_text("utf-8")
    script = (ROOT / "docs" / "make_augmentation.py").read_text("utf-8")
    for name in ("sample", "moved"):
        session = re.findall(rf"^>>> (def {name}\(.*\n(?:\.\.\. .*\n)+)", text, re.MULTILINE)[0]
        assert session.replace("... ", "") in script


def test_the_figure_of_the_epoch_says_the_numbers_of_the_guide() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "make_figures.py"))
    legend = script["epoch"]().axes[0].get_legend().get_texts()
    numbers = [text.get_text().rpartition(": ")[2] for text in legend[1:]]
    for guide in GUIDES:
        assert f"\n{' '.join(numbers)}\n" in guide.read_text("utf-8")


def test_write_your_own_layer_finds_its_mistake_and_fixes_it() -> None:
    wrong, right = run("examples/write_your_own_layer.py").split("3. Mended")
    assert "Fix slope, then check again." in wrong
    assert "All gradients agree" not in wrong
    assert "All gradients agree" in right
    assert [float(p) > 85 for p in re.findall(r"reads ([\d.]+)%", wrong + right)] == [True, True]


def test_the_table_of_distortions_is_made_by_its_script(tmp_path: Path) -> None:
    table = run("docs/make_elastic.py", "--epochs", "1", "--seeds", "1", "--out", str(tmp_path))
    kinds = re.findall(r"^\| (\w+) \| [\d.]+ % \| [\d.]+ \|", table, re.MULTILINE)
    shown = re.findall(
        r"^\| (\w+) \| ([\d.]+) % \| (\S+), (\S+), (\S+) \|",
        (ROOT / "docs" / "elastic.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert kinds == [kind for kind, *_ in shown] == ["none", "affine", "elastic", "all"]
    for _, mean, *seeds in shown:
        assert float(mean) == pytest.approx(np.mean([float(seed) for seed in seeds]), abs=0.006)
    assert (tmp_path / "distorted.png").stat().st_size > 10_000
