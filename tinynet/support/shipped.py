"""Where the files are that come with the package but are no modules: data, docs, examples."""

from pathlib import Path

PACKAGE = Path(__file__).parent.parent
REINSTALL = "Install it anew: pip install --force-reinstall tinynet-numpy"


def places(name: str) -> list[Path]:
    """Say where a folder of that name would lie: in an installed package, or in a checkout."""
    return [PACKAGE / "share" / name, PACKAGE.parent / name]


def shipped(name: str) -> Path:
    """Return the path of a folder that comes with tinynet.

    An installed package holds it in share/; in a checkout it lies beside the package.

    Args:
        name: "data/mnist-10k", "docs" or "examples".

    Raises:
        FileNotFoundError: it is in neither place, so the installation is not whole.

    Example:
        >>> shipped("data/mnist-10k").name
        'mnist-10k'
    """
    for place in places(name):
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"{name} should have come with tinynet, and is neither in {PACKAGE / 'share'} nor in "
        f"{PACKAGE.parent}. {REINSTALL}"
    )
