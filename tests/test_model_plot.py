"""Models drawn as boxes and arrows: what stands in them, where they stand, and the file."""

import itertools
import struct

import numpy as np
import pytest

from tinynet import Input, Model, Sequential, utils
from tinynet.layers import Add, Concatenate, Dense, Dropout
from tinynet.more.model_plot import Box, place, route, used


def row():
    return Sequential([Input((784,)), Dense(512, "relu"), Dropout(0.2), Dense(10, "softmax")])


def skipping():
    """Build a model with two ways around others, which a careless drawing would cross out."""
    inputs = Input((8,))
    x = Dense(4, "relu", name="first")(inputs)
    x = Add()([x, Dense(4)(Dropout(0.1)(x))])
    x = Concatenate()([x, Dense(3, name="wide")(inputs)])
    return Model(inputs, Dense(2)(x))


def texts(model, **options):
    return [text.get_text() for text in utils.plot_model(model, None, **options).axes[0].texts]


def test_a_box_for_each_layer():
    assert texts(row()) == ["InputLayer", "Dense", "Dropout", "Dense"]
    kinds = ["InputLayer", "Dense", "Dropout", "Dense", "Add", "Dense", "Concatenate", "Dense"]
    assert sorted(texts(skipping())) == sorted(kinds)


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("show_shapes", "(None, 784) to (None, 512)"),
        ("show_dtype", "dtype: float32"),
        ("show_layer_activations", "activation: relu"),
        ("show_trainable", "not trained"),
    ],
)
def test_what_a_box_says(option, line):
    model = row()
    model.layers[0].trainable = False
    assert texts(model, **{option: True})[1].split("\n") == ["Dense", line]
    assert texts(model, show_layer_names=True)[1] == f"{model.layers[0].name} (Dense)"


def test_several_inputs_of_a_layer():
    (box,) = [t for t in texts(skipping(), show_shapes=True) if t.startswith("Concatenate")]
    assert box.split("\n")[1] == "(None, 4), (None, 3) to (None, 7)"


def overlap(a, b):
    """Say whether two boxes stand on the same place."""
    apart = abs(a.across - b.across) >= (a.wide + b.wide) / 2
    return not apart and abs(a.along - b.along) < (a.deep + b.deep) / 2


@pytest.mark.parametrize("downwards", [True, False])
@pytest.mark.parametrize("make", [row, skipping])
def test_no_box_covers_another_and_no_arrow_crosses_one(make, downwards):
    boxes = list(used(make(), {"shapes", "name"}))
    arrows = place(boxes, downwards)
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
    for way in arrows:
        for a, b in itertools.pairwise(route(way)):
            for part in np.linspace(0.01, 0.99, 50):
                point = Box([], [], 0, *(np.array(a) + part * (np.array(b) - a)), 0.0, 0.0)
                assert not any(overlap(point, box) for box in boxes)


def test_every_connection_has_its_arrow():
    model = skipping()
    boxes = list(used(model, set()))
    arrows = place(boxes, downwards=True)
    assert len(arrows) == sum(len(symbol.sources) for symbol in model.symbols) == 9
    assert {id(way[-1]) for way in arrows} == {id(box) for box in boxes[1:]}
    for way in arrows:
        assert [box.level for box in way] == list(range(way[0].level, way[-1].level + 1))


def test_everything_is_within_the_picture():
    figure = utils.plot_model(skipping(), None, show_shapes=True, show_layer_names=True)
    figure.canvas.draw()
    page = figure.bbox
    for text in figure.axes[0].texts:
        corners = text.get_window_extent()
        assert page.contains(corners.x0, corners.y0)
        assert page.contains(corners.x1, corners.y1)


def test_the_words_fit_into_their_boxes():
    figure = utils.plot_model(row(), None, show_shapes=True, show_layer_names=True)
    figure.canvas.draw()
    axes = figure.axes[0]
    boxes = [patch for patch in axes.patches if hasattr(patch, "get_width")]
    for text, box in zip(axes.texts, boxes, strict=True):
        words, around = text.get_window_extent(), box.get_window_extent()
        assert around.x0 < words.x0 < words.x1 < around.x1
        assert around.y0 < words.y0 < words.y1 < around.y1


def test_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure = utils.plot_model(row(), dpi=50)
    png = (tmp_path / "model.png").read_bytes()
    width, height = struct.unpack(">II", png[16:24])
    assert [width, height] == pytest.approx(50 * figure.get_size_inches(), abs=1)
    utils.plot_model(row(), to_file="plain", rankdir="LR")
    utils.plot_model(row(), to_file=tmp_path / "a.svg")
    utils.plot_model(row(), "b.pdf")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.svg",
        "b.pdf",
        "model.png",
        "plain.png",
    ]
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"begin it with Input\(shape=\(784,\)\)"):
        utils.plot_model(Sequential([Dense(3)]))
    with pytest.raises(ValueError, match=r"'.png', '.pdf' or '.svg', got '.dot'"):
        utils.plot_model(row(), tmp_path / "model.dot")
    with pytest.raises(ValueError, match="rankdir as 'TB' or 'LR'"):
        utils.plot_model(row(), tmp_path / "model.png", rankdir="BT")
    assert not list(tmp_path.iterdir())
