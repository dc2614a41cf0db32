"""Say where the data sets are and whether they are whole; fetch or repair them."""

import argparse
import sys

from tinynet.datasets import DownloadError, fashion_mnist, mnist
from tinynet.support.shipped import shipped

SETS = {dataset.name: dataset for dataset in (mnist.SET, fashion_mnist.SET)}
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
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"{' or '.join(SETS)}; default all")
    parser.add_argument("--download", action="store_true", help="fetch what is missing or damaged")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.sets if name not in SETS]:
        parser.error(f"no set is called {', '.join(unknown)}; there are {', '.join(SETS)}")

    status = 0
    for name in options.sets or SETS:
        if options.download:
            try:
                SETS[name].load()
            except DownloadError as error:
                print(error, file=sys.stderr)
                status = 1
        _show(name)
    if not options.sets:
        print(f"10,000 digits of MNIST: mnist_10k, always here, in {shipped('data/mnist-10k')}")
    if not options.download:
        print("\nTo fetch or repair:  python -m tinynet.datasets --download [SET ...]\n")
        print(NO_NETWORK)
    return status


def _show(name: str) -> None:
    """Print the state of each file of a set."""
    dataset = SETS[name]
    folder = dataset.folder()
    print(f"{dataset.title}: {name}, in {folder}")
    for file in dataset.files:
        found = dataset.find(file, folder)
        if found.path:
            print(f"  good     {found.path}")
        elif not found.bad:
            print(f"  missing  {file.name}.gz")
        for path, error in found.bad.items():
            print(f"  bad      {path}: {error}")


if __name__ == "__main__":
    sys.exit(main())
