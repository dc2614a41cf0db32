"""Say where the data sets are and whether they are whole; fetch or repair them."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tinynet.datasets import DownloadError, fashion_mnist, mnist, mnist_10k
from tinynet.datasets.cache import DataFile, find
from tinynet.support.commands import run
from tinynet.support.shipped import REINSTALL, shipped

SETS = {dataset.name: dataset for dataset in (mnist.SET, fashion_mnist.SET)}
SMALL = "mnist_10k"
NO_NETWORK = """\
On a machine without a network: run this there to see the folder of each set. On another
machine run it with --download and copy its folder over, or fetch the files with a browser.
Compressed or not, named -idx3 or .idx3: every form will do. The environment variable
TINYNET_HOME names another place: with TINYNET_HOME=/shared MNIST is in /shared/mnist."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if a set was to be fetched and could not be."""
    parser = argparse.ArgumentParser(
        prog="python -m tinynet.datasets",
        description=__doc__,
        epilog=NO_NETWORK,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = [*SETS, SMALL]
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"{', '.join(known)}; default all")
    parser.add_argument("--download", action="store_true", help="fetch what is missing or damaged")
    options = parser.parse_args(arguments)
    names = [name.replace("-", "_") for name in options.sets] or known
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no set is called {', '.join(unknown)}; there are {', '.join(known)}")

    status = 0
    for name in names:
        try:
            if name == SMALL:
                _show_small(options.download)
            else:
                _show(name, options.download)
        except (DownloadError, FileNotFoundError) as error:
            print(error, file=sys.stderr)
            status = 1
    if not options.download:
        print("\nTo fetch or repair:  python -m tinynet.datasets --download [SET ...]\n")
        print(NO_NETWORK)
    return status


def _show(name: str, download: bool) -> None:
    """Print the state of a set, after fetching what is missing if that is asked for."""
    dataset = SETS[name]
    if download:
        dataset.load()
    places = dataset.places()
    print(f"{dataset.title}: {name}, in {places[0]}")
    _print_files(dataset.files, places)


def _show_small(download: bool) -> None:
    """Print the state of the digits that came with tinynet, which no mirror has."""
    folder = shipped("data/mnist-10k")
    print(f"10,000 digits of MNIST, which come with tinynet: {SMALL}, in {folder}")
    if not _print_files(mnist_10k.FILES, [folder]) and download:
        raise DownloadError(f"{SMALL} is not whole. {REINSTALL}")


def _print_files(files: Iterable[DataFile], places: list[Path]) -> bool:
    """Print the state of each file of a set; return whether all are good."""
    copies = {file: find(file, places) for file in files}
    for file, found in copies.items():
        if found.path:
            print(f"  good     {found.path}")
        elif not found.bad:
            print(f"  missing  {file.name}.gz")
        for path, error in found.bad.items():
            print(f"  bad      {path}: {error}")
    return all(found.path for found in copies.values())


if __name__ == "__main__":
    run(main)
