"""The checks of the exercises in docs/backprop.md pass right answers, and fail wrong ones."""

import re
from pathlib import Path

import pytest

GUIDE = (Path(__file__).parent.parent / "docs" / "backprop.md").read_text("utf-8")
START = re.findall(r"^### For the exercises\n.*?^## ", GUIDE, re.DOTALL | re.MULTILINE)[0]
EXERCISES = re.findall(
    r"^### Exercise (\d+): (.*?)<details>\n<summary>Answer</summary>\n(.*?)</details>",
    GUIDE,
    re.DOTALL | re.MULTILINE,
)
TASKS = [task for _, task, _ in EXERCISES]
ANSWERS = [answer for _, _, answer in EXERCISES]


def code(text: str) -> list[str]:
    """Return the blocks of Python in a text."""
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def run_check(number: int, answer: str) -> None:
    """Run a file of one's own: the start, an answer, and the check of its exercise."""
    exec("\n".join([*code(START), answer, code(TASKS[number - 1])[-1]]), {"__name__": "mine"})


def test_there_are_ten_in_order() -> None:
    assert [int(number) for number, _, _ in EXERCISES] == list(range(1, 11))


@pytest.mark.parametrize("number", range(1, 11))
def test_the_check_passes_the_answer(number: int) -> None:
    run_check(number, code(ANSWERS[number - 1])[0])


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


@pytest.mark.parametrize(("number", "right", "wrong"), MISTAKES)
def test_the_check_fails_a_wrong_answer(number: int, right: str, wrong: str) -> None:
    answer = code(ANSWERS[number - 1])[0]
    assert right in answer
    # Two shapes that do not fit are a ValueError before the check can say anything.
    with pytest.raises(ValueError if wrong == "dy @ self.W" else AssertionError):
        run_check(number, answer.replace(right, wrong))


def test_the_dense_to_fix_is_not_right() -> None:
    shapes_fit = code(TASKS[3])[0].replace("dy @ self.W", "dy @ self.W.T")
    with pytest.raises(ValueError, match="matmul"):
        run_check(4, code(TASKS[3])[0])
    with pytest.raises(AssertionError, match="not yet"):
        run_check(4, shapes_fit)
