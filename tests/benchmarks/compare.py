"""Measure tinynet beside the frameworks that are installed, and write docs/benchmarks.md.

    pip install -e '.[bench]'
    python tests/benchmarks/compare.py [--rounds 5] [--data FOLDER] [--parts epochs,...]

All that is compared is measured in one run, in turns: in every round each contestant goes once,
in a process of its own, with a pause before it, so that the threads of the one before have gone
to sleep. A ratio is the median of the rounds' own ratios. Take a machine with nothing else to do.

FOLDER holds the four IDX files of MNIST; without it the 10,000 digits of this repository are
taken six times over. The parts are epochs, predict, script, import and sweeps; all of them take
about an hour on two cores.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from contestants import CLASSES, CONTESTANTS, INPUTS, Job
from matplotlib.figure import Figure

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from tinynet.datasets import load_folder  # noqa: E402
from tinynet.idx import write_idx  # noqa: E402

PAUSE = 0.3  # seconds in which idle threads go to sleep
US, FLOOR, BOUND, PEAK = "tinynet", "products alone", "products and update", "one large product"
FAST = [US, "Keras on JAX", "PyTorch", FLOOR]  # those of the sweeps
SWEEPS = {
    "width": [128, 256, 512, 1024, 2048, 4096],
    "depth": [1, 2, 4, 8, 16],
    "batch": [1, 8, 32, 128, 512, 2048, 8192],
    "examples": [10_000, 100_000, 1_000_000],
}
NAMES_OF_SCRIPTS = {
    "tinynet": US,
    "processes": "tinynet, processes",
    "jax": "Keras on jax",
    "tensorflow": "Keras on tensorflow",
    "torch": "Keras on torch",
}
Times = dict[str, list[float]]  # of each contestant, a time a round


class Worker:
    """A contestant in a process of its own."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "contestants.py"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def seconds(self, job: Job) -> float:
        """Let it do a job; raise EOFError where it has died, for want of its library."""
        time.sleep(PAUSE)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(asdict(job)) + "\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise EOFError("the contestant is gone")
        return float(answer)

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def race(names: list[str], jobs: list[Job], rounds: int) -> dict[Job, Times]:
    """Let every contestant do every job, in turns; leave out those that are not installed."""
    workers, times = {}, {job: {} for job in jobs}
    for name in names:
        worker = Worker(name)
        try:
            worker.seconds(Job(examples=64))
            workers[name] = worker
        except EOFError:
            print(f"{name}: not installed", flush=True)
    for job in jobs:
        for _ in range(rounds):
            for name, worker in workers.items():
                times[job].setdefault(name, []).append(worker.seconds(job))
        print(job, {n: round(statistics.median(t), 4) for n, t in times[job].items()}, flush=True)
    for worker in workers.values():
        worker.stop()
    return times


def ratio(times: Times, name: str, to: str) -> float:
    """Return the median over the rounds of one contestant's time to another's."""
    return statistics.median(a / b for a, b in zip(times[name], times[to], strict=True))


def table(head: list[str], rows: list[list[str]]) -> str:
    """Write a table in Markdown, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def epochs(options: argparse.Namespace) -> str:
    """Measure an epoch at batch 32, 128 and 512."""
    jobs = [Job(examples=options.examples, batch=batch) for batch in (32, 128, 512)]
    names = [name for name in CONTESTANTS if name != PEAK]
    found = race(names, jobs, options.rounds)
    large = race([PEAK], [Job()], 10 * options.rounds)[Job()][PEAK]
    rows = []
    for name in found[jobs[0]]:
        row = [name]
        for job in jobs:
            times = found[job]
            row += [f"{statistics.median(times[name]):.2f} s", f"{ratio(times, name, US):.2f}"]
        rows.append(row)
    floors = [f"{ratio(found[job], US, FLOOR):.2f}" for job in jobs]
    bounds = [f"{ratio(found[job], US, BOUND):.2f}" for job in jobs]
    return (
        f"## An epoch of {options.examples:,} examples\n\n784-512-512-10, RMSprop. Beside each "
        f"time its ratio to tinynet's: above 1 is slower than tinynet.\n\n"
        + table(["", *(c for j in jobs for c in (f"batch {j.batch}", "ratio"))], rows)
        + f"\nThe products alone are the floor: the eight matrix products of a step and nothing "
        f"else. tinynet takes {', '.join(floors)} times as long. One large product runs at "
        f"{2 * 2048**3 / statistics.median(large) / 1e9:.0f} GFLOPS.\n\n"
        f"The last line adds RMSprop's update: nine passes over all weights, which NumPy does on "
        f"one core. tinynet could be about as fast if all the rest of a step took no time; it "
        f"takes {', '.join(bounds)} times as long.\n"
    )


def predict(options: argparse.Namespace) -> str:
    """Measure the images that are classified in a second."""
    jobs = [Job("predict", options.examples, batch) for batch in (32, 512)]
    found = race([name for name in CONTESTANTS if name not in (PEAK, BOUND)], jobs, options.rounds)
    rows = [
        [name, *(f"{options.examples / statistics.median(found[job][name]):,.0f}" for job in jobs)]
        for name in found[jobs[0]]
    ]
    return "## Images classified in a second\n\n" + table(["", "batch 32", "batch 512"], rows)


def script(options: argparse.Namespace) -> str:
    """Measure the seed script as a whole process: seconds, and megabytes at its peak."""
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or six_times_10k(Path(folder))
        seconds: Times = {}
        memory: Times = {}
        for _ in range(max(1, options.rounds // 2)):
            for name in NAMES_OF_SCRIPTS:
                arguments = [HERE / "seed_script.py", name, data]
                bare = process([*arguments, "--epochs", "0"])
                whole = process(arguments)
                if bare and whole:
                    seconds.setdefault(name, []).append(whole[0])
                    memory.setdefault(name, []).append(whole[1])
                    memory.setdefault(f"{name} bare", []).append(bare[1])
                print(name, bare, whole, flush=True)
    rows = [
        [
            NAMES_OF_SCRIPTS[name],
            f"{statistics.median(seconds[name]):.1f} s",
            f"{ratio(seconds, name, 'tinynet'):.2f}",
            f"{statistics.median(memory[name]):.0f} MB",
            f"{statistics.median(memory[f'{name} bare']):.0f} MB",
        ]
        for name in seconds
    ]
    return (
        "## The whole script\n\nImports, loading, five epochs at batch 32 with validation, and "
        "evaluation, as one process; beside its peak of memory that of the imports and the "
        "script's own arrays.\n\n" + table(["", "time", "ratio", "memory", "bare"], rows)
    )


def process(arguments: list[object]) -> tuple[float, float] | None:
    """Run a script to its end: return its seconds and megabytes, or None where it fails."""
    time.sleep(PAUSE)
    start = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    return None if running.returncode else (seconds, usage.ru_maxrss * 1024 / 1e6)


def six_times_10k(folder: Path) -> Path:
    """Write a data set of MNIST's size from the digits of this repository."""
    (x_train, y_train), (x_test, y_test) = load_folder(ROOT / "data" / "mnist-10k")
    images, labels = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
    for name, times in (("train", 6), ("t10k", 1)):
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", np.tile(images, (times, 1, 1)))
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", np.tile(labels, times))
    return folder


def imports(options: argparse.Namespace) -> str:
    """Measure `import tinynet` beside `import numpy`."""
    times: Times = {"numpy": [], "tinynet": []}
    compiled = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(4 * options.rounds + 1):
        for name, found in times.items():
            start = time.perf_counter()
            command = [sys.executable, "-c", f"import {name}"]
            subprocess.run(command, cwd=ROOT, env=compiled, check=True)
            found.append(time.perf_counter() - start)
    del times["numpy"][0], times["tinynet"][0]  # these may have had to compile
    return (
        f"## Import\n\n`import tinynet` takes {ratio(times, 'tinynet', 'numpy'):.2f} times as "
        f"long as `import numpy`, each as a process of its own "
        f"({statistics.median(times['numpy']) * 1e3:.0f} ms).\n"
    )


def sweeps(options: argparse.Namespace) -> str:
    """Measure the time against width, depth, batch size and number of examples, and draw it."""
    figure = Figure(figsize=(10, 7), layout="constrained")
    for axes, (what, values) in zip(figure.subplots(2, 2).flat, SWEEPS.items(), strict=True):
        jobs = [sized(what, value) for value in values]
        found = race(FAST, jobs, max(1, options.rounds // 2))
        for name in found[jobs[0]]:
            taken = [statistics.median(found[job][name]) for job in jobs]
            if what != "examples":
                taken = [t / job.examples * 1e6 for t, job in zip(taken, jobs, strict=True)]
            style = {"color": "0.5", "linestyle": "--"} if name == FLOOR else {"marker": "o"}
            axes.loglog(values, taken, label=name, **style)
        axes.set_xlabel(
            {"width": "units in each hidden layer", "depth": "hidden layers"}.get(what, what)
        )
        axes.set_ylabel("seconds an epoch" if what == "examples" else "µs an example")
        axes.set_xticks(values, [f"{value:,}" for value in values])
        axes.set_xticks([], minor=True)
        axes.grid(True, which="major", alpha=0.3)
    figure.axes[0].legend()
    figure.savefig(options.out / "benchmarks.png", dpi=120)
    return (
        "## As the network and the data grow\n\nTime to train; unless an axis says otherwise, "
        "two hidden layers of 512 units at batch 128. Dashed: the matrix products alone.\n\n"
        "![Training time against width, depth, batch size and number of examples]"
        "(benchmarks.png)\n"
    )


def sized(what: str, value: int) -> Job:
    """Return a job of a second or so at that point of a sweep."""
    if what == "examples":
        return Job(examples=value, batch=128)
    job = Job(**{"batch": 128, what: value})
    weights = (INPUTS + CLASSES) * job.width + (job.depth - 1) * job.width**2
    many = int(1.5e10 / weights) if job.batch > 4 else 2000
    whole = max(2, min(many, 60_000) // job.batch) * job.batch
    return Job(**{**asdict(job), "examples": whole})


PARTS: dict[str, Callable[[argparse.Namespace], str]] = {
    "epochs": epochs,
    "predict": predict,
    "script": script,
    "import": imports,
    "sweeps": sweeps,
}


def machine() -> str:
    """Name the machine and the versions."""
    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((s.split(":")[1].strip() for s in lines if s.startswith("model name")), name)
    found = [f"Python {platform.python_version()}"]
    for package in (
        "numpy",
        "keras",
        "jax",
        "tensorflow",
        "tensorflow-cpu",
        "torch",
        "scikit-learn",
    ):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"{name}, {os.cpu_count()} cores, {platform.system()}. {', '.join(found)}."


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=60_000, help="in an epoch")
    parser.add_argument("--data", type=Path, help="folder of MNIST's four IDX files, ending in .gz")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    options = parser.parse_args()
    text = (
        "# How fast\n\nMeasured by `python tests/benchmarks/compare.py` in one run, in turns: "
        f"medians of {options.rounds} rounds.\n\n{machine()}\n"
    )
    for part in options.parts.split(","):
        text += "\n" + PARTS[part](options)
        (options.out / "benchmarks.md").write_text(text, encoding="utf-8")  # as far as it has come
    print(text)


if __name__ == "__main__":
    main()
