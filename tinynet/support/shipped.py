"""Where the files are that come with the package but are no modules: data, docs, examples."""

from pathlib import Path

PACKAGE = Path(__file__).parent.parent


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
    for home in (PACKAGE / "share", PACKAGE.parent):
        if (home / name).is_dir():
            return home / name
    raise FileNotFoundError(
        f"{name} should have come with tinynet, and is neither in {PACKAGE / 'share'} nor in "
        f"{PACKAGE.parent}. Install it anew: pip install --force-reinstall tinynet-numpy"
    )
