"""Rules of training that are seen only at its edges: state, monitors, order, what may stop."""

from __future__ import annotations

import numpy as np
import pytest
from nets import classifier


def net(lib, **settings):
    model = classifier(lib)
    arguments = {"optimizer": "sgd", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(**arguments | settings)
    return model


def fit(model, data, *callbacks, **options):
    return model.fit(*data, verbose=0, callbacks=list(callbacks), **options)


# ------------------------------------------------------------------------------ the optimizer


def test_a_model_compiled_again_with_the_same_optimizer_goes_on(lib, data):
    optimizer = lib.optimizers.Adam(0.01)
    model = net(lib, optimizer=optimizer)
    fit(model, data, epochs=3)
    model.compile(optimizer, "mse")
    fit(model, data)
    assert int(optimizer.iterations) == 4


def test_a_learning_rate_from_a_schedule_can_not_be_set(lib, data):
    schedule = lib.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
    optimizer = lib.optimizers.SGD(schedule)
    assert float(optimizer.learning_rate) == 0.5
    with pytest.raises(TypeError, match="chedule"):
        optimizer.learning_rate = 0.1
    model = net(lib, optimizer=optimizer)
    with pytest.raises(TypeError, match="chedule"):
        fit(model, data, lib.callbacks.LearningRateScheduler(lambda epoch: 0.1))
    plateau = lib.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=100.0)
    with pytest.raises(TypeError, match="chedule"):
        fit(net(lib, optimizer=lib.optimizers.SGD(schedule)), data, plateau, epochs=3)
    model = net(lib)
    model.optimizer.learning_rate = schedule  # a schedule may take the place of a number
    assert float(model.optimizer.learning_rate) == 0.5


def test_a_learning_rate_can_be_assigned(lib):
    optimizer = lib.optimizers.SGD(0.5)
    optimizer.learning_rate.assign(0.25)
    assert float(optimizer.learning_rate) == 0.25
    assert float(optimizer.learning_rate.numpy()) == 0.25


# ---------------------------------------------------------------------------------- monitors


@pytest.mark.parametrize("monitor", ["val_acuracy", "foo", "mean_squared_error", "acc"])
@pytest.mark.parametrize("kind", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"])
def test_a_monitor_that_is_no_metric_is_a_value_error(lib, data, kind, monitor, tmp_path):
    path = {"filepath": tmp_path / "m.weights.h5"} if kind == "ModelCheckpoint" else {}
    callback = getattr(lib.callbacks, kind)(monitor=monitor, **path)
    with pytest.raises(ValueError, match=monitor):
        fit(net(lib), data, callback, validation_split=0.5)


def test_what_a_callback_adds_needs_a_mode(lib, data):
    class Adds(lib.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["distance"] = 1.0

    with pytest.raises(ValueError, match="distance"):
        fit(net(lib), data, Adds(), lib.callbacks.EarlyStopping("distance"), epochs=5)
    stopping = lib.callbacks.EarlyStopping("distance", mode="min")
    history = fit(net(lib), data, Adds(), stopping, epochs=5)
    assert len(history.epoch) == 2


@pytest.mark.parametrize(
    ("metrics", "monitor", "mode"),
    [
        (lambda lib: ["accuracy"], "accuracy", "max"),
        (lambda lib: ["mse"], "mse", "min"),
        (lambda lib: [lib.metrics.MeanAbsoluteError(name="accumulated")], "accumulated", "min"),
        (lambda lib: [lib.metrics.CategoricalAccuracy(name="lossless")], "lossless", "max"),
        (lambda lib: [], "loss", "min"),
    ],
)
def test_auto_goes_by_the_metric_and_not_by_its_name(lib, data, metrics, monitor, mode):
    found = []
    for how in ("auto", mode):
        lib.utils.set_random_seed(3)
        stopping = lib.callbacks.EarlyStopping(monitor, mode=how, patience=1)
        history = fit(net(lib, metrics=metrics(lib)), data, stopping, epochs=20, shuffle=False)
        found.append(len(history.epoch))
    assert found[0] == found[1]


def test_a_function_as_metric_needs_a_mode(lib, data):
    def my_error(y_true, y_pred):
        return y_pred[:, 0]

    with pytest.raises(ValueError, match="my_error"):
        fit(net(lib, metrics=[my_error]), data, lib.callbacks.EarlyStopping("my_error"))


# ------------------------------------------------------------------------- metrics and logs


def test_a_metric_tells_what_came_out(lib, data):
    metric = lib.metrics.MeanAbsoluteError()
    model = net(lib, metrics=["accuracy", metric])
    result = model.evaluate(*data, verbose=0)
    assert float(metric.result()) == pytest.approx(result[2])
    history = fit(model, data)
    assert float(metric.result()) == pytest.approx(history.history["mean_absolute_error"][-1])


def test_names_of_the_history_are_sorted_and_what_a_callback_adds_comes_last(lib, data):
    class Adds(lib.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["aaa"] = 1.0

    model = net(lib, metrics=["accuracy", lib.metrics.MeanSquaredError(name="zero")])
    history = fit(model, data, Adds(), validation_split=0.5)
    assert list(history.history) == [
        *("accuracy", "loss", "val_accuracy", "val_loss", "val_zero", "zero", "aaa")
    ]


def test_params_and_the_last_logs(lib, data):
    seen = {}

    class Watches(lib.callbacks.Callback):
        def on_test_begin(self, logs=None):
            seen["test"] = dict(self.params)

        def on_predict_begin(self, logs=None):
            seen["predict"] = dict(self.params)

        def on_train_end(self, logs=None):
            seen["end"] = dict(logs)

    model = net(lib)
    fit(model, data, lib.callbacks.LearningRateScheduler(lambda epoch: 0.1), Watches())
    assert sorted(seen["end"]) == ["accuracy", "loss"]
    model.evaluate(*data, batch_size=4, verbose=0, callbacks=[Watches()])
    model.predict(data[0], batch_size=5, verbose=0, callbacks=[Watches()])
    assert seen["test"] == {"verbose": 0, "epochs": 1, "steps": 3}
    assert seen["predict"] == {"verbose": 0, "epochs": 1, "steps": 2}


def test_evaluation_and_prediction_can_be_stopped(lib, data):
    class Stops(lib.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            self.model.stop_evaluating = True

        def on_predict_batch_end(self, batch, logs=None):
            self.model.stop_predicting = True

    x, y = data
    model = net(lib)
    stopped = model.evaluate(x, y, batch_size=4, verbose=0, callbacks=[Stops()])
    assert stopped == pytest.approx(model.evaluate(x[:4], y[:4], verbose=0))
    assert model.predict(x, batch_size=4, verbose=0, callbacks=[Stops()]).shape == (4, 4)
    assert model.predict(x, batch_size=4, verbose=0).shape == (10, 4)


def test_lines_of_a_csv_file_end_as_in_keras(lib, data, tmp_path):
    fit(net(lib), data, lib.callbacks.CSVLogger(str(tmp_path / "log.csv")), epochs=2)
    assert (tmp_path / "log.csv").read_bytes().count(b"\r\n") == 3


# --------------------------------------------------------------------- the layers of a model


def test_layers_can_not_be_set(lib):
    model = net(lib)
    model.layers.pop()
    assert len(model.layers) == 2
    with pytest.raises(AttributeError, match="layers"):
        model.layers = []


def test_a_layer_added_to_a_trained_model_needs_compiling_again(lib, data):
    model = net(lib, loss="mse", optimizer="adam")
    fit(model, data)
    model.add(lib.layers.Dense(4))
    with pytest.raises(ValueError):
        fit(model, data)


def test_a_model_is_built_for_one_shape(lib):
    with pytest.raises(ValueError):
        classifier(lib).build((None, 5))


def test_weights_have_names_and_can_be_assigned(lib):
    model = classifier(lib)
    assert [w.name for w in model.weights] == ["kernel", "bias"] * 2
    assert [tuple(w.shape) for w in model.trainable_variables] == [(6, 5), (5,), (5, 4), (4,)]
    model.layers[0].kernel.assign(np.ones((6, 5)))
    assert np.array_equal(model.get_weights()[0], np.ones((6, 5)))
    assert np.asarray(model.layers[1].bias.numpy()).tolist() == [0] * 4


def test_metrics_names(lib, data):
    model = net(lib)
    fit(model, data)
    assert model.metrics_names == ["loss", "compile_metrics"]


def test_outputs_have_numpy(lib, data):
    y = np.asarray(classifier(lib)(data[0]))
    assert y.shape == (10, 4)


def test_two_metrics_of_one_name_in_a_list_of_results(lib, data):
    model = net(lib, metrics=["mse", lib.metrics.MeanAbsoluteError(name="mse"), "accuracy"])
    named = model.evaluate(*data, verbose=0, return_dict=True)
    assert list(named) == ["accuracy", "loss", "mse", "mse_1"]
    order = ["loss", "mse", "mse", "accuracy", "mse_1"]
    assert model.evaluate(*data, verbose=0) == pytest.approx([named[name] for name in order])


def test_the_last_logs_are_sorted(lib, data):
    seen = []

    class Watches(lib.callbacks.Callback):
        def on_train_end(self, logs=None):
            seen.extend(logs)

    fit(net(lib, metrics=["mse", "accuracy"]), data, Watches(), validation_split=0.5)
    assert seen == ["accuracy", "loss", "mse", "val_accuracy", "val_loss", "val_mse"]
