"""ModelCheckpoint says before the first epoch what would go wrong after it."""

import os
import sys

import numpy as np
import pytest

from tinynet import callbacks
from tinynet.layers import Dense
from tinynet.models import Sequential

X, Y = np.ones((8, 2)), np.ones(8)


class Adds(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["f1"] = 0.5


LATER = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(f1=0.5))
RATE = callbacks.LearningRateScheduler(lambda epoch: 0.1)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def fit(path, before=(), after=(), validated=True, validation_freq=1, **settings):
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse", metrics=["mae"])
    checkpoint = callbacks.ModelCheckpoint(path, **settings)
    data = (X, Y) if validated else None
    model.fit(
        *(X, Y, 4, 3),
        verbose=0,
        callbacks=[*before, checkpoint, *after],
        validation_data=data,
        validation_freq=validation_freq,
    )
    return sorted(os.listdir("."))


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("{acc}.npz", {}, "no 'acc'. There are: epoch, loss, mae, val_loss, val_mae"),
        ("{val_loss}.npz", {"validated": False}, "no 'val_loss'"),
        ("{val_loss}.npz", {"save_freq": 1}, "no 'val_loss'. There are: epoch, batch, loss, mae"),
        ("{batch}.npz", {}, "no 'batch'"),
        ("{f1}.npz", {"after": [Adds()]}, "no 'f1'"),
        ("{learning_rate}.npz", {"after": [RATE]}, "no 'learning_rate'"),
        ("{}.npz", {}, "can't fill in"),
        ("{epoch", {}, "expected '}'"),
        ("{epoch:x2}.npz", {}, "x2"),
        ("{val_mae:d}.npz", {}, "'d'"),
        ("{epoch.nothing}.npz", {}, "nothing"),
    ],
)
def test_a_path_that_can_not_be_filled_in_is_refused_before_the_first_epoch(path, options, words):
    class Counts(callbacks.Callback):
        epochs = 0

        def on_epoch_begin(self, epoch, logs=None):
            Counts.epochs += 1

    with pytest.raises(ValueError, match="ModelCheckpoint can't fill in") as error:
        fit(path, **options | {"after": [*options.get("after", ()), Counts()]})
    assert words in str(error.value)
    assert Counts.epochs == 0
    assert not os.listdir(".")


@pytest.mark.parametrize("adds", [Adds(), LATER])
def test_a_name_that_another_callback_adds_may_be_in_the_path(adds):
    assert fit("{epoch}-{f1}.npz", before=[adds]) == ["1-0.5.npz", "2-0.5.npz", "3-0.5.npz"]


def test_a_learning_rate_is_there_behind_whoever_sets_it():
    assert fit("{learning_rate:.1f}.npz", before=[RATE]) == ["0.1.npz"]


def test_a_name_that_nobody_added_is_said_after_the_first_epoch():
    with pytest.raises(ValueError, match="no 'f2'"):
        fit("{epoch}-{f2}.npz", before=[Adds()])


@pytest.mark.parametrize("before", [[], [Adds()]])
def test_an_epoch_without_the_name_saves_nothing_and_says_so(before):
    with pytest.warns(UserWarning, match="saves nothing after epoch [13]: .*'val_loss'"):
        files = fit("{epoch}-{val_loss:.9f}.npz", before=before, validation_freq=2)
    assert [name[0] for name in files] == ["2"]


def test_a_folder_that_can_not_be_made_is_said_before_the_first_epoch():
    open("file", "w").close()
    with pytest.raises(OSError, match="file"):
        fit("file/model.npz", before=[callbacks.LambdaCallback(on_epoch_begin=pytest.fail)])


@pytest.mark.parametrize("path", ["m.keras", "m.weights.h5"])
def test_a_library_that_is_missing_is_said_before_the_first_epoch(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match="pip install"):
        fit(
            path,
            before=[callbacks.LambdaCallback(on_epoch_begin=pytest.fail)],
            save_weights_only=path.endswith("weights.h5"),
        )


@pytest.mark.parametrize("value", ["good", None, [1, 2]])
def test_what_is_watched_must_be_a_number(value):
    adds = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(f1=value))
    with pytest.raises(ValueError, match="ModelCheckpoint watches 'f1', which is no number"):
        fit("m.npz", before=[adds], monitor="f1", mode="max", save_best_only=True)


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), np.array(0.5), 1])
def test_the_best_is_pythons_own_number(value):
    adds = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(f1=value))
    stopping = callbacks.EarlyStopping("f1", mode="max")
    fit("m.npz", before=[adds, stopping])
    assert type(stopping.best) is float
