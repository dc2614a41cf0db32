"""What must not disturb a training: forks, buffers, stdout, words in the logs, NaN."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import pickle
import weakref

import numpy as np
import pytest
from toy import data, network

import tinynet
from tinynet import callbacks, config, plots
from tinynet.layers import Dense
from tinynet.models import Sequential, load_model
from tinynet.support.progress import values
from tinynet.utils import set_random_seed


def test_a_model_is_freed_without_the_garbage_collector():
    model = network()
    history = model.fit(*data(), verbose=0)
    assert history.model is model
    twin = pickle.loads(pickle.dumps(model))
    assert twin.history.history == history.history
    gone = weakref.ref(model)
    gc.disable()
    try:
        del model
        assert gone() is None
    finally:
        gc.enable()


def test_a_model_over_read_only_buffers_trains_on_with_the_same_bits():
    model = network(optimizer="adam")
    model.fit(*data(), verbose=0)
    parts: list[pickle.PickleBuffer] = []
    written = pickle.dumps(model, protocol=5, buffer_callback=parts.append)
    twin = pickle.loads(written, buffers=[bytes(part) for part in parts])
    model.fit(*data(), verbose=0)
    twin.fit(*data(), verbose=0)
    assert twin.params.tobytes() == model.params.tobytes()


def test_a_copy_made_array_by_array_trains_on_with_the_same_bits():
    model = network(optimizer="adam")
    model.fit(*data(), verbose=0)
    state = copy.deepcopy(vars(model))
    state["optimizer"].built_for = state["params"].copy()  # as joblib does: no array is shared
    twin = Sequential.__new__(Sequential)
    twin.__setstate__(state)
    model.fit(*data(), verbose=0)
    twin.fit(*data(), verbose=0)
    assert twin.params.tobytes() == model.params.tobytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("chosen", [False, True])
def test_a_fork_draws_its_own_numbers_unless_a_seed_was_chosen(chosen, monkeypatch):
    monkeypatch.setattr(config, "_seed_chosen", chosen)
    monkeypatch.setattr(config, "_seeds", np.random.SeedSequence(3))
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        os.write(outlet, config.new_generator().bytes(8))
        os._exit(0)
    os.waitpid(child, 0)
    assert (os.read(inlet, 8) == config.new_generator().bytes(8)) is chosen


class Written:
    """What has a method write, and no more."""

    text = ""

    def write(self, text: str) -> None:
        self.text += text


def test_stdout_may_be_none_or_anything_with_write():
    for stdout in (None, Written()):
        with contextlib.redirect_stdout(stdout):
            network().fit(*data())
    assert "loss" in stdout.text


def test_a_word_in_the_logs_is_shown_as_it_is():
    assert values({"note": "good", "loss": 0.5}) == " - note: good - loss: 0.5000"


def test_nan_is_never_the_best(tmp_path):
    x, y = data()
    bad = x.copy()
    bad[0] = 3e38
    fix = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: bad.fill(0.5))
    stopping = callbacks.EarlyStopping(patience=9, restore_best_weights=True)
    best = callbacks.ModelCheckpoint(tmp_path / "best.npz", save_best_only=True)
    with np.errstate(all="ignore"):
        network().fit(
            x, y, 32, 4, 0, [best, stopping, fix], validation_data=(bad, y), shuffle=False
        )
    assert load_model(tmp_path / "best.npz").epoch > 1
    assert stopping.best_epoch > 0


def test_one_column_is_yes_or_no_in_the_plots():
    labels, p = np.array([0, 1, 1, 0, 1]), np.array([0.1, 0.9, 0.9, 0.1, 0.9])
    for truth in (labels, labels[:, None]):
        for outputs in (p, p[:, None]):
            title = plots.confusion_matrix(truth, outputs).axes[0].get_title()
            assert title.startswith("100.00 %")
    with pytest.raises(ValueError, match="from 0 to 9,999, got -1"):
        plots.confusion_matrix([-1, 1], [0, 1])


def test_a_metric_function_that_writes_changes_no_targets():
    def rude(y_true, y_pred):
        y_true[:] = y_pred[:] = 0
        return 0.0

    x, y = data()
    t = np.eye(3, dtype="float32")[y]
    before = t.copy()
    model = network(loss="categorical_crossentropy", metrics=[rude, "accuracy"])
    model.evaluate(x, t, verbose=0)
    assert (t == before).all()


@pytest.mark.parametrize("name", ["learning_rate", "momentum", "weight_decay", "clipvalue"])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_settings_are_pythons_own_numbers_however_they_were_given(name, kind):
    trained = []
    for given in (0.25, kind(0.25)):
        optimizer = tinynet.optimizers.SGD(0.5)
        setattr(optimizer, name, given)
        assert not isinstance(getattr(optimizer, name), np.generic)
        set_random_seed(1)
        model = Sequential([Dense(2, input_shape=(3,))])
        model.compile(optimizer, "mse")
        model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
        trained.append(model.params.copy())
    assert trained[1].dtype == np.float32
    np.testing.assert_array_equal(*trained)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.fit(None, x),
        lambda m, x: m.predict(None),
        lambda m, x: m.evaluate(None, x),
        lambda m, x: m.fit(x, x[:, 0], verbose=0, validation_data=(None, x)),
        lambda m, x: tinynet.check_gradients(m, None, x),
    ],
)
def test_none_is_called_none(call):
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="Expected x as an array of examples, got None"):
        call(model, np.ones((4, 3)))


@pytest.mark.parametrize("labels", [["a", "b"], 7, None, np.array(["cat", "dog"])])
def test_labels_of_pictures_are_class_numbers(labels):
    with pytest.raises(ValueError, match=r"names=\['cat', 'dog'\]"):
        plots.digits(np.zeros((2, 28, 28)), labels)


def test_masked_places_are_not_taken_for_numbers():
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    x = np.ma.masked_array(np.ones((4, 3)), mask=False)
    model.fit(x, np.ones(4), verbose=0)
    x[0, 0] = np.ma.masked
    with pytest.raises(ValueError, match=r"x = x\.filled\(0\)"):
        model.fit(x, np.ones(4), verbose=0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 10**7, -1])
def test_class_numbers_of_a_picture_are_class_numbers(bad):
    for labels, found in (([0, bad], [0, 1]), ([0, 1], [0, bad])):
        with pytest.raises(ValueError, match="class numbers"):
            plots.confusion_matrix(labels, found)


@pytest.mark.parametrize("bad", [None, 3, [0.5, 0.4]])
def test_a_history_to_draw_is_what_fit_returned(bad):
    with pytest.raises(ValueError, match=r"model\.fit"):
        plots.history(bad)
