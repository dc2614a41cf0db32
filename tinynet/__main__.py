"""Say what tinynet is, where its files are, and what to type next."""

import tinynet
from tinynet.support.shipped import shipped

TEXT = """\
tinynet {version}: neural networks in pure NumPy, written to be read.

  the package    {package}
  the guide      {docs}
  examples       {examples}
  10,000 digits  {data}

Train on them:   python {train} --data mnist_10k
Learn backprop:  read backprop.md in the guide's folder
The full sets:   python -m tinynet.datasets"""


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
            train=examples / "train_mnist.py",
        )
    )


if __name__ == "__main__":
    main()
