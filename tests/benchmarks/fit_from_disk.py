"""Train on a set larger than the memory it may take: 4 GiB of digits, mapped from their file.

    python tests/benchmarks/fit_from_disk.py [--gib 4] [--folder DIR]

Writes an IDX file of digits, each one of data/mnist-10k moved by up to three pixels, maps it with
read_idx(path, mmap=True) and fits a small network to it for one epoch, shuffled. Meanwhile it
watches the memory that is the process's own (RssAnon); the mapped pages (RssFile) are the
system's, which takes them back whenever it likes. Linux only. Fails at 600 MB or more.
"""

import argparse
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tinynet import Sequential  # noqa: E402
from tinynet.datasets import load_folder  # noqa: E402
from tinynet.idx import read_idx  # noqa: E402
from tinynet.layers import Dense, Flatten, Input, Rescaling  # noqa: E402

LIMIT = 600  # MB
CHUNK = 20_000  # images written at a time


def memory(kind: str) -> float:
    """Give this process's RssAnon or RssFile in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(kind):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit(f"/proc/self/status has no {kind}")


class Watch(threading.Thread):
    """Note the most memory taken, fifty times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = {"RssAnon": 0.0, "RssFile": 0.0}

    def run(self) -> None:
        while True:
            for kind in self.most:
                self.most[kind] = max(self.most[kind], memory(kind))
            time.sleep(0.02)


def write_digits(path: Path, count: int) -> np.ndarray:  # type: ignore[type-arg]
    """Write that many digits and return their labels."""
    (images, labels), _ = load_folder(ROOT / "data" / "mnist-10k")
    generator = np.random.default_rng(0)
    chosen = generator.integers(0, len(images), count)
    with open(path, "wb") as file:
        file.write(struct.pack(">HBB3I", 0, 8, 3, count, 28, 28))
        for start in range(0, count, CHUNK):
            shift = tuple(generator.integers(-3, 4, 2))
            digits = np.roll(images[chosen[start : start + CHUNK]], shift, axis=(1, 2))
            file.write(digits)
    return labels[chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=4, help="size of the file, default 4")
    parser.add_argument("--folder", help="where to write it, default the system's for such files")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "digits-idx3-ubyte"
        y = write_digits(path, round(options.gib * 2**30 / 784) + 1)
        before = memory("RssAnon")
        watch = Watch()
        watch.start()

        x = read_idx(path, mmap=True)
        model = Sequential([Input((28, 28)), Rescaling(1 / 255), Flatten()])
        model.add(Dense(32, activation="relu"))
        model.add(Dense(10, activation="softmax"))
        model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        start = time.monotonic()
        history = model.fit(x, y, batch_size=512, epochs=1, verbose=2)
        seconds = time.monotonic() - start

        most = watch.most
        print(
            f"{path.stat().st_size / 2**30:.2f} GiB, {len(x):,} digits, one epoch in "
            f"{seconds:.0f} s, accuracy {history.history['accuracy'][0]:.3f}\n"
            f"own memory: {before:.0f} MB before, at most {most['RssAnon']:.0f} MB "
            f"(mapped pages: at most {most['RssFile']:.0f} MB)"
        )
        if most["RssAnon"] >= LIMIT:
            raise SystemExit(f"more than {LIMIT} MB")


if __name__ == "__main__":
    main()
