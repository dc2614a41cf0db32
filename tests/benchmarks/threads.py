"""What OpenBLAS's threads do to an epoch, on a quiet machine and beside other work.

    python tests/benchmarks/threads.py [rounds]

Each epoch is a process of its own: the number of threads is read when NumPy is imported. In every
round all take a turn. Prints medians, and the first letters of the weights' checksum.
"""

import os
import statistics
import subprocess
import sys

EPOCH = """
import hashlib, time
import numpy as np, tinynet
from tinynet.datasets import mnist_10k
from tinynet.layers import Dense

(x, y), _ = mnist_10k.load_data()
x = (x.reshape(len(x), 784) / 255).astype("float32")
tinynet.utils.set_random_seed(0)
model = tinynet.Sequential([Dense(512, "relu"), Dense(512, "relu"), Dense(10, "softmax")])
model.compile("rmsprop", "sparse_categorical_crossentropy")
model.fit(x[:256], y[:256], batch_size=128, verbose=0)
start = time.perf_counter()
model.fit(x, y, batch_size=128, verbose=0)
print(time.perf_counter() - start, hashlib.sha1(model.params.tobytes()).hexdigest()[:8])
"""


def epoch(threads: int) -> tuple[float, str]:
    """Return the seconds of an epoch with so many threads, and the checksum of its weights."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    env = os.environ | dict.fromkeys(names, str(threads))
    command = [sys.executable, "-c", EPOCH]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    seconds, checksum = run.stdout.split()
    return float(seconds), checksum


def main(rounds: int = 3) -> None:
    """Measure, in turns, and print a table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    numbers = sorted({1, cores or 1})
    for busy in (0, 1):
        others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
        try:
            runs = {threads: [] for threads in numbers}
            for _ in range(rounds):
                for threads in numbers:
                    runs[threads].append(epoch(threads))
        finally:
            for other in others:
                other.kill()
        for threads, found in runs.items():
            seconds = statistics.median(time for time, _ in found)
            sums = " ".join(sorted({checksum for _, checksum in found}))
            print(f"{cores} cores, {busy} busy  {threads} threads  {seconds:6.2f} s  {sums}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
