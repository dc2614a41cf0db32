"""Say which sections of the Korean pages translate an English that has changed since.

    python tests/tools/translation.py                   say so
    python tests/tools/translation.py --seen 7 "8. 그"  note the English as it is now, for sections
                                                        whose titles begin so, once you have looked

Each section of a page, and each cell of text in a notebook, notes in a comment of HTML the
beginning of the SHA-256 of the English that it translates.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
DOCS, EXAMPLES = ROOT / "docs", ROOT / "examples"
PAGES = [
    (DOCS / "backprop.md", DOCS / "ko" / "backprop.md"),
    (EXAMPLES / "mnist_walkthrough.ipynb", EXAMPLES / "mnist_walkthrough_ko.ipynb"),
]
NOTE = re.compile(r"<!-- en: (\w*) -->")


def sections(page: Path) -> list[str]:
    """Return the sections of a page, or the cells of text of a notebook."""
    text = page.read_text("utf-8")
    if page.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        return [cell.source for cell in cells if cell.cell_type == "markdown"]
    return re.split(r"^(?=##+ )", text, flags=re.MULTILINE)


def title(section: str) -> str:
    """Return the first words of a section."""
    return NOTE.sub("", section).strip().partition("\n")[0].lstrip("# ")


def note(english: str) -> str:
    """Return what a translation of this English notes."""
    return f"<!-- en: {hashlib.sha256(english.strip().encode()).hexdigest()[:12]} -->"


def is_stale(english: str, korean: str) -> bool:
    """Say whether a section notes another English than this, or none."""
    return note(english) not in korean


def write(page: Path, new: list[str]) -> None:
    """Put new sections in the place of those of a page."""
    if page.suffix != ".ipynb":
        page.write_text("".join(new), "utf-8", newline="\n")
        return
    notebook = nbformat.read(page, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    for cell, source in zip(cells, new, strict=True):
        cell.source = source
    nbformat.write(notebook, page)


def see(english: Path, korean: Path, seen: list[str]) -> None:
    """Note the English of those sections whose titles begin with one of these words."""
    new = []
    for original, section in zip(sections(english), sections(korean), strict=True):
        if title(section).startswith(tuple(seen)):
            section = NOTE.sub(note(original), section)
        new.append(section)
    write(korean, new)


def main() -> int:
    """Note what was seen, name what is left, and return how many sections that is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seen", nargs="+", default=[], metavar="TITLE")
    seen = parser.parse_args().seen
    left = 0
    for english, korean in PAGES:
        if seen:
            see(english, korean, seen)
        for original, section in zip(sections(english), sections(korean), strict=True):
            if is_stale(original, section):
                left += 1
                print(f"{korean.name}: {title(section)}  <-  {title(original)}")
    return left


if __name__ == "__main__":
    sys.exit(main() > 0)
