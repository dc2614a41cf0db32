"""The pictures: the right numbers, no trace of them elsewhere, legible in black and white."""

import gc
import io
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from tinynet import plots
from tinynet.callbacks import Callback
from tinynet.layers import Dense, Dropout
from tinynet.models import Sequential
from tinynet.utils import set_random_seed

HISTORY = {
    "accuracy": [0.94, 0.98],
    "loss": [0.19, 0.08],
    "val_accuracy": [0.96, 0.97],
    "val_loss": [0.11, 0.09],
}
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
LABELS = np.arange(12) % 3
PROBABILITIES = np.random.default_rng(1).dirichlet(np.ones(3), size=12)


def network() -> Sequential:
    """A small network for images of 4 x 4 pixels, compiled."""
    model = Sequential(
        [
            Dense(8, activation="relu", input_shape=(16,), name="first"),
            Dropout(0.5, name="drop"),
            Dense(3, activation="softmax", name="last"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def watched(every: int = 2, epochs: int = 3) -> plots.Watch:
    """A Watch after 4 steps in each epoch."""
    x = IMAGES[:, :4, :4].reshape(12, 16) / 255
    watch = plots.Watch(x[:5], every=every)
    network().fit(x, LABELS, batch_size=3, epochs=epochs, verbose=0, callbacks=[watch])
    return watch


WATCH = watched()

PICTURES: dict[str, Callable[..., Figure]] = {
    "history": lambda **options: plots.history(HISTORY, **options),
    "digits": lambda **options: plots.digits(IMAGES, LABELS, **options),
    "confusion_matrix": lambda **o: plots.confusion_matrix(LABELS, PROBABILITIES, **o),
    "mistakes": lambda **o: plots.mistakes(IMAGES, LABELS, PROBABILITIES, **o),
    "weights": lambda **options: plots.weights(network(), **options),
    "activations": lambda **options: plots.activations(WATCH, **options),
    "gradients": lambda **options: plots.gradients(WATCH, **options),
}
every_picture = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES.keys())


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def panels(figure: Figure) -> list[Any]:
    return figure.axes


# ---- what holds for all ----


@every_picture
def test_a_picture_is_a_figure_that_can_be_saved(draw: Callable[..., Figure]) -> None:
    png = io.BytesIO()
    draw().savefig(png, format="png")
    assert plt.imread(io.BytesIO(png.getvalue())).std() > 0


@every_picture
def test_pyplot_does_not_learn_of_a_new_picture(draw: Callable[..., Figure]) -> None:
    backend = matplotlib.get_backend()
    draw()
    assert plt.get_fignums() == []
    assert matplotlib.get_backend() == backend


@every_picture
def test_a_picture_let_go_leaves_the_memory(draw: Callable[..., Figure]) -> None:
    seen = weakref.ref(draw())
    gc.collect()
    assert seen() is None


@every_picture
def test_a_notebook_gets_a_png(draw: Callable[..., Figure]) -> None:
    assert draw()._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


@every_picture
def test_a_picture_takes_the_place_of_an_axes_given(draw: Callable[..., Figure]) -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert draw(ax=right) is figure
    assert figure.axes == [left, right]
    assert right.images or right.child_axes
    assert not left.images
    assert not left.child_axes


def test_importing_plots_does_not_import_matplotlib() -> None:
    code = "import sys, tinynet.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("name", ["digits", "confusion_matrix", "mistakes"])
def test_a_colour_map_only_ever_darkens(name: str) -> None:
    (image,) = PICTURES[name]().axes[0].images
    red, green, blue = image.cmap(np.linspace(0, 1, 256))[:, :3].T
    lightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert np.all(np.diff(lightness) <= 1e-3)
    assert lightness[0] - lightness[-1] > 0.7


# ---- history ----


def test_history_has_a_panel_a_metric_with_the_loss_first() -> None:
    titles = [panel.get_title(loc="left") for panel in panels(plots.history(HISTORY))]
    assert titles == ["loss", "accuracy"]


def test_history_draws_the_numbers_recorded() -> None:
    training, validation = panels(plots.history(HISTORY))[0].lines
    assert training.get_xydata().tolist() == [[1, 0.19], [2, 0.08]]
    assert validation.get_xydata().tolist() == [[1, 0.11], [2, 0.09]]


def test_history_tells_training_from_validation_without_colour() -> None:
    training, validation = panels(plots.history(HISTORY))[0].lines
    assert training.get_marker() != validation.get_marker()
    assert training.get_linestyle() != validation.get_linestyle()


@pytest.mark.parametrize("epochs", [1, 2, 3, 10, 100])
def test_history_marks_whole_epochs_only(epochs: int) -> None:
    figure = plots.history({"loss": [0.5] * epochs})
    figure.draw_without_rendering()
    low, high = panels(figure)[0].get_xlim()
    ticks = [t for t in panels(figure)[0].get_xticks() if low <= t <= high]
    assert ticks
    assert all(t == round(t) for t in ticks)


def test_history_counts_on_from_the_initial_epoch() -> None:
    class Resumed:
        history = {"loss": [0.3, 0.2]}  # noqa: RUF012
        epoch = [5, 6]  # noqa: RUF012

    (line,) = panels(plots.history(Resumed()))[0].lines
    assert line.get_xdata().tolist() == [6, 7]


def test_history_stands_at_its_own_epochs_with_validation_freq() -> None:
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    x, y = np.zeros((8, 2)), np.zeros(8)
    history = model.fit(
        x, y, epochs=10, verbose=0, validation_data=(x, y), validation_freq=3, initial_epoch=1
    )
    for given in (history, {"loss": [0.5] * 9, "val_loss": [0.4] * 3}):
        training, validation = panels(plots.history(given))[0].lines
        shift = given is history  # a dict does not know where it began
        assert list(training.get_xdata()) == list(range(1 + shift, 10 + shift))
        assert list(validation.get_xdata()) == [3, 6, 9]


def test_history_draws_what_only_callbacks_log_and_leaves_words_out() -> None:
    class Note(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["val_f1"], logs["note"] = 0.5 + epoch, "good"
            if epoch:
                logs["late"] = 1.0

    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    history = model.fit(np.zeros((8, 2)), np.zeros(8), epochs=3, verbose=0, callbacks=[Note()])
    drawn = {panel.get_title(loc="left"): panel for panel in panels(plots.history(history))}
    assert list(drawn) == ["loss", "val_f1", "late"]
    assert list(drawn["val_f1"].lines[0].get_ydata()) == [0.5, 1.5, 2.5]
    assert list(drawn["late"].lines[0].get_xdata()) == [2, 3]


def test_historys_axes_are_those_one_sees() -> None:
    assert all(panel.axison and panel.lines for panel in plots.history(HISTORY).axes)


def test_history_of_nothing_says_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"model\.fit"):
        plots.history({})


# ---- digits ----


def test_digits_shows_every_pixel_of_every_image() -> None:
    (shown,) = plots.digits(IMAGES, LABELS).axes[0].images
    pixels = np.asarray(shown.get_array().compressed())  # what lies between is masked or NaN
    pixels = pixels[np.isfinite(pixels)]
    assert pixels.size == IMAGES.size
    assert pixels.sum() == IMAGES.sum()


def test_digits_captions_each_image_with_its_label() -> None:
    assert texts(plots.digits(IMAGES, LABELS)) == [str(label) for label in LABELS]


def test_digits_uses_names_where_given() -> None:
    figure = plots.digits(IMAGES[:2], [0, 1], names=["Bag", "Coat"])
    assert texts(figure) == ["Bag", "Coat"]


def test_digits_takes_flat_images_and_one_hot_labels_too() -> None:
    square = plots.digits(IMAGES, LABELS)
    flat = plots.digits(IMAGES.reshape(12, 784), np.eye(3)[LABELS])
    assert texts(flat) == texts(square)
    (a,), (b,) = square.axes[0].images, flat.axes[0].images
    np.testing.assert_array_equal(a.get_array(), b.get_array())


@pytest.mark.parametrize("shape", [(12, 785), (12, 28, 27), (784,)])
def test_digits_refuses_what_is_not_square(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(n, 28, 28\) or \(n, 784\), received \("):
        plots.digits(np.zeros(shape), LABELS)


def test_digits_refuses_too_few_labels() -> None:
    with pytest.raises(ValueError, match="12 images, 11 labels"):
        plots.digits(IMAGES, LABELS[:-1])


# ---- confusion matrix ----


def test_confusion_matrix_has_counts_and_shares_of_each_row() -> None:
    figure = plots.confusion_matrix([0, 0, 0, 1, 2], [0, 0, 2, 1, 1])
    cells = {
        (int(text.get_position()[1]), int(text.get_position()[0])): text.get_text()
        for text in figure.axes[0].texts
    }
    assert cells == {
        (0, 0): "2\n66.7 %",
        (0, 2): "1\n33.3 %",
        (1, 1): "1\n100.0 %",
        (2, 1): "1\n100.0 %",
    }


def test_confusion_matrix_says_how_many_are_right() -> None:
    figure = plots.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
    assert figure.axes[0].get_title() == "75.00 % of 4 are right"


def test_confusion_matrix_takes_probabilities_and_one_hot_labels() -> None:
    numbers = plots.confusion_matrix(LABELS, PROBABILITIES.argmax(axis=1))
    rows = plots.confusion_matrix(np.eye(3)[LABELS], PROBABILITIES)
    assert texts(numbers) == texts(rows)


def test_confusion_matrix_writes_the_names_on_both_sides() -> None:
    axes = plots.confusion_matrix([0, 1], [1, 1], names=["Bag", "Coat"]).axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["Bag", "Coat"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["Bag", "Coat"]


def test_confusion_matrix_refuses_unequal_lengths_and_nothing() -> None:
    with pytest.raises(ValueError, match="3 labels, 2 predictions"):
        plots.confusion_matrix([0, 1, 2], [0, 1])
    with pytest.raises(ValueError, match="empty"):
        plots.confusion_matrix([], [])


# ---- mistakes ----

SURE = [[0.4, 0.6], [0.01, 0.99], [0.9, 0.1], [0.2, 0.8]]  # of which the third is right


def test_mistakes_come_most_confident_first_and_say_true_predicted_and_how_sure() -> None:
    figure = plots.mistakes(IMAGES[:4], [0, 0, 0, 0], SURE)
    assert texts(figure) == ["0 → 1\n99 %", "0 → 1\n80 %", "0 → 1\n60 %"]
    assert figure.axes[0].get_title() == "3 of 4 wrong: true → predicted, most confident first"


@pytest.mark.parametrize(
    ("doubt", "said"),
    [
        (0.49, "51 %"),
        (0.02, "98 %"),
        (0.01, "99 %"),
        (0.004, "99.6 %"),
        (4e-6, "99.9996 %"),
        (9.99e-10, "99.99999990 %"),
        (1e-11, "99.999999999 %"),
        (0, "100.000000000 %"),
    ],
)
def test_how_sure_has_the_digits_that_tell_it_from_certainty(doubt: float, said: str) -> None:
    p = np.array([[doubt, 1 - doubt]], np.float32)  # 1 - 1e-11 is 1 in float32
    assert texts(plots.mistakes(IMAGES[:1], [0], p)) == [f"0 → 1\n{said}"]


@pytest.mark.parametrize(("row", "said"), [([0.7, 0.9], "90 %"), ([0.5, np.nan], "nan %")])
def test_how_sure_where_a_row_is_no_distribution(row: list[float], said: str) -> None:
    assert texts(plots.mistakes(IMAGES[:1], [0], [row])) == [f"0 → 1\n{said}"]


def test_two_that_float32_rounds_to_1_still_come_in_order() -> None:
    p = np.array([[1e-9, 1], [1e-12, 1], [1e-10, 1]], np.float32)
    captions = texts(plots.mistakes(IMAGES[:3], [0, 0, 0], p))
    assert [caption.count("9") for caption in captions] == [0, 10, 9]


def test_mistakes_shows_the_images_that_were_mistaken() -> None:
    figure = plots.mistakes(IMAGES[:4], [0, 0, 0, 0], SURE, count=1)
    (shown,) = figure.axes[0].images
    assert np.nansum(shown.get_array().filled(np.nan)) == IMAGES[1].sum()


def test_no_mistakes_make_a_picture_too() -> None:
    figure = plots.mistakes(IMAGES[:2], [1, 1], SURE[:2])
    assert figure.axes[0].get_title() == "0 of 2 wrong"
    assert texts(figure) == []


def test_mistakes_refuses_unequal_lengths() -> None:
    with pytest.raises(ValueError, match="4 images, 3 labels, 4 probabilities"):
        plots.mistakes(IMAGES[:4], [0, 0, 0], SURE)


# ---- weights ----


def test_weights_shows_the_first_layer_largest_units_first() -> None:
    model = network()
    W = np.zeros((16, 8), dtype=np.float32)
    W[5, 2], W[6, 7] = -1, 3
    model.set_weights([W, *model.get_weights()[1:]])
    figure = plots.weights(model, count=2)
    assert texts(figure) == ["unit 7", "unit 2"]
    (shown,) = figure.axes[0].images
    pixels = shown.get_array().filled(np.nan)
    assert np.nansum(pixels == 3) == np.nansum(pixels == -1) == 1


def test_weights_puts_zero_in_the_middle_of_the_greys() -> None:
    (shown,) = plots.weights(network()).axes[0].images
    low, high = shown.get_clim()
    assert low == -high


def test_weights_says_what_a_model_without_any_lacks() -> None:
    with pytest.raises(ValueError, match="input_shape"):
        plots.weights(Sequential([Dense(3)]))


# ---- watching ----


def test_watch_looks_every_so_many_steps_at_every_layer() -> None:
    assert WATCH.steps == [2, 4, 6, 8, 10, 12]
    assert list(WATCH.activations) == ["first", "drop", "last"]
    assert list(WATCH.gradients) == ["first", "last"]
    assert all(len(looks) == 6 for looks in WATCH.activations.values())
    assert [looks[0].size for looks in WATCH.gradients.values()] == [16 * 8, 8 * 3]


def test_watch_notes_the_outputs_of_predict() -> None:
    x = IMAGES[:, :4, :4].reshape(12, 16) / 255
    watch, model = plots.Watch(x, every=1), network()
    model.fit(x, LABELS, batch_size=12, epochs=1, verbose=0, callbacks=[watch])
    p = model.predict(x, verbose=0)
    np.testing.assert_allclose(watch.activations["last"][0], p.ravel(), rtol=1e-6)


def test_watch_does_not_change_what_is_learnt() -> None:
    x = IMAGES[:, :4, :4].reshape(12, 16) / 255
    learnt = []
    for callbacks in [], [plots.Watch(x, every=1)]:
        set_random_seed(0)
        model = network()
        model.fit(x, LABELS, batch_size=3, epochs=2, verbose=0, callbacks=callbacks)
        learnt.append(model.get_weights())
    for alone, seen in zip(*learnt, strict=True):
        np.testing.assert_array_equal(alone, seen)


def test_watch_keeps_little_of_a_large_layer() -> None:
    x = np.zeros((300, 16))
    watch, model = plots.Watch(x, every=1), network()
    model.fit(x, np.zeros(300, int), batch_size=300, verbose=0, callbacks=[watch])
    assert watch.activations["first"][0].size == 2000  # of 300 * 8


def test_watch_refuses_to_look_every_no_steps() -> None:
    with pytest.raises(ValueError, match="from 1, got 0"):
        plots.Watch(IMAGES, every=0)


@pytest.mark.parametrize("draw", [plots.activations, plots.gradients])
def test_histograms_have_a_panel_a_layer(draw: Callable[..., Figure]) -> None:
    names = [panel.get_title(loc="left").split("\n")[0] for panel in panels(draw(WATCH))]
    assert names == list(WATCH.activations if draw is plots.activations else WATCH.gradients)


def test_histograms_count_the_zeros_apart() -> None:
    title = panels(plots.activations(WATCH))[0].get_title(loc="left")
    zeros = 100 * np.mean(WATCH.activations["first"][-1] == 0)
    assert title == f"first\n{zeros:.0f} % are 0 at last"


def test_gradients_of_all_layers_stand_on_one_logarithmic_scale() -> None:
    first, last = panels(plots.gradients(WATCH))
    assert first.get_yscale() == last.get_yscale() == "log"
    assert first.get_ylim() == last.get_ylim()


@pytest.mark.parametrize("draw", [plots.activations, plots.gradients])
def test_histograms_of_nothing_say_what_to_do(draw: Callable[..., Figure]) -> None:
    with pytest.raises(ValueError, match=r"callbacks=\[watch\]"):
        draw(plots.Watch(IMAGES))


def test_gradients_that_are_all_zero_make_a_picture_too() -> None:
    watch = watched()
    watch.gradients = {name: [0 * g for g in looks] for name, looks in watch.gradients.items()}
    assert "100 % are 0" in panels(plots.gradients(watch))[0].get_title(loc="left")
