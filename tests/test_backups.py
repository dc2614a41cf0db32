"""Backups: exact in any order of callbacks, and refused where the training is another one."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy import Shrink, data, network, orders, same

from tinynet import Sequential, utils
from tinynet.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from tinynet.layers import Dense, Dropout, Input
from tinynet.models import load_model
from tinynet.optimizers import SGD, Adam
from tinynet.saving import ModelFileError

X, Y = data()


class Crash(Exception):
    pass


def crash_before(epoch):
    def stop(now, logs):
        if now == epoch:
            raise Crash

    return LambdaCallback(on_epoch_begin=stop)


def fit(model, folder, *others, epochs=8, crash=None, place=0, **options):
    """Train with a backup at that place among the other callbacks, maybe up to a crash."""
    callbacks = list(others)
    callbacks.insert(place, BackupAndRestore(str(folder)))
    if crash is not None:
        callbacks.append(crash_before(crash))
    options = {"validation_split": 0.2} | options
    try:
        return model.fit(X, Y, epochs=epochs, verbose=0, callbacks=callbacks, **options)
    except Crash:
        return None


@pytest.mark.parametrize("order", range(1, 4))
@pytest.mark.parametrize("crash", [1, 3, 7])
def test_the_end_is_the_same_bit_for_bit_in_any_order(order, crash, tmp_path):
    count = len(orders[order](""))
    for number, arrangement in enumerate(itertools.permutations(range(count))):
        place = number % (count + 1)

        def run(folder, *crashes, place=place, arrangement=arrangement):
            for at in (*crashes, None):
                others = orders[order](folder)
                model = network()
                fit(model, folder, *(others[i] for i in arrangement), crash=at, place=place)
            return model

        whole = run(tmp_path / f"whole{number}")
        again = run(tmp_path / f"again{number}", crash)
        assert same(whole, again)
        assert whole.optimizer.learning_rate == again.optimizer.learning_rate


def test_two_crashes_one_after_the_other(tmp_path):
    whole, folder = network(), tmp_path / "backup"
    fit(whole, tmp_path / "whole", ReduceLROnPlateau(patience=1), Shrink())
    for crash in (2, 5, None):
        again = network()
        history = fit(again, folder, ReduceLROnPlateau(patience=1), Shrink(), crash=crash)
    assert history.epoch == [5, 6, 7]
    assert same(whole, again)


def test_early_stopping_goes_on_waiting_and_knows_its_best(tmp_path):
    def stopping():
        return EarlyStopping("loss", patience=3, min_delta=100, restore_best_weights=True)

    whole, folder = network(), tmp_path / "backup"
    history = fit(whole, tmp_path / "whole", stopping())
    assert history.epoch == [0, 1, 2, 3]
    fit(network(), folder, stopping(), crash=2)
    again = network()
    assert fit(again, folder, stopping()).epoch == [2, 3]
    assert same(whole, again)


def test_a_training_that_had_stopped_does_not_go_on(tmp_path):
    def late(logs):
        raise Crash

    stopping = EarlyStopping("loss", patience=1, min_delta=100)
    fit(network(), tmp_path, stopping, LambdaCallback(on_train_end=late))
    model = network()
    assert fit(model, tmp_path, EarlyStopping("loss", patience=1, min_delta=100)).epoch == []
    assert model.epoch == 2


def test_the_best_survives(tmp_path):
    best = str(tmp_path / "best.npz")

    def run(labels, crash=None):
        checkpoint = ModelCheckpoint(best, save_best_only=True)
        valid = {"validation_data": (X[80:], labels[80:]), "validation_split": 0.0}
        fit(network(), tmp_path / "backup", checkpoint, epochs=4, crash=crash, **valid)
        return checkpoint.best

    first = Y
    run(first, crash=3)
    before = Path(best).read_bytes()
    worse = (Y + 1) % 3
    assert run(worse) is not None
    assert Path(best).read_bytes() == before


def test_what_a_callback_of_ones_own_returns_is_kept(tmp_path):
    class Count(Callback):
        def __init__(self):
            self.count, self.sums = 0, np.zeros(2)

        def get_state(self):
            return {"count": self.count, "sums": self.sums}

        def set_state(self, state):
            self.count, self.sums = state["count"], state["sums"]

        def on_epoch_end(self, epoch, logs=None):
            self.count += 1
            self.sums = self.sums + np.array([1, logs["loss"]])

    fit(network(), tmp_path, Count(), crash=3)
    counter = Count()
    fit(network(), tmp_path, counter)
    assert counter.count == 8
    assert counter.sums[0] == 8


def test_a_cell_of_a_notebook_that_is_run_again(tmp_path):
    def cell(folder, crash=None):
        utils.set_random_seed(3)
        dropout = Dropout(0.2, seed=7)  # with a generator of its own, kept under its name
        model = Sequential([Input((6,)), Dense(8, "relu"), dropout, Dense(3, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        fit(model, folder, crash=crash)
        return model

    whole = cell(tmp_path / "whole")
    cell(tmp_path / "again", crash=3)
    again = cell(tmp_path / "again")
    assert [layer.name for layer in again.layers] != [layer.name for layer in whole.layers]
    assert whole.params.tobytes() == again.params.tobytes()


def build(*, act="relu", units=8, optimizer=None, loss="sparse_categorical_crossentropy", **more):
    utils.set_random_seed(1)
    layers = [
        Input((6,)),
        Dense(units, act, **more),
        Dense(14 - units, "relu"),
        Dense(3, "softmax"),
    ]
    model = Sequential(layers)
    model.compile(optimizer or SGD(0.1), loss)
    return model


OTHERS = {
    "another activation": {"act": "tanh"},
    "other widths, as many weights": {"units": 6},
    "a penalty": {"kernel_regularizer": "l2"},
    "another rate": {"optimizer": SGD(0.5)},
    "weight decay": {"optimizer": SGD(0.1, weight_decay=0.1)},
    "another optimizer": {"optimizer": Adam(0.1)},
    "momentum": {"optimizer": SGD(0.1, momentum=0.9)},
    "frozen": {"trainable": False},
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_backup_of_another_model_is_refused_and_nothing_is_changed(other, tmp_path):
    fit(build(), tmp_path, crash=3)
    before = (tmp_path / "backup.npz").read_bytes()
    model = build(**OTHERS[other])
    start = model.params.copy(), model.rng.bit_generator.state
    with pytest.raises(ModelFileError, match="a backup of another training: its") as error:
        fit(model, tmp_path)
    assert "Give this one a folder of its own, or delete the backup" in str(error.value)
    np.testing.assert_array_equal(model.params, start[0])
    assert (tmp_path / "backup.npz").read_bytes() == before
    fit(model, tmp_path / "of its own")  # as the message says
    assert fit(build(), tmp_path).epoch == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "options", [{"batch_size": 16}, {"validation_split": 0.3}, {"validation_split": 0.0}]
)
def test_other_data_are_refused(options, tmp_path):
    fit(build(), tmp_path, crash=3)
    with pytest.raises(ModelFileError, match="a backup of another training: its data are not"):
        fit(build(), tmp_path, **options)


def test_more_epochs_and_other_callbacks_are_no_other_training(tmp_path):
    fit(build(), tmp_path, crash=3)
    log = CSVLogger(tmp_path / "log.csv")
    assert fit(build(), tmp_path, log, epochs=10).epoch == list(range(3, 10))


HOOKS = [
    "on_train_begin",
    "on_epoch_begin",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_test_end",
    "on_epoch_end",
    "on_train_end",
]


@pytest.mark.parametrize("error", [Crash, KeyboardInterrupt])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("hook", HOOKS)
def test_history_epoch_and_weights_agree_whatever_stops_a_training(hook, first, error, tmp_path):
    model, calls = network(), itertools.count()

    def stop(*arguments):
        if next(calls) == {"on_train_begin": 0, "on_train_end": 0}.get(hook, 2):
            raise error

    mine = [LambdaCallback(**{hook: stop})]
    kept = [ModelCheckpoint(str(tmp_path / "{epoch}.npz")), ReduceLROnPlateau(patience=1)]
    with pytest.raises(error):
        model.fit(*(X, Y, 50, 4, 0, mine + kept if first else kept + mine), validation_data=(X, Y))
    done = model.history.epoch
    assert done == list(range(model.epoch))
    histories = model.history.history
    assert all(len(histories.get(name, [])) == len(done) for name in ("loss", "val_loss"))
    if done and hook in ("on_epoch_end", "on_train_end", "on_epoch_begin"):
        loss = model.evaluate(X, Y, verbose=0)[0]  # the weights are those after that epoch
        assert model.history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-6)
    for name in (p for p in tmp_path.iterdir() if p.suffix == ".npz"):
        assert load_model(name).epoch == int(name.stem)


def test_ctrl_c_while_a_checkpoint_is_written(tmp_path):
    root = Path(__file__).parent
    code = """
import os, signal, sys
from toy import data, network
from tinynet.callbacks import LambdaCallback
model = network()
press = LambdaCallback(on_epoch_end=lambda e, logs: e == 1 and signal.raise_signal(signal.SIGINT))
try:
    model.fit(*data(), epochs=4, verbose=0, callbacks=[press])
except KeyboardInterrupt:
    print(model.epoch, model.history.epoch)
"""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(root.parent), str(root / "tools")])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "2 [0, 1]\n"
