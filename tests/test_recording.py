"""What callbacks write down: the history, and a file that another training goes on with."""

import os
from pathlib import Path

import numpy as np
import pytest

from tinynet import callbacks
from tinynet.layers import Dense
from tinynet.models import Sequential


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Adds(callbacks.Callback):
    def __init__(self, name="f1"):
        self.name = name

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = 0.5


def log(logger, metrics, before=(), after=()):
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse", metrics=metrics)
    logger = callbacks.CSVLogger(logger) if isinstance(logger, str) else logger
    model.fit(np.ones((4, 2)), np.ones(4), verbose=0, callbacks=[*before, logger, *after])


@pytest.mark.parametrize(("before", "after"), [([], []), ([Adds()], []), ([], [Adds()])])
def test_a_csv_file_is_not_gone_on_with_under_other_columns(before, after):
    logger = callbacks.CSVLogger("log.csv", append=True)
    log("log.csv", ["mae"])
    with open("log.csv", "rb") as file:
        written = file.read()
    with pytest.raises(
        ValueError, match=r"its columns are .*epoch.*; this training logs mse.*, too"
    ):
        log(logger, ["mse"], before, after)
    with open("log.csv", "rb") as file:
        assert file.read() == written


def test_a_csv_file_is_gone_on_with_under_its_own_columns():
    log("log.csv", ["mae", "mse"])
    with open("log.csv", "rb+") as file:
        file.seek(-2, os.SEEK_END)
        file.truncate()  # killed before the line had its end
    log(callbacks.CSVLogger("log.csv", append=True), ["mse"])
    log(callbacks.CSVLogger("log.csv", append=True), ["mae"], before=[Adds("val_mae")])
    header, *rows = Path("log.csv").read_text().splitlines()
    assert header == "epoch,loss,mae,mse,val_loss,val_mae,val_mse"
    assert [[value == "NA" for value in row.split(",")] for row in rows] == [
        [False, False, False, False, True, True, True],
        [False, False, True, False, True, True, True],
        [False, False, False, True, True, False, True],
    ]


@pytest.mark.parametrize("content", ["shopping\nmilk\n", "\n", "epochs,loss\n0,1\n"])
def test_what_no_csv_logger_wrote_is_not_gone_on_with(content):
    Path("list.txt").write_text(content)
    with pytest.raises(ValueError, match="append=False"):
        log(callbacks.CSVLogger("list.txt", append=True), [])
    assert Path("list.txt").read_text() == content


def test_a_history_shows_where_it_ended():
    assert repr(callbacks.History()) == "<History of 0 epochs>"
    history = callbacks.History()
    history.record(0, {"accuracy": 0.5, "loss": 2.0, "val_loss": 3.0})
    history.record(1, {"accuracy": 0.75, "loss": 1e-4})
    last = "accuracy: 0.7500 - loss: 1.0000e-04 - val_loss: 3.0000"
    assert repr(history) == f"<History of 2 epochs - {last}>"
