"""What is printed while work goes on: under a real terminal, in a pipe, in a notebook."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet.support import progress
from tinynet.support.progress import Progress, clock, per_step, values

ROOT = Path(__file__).parent.parent

FIT = """
import time, numpy as np
from tinynet import Sequential, Input
from tinynet.callbacks import Callback
from tinynet.layers import Dense

class Slow(Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.02)

model = Sequential([Input((4,)), Dense(2, "softmax")])
model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
x, y = np.ones((20, 4)), np.eye(2)[np.arange(20) % 2]
model.fit(x, y, batch_size=1, epochs=2, validation_data=(x, y), callbacks=[Slow()], VERBOSE)
model.evaluate(x, y, batch_size=1, VERBOSE)
model.predict(x, batch_size=1, VERBOSE)
"""
NUMBERS = r"accuracy: 0\.\d{4} - loss: \d\.\d{4} - val_accuracy: 0\.\d{4} - val_loss: \d\.\d{4}"
BAR = "━" * 20


def command(code, **env):
    return {
        "args": [sys.executable, "-c", code],
        "cwd": ROOT,
        "env": os.environ | {"PYTHONIOENCODING": "utf-8"} | env,
    }


def in_a_pipe(code, **env):
    """Return what a program prints where its output is no terminal."""
    return subprocess.run(capture_output=True, check=True, **command(code, **env)).stdout


def on_a_terminal(code, **env):
    """Return what a program writes to a terminal, control characters included."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(stdout=theirs, **command(code, **env))
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # how Linux says that the other end is closed
            part = b""
        if not part:
            break
        written += part
    os.close(ours)
    assert process.wait() == 0
    return written.replace(b"\r\n", b"\n")


def test_on_a_terminal_one_line_an_epoch_is_redrawn():
    text = on_a_terminal(FIT.replace(", VERBOSE", ""), COLUMNS="120").decode()
    lines = text.split("\n")
    assert [line for line in lines if line.startswith("Epoch")] == ["Epoch 1/2", "Epoch 2/2"]
    redrawn = [line.split("\r") for line in lines if "\r" in line]
    assert len(redrawn) == 4  # two epochs, evaluate, predict
    for states in redrawn[:2]:
        assert len(states) > 4
        for state in states[1:-1]:  # "\r", while running: how much is left, no validation yet
            assert re.match(r" ?\d+/20 ━*─* \d+s \d+[mu]?s/step - accuracy: [^v]*$", state)
        assert re.fullmatch(rf"20/20 {BAR} \d+s \d+[mu]?s/step - {NUMBERS} *", states[-1])
        places = [int(state.split("/")[0]) for state in states[1:]]
        assert places == sorted(places)
    assert re.match(rf"20/20 {BAR} \d+s \d+[mu]?s/step - accuracy: ", redrawn[2][-1])
    assert re.fullmatch(rf"20/20 {BAR} \d+s \d+[mu]?s/step *", redrawn[3][-1])


PLAIN = [
    "Epoch 1/2",
    rf"20/20 - \d+s - \d+[mu]?s/step - {NUMBERS}",
    "Epoch 2/2",
    rf"20/20 - \d+s - \d+[mu]?s/step - {NUMBERS}",
    r"20/20 - \d+s - \d+[mu]?s/step - accuracy: 0\.\d{4} - loss: \d\.\d{4}",
    r"20/20 - \d+s - \d+[mu]?s/step",
]


@pytest.mark.parametrize("verbose", ["verbose='auto'", "verbose=1", "verbose=2"])
def test_in_a_pipe_there_is_a_plain_line_an_epoch(verbose):
    text = in_a_pipe(FIT.replace("VERBOSE", verbose)).decode("ascii")  # no bars, no controls
    lines = text.splitlines()
    assert len(lines) == len(PLAIN)
    for line, expected in zip(lines, PLAIN, strict=True):
        assert re.fullmatch(expected, line)


def test_verbose_2_is_plain_on_a_terminal_too():
    assert b"\r" not in on_a_terminal(FIT.replace("VERBOSE", "verbose=2"))


def test_verbose_0_is_silent():
    assert in_a_pipe(FIT.replace("VERBOSE", "verbose=0")) == b""


def test_an_ascii_terminal_gets_an_ascii_bar():
    written = on_a_terminal(FIT.replace(", VERBOSE", ""), PYTHONIOENCODING="ascii")
    text = written.decode("ascii")
    assert "20/20 ==================== " in text
    assert re.search(r"\d+/20 =*\.+ ", text)


def test_in_a_notebook_one_output_is_replaced(monkeypatch):
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    shown = []

    class Shell:
        class display_pub:
            def publish(data, metadata, transient, update):
                shown.append((data["text/plain"], transient["display_id"], update))

    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: Shell))
    monkeypatch.setattr(progress, "INTERVAL", 0)
    for _ in range(2):
        line = Progress(2, verbose=1)
        line.update(1, {"loss": 1.0})
        line.finish({"loss": 0.5})
    assert stream.getvalue() == ""
    assert [update for _, _, update in shown] == [False, True, False, True]
    (one, place, _), (two, same, _), (_, other, _), _ = shown
    assert "loss: 1.0" in one
    assert "loss: 0.5" in two
    assert place == same != other


def test_a_notebook_that_is_run_from_a_command_keeps_a_line_an_epoch(tmp_path):
    pytest.importorskip("ipykernel", reason="needs ipykernel and nbconvert")
    nbformat = pytest.importorskip("nbformat")
    execute = pytest.importorskip("nbconvert.preprocessors").ExecutePreprocessor
    code = FIT.replace(", VERBOSE", "")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code + "pass")])
    execute(timeout=120).preprocess(book, {"metadata": {"path": str(ROOT)}})
    outputs = book.cells[0].outputs
    texts = [o.get("text") or o.data["text/plain"] for o in outputs]
    assert [text for text in texts if text.startswith("Epoch")] == ["Epoch 1/2\n", "Epoch 2/2\n"]
    assert len([text for text in texts if text.startswith("20/20")]) == 4
    assert sum(len(text.splitlines()) for text in texts) < 10


@pytest.mark.parametrize("columns", [200, 80, 60, 40])
def test_no_line_is_longer_than_the_terminal_and_no_value_is_lost(columns, monkeypatch, capsys):
    monkeypatch.setattr(progress, "is_terminal", lambda: True)
    monkeypatch.setattr(progress, "width", lambda: columns - 1)
    monkeypatch.setattr(progress, "INTERVAL", 0)
    logs = {"accuracy": 0.5, "top_k_categorical_accuracy": 0.75, "val_loss": 0.25}
    line = Progress(20, verbose=1)
    line.update(10, logs)
    line.finish(logs)
    written = capsys.readouterr().out
    assert max(map(len, re.split(r"[\r\n]", written))) < columns
    last = " ".join(written.rpartition("\r")[2].split())
    assert all(f"{name}: {value:.4f}" in last for name, value in logs.items())
    assert last.startswith(f"20/20 {BAR}") or columns < 60


def test_a_shorter_line_wipes_a_longer_one(monkeypatch, capsys):
    monkeypatch.setattr(progress, "can_redraw", lambda: True)
    line = Progress(1, verbose=1)
    line.draw("a long line")
    line.draw("short")
    assert capsys.readouterr().out == "\ra long line\rshort      "


def test_a_line_is_redrawn_at_most_every_interval(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "can_redraw", lambda: True)
    line = Progress(1000, verbose=1)
    for step in range(1, 1001):
        now[0] += 0.001  # a second in all
        line.update(step, {})
    assert 15 <= capsys.readouterr().out.count("\r") <= 20


def test_what_is_left_follows_from_the_pace_after_the_first_step(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "can_redraw", lambda: True)
    line = Progress(11, verbose=1)
    for step, seconds in [(1, 100.0), (2, 2.0), (3, 2.0)]:  # the first step warms up
        now[0] += seconds
        line.update(step, {})
    # 8 steps of 2 seconds are left
    assert capsys.readouterr().out.endswith(" 3/11 ━━━━━─────────────── 16s 2s/step")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (61, "1:01"),
        (754, "12:34"),
        (3725, "1:02:05"),
        (90061, "25:01:01"),
    ],
)
def test_durations(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.2, "3s/step"), (0.0021, "2ms/step"), (2.1e-5, "21us/step"), (0, "0us/step")],
)
def test_paces(seconds, text):
    assert per_step(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.92544, "0.9254"),
        (12.0, "12.0000"),
        (0.0011, "0.0011"),
        (0.00099, "9.9000e-04"),
        (0.0, "0.0000e+00"),
        (-0.5, "-0.5000"),
        (float("nan"), "nan"),
        (1e9, "1000000000.0000"),
    ],
)
def test_numbers_are_printed_as_keras_prints_them(value, text):
    assert values({"loss": value}) == f" - loss: {text}"


@given(st.integers(1, 10**6), st.data())
def test_a_bar_is_as_wide_at_every_step(target, data):
    line = Progress(target, verbose=2)
    step = data.draw(st.integers(0, target))
    assert len(line.bar(step)) == len(line.bar(target))
