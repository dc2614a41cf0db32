"""How much faster several processes are than one, and beside Keras on JAX.

    pip install -e '.[parity]'
    python tests/benchmarks/together.py [--rounds 5] [--examples 60000] [--seed-script FOLDER]

784-512-512-10 by RMSprop, an epoch at batch 32, 128 and 512, on a machine that has nothing else to
do, and again beside a process that keeps a core busy. All take turns, in processes of their own;
a ratio is the median of the rounds' own. FOLDER holds the four IDX files of MNIST.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from compare import HERE, Job, process, race, ratio, table

ALL, US, JAX = "tinynet, processes", "tinynet", "Keras on JAX"
WANTED = {32: (1.25, 1.0), 128: (1.25, 1.05), 512: (1.0, 1.05)}  # times as fast as US, as JAX


def epochs(options: argparse.Namespace) -> str:
    """Measure an epoch."""
    jobs = [Job(examples=options.examples, batch=batch) for batch in WANTED]
    found = race([US, ALL, JAX], jobs, options.rounds)
    rows = []
    for job in jobs:
        times = found[job]
        row = [f"batch {job.batch}"]
        row += [f"{statistics.median(taken):.2f} s" for taken in times.values()]
        for other, wanted in zip((US, JAX), WANTED[job.batch], strict=True):
            row.append(f"{ratio(times, other, ALL):.2f} ({wanted})" if other in times else "")
        rows.append(row)
    head = ["", *found[jobs[0]], "times as fast as one (wanted)", "as JAX (wanted)"]
    return table(head, rows)


def scripts(folder: Path, rounds: int) -> str:
    """Measure the whole of the seed script."""
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name in ("tinynet", "processes", "jax"):
            done = process([HERE / "seed_script.py", name, folder])
            if done:
                times.setdefault(name, []).append(done[0])
    rows = [[name, f"{statistics.median(taken):.1f} s"] for name, taken in times.items()]
    return table(["the seed script", "time"], rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=60_000, help="in an epoch")
    parser.add_argument("--seed-script", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    print(f"Nothing else runs:\n\n{epochs(options)}")
    if options.seed_script:
        print(scripts(options.seed_script, options.rounds))
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        print(f"Another process keeps a core busy:\n\n{epochs(options)}")
    finally:
        busy.kill()
        busy.wait()


if __name__ == "__main__":
    main()
