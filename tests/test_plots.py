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

HISTORY = {
    "accuracy": [0.94, 0.98],
    "loss": [0.19, 0.08],
    "val_accuracy": [0.96, 0.97],
    "val_loss": [0.11, 0.09],
}
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
LABELS = np.arange(12) % 3
PROBABILITIES = np.random.default_rng(1).dirichlet(np.ones(3), size=12)

PICTURES: dict[str, Callable[..., Figure]] = {
    "history": lambda **options: plots.history(HISTORY, **options),
    "digits": lambda **options: plots.digits(IMAGES, LABELS, **options),
    "confusion_matrix": lambda **o: plots.confusion_matrix(LABELS, PROBABILITIES, **o),
    "mistakes": lambda **o: plots.mistakes(IMAGES, LABELS, PROBABILITIES, **o),
}
every_picture = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES.keys())


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def panels(figure: Figure) -> list[Any]:
    return figure.axes[0].child_axes


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


def test_mistakes_come_surest_first_and_say_true_predicted_and_how_sure() -> None:
    figure = plots.mistakes(IMAGES[:4], [0, 0, 0, 0], SURE)
    assert texts(figure) == ["0 → 1  99 %", "0 → 1  80 %", "0 → 1  60 %"]
    assert figure.axes[0].get_title() == "3 of 4 wrong, the surest first"


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
