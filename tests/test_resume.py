"""A training that was stopped, in whatever way, ends as if it had not been."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import kill_training
import numpy as np
import pytest
from toy import data, network, same

from tinynet.callbacks import BackupAndRestore, ReduceLROnPlateau
from tinynet.models import load_model
from tinynet.optimizers import SGD, Adam, Nadam, RMSprop
from tinynet.saving import ModelFileError
from tinynet.schedules import ExponentialDecay, PiecewiseConstantDecay

TESTS = Path(__file__).parent

GO_ON = """
import sys
from toy import data
from tinynet.models import load_model
model = load_model(sys.argv[1])
model.fit(*data(), validation_split=0.1, initial_epoch=model.epoch, epochs=10, verbose=0)
model.save(sys.argv[2])
"""


def python(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(TESTS.parent), str(TESTS / "tools")])
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: SGD(0.1, momentum=0.9, nesterov=True),
        lambda: RMSprop(centered=True, momentum=0.5, weight_decay=0.01, global_clipnorm=1.0),
        lambda: Adam(ExponentialDecay(0.01, 10, 0.9)),
        lambda: Nadam(PiecewiseConstantDecay([9, 20], [0.01, 0.005, 0.001])),
    ],
    ids=["SGD", "RMSprop", "Adam with a schedule", "Nadam with another"],
)
def test_four_epochs_then_six_in_a_new_process_are_ten(tmp_path, optimizer):
    half, end = tmp_path / "half.npz", tmp_path / "end.npz"
    model = network(optimizer=optimizer())
    model.fit(*data(), validation_split=0.1, epochs=4, verbose=0)
    model.save(half)
    python(GO_ON, half, end)
    twin = network(optimizer=optimizer())
    twin.fit(*data(), validation_split=0.1, epochs=10, verbose=0)
    resumed = load_model(end)
    assert same(resumed, twin)
    assert resumed.epoch == 10
    assert resumed.optimizer.iterations == twin.optimizer.iterations


def test_a_learning_rate_that_a_callback_changed_is_kept(tmp_path):
    model = network(optimizer=SGD(0.1))
    plateau = ReduceLROnPlateau("loss", patience=1, min_delta=9)
    model.fit(*data(), epochs=4, verbose=0, callbacks=[plateau])
    model.save(tmp_path / "m.npz")
    assert model.optimizer.learning_rate < 0.1
    assert load_model(tmp_path / "m.npz").optimizer.learning_rate == model.optimizer.learning_rate


def test_killed_trainings_that_are_started_again_end_the_same():
    figures = kill_training.run(kills=6, epochs=15, order=2)
    assert figures.kills_in_training > 0
    assert figures.same


class Crash(Exception):
    """What stops a training in these tests."""


def crashing(epochs: int, folder: Path, **settings: bool) -> None:
    """Train with a backup and crash in the middle of the epoch after so many."""
    from tinynet.callbacks import LambdaCallback

    model = network()

    def crash(batch, logs):
        if model.epoch == epochs and batch == 1:
            raise Crash

    backup = BackupAndRestore(str(folder), **settings)
    with pytest.raises(Crash):
        model.fit(
            *data(),
            epochs=9,
            verbose=0,
            callbacks=[backup, LambdaCallback(on_train_batch_end=crash)],
        )


def test_a_backup_goes_on_after_the_last_whole_epoch(tmp_path):
    crashing(5, tmp_path / "backup")
    model, twin = network(), network()
    history = model.fit(
        *data(), epochs=9, verbose=0, callbacks=[BackupAndRestore(str(tmp_path / "backup"))]
    )
    twin.fit(*data(), epochs=9, verbose=0)
    assert history.epoch == [5, 6, 7, 8]
    assert same(model, twin)


def test_the_backup_is_removed_at_the_end_and_nothing_else(tmp_path):
    mine = tmp_path / "notes.txt"
    mine.write_text("mine")
    network().fit(*data(), verbose=0, callbacks=[BackupAndRestore(str(tmp_path))])
    assert list(tmp_path.iterdir()) == [mine]
    folder = tmp_path / "new"
    network().fit(*data(), verbose=0, callbacks=[BackupAndRestore(str(folder))])
    assert not folder.exists()


def test_a_backup_can_be_kept(tmp_path):
    backup = BackupAndRestore(str(tmp_path), delete_checkpoint=False)
    network().fit(*data(), epochs=2, verbose=0, callbacks=[backup])
    assert load_model(tmp_path / "backup.npz").epoch == 2


def test_a_backup_of_another_model_is_refused_and_this_one_stays(tmp_path):
    crashing(1, tmp_path)
    model = network()
    model.pop()
    model.compile("adam", "mse")
    before = model.build() or model.params.copy()
    with pytest.raises(ModelFileError, match="a backup of another training: its layers are not"):
        model.fit(
            data()[0], np.zeros((100, 8)), verbose=0, callbacks=[BackupAndRestore(str(tmp_path))]
        )
    assert (model.params == before).all()


def test_a_backup_after_some_batches_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="Expected save_freq='epoch', got 100"):
        BackupAndRestore(str(tmp_path), save_freq=100)


FULL_DISK = """
import resource, signal, sys
from toy import data, network
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))  # no file may grow further
try:
    network(seed=2).save(sys.argv[1])
except OSError as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no limit on the size of files there")
def test_an_old_file_survives_a_disk_that_is_full(tmp_path):
    path = tmp_path / "m.npz"
    model = network()
    model.save(path)
    before = path.read_bytes()
    assert python(FULL_DISK, path).stdout == "OSError\n"
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert (load_model(path).params == model.params).all()
