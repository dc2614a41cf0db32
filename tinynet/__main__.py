"""Say what tinynet is, where its files are, and what to type next."""

import sys

import tinynet
from tinynet.support.commands import run, typed
from tinynet.support.shipped import shipped

TEXT = """\
tinynet {version}: neural networks in pure NumPy, written to be read.

  the package    {package}
  the guide      {docs}
  examples       {examples}
  10,000 digits  {data}

Train on them:   {train}
Learn backprop:  read backprop.md in the guide's folder
The full sets:   {sets}"""


def main() -> None:
    """Print it."""
    examples = shipped("examples")
    print(
        TEXT.format(
            version=tinynet.__version__,
            package=tinynet.__path__[0],
            docs=shipped("docs"),
            examples=examples,
            data=shipped("data/mnist-10k"),
            sets=typed(sys.executable, "-m", "tinynet.datasets"),
            train=typed(sys.executable, examples / "train_mnist.py", "--data", "mnist_10k"),
        )
    )


if __name__ == "__main__":
    run(main)
