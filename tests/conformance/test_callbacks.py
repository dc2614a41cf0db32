"""When callbacks are called, with what, and what the ready-made ones do."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from nets import classifier, frozen, suffix

HOOKS = [
    f"on_{what}_{when}"
    for what in ("train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch")
    for when in ("begin", "end")
]


def recorder(lib):
    """Make a callback that notes (hook, number or None, names in logs)."""

    def hook(name):
        def numbered(self, index, logs=None):
            self.calls.append((name, index, list(logs or {})))

        def plain(self, logs=None):
            self.calls.append((name, None, list(logs or {})))

        return numbered if "batch" in name or "epoch" in name else plain

    methods = {name: hook(name) for name in HOOKS}
    callback = type("Recorder", (lib.callbacks.Callback,), methods)()
    callback.calls = []
    return callback


BOTH = ["accuracy", "loss"]
ALL = [*BOTH, "val_accuracy", "val_loss"]


def batch_calls(what, count, end):
    return [
        call
        for i in range(count)
        for call in ((f"on_{what}_batch_begin", i, []), (f"on_{what}_batch_end", i, end))
    ]


def test_fit_calls_every_hook_in_keras_order(lib, data):
    x, y = data
    callback = recorder(lib)
    frozen(lib).fit(
        x, y, batch_size=4, epochs=2, validation_data=(x, y), callbacks=[callback], verbose=0
    )

    def epoch(i):
        return [
            ("on_epoch_begin", i, []),
            *batch_calls("train", 3, BOTH),
            ("on_test_begin", None, []),
            *batch_calls("test", 3, BOTH),
            ("on_test_end", None, BOTH),
            ("on_epoch_end", i, ALL),
        ]

    expected = [
        ("on_train_begin", None, []),
        *epoch(0),
        *epoch(1),
        ("on_train_end", None, ALL),
    ]
    assert callback.calls == expected


def test_evaluate_calls_the_test_hooks(lib, data):
    callback = recorder(lib)
    frozen(lib).evaluate(*data, batch_size=4, callbacks=[callback], verbose=0)
    assert callback.calls == [
        ("on_test_begin", None, []),
        *batch_calls("test", 3, BOTH),
        ("on_test_end", None, BOTH),
    ]


def test_predict_calls_the_predict_hooks(lib, data):
    callback = recorder(lib)
    frozen(lib).predict(data[0], batch_size=4, callbacks=[callback], verbose=0)
    assert callback.calls == [
        ("on_predict_begin", None, []),
        *batch_calls("predict", 3, ["outputs"]),
        ("on_predict_end", None, []),
    ]


def test_predict_hands_the_outputs_of_the_batch_to_its_hook(lib, data):
    x, _ = data
    rows = []

    class Keep(lib.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            rows.append(np.asarray(logs["outputs"]))

    p = frozen(lib).predict(x, batch_size=4, callbacks=[Keep()], verbose=0)
    np.testing.assert_allclose(np.concatenate(rows), p, rtol=1e-6)


def test_short_batch_hook_names_are_the_training_ones(lib, data):
    calls = []

    class Short(lib.callbacks.Callback):
        def on_batch_begin(self, batch, logs=None):
            calls.append(("begin", batch))

        def on_batch_end(self, batch, logs=None):
            calls.append(("end", batch))

    x, y = data
    frozen(lib).fit(x, y, batch_size=5, validation_data=(x, y), callbacks=[Short()], verbose=0)
    assert calls == [("begin", 0), ("end", 0), ("begin", 1), ("end", 1)]


def test_batch_logs_are_running_means_over_the_examples_so_far(lib, data):
    x, y = data
    seen = []

    class Keep(lib.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    model = frozen(lib)
    model.fit(x, y, batch_size=4, shuffle=False, callbacks=[Keep()], verbose=0)
    expected = [model.evaluate(x[:end], y[:end], verbose=0)[0] for end in (4, 8, 10)]
    assert [float(value) for value in seen] == pytest.approx(expected, rel=1e-5)


def test_a_callback_knows_its_model_and_params(lib, data):
    class Look(lib.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seen = self.model, dict(self.params)

    look, model = Look(), frozen(lib)
    model.fit(*data, batch_size=4, epochs=1, callbacks=[look], verbose=0)
    assert look.seen == (model, {"verbose": 0, "epochs": 1, "steps": 3})


def test_callbacks_run_in_the_order_given_and_see_what_earlier_ones_did(lib, data):
    order = []
    first = lib.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: order.append("first"))
    second = lib.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: order.append("second"))
    frozen(lib).fit(*data, callbacks=[first, second], verbose=0)
    assert order == ["first", "second"]


def test_a_single_callback_needs_no_list(lib, data):
    callback = recorder(lib)
    frozen(lib).fit(*data, callbacks=callback, verbose=0)
    assert callback.calls[0][0] == "on_train_begin"


def test_lambda_callback_has_the_six_hooks_of_training(lib, data):
    calls = []
    names = [n for n in HOOKS if "train" in n or "epoch" in n]
    hooks = {name: (lambda *a, name=name, **k: calls.append(name)) for name in names}
    frozen(lib).fit(*data, callbacks=[lib.callbacks.LambdaCallback(**hooks)], verbose=0)
    assert calls == [
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_epoch_end",
        "on_train_end",
    ]


def scripted(lib, name, values):
    """Make a callback that puts values[epoch] into the logs under `name`.

    Put before another callback, it decides what that one sees.
    """

    class Script(lib.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs[name] = values[epoch]

    return Script()


def fit_with_losses(lib, data, values, callback, model=None):
    """Fit for as many epochs as there are values, showing them as val_loss to `callback`."""
    model = model or frozen(lib)
    x, y = data
    return model.fit(
        x,
        y,
        epochs=len(values),
        validation_data=(x, y),
        callbacks=[scripted(lib, "val_loss", values), callback],
        verbose=0,
    )


@pytest.mark.parametrize(
    ("arguments", "epochs", "stopped"),
    [
        ({}, 3, 2),  # patience 0: the first epoch that is not better
        ({"patience": 1}, 3, 2),
        ({"patience": 2}, 4, 3),
        ({"patience": 9}, 7, 0),
        ({"min_delta": 0.15}, 3, 2),
        ({"min_delta": 0.5}, 2, 1),
        ({"start_from_epoch": 3, "patience": 1}, 6, 5),
        ({"baseline": 0.3, "patience": 1}, 3, 2),  # better counts, but not as good enough
        ({"baseline": 0.85, "patience": 2}, 4, 3),
        ({"mode": "max"}, 2, 1),
    ],
)
def test_early_stopping_stops_when_keras_does(lib, data, arguments, epochs, stopped):
    values = [1.0, 0.8, 0.9, 0.9, 0.7, 0.75, 0.72]
    callback = lib.callbacks.EarlyStopping(**arguments)
    history = fit_with_losses(lib, data, values, callback)
    assert len(history.epoch) == epochs
    assert callback.stopped_epoch == stopped


def test_early_stopping_takes_an_accuracy_to_be_better_when_larger(lib, data):
    x, y = data
    callbacks = [
        scripted(lib, "val_accuracy", [0.5, 0.6, 0.7, 0.6, 0.6]),
        lib.callbacks.EarlyStopping("val_accuracy", patience=2),
    ]
    history = frozen(lib).fit(
        x, y, epochs=5, validation_data=(x, y), callbacks=callbacks, verbose=0
    )
    assert len(history.epoch) == 5


@pytest.mark.parametrize("restore", [False, True])
def test_early_stopping_restores_the_best_weights_when_asked(lib, data, restore):
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(0.1), "categorical_crossentropy")
    kept = []
    keep = lib.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(model.get_weights())
    )
    x, y = data
    stop = lib.callbacks.EarlyStopping(patience=2, restore_best_weights=restore)
    script = scripted(lib, "val_loss", [1.0, 0.5, 0.6, 0.7, 0.8])
    model.fit(x, y, epochs=5, validation_data=(x, y), callbacks=[script, keep, stop], verbose=0)
    assert len(kept) == 4
    assert np.array_equal(model.get_weights()[0], kept[1 if restore else 3][0])


def test_early_stopping_restores_the_best_weights_even_without_stopping(lib, data):
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(0.1), "categorical_crossentropy")
    kept = []
    keep = lib.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(model.get_weights())
    )
    x, y = data
    stop = lib.callbacks.EarlyStopping(patience=9, restore_best_weights=True)
    script = scripted(lib, "val_loss", [1.0, 0.5, 0.6])
    model.fit(x, y, epochs=3, validation_data=(x, y), callbacks=[script, keep, stop], verbose=0)
    assert np.array_equal(model.get_weights()[0], kept[1][0])


def rates(lib, data, callback, values):
    """Fit with losses `values` from learning rate 1 and give the rate after each epoch."""
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(1.0), "categorical_crossentropy")
    seen = []
    look = lib.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(float(model.optimizer.learning_rate))
    )
    x, y = data
    script = scripted(lib, "val_loss", values)
    model.fit(
        x,
        y,
        epochs=len(values),
        validation_data=(x, y),
        callbacks=[script, callback, look],
        verbose=0,
    )
    return seen


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"patience": 1}, [1, 1, 0.1, 0.01, 0.01, 0.001]),
        ({"patience": 2, "factor": 0.5}, [1, 1, 1, 0.5, 0.5, 0.5]),
        ({"patience": 1, "factor": 0.5, "cooldown": 1}, [1, 1, 0.5, 0.25, 0.25, 0.125]),
        ({"patience": 1, "min_lr": 0.05}, [1, 1, 0.1, 0.05, 0.05, 0.05]),
        ({"patience": 1, "min_delta": 0.5, "factor": 0.5}, [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]),
    ],
)
def test_reduce_lr_on_plateau(lib, data, arguments, expected):
    callback = lib.callbacks.ReduceLROnPlateau(**arguments)
    values = [1.0, 0.8, 0.8, 0.8, 0.7, 0.7]
    assert rates(lib, data, callback, values) == pytest.approx(expected, rel=1e-5)


def test_reduce_lr_on_plateau_reports_the_rate_of_the_epoch(lib, data):
    callback = lib.callbacks.ReduceLROnPlateau(patience=1)
    history = fit_with_losses(lib, data, [1.0, 1.0, 1.0], callback, model=trained(lib))
    assert history.history["learning_rate"] == pytest.approx([1, 1, 0.1])


def trained(lib):
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(1.0), "categorical_crossentropy")
    return model


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (lambda epoch: 0.5 / (epoch + 1), [0.5, 0.25, 0.5 / 3]),
        (lambda epoch, rate: rate * 0.5, [0.5, 0.25, 0.125]),
    ],
)
def test_learning_rate_scheduler(lib, data, schedule, expected):
    model = trained(lib)
    callback = lib.callbacks.LearningRateScheduler(schedule)
    history = model.fit(*data, epochs=3, callbacks=[callback], verbose=0)
    assert history.history["learning_rate"] == pytest.approx(expected, rel=1e-5)
    assert float(model.optimizer.learning_rate) == pytest.approx(expected[-1], rel=1e-5)


def test_csv_logger_writes_epoch_and_names_in_sorted_order(lib, data, tmp_path):
    x, y = data
    path = tmp_path / "log.csv"
    model = frozen(lib)
    fit = {"epochs": 2, "validation_data": (x, y), "verbose": 0}
    history = model.fit(x, y, callbacks=[lib.callbacks.CSVLogger(path)], **fit)
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["epoch", *ALL]
    assert [row[0] for row in rows] == ["0", "1"]
    for column, name in enumerate(ALL, start=1):
        assert [float(row[column]) for row in rows] == pytest.approx(history.history[name])


def test_csv_logger_appends_without_a_second_header(lib, data, tmp_path):
    path = tmp_path / "log.csv"
    for _ in range(2):
        logger = lib.callbacks.CSVLogger(path, separator=";", append=True)
        frozen(lib).fit(*data, epochs=2, callbacks=[logger], verbose=0)
    lines = [line.split(";") for line in path.read_text().split()]
    assert lines[0] == ["epoch", *ALL]
    assert [line[0] for line in lines] == ["epoch", "0", "1", "0", "1"]
    assert {tuple(line[3:]) for line in lines[1:]} == {("NA", "NA")}  # there was no validation


def test_model_checkpoint_saves_every_epoch_under_a_formatted_name(lib, data, tmp_path):
    callback = lib.callbacks.ModelCheckpoint(
        tmp_path / ("at{epoch:02d}-{val_loss:.2f}" + suffix(lib))
    )
    fit_with_losses(lib, data, [0.5, 0.25], callback)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "at01-0.50" + suffix(lib),
        "at02-0.25" + suffix(lib),
    ]


def test_model_checkpoint_keeps_the_best_only(lib, data, tmp_path):
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(0.1), "categorical_crossentropy")
    kept = []
    keep = lib.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(model.get_weights())
    )
    path = tmp_path / f"best{suffix(lib)}"
    best = lib.callbacks.ModelCheckpoint(path, save_best_only=True)
    script = scripted(lib, "val_loss", [1.0, 0.5, 0.75])
    x, y = data
    model.fit(x, y, epochs=3, validation_data=(x, y), callbacks=[script, keep, best], verbose=0)
    loaded = lib.models.load_model(path)
    for a, b in zip(loaded.get_weights(), kept[1], strict=True):
        assert np.array_equal(a, b)


def test_terminate_on_nan_stops_at_the_batch(lib, data):
    x, y = data
    calls = recorder(lib)
    model = lib.Sequential([lib.layers.Input((6,)), lib.layers.Dense(4)])
    model.compile(lib.optimizers.SGD(1e30), "mse")
    model.fit(
        x, y, batch_size=2, epochs=3, callbacks=[lib.callbacks.TerminateOnNaN(), calls], verbose=0
    )
    batches = [call for call in calls.calls if call[0] == "on_train_batch_end"]
    assert len(batches) < 5


def test_backup_and_restore_carries_on_where_it_was_interrupted(lib, data, tmp_path):
    x, y = data
    start = classifier(lib).get_weights()

    def fresh():
        model = classifier(lib)
        model.set_weights(start)
        model.compile(lib.optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
        return model

    class PowerCut(Exception):
        pass

    def cut(epoch, logs):
        if epoch == 2:
            raise PowerCut

    fit = {"epochs": 5, "shuffle": False, "verbose": 0}
    backup = lib.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(PowerCut):
        fresh().fit(
            x,
            y,
            callbacks=[backup, lib.callbacks.LambdaCallback(on_epoch_begin=cut)],
            **fit,
        )
    model = fresh()
    history = model.fit(
        x, y, callbacks=[lib.callbacks.BackupAndRestore(tmp_path / "backup")], **fit
    )
    assert history.epoch == [2, 3, 4]
    whole = fresh()
    whole.fit(x, y, **fit)
    for a, b in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_the_value_that_a_monitor_sees_may_be_ones_own(lib, data):
    class Best(lib.callbacks.EarlyStopping):
        def get_monitor_value(self, logs):
            return 1.0  # never better

    model = frozen(lib)
    history = model.fit(*data, epochs=9, verbose=0, callbacks=[Best("loss", patience=2)])
    assert len(history.epoch) == 3
