"""10,000 digits of MNIST that come with tinynet: no network is needed."""

from tinynet.datasets.cache import four_files
from tinynet.datasets.folder import Pair, load_folder
from tinynet.support.shipped import shipped

FILES = four_files(
    "685d256db164fa6cb475d3b289af60f944eca054f0b384f501843278b5c720bd",
    "eaf068a5e2622ef94c6c2050c8fc1a02eaec47a51b5cdbaccb1551f7b24f0e75",
    "4efb1dfff5c32b44b3149b6ec95b2d9e943ef90b573cbafbe40a433f30470190",
    "8a49ecb815ad456b6cc5917633b29c20ea6993a18ddb343f19e0ab99abbff3aa",
    train=8000,
    test=2000,
)


def load_data() -> tuple[Pair, Pair]:
    """Load 10,000 digits of MNIST's training set, split into 8,000 and 2,000.

    Do not test on them what was trained on the full MNIST, which holds them all.

    Returns:
        ((x_train, y_train), (x_test, y_test)), all uint8: images (8000, 28, 28) and
        (2000, 28, 28) from 0, the paper, to 255, the ink; labels 0 to 9, (8000,) and (2000,).

    Raises:
        FileNotFoundError: the installation is not whole.

    Example:
        >>> from tinynet.datasets import mnist_10k
        >>> (x_train, y_train), (x_test, y_test) = mnist_10k.load_data()
        >>> x_train.shape, x_test.shape
        ((8000, 28, 28), (2000, 28, 28))

    Source: as for `mnist.load_data`. Keras has no counterpart.
    """
    return load_folder(shipped("data/mnist-10k"))
