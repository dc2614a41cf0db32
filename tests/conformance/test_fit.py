"""What fit reports: which numbers, in which order, weighted how, over which examples."""

from __future__ import annotations

import numpy as np
import pytest
from nets import classifier, frozen, hits, losses


def test_history_has_a_list_of_floats_for_each_name_in_sorted_order(lib, data):
    x, y = data
    model = classifier(lib)
    model.compile(loss="categorical_crossentropy", metrics=["accuracy", "mse"])
    history = model.fit(x, y, epochs=3, validation_data=(x, y), verbose=0)
    names = ["accuracy", "loss", "mse", "val_accuracy", "val_loss", "val_mse"]
    assert list(history.history) == names
    for values in history.history.values():
        assert [type(value) for value in values] == [float] * 3
    assert history.epoch == [0, 1, 2]
    assert history.model is model


def test_history_params_are_verbose_epochs_and_steps(lib, data):
    history = frozen(lib).fit(*data, batch_size=4, epochs=2, verbose=0)
    assert history.params == {"verbose": 0, "epochs": 2, "steps": 3}


def test_the_model_keeps_its_history(lib, data):
    model = frozen(lib)
    history = model.fit(*data, verbose=0)
    assert model.history is history


def test_a_second_fit_starts_a_new_history(lib, data):
    model = frozen(lib)
    model.fit(*data, epochs=3, verbose=0)
    assert model.fit(*data, epochs=2, verbose=0).epoch == [0, 1]


def test_epoch_figures_are_means_over_examples_not_over_batches(lib, data):
    x, y = data
    model = frozen(lib)
    history = model.fit(x, y, batch_size=4, verbose=0).history  # 4, 4 and a batch of 2
    assert history["loss"] == pytest.approx([losses(model, x, y).mean()], rel=1e-5)
    assert history["accuracy"] == pytest.approx([hits(model, x, y).mean()], rel=1e-5)


def test_training_figures_are_taken_while_the_weights_move(lib, data):
    x, y = data
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(0.5), "categorical_crossentropy")
    start = model.get_weights()
    expected = []
    for begin in (0, 5):
        expected.append(losses(model, x[begin : begin + 5], y[begin : begin + 5]).mean())
        model.train_on_batch(x[begin : begin + 5], y[begin : begin + 5])
    model.set_weights(start)
    history = model.fit(x, y, batch_size=5, shuffle=False, verbose=0).history
    assert history["loss"] == pytest.approx([np.mean(expected)], rel=1e-5)


def test_validation_figures_are_taken_after_the_epoch(lib, data):
    x, y = data
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(0.5), "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=2, validation_data=(x, y), batch_size=4, verbose=0).history
    assert history["val_loss"][-1] == pytest.approx(losses(model, x, y).mean(), rel=1e-5)
    assert history["val_accuracy"][-1] == pytest.approx(hits(model, x, y).mean(), rel=1e-5)


def test_validation_split_takes_the_last_fraction(lib, data):
    x, y = data
    model = frozen(lib)
    history = model.fit(x, y, validation_split=0.25, verbose=0).history  # floor(7.5) stay
    assert history["loss"] == pytest.approx([losses(model, x[:7], y[:7]).mean()], rel=1e-5)
    assert history["val_loss"] == pytest.approx([losses(model, x[7:], y[7:]).mean()], rel=1e-5)


@pytest.mark.parametrize("split", [0.1, 0.2, 0.3, 0.6, 0.75])
def test_validation_split_floors_what_stays(lib, data, split):
    x, y = data
    model = frozen(lib)
    history = model.fit(x, y, validation_split=split, batch_size=1, verbose=0)
    assert history.params["steps"] == int(np.floor(10 * (1 - split)))


def test_validation_data_wins_over_validation_split(lib, data):
    x, y = data
    model = frozen(lib)
    history = model.fit(
        x, y, validation_split=0.5, validation_data=(x[:2], y[:2]), verbose=0
    ).history
    assert history["loss"] == pytest.approx([losses(model, x, y).mean()], rel=1e-5)
    assert history["val_loss"] == pytest.approx([losses(model, x[:2], y[:2]).mean()], rel=1e-5)


def test_validation_split_takes_its_part_of_the_sample_weights(lib, data):
    x, y = data
    weight = np.arange(10, dtype="float32")
    model = frozen(lib)
    history = model.fit(x, y, validation_split=0.3, sample_weight=weight, verbose=0).history
    weighted = losses(model, x, y) * weight
    assert history["loss"] == pytest.approx([weighted[:7].mean()], rel=1e-5)
    assert history["val_loss"] == pytest.approx([weighted[7:].mean()], rel=1e-5)


def test_without_shuffling_the_batches_come_in_order(lib, data):
    x, y = data
    model, twin = classifier(lib), classifier(lib)
    for net in (model, twin):
        net.compile(lib.optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
    twin.set_weights(model.get_weights())
    model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0)
    for _ in range(2):
        for begin in range(0, 10, 3):
            twin.train_on_batch(x[begin : begin + 3], y[begin : begin + 3])
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_shuffling_gives_every_epoch_an_order_of_its_own(lib):
    x = np.eye(8, dtype="float32")
    seen = []

    class Order(lib.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            row = int(np.argmax(np.abs(self.model.get_weights()[0][:, 0]) > 1e-4))
            seen.append(row)
            self.model.set_weights([np.zeros((8, 1), "float32")])

    model = lib.Sequential([lib.layers.Input((8,)), lib.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((8, 1), "float32")])
    model.compile(lib.optimizers.SGD(0.1), "mse")
    # Each batch is one unit vector, so the weight that moved tells which one it was.
    model.fit(x, np.ones((8, 1)), batch_size=1, epochs=3, callbacks=[Order()], verbose=0)
    epochs = [seen[begin : begin + 8] for begin in (0, 8, 16)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(8))] * 3
    assert len({tuple(epoch) for epoch in epochs} | {tuple(range(8))}) == 4


def test_the_default_batch_size_is_32_and_the_last_batch_is_kept(lib):
    x, y = np.zeros((65, 6), "float32"), np.eye(4, dtype="float32")[np.zeros(65, int)]
    assert frozen(lib).fit(x, y, verbose=0).params["steps"] == 3


def test_initial_epoch_counts_on_from_there(lib, data):
    history = frozen(lib).fit(*data, initial_epoch=2, epochs=5, verbose=0)
    assert history.epoch == [2, 3, 4]
    assert history.params["epochs"] == 5


def test_validation_freq_validates_every_so_many_epochs(lib, data):
    x, y = data
    history = (
        frozen(lib)
        .fit(x, y, epochs=5, validation_data=(x, y), validation_freq=2, verbose=0)
        .history
    )
    assert len(history["loss"]) == 5
    assert len(history["val_loss"]) == 2


def test_class_weights_multiply_the_loss_and_leave_the_accuracy(lib, data):
    x, y = data
    model = frozen(lib)
    class_weight = {0: 2.0, 1: 0.5, 2: 3.0}  # class 3 is not named: 1
    history = model.fit(x, y, class_weight=class_weight, batch_size=4, verbose=0).history
    weight = np.array([2.0, 0.5, 3.0, 1.0])[y.argmax(axis=1)]
    assert history["loss"] == pytest.approx([(losses(model, x, y) * weight).mean()], rel=1e-5)
    assert history["accuracy"] == pytest.approx([hits(model, x, y).mean()], rel=1e-5)


def test_sample_weights_are_not_normalised(lib, data):
    x, y = data
    model = frozen(lib)
    weight = np.linspace(0, 3, 10).astype("float32")
    history = model.fit(x, y, sample_weight=weight, batch_size=4, verbose=0).history
    assert history["loss"] == pytest.approx([(losses(model, x, y) * weight).mean()], rel=1e-5)
    assert history["accuracy"] == pytest.approx([hits(model, x, y).mean()], rel=1e-5)


def test_validation_data_may_carry_weights(lib, data):
    x, y = data
    model = frozen(lib)
    weight = np.linspace(0, 3, 10).astype("float32")
    history = model.fit(x, y, validation_data=(x, y, weight), verbose=0).history
    assert history["loss"] == pytest.approx([losses(model, x, y).mean()], rel=1e-5)
    weighted = (losses(model, x, y) * weight).mean()
    assert history["val_loss"] == pytest.approx([weighted], rel=1e-5)


def test_class_weights_do_not_weigh_the_validation(lib, data):
    x, y = data
    model = frozen(lib)
    history = model.fit(
        x, y, class_weight={0: 9.0, 1: 9.0, 2: 9.0, 3: 9.0}, validation_data=(x, y), verbose=0
    ).history
    assert history["val_loss"] == pytest.approx([losses(model, x, y).mean()], rel=1e-5)


def test_penalties_count_in_the_loss_and_in_the_validation_loss(lib, data):
    x, y = data
    model = lib.Sequential(
        [
            lib.layers.Input((6,)),
            lib.layers.Dense(5, activation="relu", kernel_regularizer="l2"),
            lib.layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(lib.optimizers.SGD(0.0), "categorical_crossentropy")
    history = model.fit(x, y, batch_size=4, validation_data=(x, y), verbose=0).history
    expected = losses(model, x, y).mean() + 0.01 * (model.get_weights()[0] ** 2).sum()
    assert history["loss"] == pytest.approx([expected], rel=1e-5)
    assert history["val_loss"] == pytest.approx([expected], rel=1e-5)


def test_stop_training_ends_after_the_epoch(lib, data):
    class Stop(lib.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    history = frozen(lib).fit(*data, epochs=9, callbacks=[Stop()], verbose=0)
    assert history.epoch == [0, 1]


def test_fit_trains_on_after_compile_with_fresh_slots(lib, data):
    x, y = data
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
    start = model.get_weights()
    model.fit(x, y, epochs=3, shuffle=False, verbose=0)
    model.set_weights(start)
    model.compile(lib.optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
    first = model.fit(x, y, epochs=1, shuffle=False, verbose=0).history["loss"]
    assert first == pytest.approx([loss_at(model, start, x, y)], rel=1e-5)


def loss_at(model, weights, x, y):
    """Compute the loss at other weights, and put the present ones back."""
    present = model.get_weights()
    model.set_weights(weights)
    value = losses(model, x, y).mean()
    model.set_weights(present)
    return value


def test_batch_methods_report_the_batch(lib, data):
    x, y = data
    model = frozen(lib)
    expected = [losses(model, x, y).mean(), hits(model, x, y).mean()]
    assert model.train_on_batch(x, y) == pytest.approx(expected, rel=1e-5)
    assert model.test_on_batch(x, y) == pytest.approx(expected, rel=1e-5)
    model.train_on_batch(x[:2], y[:2])
    assert model.train_on_batch(x, y) == pytest.approx(expected, rel=1e-5)  # no running mean
    named = model.test_on_batch(x, y, return_dict=True)
    assert named == pytest.approx({"accuracy": expected[1], "loss": expected[0]}, rel=1e-5)


def test_train_on_batch_gives_one_number_without_metrics(lib, data):
    x, y = data
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(0.0), "categorical_crossentropy")
    assert float(model.train_on_batch(x, y)) == pytest.approx(losses(model, x, y).mean(), rel=1e-5)


def test_train_on_batch_takes_weights(lib, data):
    x, y = data
    model = classifier(lib)
    model.compile(lib.optimizers.SGD(0.0), "categorical_crossentropy")
    weight = np.arange(10, dtype="float32")
    expected = (losses(model, x, y) * weight).mean()
    assert float(model.train_on_batch(x, y, sample_weight=weight)) == pytest.approx(
        expected, rel=1e-5
    )
    expected = (losses(model, x, y) * np.array([3.0, 1, 1, 1])[y.argmax(axis=1)]).mean()
    assert float(model.train_on_batch(x, y, class_weight={0: 3.0})) == pytest.approx(
        expected, rel=1e-5
    )


def test_dropout_is_on_in_training_and_off_otherwise(lib):
    x = np.ones((2000, 1), "float32")
    model = lib.Sequential([lib.layers.Input((1,)), lib.layers.Dropout(0.25)])
    model.compile(loss="mse")
    assert np.array_equal(model.predict(x, verbose=0), x)
    out = np.asarray(model(x, training=True))
    kept = out != 0
    np.testing.assert_allclose(out[kept], 1 / 0.75, rtol=1e-6)
    assert 0.70 < kept.mean() < 0.80
