"""Dozens of random programs, in float64, beside real Keras; tests/tools/ runs thousands."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinynet

TOOL = Path(__file__).parents[1] / "tools" / "random_programs.py"
sys.path.append(str(TOOL.parent))
programs = importlib.import_module("random_programs")


def test_programs_do_on_keras_what_they_do_here(keras):
    run = subprocess.run(  # apart, since Keras is in float32 here
        [sys.executable, TOOL, "--first", "1000", "--count", "12"], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "12 programs from 1000" in run.stdout


@pytest.mark.parametrize("seed", range(40))
def test_programs_run_here(seed):
    program = programs.draw(seed)
    seen = programs.run(tinynet, program)
    assert str(programs.draw(seed)) == str(program)
    refusals = (ValueError, TypeError, FloatingPointError)
    assert seen[-1][0] != "error" or isinstance(seen[-1][1], refusals)
    assert programs.compare(tinynet, program)[0] in ("same", "both refuse")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": [1.0]}, {"a": [1.1]}),
        ({"a": [1.0], "b": []}, {"b": [], "a": [1.0]}),
        ([np.zeros(2)], [np.zeros((2, 1))]),
        ([1.0], [1.0, 2.0]),
        (1.0, 1.0 + 1e-4),
        (np.nan, 1.0),
    ],
)
def test_differences_are_seen(one, other):
    assert programs.differ(one, other)
    assert not programs.differ(one, one)


def test_a_library_that_differs_is_found_out(monkeypatch):
    class Other:
        def __getattr__(self, name):
            return getattr(tinynet, name)

    steps, turn = programs.steps, []

    def wrong(k, program, seen):
        for what, value in steps(k, program, seen):
            yield what, value if k is tinynet or what != "weights" else [w + 1e-3 for w in value]
        turn.append(k)

    monkeypatch.setattr(programs, "steps", wrong)
    assert programs.compare(Other(), programs.draw(0))[0] == "differs"
    assert len(turn) == 2
