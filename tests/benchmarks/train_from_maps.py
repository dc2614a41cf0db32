"""Show that each rank reads only its part of a set that lies in a file.

    python tests/benchmarks/train_from_maps.py [--gib 1] [--ranks 2] [--folder DIR]

Writes an IDX file of digits, maps it with read_idx(path, mmap=True), and trains on it for an epoch
with several processes, in the order of the file. Prints how much memory each rank had of its own
(RssAnon), and how many of the file's pages it has looked at (RssFile). Linux only. Fails where a
rank has read nearly all of the file.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from fit_from_disk import ROOT, write_digits

sys.path.insert(0, str(ROOT))

import tinynet
from tinynet import Sequential
from tinynet.idx import read_idx
from tinynet.layers import Dense, Flatten, Input, Rescaling

BATCH = 32_768  # a rank looks at some megabytes of it: the system shows pages around those, too


class Watch(threading.Thread):
    """Note the most memory that this process and each of its forks has taken, in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most: dict[int, dict[str, float]] = {}

    def run(self) -> None:
        while True:
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            for pid in (os.getpid(), *map(int, children)):
                self.look(pid)
            time.sleep(0.02)

    def look(self, pid: int) -> None:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:  # it has just ended
            return
        found = self.most.setdefault(pid, {"RssAnon": 0.0, "RssFile": 0.0})
        for line in lines:
            kind, _, value = line.partition(":")
            if kind in found:
                found[kind] = max(found[kind], int(value.split()[0]) * 1024 / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=1, help="size of the file, default 1")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--folder", help="where to write it, default the system's for such files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "digits-idx3-ubyte"
        y = write_digits(path, round(options.gib * 2**30 / 784) + 1)
        size = path.stat().st_size / 1e6
        x = read_idx(path, mmap=True)
        model = Sequential([Input((28, 28)), Rescaling(1 / 255), Flatten()])
        model.add(Dense(16, activation="relu"))
        model.add(Dense(10, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        watch = Watch()
        watch.start()
        with tinynet.distributed.processes(options.ranks):
            model.fit(x, y, BATCH, 1, 2, shuffle=False)
        print(f"{len(x):,} digits, {size:.0f} MB in a file")
        for rank, found in enumerate(watch.most.values()):
            own, pages = found["RssAnon"], found["RssFile"]
            print(f"rank {rank}: {own:.0f} MB of its own, {pages:.0f} MB of pages of files")
            if pages > 0.2 * size + size / options.ranks:
                raise SystemExit("more than its part")


if __name__ == "__main__":
    main()
