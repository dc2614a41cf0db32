"""Pictures of data, of training and of what a network has learnt.

One rule for every function: it returns the Figure that it drew on. Without `ax` that is a
new figure, known to nobody else: nothing pops up, nothing stays in memory, no display is
needed; the last line of a notebook cell shows it and `figure.savefig("name.png")` keeps it.
With `ax`, the picture takes the place of that Axes in a figure of yours, one of
`plt.subplots()` for example, which `plt.show()` then puts into a window.

Training and validation differ in marker and line as well as in colour, and the colour maps
go evenly from light to dark: the pictures survive a black-and-white printer and colour-blind
eyes.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tinynet.callbacks import Callback
from tinynet.support import settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from tinynet.models import Sequential

MOST_CLASSES = 10_000  # more than that is no class number, and no picture can show it
Names: TypeAlias = Sequence[str] | None
Style: TypeAlias = dict[str, Any]

TRAINING: Style = {"color": "#0072B2", "marker": "o", "linestyle": "-", "label": "training"}
VALIDATION: Style = {"color": "#D55E00", "marker": "s", "linestyle": "--", "label": "validation"}


def history(history: Any, ax: Axes | None = None) -> Figure:
    """Draw each loss and metric by epoch, training beside validation.

    Args:
        history: what `fit` returned, or its `.history`: name -> list of one float an epoch. Lists
            that are shorter, as with validation_freq, stand at their own epochs.
        ax: where to draw; default a new figure, whose axes the panels are then.

    Returns:
        The Figure, with a panel for the loss and for each name that was recorded, val_ ones beside
        their training. What is no number is left out.

    Raises:
        ValueError: no epoch has been recorded.

    Example:
        >>> figure = history({"loss": [0.26, 0.10], "val_loss": [0.12, 0.09]})
        >>> figure.axes[0].get_title(loc="left")
        'loss'
    """
    from matplotlib.ticker import MaxNLocator

    values = getattr(history, "history", history)
    if not isinstance(values, Mapping):
        raise ValueError(f"Expected what model.fit returned, got {settings.short(history)}.")
    values = _numbers(values)
    names = [n for n in values if not (n.startswith("val_") and n[4:] in values)]
    names.sort(key=lambda name: name != "loss")
    if not names:
        raise ValueError("The history is empty. Train first: history = model.fit(x, y, ...)")
    count = max(map(len, values.values()))
    epochs = getattr(history, "epoch", None) or range(count)
    when = getattr(history, "when", {})
    figure, panels = _panels(ax, len(names), 4.6, 3.6)
    for panel, name in zip(panels, names, strict=True):
        for key, style in (name, TRAINING), ("val_" + name, VALIDATION):
            if key in values:
                n = len(values[key])
                freq = count // n  # where nobody says when: as validation_freq would have it
                at = when.get(key) or list(epochs)[freq - 1 : freq * n : freq]
                every = max(1, n // 12)  # a marker on each of 100 epochs would hide the line
                panel.plot([e + 1 for e in at], values[key], markevery=every, **style)
        panel.set_title(name, loc="left", fontweight="bold")
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        panel.grid(axis="y", alpha=0.3)
        if "val_" + name in values:
            panel.legend(frameon=False)
    return figure


def _numbers(history: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[float]]:
    """Leave out of a history what is empty or no number: callbacks may log words."""
    return {
        name: values
        for name, values in history.items()
        if np.size(values) and np.ndim(values) == 1 and np.asarray(values).dtype.kind in "fiub"
    }


def digits(
    images: ArrayLike, labels: ArrayLike, names: Names = None, ax: Axes | None = None
) -> Figure:
    """Draw images in a grid, ink on paper, each with its label.

    Args:
        images: (n, 28, 28) or (n, 784), or any other square size; any range of values.
        labels: (n,) or (n, 1) class numbers, or (n, k) one-hot rows.
        names: the name of each class, for Fashion-MNIST say; default its number.
        ax: where to draw; default a new figure.

    Returns:
        The Figure.

    Raises:
        ValueError: the images are not square, or there are not as many labels as images.

    Example:
        >>> import numpy as np
        >>> figure = digits(np.eye(28)[None], [7])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['7']
    """
    images, classes = _square(images), _classes(labels)
    _same_length(images=images, labels=classes)
    captions = [_name(c, names) for c in classes]
    return _grid(ax, images, captions, tile=0.8 if names is None else 1.1)


def confusion_matrix(
    labels: ArrayLike, predictions: ArrayLike, names: Names = None, ax: Axes | None = None
) -> Figure:
    """Draw which class was taken for which: counts, and percentages of each row.

    Args:
        labels: the truth: (n,) class numbers or (n, k) one-hot rows.
        predictions: (n, k) probabilities, as `predict` gives them, or (n,) class numbers.
        names: the name of each class; default its number.
        ax: where to draw; default a new figure.

    Returns:
        The Figure: a row for each true class, a column for each predicted class.

    Raises:
        ValueError: there are not as many predictions as labels, or none at all.

    Example:
        >>> figure = confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1\\n50.0 %', '1\\n50.0 %', '2\\n100.0 %']
    """
    from matplotlib.colors import PowerNorm

    true, predicted = _classes(labels), _classes(predictions)
    _same_length(labels=true, predictions=predicted)
    if true.size == 0:
        raise ValueError("There are no predictions to draw: labels is empty.")
    k = max(true.max(), predicted.max()) + 1
    counts = np.zeros((k, k), dtype=np.int64)
    np.add.at(counts, (true, predicted), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    ax = _place(ax, 2 + 0.62 * k, 1.5 + 0.62 * k)
    ax.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, vmin=0, vmax=1))
    size = _font_size(ax, 1 / k, 1 / k, ["100.0 %"])
    for (row, column), count in np.ndenumerate(counts):
        if count:
            share = shares[row, column]
            color = "white" if share > 0.3 else "black"
            text = f"{count}\n{100 * share:.1f} %"
            ax.text(column, row, text, ha="center", va="center", fontsize=size, color=color)
    ticks = [_name(c, names) for c in range(k)]
    ax.set_xticks(range(k), ticks)
    if names is not None:
        ax.tick_params("x", labelrotation=45)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    ax.set_yticks(range(k), ticks)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    right = np.mean(true == predicted)
    ax.set_title(f"{100 * right:.2f} % of {true.size:,} are right", fontweight="bold")
    return _figure(ax)


def mistakes(
    images: ArrayLike,
    labels: ArrayLike,
    probabilities: ArrayLike,
    count: int = 30,
    names: Names = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the wrong answers, most confident first: true → predicted, and how sure.

    "4 → 6" is a 4 that was taken for a 6. The percentage has as many digits as it takes to tell
    it from 100, at most nine after the point.

    Args:
        images: (n, 28, 28) or (n, 784), or any other square size.
        labels: the truth: (n,) class numbers or (n, k) one-hot rows.
        probabilities: (n, k) as `predict` gives them.
        count: how many to draw at most, at least 1.
        names: the name of each class; default its number.
        ax: where to draw; default a new figure.

    Returns:
        The Figure.

    Raises:
        ValueError: images, labels and probabilities differ in length.

    Example:
        >>> import numpy as np
        >>> figure = mistakes(np.zeros((2, 28, 28)), [1, 0], [[0.1, 0.9], [0.02, 0.98]])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0 → 1\\n98 %']
    """
    images, true, p = _square(images), _classes(labels), np.array(probabilities, dtype=np.float64)
    _same_length(images=images, labels=true, probabilities=p)
    if p.ndim == 1 or p.shape[1] == 1:  # sigmoid outputs: of class 1
        p = np.stack([1 - p.reshape(len(p)), p.reshape(len(p))], axis=1)  # (n, 2)
    predicted = p.argmax(axis=1)
    wrong = np.flatnonzero(predicted != true)
    doubt, total = 1 - p.max(axis=1), p.sum(axis=1)
    p[np.arange(len(p)), predicted] = 0  # what the others got tells 0.99999998 from 1
    doubt = np.where(abs(total - 1) < 1e-3, p.sum(axis=1), doubt)  # if they are probabilities
    shown = wrong[np.argsort(doubt[wrong], kind="stable")][:count]
    arrow = " → " if names is None else "\n→ "
    captions = [
        f"{_name(true[i], names)}{arrow}{_name(predicted[i], names)}\n{_all_but(doubt[i])}"
        for i in shown
    ]
    title = f"{wrong.size:,} of {true.size:,} wrong"
    title += ": true → predicted" * (shown.size > 0) + ", most confident first" * (shown.size > 1)
    return _grid(ax, images[shown], captions, tile=0.95 if names is None else 1.35, title=title)


def weights(model: Sequential, count: int = 40, ax: Axes | None = None) -> Figure:
    """Draw what units of the first layer look for: their weights, as images.

    Dark pixels speak for the unit, light ones against it, grey ones say nothing. The units
    with the largest weights come first.

    Args:
        model: a model whose inputs are square images, flattened: 784 of them, say.
        count: how many units to draw at most.
        ax: where to draw; default a new figure.

    Returns:
        The Figure.

    Raises:
        ValueError: the model has no weights yet, or its inputs are not square images.

    Example:
        >>> from tinynet import Sequential, layers
        >>> model = Sequential([layers.Dense(3, input_shape=(784,))])
        >>> weights(model).axes[0].get_title()
        '3 of 3 units: dark pixels speak for one, light ones against'
    """
    arrays = model.get_weights()
    if not arrays:
        raise ValueError("The model has no weights yet: give its first layer an input_shape.")
    units = _square(arrays[0].T)
    largest = np.argsort(-np.linalg.norm(arrays[0], axis=0), kind="stable")[:count]
    limit = np.quantile(np.abs(arrays[0]), 0.999)  # not the maximum: one pixel would rule
    captions = [f"unit {i}" for i in largest]
    title = f"{len(largest)} of {len(units)} units: dark pixels speak for one, light ones against"
    colours = {"vmin": -limit, "vmax": limit}
    return _grid(ax, units[largest], captions, tile=0.85, title=title, **colours)


class Watch(Callback):
    """Collect, while `fit` trains, what `activations` and `gradients` draw.

    Every so many batches it sends a sample through the layers and notes some of the outputs
    of each, and some of the gradients of its first weight as the last batch left them. It
    has its own random numbers: training goes on as if unwatched.

    Args:
        x: the sample, (n, ...) as the model takes it; a hundred rows tell enough.
        every: how many batches from one look to the next, at least 1; default 25.

    Raises:
        ValueError: every is below 1.

    Example:
        >>> import numpy as np
        >>> from tinynet import Sequential, layers
        >>> x, t = np.eye(4, dtype=np.float32), np.ones((4, 1), dtype=np.float32)
        >>> model = Sequential([layers.Dense(1, input_shape=(4,), name="only")])
        >>> model.compile(loss="mean_squared_error")
        >>> watch = Watch(x, every=2)
        >>> _ = model.fit(x, t, batch_size=1, epochs=3, verbose=0, callbacks=[watch])
        >>> watch.steps
        [2, 4, 6, 8, 10, 12]
        >>> watch.gradients["only"][-1].shape
        (4,)
        >>> figure = gradients(watch)  # or activations(watch)
    """

    def __init__(self, x: ArrayLike, every: int = 25) -> None:
        super().__init__()
        self.x: NDArray[np.float32] = np.asarray(x, dtype=np.float32)
        self.every: int = settings.count("every", every)
        self.step: int = 0
        self.steps: list[int] = []
        self.activations: dict[str, list[NDArray[Any]]] = {}
        self.gradients: dict[str, list[NDArray[Any]]] = {}
        self.rng: np.random.Generator = np.random.default_rng(0)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self.step += 1
        if self.step % self.every == 0:
            self.steps.append(self.step)
            self._look()

    def _look(self) -> None:
        x = self.x
        for layer in self.model.layers:
            for link in layer.links():
                x = link.infer(x)
            self.activations.setdefault(layer.name, []).append(self._some(x))
            for name in list(layer.declared)[:1]:
                gradient = getattr(layer, "d" + name)
                self.gradients.setdefault(layer.name, []).append(self._some(gradient))

    def _some(self, values: NDArray[Any], enough: int = 2000) -> NDArray[Any]:
        flat = values.ravel()
        return self.rng.choice(flat, enough) if flat.size > enough else flat.copy()


def activations(watch: Watch, ax: Axes | None = None) -> Figure:
    """Draw how the outputs of each layer spread while training went on.

    Each column of a panel is a histogram; the darker, the more values. Outputs of exactly 0,
    of which ReLU makes many, are left out and counted in the title.

    Args:
        watch: the Watch that was among the callbacks of `fit`.
        ax: where to draw; default a new figure.

    Returns:
        The Figure, with one panel a layer.

    Raises:
        ValueError: it has not watched yet.

    Example: see Watch.
    """
    return _histograms("outputs by layer", watch.steps, watch.activations, ax)


def gradients(watch: Watch, ax: Axes | None = None) -> Figure:
    """Draw how the gradients of each layer's weights spread while training went on.

    The sizes stand in powers of ten, on one scale for all layers: gradients that vanish or
    explode on their way back are seen at once. Those of exactly 0 are counted in the title.

    Args:
        watch: the Watch that was among the callbacks of `fit`.
        ax: where to draw; default a new figure.

    Returns:
        The Figure, with one panel for each layer that has weights.

    Raises:
        ValueError: it has not watched yet.

    Example: see Watch.
    """
    sizes = {name: [np.abs(g) for g in looks] for name, looks in watch.gradients.items()}
    return _histograms("size of the gradients by layer", watch.steps, sizes, ax, log=True)


def _histograms(
    title: str,
    steps: Sequence[int],
    by_layer: Mapping[str, Sequence[NDArray[Any]]],
    ax: Axes | None,
    log: bool = False,
) -> Figure:
    """A panel for each layer; in it a column for each look, dark where many values lie."""
    from matplotlib.colors import PowerNorm

    if not steps:
        raise ValueError("Nothing was watched: model.fit(x, y, callbacks=[watch]) first.")
    figure, panels = _panels(ax, len(by_layer), 3.4, 3.8)
    if ax is None:
        figure.suptitle(title, fontweight="bold")
    else:
        ax.set_title(title, fontweight="bold", pad=36)
    everything = np.concatenate([v for looks in by_layer.values() for v in looks])
    for panel, (name, looks) in zip(panels, by_layer.items(), strict=True):
        values = everything if log else np.concatenate(looks)
        values = values[np.isfinite(values) & (values != 0)]
        values = np.log10(values) if log else values
        most = tuple(np.quantile(values, [0.01, 0.999])) if values.size else None
        edges = np.histogram_bin_edges(values, 50, range=most)
        edges = 10**edges if log else edges
        shares = np.transpose([np.histogram(v[v != 0], edges)[0] / v.size for v in looks])
        panel.pcolormesh([0, *steps], edges, shares, cmap="Blues", norm=PowerNorm(0.5))
        panel.set_yscale("log" if log else "linear")
        zeros = np.mean(looks[-1] == 0)
        panel.set_title(f"{name}\n{100 * zeros:.0f} % are 0 at last", loc="left", fontsize=9)
        panel.set_xlabel("training step")
    return figure


# ---- the places to draw on ----


@functools.cache
def _new_figure() -> type[Figure]:
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A Figure that a notebook can show even where pyplot was never used."""

        def _repr_png_(self) -> bytes:
            png = io.BytesIO()
            self.savefig(png, format="png")
            return png.getvalue()

    return Picture


def _place(ax: Axes | None, width: float, height: float) -> Axes:
    """The Axes given, or that of a new figure (inches) which pyplot does not know of."""
    if ax is not None:
        return ax
    return _new_figure()(figsize=(width, height), layout="constrained").add_subplot()


def _figure(ax: Axes) -> Figure:
    # get_figure(root=True) says the same, but only from matplotlib 3.10 on.
    return ax.figure.figure  # of a SubFigure: the whole


def _panels(ax: Axes | None, n: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A row of `n` panels: a new figure's axes, each so large, or inside of the Axes given."""
    if ax is None:
        figure = _new_figure()(figsize=(n * width, height), layout="constrained")
        panels = list(figure.subplots(1, n, squeeze=False)[0])
    else:
        figure, gap = _figure(ax), 0.2  # panel widths between two
        ax.set_axis_off()
        share = 1 / (n + (n - 1) * gap)
        panels = [ax.inset_axes((i * share * (1 + gap), 0, share, 1)) for i in range(n)]
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _grid(
    ax: Axes | None,
    images: NDArray[Any],
    captions: Sequence[str],
    tile: float,
    title: str = "",
    **colours: Any,
) -> Figure:
    """Draw images (n, h, w) as one large picture of captioned tiles, `tile` inches wide."""
    n, h, w = images.shape
    columns = min(max(n, 1), 10)
    rows = max(-(-n // columns), 1)
    gap = w // 7
    inch = (w + gap) / tile  # in pixels of the images
    lines = 1 + max((c.count("\n") for c in captions), default=0)
    head = round((0.08 + 0.15 * lines) * inch)
    canvas = np.full((rows * (head + h), columns * (w + gap)), np.nan)
    height, width = canvas.shape
    ax = _place(ax, max(width / inch, 4), height / inch + (0.4 if title else 0.1))
    size = _font_size(ax, (w + gap) / width, (head + h) / height, captions)
    for i, (image, caption) in enumerate(zip(images, captions, strict=True)):
        top, left = i // columns * (head + h) + head, i % columns * (w + gap) + gap // 2
        canvas[top : top + h, left : left + w] = image
        ax.text(left + w / 2, top - 1, caption, ha="center", va="bottom", fontsize=size)
    ax.imshow(canvas, **({"cmap": "gray_r"} | colours))
    ax.set_axis_off()
    ax.set_title(title, fontweight="bold")
    return _figure(ax)


def _font_size(ax: Axes, wide: float, high: float, texts: Sequence[str]) -> float:
    """Points in which the texts fit a cell that is this part of the Axes, at most 9."""
    longest = max((len(line) for text in texts for line in text.split("\n")), default=1)
    side = min(wide * ax.bbox.width, high * ax.bbox.height) * 72 / _figure(ax).dpi
    return min(9.0, side / (0.55 * longest))  # a letter is about 0.55 as wide as it is high


# ---- what may be handed in ----


def _classes(given: ArrayLike) -> NDArray[np.int64]:
    """Class numbers (n,) from those, from rows (n, k), or from sigmoid outputs (n,) or (n, 1)."""
    labels: NDArray[Any] = np.asarray(given)
    if labels.ndim == 0 or labels.dtype.kind not in "fiub":
        raise ValueError(
            f"Expected class numbers such as [7, 2, 1], got {settings.short(given)}. What they are "
            f"called goes into names: names=['cat', 'dog']"
        )
    if not np.isfinite(labels).all():
        raise ValueError("Expected class numbers or probabilities, got some that are not finite.")
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(axis=1)
    labels = labels.reshape(len(labels))
    if labels.dtype.kind == "f" and (labels != np.floor(labels)).any():
        labels = labels > 0.5  # probabilities of class 1
    classes: NDArray[np.int64] = labels.astype(np.int64)
    if classes.size and not 0 <= classes.min() <= classes.max() < MOST_CLASSES:
        wrong = classes.min() if classes.min() < 0 else classes.max()
        raise ValueError(f"Expected class numbers from 0 to {MOST_CLASSES - 1:,}, got {wrong:,}.")
    return classes


def _square(images: ArrayLike) -> NDArray[Any]:
    """Images (n, side, side), from those or from rows of side * side pixels."""
    images = np.asarray(images)
    side = round(float(np.prod(images.shape[1:])) ** 0.5)
    if images.ndim < 2 or np.prod(images.shape[1:]) != side * side:
        raise ValueError(
            f"Expected images of shape (n, 28, 28) or (n, 784), received {images.shape}. "
            "For a single image write image[None]."
        )
    return images.reshape(-1, side, side)


def _same_length(**arrays: NDArray[Any]) -> None:
    if len({len(a) for a in arrays.values()}) > 1:
        lengths = ", ".join(f"{len(a)} {name}" for name, a in arrays.items())
        raise ValueError(f"Expected as many of each, received {lengths}.")


def _all_but(doubt: float) -> str:
    """1 - doubt in percent, with the digits that it takes to tell it from 100 %."""
    digits = next((d for d in range(9) if 100 * doubt > 0.9999 * 10.0**-d), 9)
    return f"{100 - 100 * doubt:.{digits}f} %"


def _name(number: int, names: Names) -> str:
    return str(number) if names is None else names[number]
