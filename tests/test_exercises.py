"""The checks of the exercises in the guide pass right answers, and fail wrong ones."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("backprop.md", "ko/backprop.md")
GUIDES = {page: (DOCS / page).read_text("utf-8") for page in PAGES}
STARTS = {
    page: re.findall(r"^### [^\n]*\n(.*?)^## ", guide, re.DOTALL | re.MULTILINE)[0]
    for page, guide in GUIDES.items()
}
EXERCISES = {
    page: re.findall(
        r"^### [^\d\n]+ (\d+): (.*?)<details>\n<summary>\w+</summary>\n(.*?)</details>",
        guide,
        re.DOTALL | re.MULTILINE,
    )
    for page, guide in GUIDES.items()
}
NOT_YET = {"backprop.md": "not yet", "ko/backprop.md": "아직 아니다"}


def code(text: str) -> list[str]:
    """Return the blocks of Python in a text."""
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def tasks(page: str, number: int) -> list[str]:
    """Return the blocks of Python of an exercise; the last one is its check."""
    return code(EXERCISES[page][number - 1][1])


def answer(page: str, number: int) -> str:
    """Return the Python of the answer to an exercise."""
    return code(EXERCISES[page][number - 1][2])[0]


def run_check(page: str, number: int, own: str) -> None:
    """Run a file of one's own: the start, an answer, and the check of its exercise."""
    exec("\n".join([*code(STARTS[page]), own, tasks(page, number)[-1]]), {"__name__": "mine"})


@pytest.mark.parametrize("page", PAGES)
def test_there_are_ten_in_order(page: str) -> None:
    assert [int(number) for number, _, _ in EXERCISES[page]] == list(range(1, 11))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("number", range(1, 11))
def test_the_check_passes_the_answer(page: str, number: int) -> None:
    run_check(page, number, answer(page, number))


MISTAKES = [
    (5, "1 - y**2", "1 - y"),
    (5, "dy * (1 - y**2)", "1 - y**2"),
    (6, "1 - np.exp(-y)", "np.exp(-y)"),
    (3, "np.sum(dy, axis=0, out=self.dc)", "np.mean(dy, axis=0, out=self.dc)"),
    (3, "return dy\n", "return dy * self.c * 2\n"),
    (4, "dy @ self.W.T", "dy @ self.W"),
    (4, "x.T @ dy", "x.T @ dy / len(x)"),
    (4, "dy.sum(axis=0)", "dy[0]"),
    (2, "np.diag(p) - np.outer(p, p)", "np.diag(p * (1 - p))"),
    (1, "np.clip(e, -1, 1) / y.shape[1]", "np.clip(e, -1, 1)"),
    (1, "abs(e) - 0.5", "abs(e)"),
    (10, "/ (2 * h)", "/ h"),
    (10, "h=1e-5", "h=1e-2"),
    (10, "h=1e-5", "h=1e-13"),
    (10, "up, down = w.copy(), w.copy()", "up = down = w"),
    (9, "v += g * g", "v[:] = g * g"),
    (9, "w -= lr", "w += lr"),
    (8, "dy + da @ self.W.T", "da @ self.W.T"),
    (8, "dy * (1 - a**2)", "dy"),
    (7, " - z * (dz * z).mean(axis=0)", ""),
    (7, "dz - dz.mean(axis=0)", "dz"),
    (7, "dz = self.a * dy", "dz = dy"),  # a begins at 1
    (7, "0.1 * var", "0.2 * var"),
    (
        7,
        'self.add_weight("mean", input_shape, "zeros", trainable=False)',
        "self.mean = np.zeros(input_shape)",
    ),
    (7, '"ones", trainable=False', '"ones"'),
    (7, "(x - self.mean) / np.sqrt(self.var", "(x - x.mean(axis=0)) / np.sqrt(self.var"),
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("number", "right", "wrong"), MISTAKES)
def test_the_check_fails_a_wrong_answer(page: str, number: int, right: str, wrong: str) -> None:
    own = answer(page, number)
    assert right in own
    # Shapes that do not fit, and trained weights that are no weights, are noticed without a check.
    noticed = wrong in ("dy @ self.W", '"ones"')
    with pytest.raises(ValueError if noticed else AssertionError):
        run_check(page, number, own.replace(right, wrong))


@pytest.mark.parametrize("page", PAGES)
def test_the_dense_to_fix_is_not_right(page: str) -> None:
    wrong = tasks(page, 4)[0]
    with pytest.raises(ValueError, match="matmul"):
        run_check(page, 4, wrong)
    with pytest.raises(AssertionError, match=NOT_YET[page]):
        run_check(page, 4, wrong.replace("dy @ self.W", "dy @ self.W.T"))
