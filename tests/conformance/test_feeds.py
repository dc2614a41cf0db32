"""Batches by number: generators, PyDatasets, steps of an epoch, how often and how to validate."""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pytest

X = np.arange(12, dtype="float32").reshape(12, 1)
Y = np.cos(X)


def single(lib, rate=0.01):
    """Build a model of one weight, compiled, whose every step shows in what follows."""
    model = lib.Sequential(
        [lib.Input((1,)), lib.layers.Dense(1, kernel_initializer="ones", use_bias=False)]
    )
    model.compile(lib.optimizers.SGD(rate), "mse", metrics=["mae"])
    return model


def batches(size, rounds=1, weights=False):
    """Give the examples in batches, (x, y) or (x, y, sample_weight), so many times over."""
    for _ in range(rounds):
        for at in range(0, len(X), size):
            rows = slice(at, at + size)
            yield (X[rows], Y[rows], X[rows, 0]) if weights else (X[rows], Y[rows])


def dataset(lib, size=5, weights=False, called=None, **options):
    """Make a PyDataset of the examples, which notes what is called."""
    called = [] if called is None else called

    class Rows(lib.utils.PyDataset):
        def __len__(self):
            return -(-len(X) // size)

        def __getitem__(self, index):
            return list(batches(size, weights=weights))[index]

        def on_epoch_begin(self):
            called.append("begin")

        def on_epoch_end(self):
            called.append("end")

    return Rows(**options)


def quiet(method, *args, **options):
    """Call a method of a model without what it says of data that run out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return method(*args, verbose=0, **options)


def after(lib, *args, **options):
    """Fit a new model; return its history and its weight."""
    model = single(lib)
    history = quiet(model.fit, *args, **options).history
    return history, float(np.asarray(model.get_weights()[0]).item())


def assert_same(one, other):
    """Compare what two trainings came to."""
    (history, weight), (other_history, other_weight) = one, other
    assert weight == pytest.approx(other_weight, rel=1e-5)
    assert list(history) == list(other_history)
    for name, values in history.items():
        assert values == pytest.approx(other_history[name], rel=1e-4), name


def by_hand(w, parts, rate=0.01):
    """Take a step on each of these batches of rows, as single() should."""
    losses = []
    for rows in parts:
        x, y = X[rows].ravel(), Y[rows].ravel()
        losses += [np.square(w * x - y)]
        w -= rate * np.mean(2 * (w * x - y) * x)
    return float(np.concatenate(losses).mean()), w


# --------------------------------------------------------------------------------- generators


def test_a_generator_is_an_epoch(lib):
    whole = after(lib, X, Y, batch_size=5, shuffle=False)
    assert_same(after(lib, batches(5)), whole)


@pytest.mark.parametrize("weights", [False, True])
def test_a_generator_without_end(lib, weights):
    given = {"sample_weight": X[:, 0]} if weights else {}
    whole = after(lib, X, Y, batch_size=4, shuffle=False, epochs=3, **given)
    endless = batches(4, rounds=100, weights=weights)
    assert_same(after(lib, endless, steps_per_epoch=3, epochs=3), whole)


def test_epochs_of_a_generator_go_on_where_the_last_one_stopped(lib):
    history, w = after(lib, batches(4, rounds=9), steps_per_epoch=2, epochs=3)
    expected = 1.0
    for epoch, parts in enumerate(
        [(slice(0, 4), slice(4, 8)), (slice(8, 12), slice(0, 4)), (slice(4, 8), slice(8, 12))]
    ):
        loss, expected = by_hand(expected, parts)
        assert history["loss"][epoch] == pytest.approx(loss, rel=1e-4)
    assert w == pytest.approx(expected, rel=1e-4)


def test_a_generator_that_runs_out_ends_the_epoch(lib):
    model = single(lib)
    with pytest.warns(UserWarning, match="ran out"):
        history = model.fit(batches(4), steps_per_epoch=5, verbose=0)
    assert history.history["loss"] == pytest.approx(
        [by_hand(1.0, [slice(0, 4), slice(4, 8), slice(8, 12)])[0]], rel=1e-4
    )


@pytest.mark.parametrize("arguments", [{"y": Y}, {"sample_weight": X}, {"validation_split": 0.5}])
def test_what_belongs_into_the_batches_is_refused_beside_them(lib, arguments):
    for given in (batches(4), dataset(lib)):
        with pytest.raises(ValueError):
            quiet(single(lib).fit, given, **arguments)


def test_class_weights_beside_a_generator_are_refused(lib):
    with pytest.raises(ValueError, match="class_weight"):
        quiet(single(lib).fit, batches(4), class_weight={0: 2.0})


def test_an_empty_generator_is_refused(lib):
    with pytest.raises(ValueError, match="empty"):
        quiet(single(lib).fit, iter_of([]))


@pytest.mark.parametrize("batch", [X, 3, "abc", {"x": X}, (X, Y, X, X)])
def test_batches_that_are_no_tuples_are_refused(lib, batch):
    with pytest.raises((ValueError, TypeError, AttributeError)):
        quiet(single(lib).fit, iter_of([batch]))


def iter_of(items):
    """Make a generator of a list."""
    yield from items


def test_evaluate_and_predict_take_generators(lib):
    model = single(lib)
    expected = quiet(model.evaluate, X, Y, batch_size=5)
    assert quiet(model.evaluate, batches(5)) == pytest.approx(expected, rel=1e-5)
    assert quiet(model.predict, batches(5)) == pytest.approx(X)
    assert quiet(model.predict, iter_of([(X[:3],)])) == pytest.approx(X[:3])
    first = quiet(model.evaluate, X[:8], Y[:8])
    assert quiet(model.evaluate, batches(4, rounds=9), steps=2) == pytest.approx(first, rel=1e-5)
    assert quiet(model.predict, batches(4, rounds=9), steps=2) == pytest.approx(X[:8])


# --------------------------------------------------------------------------------- PyDatasets


@pytest.mark.parametrize("weights", [False, True])
def test_a_dataset_is_an_epoch_each_time(lib, weights):
    given = {"sample_weight": X[:, 0]} if weights else {}
    whole = after(lib, X, Y, batch_size=5, shuffle=False, epochs=3, **given)
    assert_same(after(lib, dataset(lib, weights=weights), shuffle=False, epochs=3), whole)


def test_a_dataset_is_told_when_epochs_begin_and_end(lib):
    called = []
    after(lib, dataset(lib, called=called), epochs=2)
    assert called[-5:] == ["end", "begin", "end", "begin", "end"]


def test_a_dataset_shuffles_its_batches(lib):
    class Seen(lib.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.numbers = []

        def __len__(self):
            return 12

        def __getitem__(self, index):
            self.numbers.append(index)
            return X[index : index + 1], Y[index : index + 1]

    shuffled, ordered = Seen(), Seen()
    after(lib, shuffled, epochs=3)
    after(lib, ordered, epochs=3, shuffle=False)
    assert ordered.numbers[-36:] == [*range(12)] * 3
    epochs = [shuffled.numbers[-36:][at : at + 12] for at in (0, 12, 24)]
    assert all(sorted(epoch) == [*range(12)] for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_steps_of_a_dataset(lib):
    expected = after(lib, X, Y, batch_size=5, steps_per_epoch=2, shuffle=False, epochs=3)
    assert_same(after(lib, dataset(lib), steps_per_epoch=2, shuffle=False, epochs=3), expected)


def test_class_weights_of_a_dataset(lib):
    class Classes(lib.utils.Sequence):  # its older name
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return X[index * 6 : index * 6 + 6], np.arange(6) % 2

    weights = {0: 3.0, 1: 0.5}
    y = np.arange(12) % 2
    whole = after(lib, X, y, batch_size=6, shuffle=False, class_weight=weights)
    assert_same(after(lib, Classes(), shuffle=False, class_weight=weights), whole)


def test_evaluate_and_predict_take_datasets(lib):
    model = single(lib)
    expected = quiet(model.evaluate, X, Y, batch_size=5)
    assert quiet(model.evaluate, dataset(lib)) == pytest.approx(expected, rel=1e-5)
    assert quiet(model.predict, dataset(lib)) == pytest.approx(X)
    assert quiet(model.predict, dataset(lib), steps=1) == pytest.approx(X[:5])


def test_workers_are_taken(lib):
    many = dataset(lib, workers=3, use_multiprocessing=False, max_queue_size=4)
    assert (many.workers, many.use_multiprocessing, many.max_queue_size) == (3, False, 4)
    expected = quiet(single(lib).evaluate, X, Y, batch_size=5)
    assert quiet(single(lib).evaluate, many) == pytest.approx(expected, rel=1e-5)


def test_a_dataset_that_forgets_its_base_class_works(lib):
    class Forgets(lib.utils.PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return X, Y

    assert_same(after(lib, Forgets()), after(lib, X, Y, shuffle=False))


def test_a_dataset_of_no_batches_is_refused(lib):
    class Empty(lib.utils.PyDataset):
        def __len__(self):
            return 0

        def __getitem__(self, index):
            raise IndexError(index)

    with pytest.raises((ValueError, StopIteration)):
        quiet(single(lib).fit, Empty())


# -------------------------------------------------------------------------- steps of arrays


@pytest.mark.parametrize(("batch_size", "steps"), [(4, 2), (4, 3), (5, 2), (None, 2), (None, 5)])
def test_steps_of_arrays(lib, batch_size, steps):
    history, w = after(
        lib, X, Y, batch_size=batch_size, steps_per_epoch=steps, shuffle=False, epochs=4
    )
    size = batch_size or -(-12 // steps)
    left, expected = [], 1.0
    for loss in history["loss"]:
        left = left or [slice(at, at + size) for at in range(0, 12, size)]
        parts, left = left[:steps], left[steps:]
        wanted, expected = by_hand(expected, parts)
        assert loss == pytest.approx(wanted, rel=1e-4)
    assert w == pytest.approx(expected, rel=1e-4)


def test_more_steps_than_there_are_end_the_epoch(lib):
    model = single(lib)
    with pytest.warns(UserWarning, match="ran out"):
        model.fit(X, Y, batch_size=4, steps_per_epoch=5, epochs=2, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 6


def test_steps_of_evaluate_and_predict(lib):
    model = single(lib)
    expected = quiet(model.evaluate, X[:8], Y[:8])
    assert quiet(model.evaluate, X, Y, batch_size=4, steps=2) == pytest.approx(expected, rel=1e-5)
    assert quiet(model.predict, X, batch_size=4, steps=2) == pytest.approx(X[:8])
    assert quiet(model.predict, X, steps=3) == pytest.approx(X)


@pytest.mark.parametrize("steps", [0.5, "two", -1])
def test_steps_that_are_no_number(lib, steps):
    if lib.__name__ == "keras":
        pytest.skip("Keras takes some of these, and trains nothing")
    for name in ("steps_per_epoch", "validation_steps"):
        with pytest.raises(ValueError, match=name):
            after(lib, X, Y, validation_split=0.5, **{name: steps})


# ------------------------------------------------------------------------------- validation


def test_epochs_to_validate_after(lib):
    history, _ = after(lib, X, Y, validation_data=(X, Y), epochs=6, validation_freq=[1, 4, 9])
    assert (len(history["loss"]), len(history["val_loss"])) == (6, 2)
    every = after(lib, X, Y, validation_data=(X, Y), epochs=6, validation_freq=2)[0]
    assert len(every["val_loss"]) == 3


@pytest.mark.parametrize("freq", [(1, 2), "1", 1.5, None])
def test_a_frequency_is_a_number_or_a_list(lib, freq):
    with pytest.raises((ValueError, TypeError)):
        after(lib, X, Y, validation_data=(X, Y), validation_freq=freq)


def test_the_size_of_batches_of_the_validation(lib):
    sizes = []

    class Watches(lib.callbacks.Callback):
        def on_test_batch_begin(self, batch, logs=None):
            sizes.append(batch)

    for options in ({"batch_size": 6}, {"batch_size": 3, "validation_batch_size": 4}, {}):
        sizes.append(-1)
        after(lib, X, Y, validation_data=(X, Y), callbacks=[Watches()], **options)
    assert sizes == [-1, 0, 1, -1, 0, 1, 2, -1, 0]


def test_validation_steps_of_arrays_start_anew_each_time(lib):
    options = {"batch_size": 4, "validation_steps": 2, "epochs": 3, "shuffle": False}
    cut = after(lib, X, Y, validation_data=(X, Y), **options)
    assert_same(cut, after(lib, X, Y, validation_data=(X[:8], Y[:8]), **options))


def test_validation_by_a_generator(lib):
    options = {"batch_size": 4, "shuffle": False}
    whole = after(lib, X, Y, validation_data=(X, Y), **options)
    assert_same(after(lib, X, Y, validation_data=batches(4), **options), whole)
    # Keras gives the first two batches anew at each start: 0 1 2, then 0 1 0, then 0 1 1.
    seen = after(lib, X, Y, validation_data=batches(4, 9), validation_steps=3, epochs=3, **options)[
        0
    ]["val_loss"]
    again = [[0, 1, 2], [0, 1, 0], [0, 1, 1]]
    model = single(lib)
    for value, numbers in zip(seen, again, strict=True):
        quiet(model.fit, X, Y, **options)
        rows = np.concatenate([np.arange(4 * i, 4 * i + 4) for i in numbers])
        assert value == pytest.approx(quiet(model.evaluate, X[rows], Y[rows])[0], rel=1e-4)


def test_validation_by_a_dataset(lib):
    options = {"batch_size": 5, "shuffle": False, "epochs": 3}
    whole = after(lib, X, Y, validation_data=(X, Y), **options)
    assert_same(after(lib, X, Y, validation_data=dataset(lib), **options), whole)
    assert_same(
        after(lib, dataset(lib), validation_data=dataset(lib), shuffle=False, epochs=3), whole
    )


# ---------------------------------------------------------------------------------- frames


def frames(kind):
    """Give x of two columns, y, and weights as frames and series of pandas or polars."""
    library = pytest.importorskip(kind)
    columns = {"a": X.ravel().tolist(), "b": [int(v) % 3 for v in X.ravel()]}
    return library.DataFrame(columns), library.Series(Y.ravel().tolist()), library.Series(X.ravel())


def several(lib):
    """Build a model of two inputs."""
    layers = [lib.Input((2,)), lib.layers.Dense(1, kernel_initializer="ones")]
    model = lib.Sequential(layers)
    model.compile(lib.optimizers.SGD(0.001), "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_and_series_are_arrays(lib, kind):
    if importlib.util.find_spec("keras") and lib.__name__ == "keras" and kind == "polars":
        pytest.skip("Keras says that it does not know polars")
    x, y, weights = frames(kind)
    options = {"epochs": 2, "batch_size": 5, "shuffle": False}
    plain, framed = several(lib), several(lib)
    expected = quiet(
        plain.fit, np.asarray(x), np.asarray(y), sample_weight=np.asarray(weights), **options
    )
    history = quiet(framed.fit, x, y, sample_weight=weights, **options)
    assert history.history["loss"] == pytest.approx(expected.history["loss"], rel=1e-5)
    assert quiet(framed.predict, x) == pytest.approx(quiet(plain.predict, np.asarray(x)), rel=1e-5)
    quiet(framed.fit, x, y, validation_split=0.25, class_weight={0: 2.0, 1: 1.0})
    quiet(framed.fit, x, y, validation_data=(x, y), epochs=2)
    expected = quiet(framed.evaluate, np.asarray(x), np.asarray(y))
    assert quiet(framed.evaluate, x, y) == pytest.approx(expected, rel=1e-5)


def test_pieces_of_pandas_frames(lib):
    pandas = pytest.importorskip("pandas")
    x, y, _ = frames("pandas")
    model = several(lib)
    table = x.assign(target=y, late=y > 0)
    for target in (table["target"], table[["target"]], table.target.values, table["late"]):
        quiet(model.fit, table[["a", "b"]], target)
    odd = table[table.index % 2 == 1]  # its row numbers have gaps
    expected = quiet(model.predict, np.asarray(odd[["a", "b"]]))
    assert quiet(model.predict, odd[["a", "b"]]) == pytest.approx(expected, rel=1e-5)
    one = single(lib)
    quiet(one.fit, x["a"], y)
    assert quiet(one.predict, x["a"]).shape == (12, 1)
    dummies = pandas.get_dummies(pandas.Series([str(v) for v in x["b"]]))
    three = lib.Sequential([lib.Input((2,)), lib.layers.Dense(3, activation="softmax")])
    three.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    history = quiet(three.fit, x, dummies, epochs=2).history
    assert list(history) == ["accuracy", "loss"]
