"""Kill a download fifty times, at random moments, and see that nothing bad is believed.

    python tests/tools/kill_downloads.py [--kills 50] [--seed 0]

Each time a process of its own loads a set of four files from a server on loopback, and is killed
(SIGKILL) after a random time; every second one at the moment when it begins to write a file.
After each kill every file that bears its final name must be whole. Then one normal run must load
the set.
"""

import argparse
import gzip
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from misbehaving_server import Server

ROOT = Path(__file__).parents[2]
COUNT = 40_000  # images of 16 x 16: files of some ten megabytes, so that writing them takes time
CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from tinynet.datasets.cache import DataSet
from tinynet.datasets.cache import DataFile
files = tuple(DataFile(n, int(s), h) for n, s, h in (f.split(":") for f in sys.argv[4:]))
(x, y), _ = DataSet("big", "Big", (sys.argv[2],), files).load(sys.argv[3], progress=False)
assert len(x) == len(y)
"""


def make_files() -> dict[str, bytes]:
    """Make four IDX files of noise, which does not compress."""
    noise = np.random.default_rng(0)
    images = b"\0\0\x08\x03" + np.array([COUNT, 16, 16], ">u4").tobytes() + noise.bytes(COUNT * 256)
    labels = b"\0\0\x08\x01" + np.array([COUNT], ">u4").tobytes() + bytes(COUNT)
    return {
        "train-images-idx3-ubyte": images,
        "train-labels-idx1-ubyte": labels,
        "t10k-images-idx3-ubyte": images,
        "t10k-labels-idx1-ubyte": labels,
    }


def wait_for_part(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    """Return as soon as a file is being written, or the process is done."""
    known = set(folder.glob("*.part"))
    while process.poll() is None and not set(folder.glob("*.part")) - known:
        time.sleep(0.0005)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    raw = make_files()
    packed = {f"{name}.gz": gzip.compress(data, 1) for name, data in raw.items()}
    described = [f"{n}:{len(d)}:{hashlib.sha256(d).hexdigest()}" for n, d in raw.items()]

    with Server(packed) as server, tempfile.TemporaryDirectory() as temporary:

        def start(folder: Path) -> "subprocess.Popen[bytes]":
            command = [sys.executable, "-c", CHILD, str(ROOT), server.address("good"), str(folder)]
            return subprocess.Popen(command + described)

        begin = time.monotonic()
        assert start(Path(temporary) / "whole").wait() == 0
        whole_run = time.monotonic() - begin

        folder = Path(temporary) / "killed"
        folder.mkdir()
        killed = 0
        while killed < options.kills:
            process = start(folder)
            if killed % 2:
                wait_for_part(folder, process)
            else:
                time.sleep(chance.uniform(0, whole_run))
            if process.poll() is None:
                process.kill()
                killed += 1
            process.wait()
            for path in folder.iterdir():
                if path.suffix != ".part":
                    assert path.read_bytes() == packed[path.name], f"{path.name} is not whole"
                    path.unlink()  # so that the next process has something to do
        parts = list(folder.glob("*.part"))
        half = sum(path.stat().st_size not in map(len, packed.values()) for path in parts)

        assert start(folder).wait() == 0
        good = sorted(path.name for path in folder.iterdir() if path.suffix != ".part")
        assert good == sorted(packed)
        assert all((folder / name).read_bytes() == packed[name] for name in good)
    print(
        f"{killed} processes killed within {whole_run:.2f} s of their start, {len(parts)} of them "
        f"while writing a file, {half} in the middle of it: no file that was not whole, and the "
        f"next run loaded the set."
    )


if __name__ == "__main__":
    main()
