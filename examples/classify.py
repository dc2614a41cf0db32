"""Let the trained network read a digit of your own.

    python examples/train_mnist.py            # once: trains the network
    python examples/classify.py my7.png

Write a digit with a thick pen on paper and photograph it, or draw one with any program. The
picture is brought into the form of the digits that the network learnt from, 28 x 28 pixels.
This script shows what became of it, and how probable the network thinks each of the ten digits.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.datasets import read_digit
from tinynet.models import load_model
from tinynet.support.commands import bar, folder, run, typed

SHADES = np.array(list(" .:-=+*#%@"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Read handwritten digits from pictures.")
    parser.add_argument(
        "pictures", nargs="+", type=Path, help="PNG or JPEG files, one digit in each"
    )
    parser.add_argument(
        "--model",
        metavar="FILE",
        type=Path,
        default="out/model.npz",
        help="the network, as train_mnist.py saved it (default out/model.npz)",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=folder,
        default="out",
        help="where its pictures go (default out)",
    )
    options = parser.parse_args()
    if not options.model.exists():
        sys.exit(
            f"There is no trained network {options.model} yet. Train one first:\n"
            f"    {typed(sys.executable, Path(__file__).with_name('train_mnist.py'))}"
        )
    model = load_model(options.model)
    if (model.input_shape, model.output_shape) != ((None, 784), (None, 10)):
        sys.exit(f"{options.model} does not read digits, which takes 784 numbers in and 10 out.")
    options.out.mkdir(parents=True, exist_ok=True)

    for picture in options.pictures:
        try:
            image = read_digit(picture)  # (28, 28) bytes, 0 the paper and 255 the ink
        except (OSError, ValueError) as error:
            sys.exit(str(error))
        p = model.predict(image.reshape(1, 784) / 255, verbose=0)[0]  # (10,)
        print(as_text(image))
        for digit, probability in enumerate(p):
            print(f"  {digit} {100 * probability:5.1f} % {bar(float(probability))}")
        shown = options.out / f"{picture.stem}-read.png"
        draw(image, p).savefig(shown, dpi=150)
        print(f"\n{picture} shows a {p.argmax()}, the network says. (Drawn in {shown})")


def as_text(image: np.ndarray) -> str:
    """Turn an image into lines of letters, two for each pixel, the blacker the fuller."""
    return "\n".join("".join(row) for row in SHADES[image // 26].repeat(2, axis=1))


def draw(image: np.ndarray, p: np.ndarray) -> Any:
    """Draw what was made of the picture, and beside it the ten probabilities."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.3])
    left.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    left.set_title("what the network sees", loc="left", fontweight="bold")
    left.set(xticks=[], yticks=[])
    bars = right.barh(range(10), p, color=["#0072B2" if q == p.max() else "#B0B0B0" for q in p])
    right.bar_label(bars, [f"{100 * q:.1f} %" for q in p], padding=4, fontsize=8)
    right.set_title(f"what it says: {p.argmax()}", loc="left", fontweight="bold")
    right.set(yticks=range(10), xlim=(0, 1.15), xticks=[])
    right.invert_yaxis()
    right.spines[["top", "right", "bottom"]].set_visible(False)
    return figure


if __name__ == "__main__":
    run(main)
