"""Long work shows how far it is: redrawn on a terminal, plain in a pipe, ASCII if need be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent

WORK = """
import time
from toy import data, network
from tinynet.callbacks import LambdaCallback
model, (x, y) = network(), data()
slow = LambdaCallback(
    on_train_batch_end=lambda batch, logs=None: time.sleep(0.03),
    on_test_batch_end=lambda batch, logs=None: time.sleep(0.03),
    on_predict_batch_end=lambda batch, logs=None: time.sleep(0.03),
)
model.fit(x, y, batch_size=10, epochs=2, validation_split=0.2, callbacks=[slow])
model.evaluate(x, y, batch_size=10, callbacks=[slow])
model.predict(x, batch_size=10, callbacks=[slow])
model.summary()
"""


def environment(encoding: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT.parent), str(ROOT / "tools")])
    return os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}


def in_a_pipe(encoding: str) -> bytes:
    return subprocess.run(
        [sys.executable, "-c", WORK], env=environment(encoding), capture_output=True, check=True
    ).stdout


def on_a_terminal(encoding: str) -> bytes:
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", WORK],
        env=environment(encoding) | {"COLUMNS": "200"},
        stdout=theirs,
    ) as child:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(ours)
    assert child.returncode == 0
    return shown


def test_in_a_pipe_there_is_one_plain_line_for_each_epoch_and_nothing_to_redraw():
    text = in_a_pipe("utf-8").decode()
    assert "\r" not in text
    assert "\x1b" not in text
    assert "\x08" not in text
    lines = text.splitlines()
    assert lines[0] == "Epoch 1/2"
    names = r"accuracy: .* - loss: .* - val_accuracy: .* - val_loss: "
    assert re.match(rf"8/8 - \d+s - \d+ms/step - {names}", lines[1])
    assert lines[2] == "Epoch 2/2"
    assert re.match(r"10/10 - \d+s - \d+ms/step - accuracy: .* - loss: ", lines[4])  # evaluate
    assert re.match(r"10/10 - \d+s - \d+ms/step$", lines[5])  # predict


def test_where_the_encoding_has_no_more_all_is_ascii():
    text = in_a_pipe("ascii").decode("ascii")
    assert "Total params: 83" in text


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals there")
@pytest.mark.parametrize(("encoding", "bar"), [("utf-8", "━"), ("ascii", "=")])
def test_on_a_terminal_each_line_is_redrawn_and_ends_full(encoding, bar):
    text = on_a_terminal(encoding).decode(encoding).replace("\r\n", "\n")
    fit1, fit2, evaluate, predict = [line for line in text.split("\n") if "/step" in line]
    for line, steps in ((fit1, 8), (fit2, 8), (evaluate, 10), (predict, 10)):
        drawn = line.split("\r")
        assert len(drawn) > 3
        assert 0 < drawn[1].count(bar) < 20
        assert f"{steps}/{steps} {bar * 20}" in drawn[-1]
    assert re.search(r"- val_accuracy: \d\.\d{4} - val_loss: \d\.\d{4}", fit1)
