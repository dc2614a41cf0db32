"""Measure what docs/scaling.md says, and draw its figure.

    python docs/make_scaling.py [--quick] [--out FOLDER]

What ranks give each other is measured on this machine, through shared memory and, where mpi4py and
mpiexec are installed, through MPI. From that and from the time of a step on one core the figure
draws how much faster more ranks are: computed, not measured. Each time is the best of many, so that
other work on the machine counts little. Without --quick the tables of the page are written anew.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import tinynet
from tinynet.distributed.board import Board, Sum, part, shared
from tinynet.distributed.forks import Forks
from tinynet.layers import Dense
from tinynet.support import blas

HERE = Path(__file__).parent
COLOURS = ["#0072B2", "#C03000", "#666666"]
SIZES = [10_000, 100_000, 669_706, 3_000_000]
RANKS = [2, 3, 4]
NETWORKS = {"10 Gbit/s": 1.25e9, "100 Gbit/s": 12.5e9}  # bytes a second
LATENCY = 20e-6  # seconds, of a message between two machines
BATCHES = [128, 1024, 8192]
BEGIN, END = "<!-- measured -->", "<!-- end -->"


def best(call: Callable[[], object], times: int) -> float:
    """Return the shortest of so many times, in seconds."""
    found = math.inf
    for _ in range(times):
        start = time.perf_counter()
        call()
        found = min(found, time.perf_counter() - start)
    return found


def through_memory(ranks: int, size: int, times: int) -> float:
    """Measure two meetings, and between them the sum of each rank's share of all vectors."""
    board, vectors = Board(ranks, (1,), "f4"), shared("", ranks * size, "f4").reshape(ranks, size)

    def exchange() -> None:
        board.meet()
        mine = part(size, board.rank, ranks)
        total = Sum(vectors[:, mine])
        for start in range(0, mine.stop - mine.start, 65536):
            total[start : start + 65536]
        board.meet()

    def follow() -> None:
        for _ in range(times):
            exchange()

    with Forks(ranks).section(board, follow):
        return best(exchange, times)


def through_mpi(ranks: int, times: int) -> list[float]:
    """Measure reduce-scatter and all-gather of every size; none where there is no MPI."""
    mpiexec = shutil.which("mpiexec", path=Path(sys.executable).parent) or shutil.which("mpiexec")
    if mpiexec is None:
        return []
    command = [mpiexec, "-n", str(ranks), sys.executable, __file__, "--rank", str(times)]
    done = subprocess.run(command, capture_output=True, text=True)
    return list(json.loads(done.stdout)) if done.returncode == 0 else []


def be_a_rank(times: int) -> None:
    """Do what through_mpi measures."""
    from mpi4py import MPI

    comm, found = MPI.COMM_WORLD, []
    for size in SIZES:
        own = np.ones(size, np.float32)
        parts = [part(size, rank, comm.size) for rank in range(comm.size)]
        counts = [mine.stop - mine.start for mine in parts]
        mine = np.empty(counts[comm.rank], np.float32)

        def exchange(own=own, mine=mine, counts=counts) -> None:  # type: ignore[no-untyped-def]
            comm.Barrier()
            comm.Reduce_scatter(own, mine, counts)
            comm.Allgatherv(mine, [own, counts])

        found.append(best(exchange, times))
    if comm.rank == 0:
        print(json.dumps(found))


def of_a_step(times: int) -> tuple[float, float, float]:
    """Measure 784-512-512-10 on one core: a gradient takes a + b n, the update u seconds."""
    layers = [Dense(512, "relu", input_shape=(784,)), Dense(512, "relu"), Dense(10, "softmax")]
    model = tinynet.Sequential(layers)
    model.compile("rmsprop", "categorical_crossentropy")
    model.build()
    x, t = np.ones((256, 784), np.float32), np.eye(10, dtype=np.float32)[np.arange(256) % 10]
    with blas.limited(1):
        rows = np.array([8, 32, 128, 256])
        taken = [best(lambda n=n: model.gradients(x[:n], t[:n]), times) for n in rows]  # type: ignore[misc]
        b, a = np.polyfit(rows, taken, 1)
        return max(float(a), 0.0), float(b), best(model.update, times)


def step(ranks: int, batch: int, bandwidth: float, costs: tuple[float, float, float]) -> float:
    """Compute the seconds of a step on so many machines of one core."""
    a, b, u = costs
    sent = 2 * (ranks - 1) / ranks * 4 * SIZES[2] / bandwidth
    messages = 2 * math.ceil(math.log2(ranks)) * LATENCY
    return a + b * math.ceil(batch / ranks) + u / ranks + sent + messages


def draw_measured(axes: Axes, memory: dict[int, list[float]], mpi: dict[int, list[float]]) -> None:
    for colour, ranks in zip(COLOURS, RANKS, strict=True):
        axes.loglog(SIZES, memory[ranks], "o-", color=colour, label=f"{ranks} ranks, memory")
        if mpi[ranks]:
            axes.loglog(SIZES, mpi[ranks], "s--", color=colour, label=f"{ranks} ranks, MPI")
    axes.set(xlabel="parameters", ylabel="seconds to sum up and gather", title="Measured")
    axes.legend()


def draw_computed(axes: Axes, costs: tuple[float, float, float]) -> None:
    ranks = [2**i for i in range(11)]
    for colour, batch in zip(COLOURS, BATCHES, strict=True):
        for style, (network, bandwidth) in zip(("--", "-"), NETWORKS.items(), strict=True):
            alone = step(1, batch, bandwidth, costs)
            gains = [alone / step(r, batch, bandwidth, costs) for r in ranks]
            axes.loglog(ranks, gains, style, color=colour, label=f"batch {batch}, {network}")
    axes.loglog(ranks[:8], ranks[:8], ":", color="black", label="as many times as ranks")
    axes.axhline(1, color="black", linewidth=0.5)
    axes.set(xlabel="machines of one core", ylabel="times as fast as one", title="Computed")
    axes.legend(fontsize="small")


def report(
    memory: dict[int, list[float]], mpi: dict[int, list[float]], costs: tuple[float, float, float]
) -> str:
    """Write what was measured, and what follows from it."""
    heads = [
        f"{r} ranks, {way}" for r in RANKS for way in ("memory", "MPI") if way != "MPI" or mpi[r]
    ]
    lines = [f"| parameters | {' | '.join(heads)} |", "| ---: |" + " ---: |" * len(heads)]
    for i, size in enumerate(SIZES):
        found = [way[r][i] for r in RANKS for way in (memory, mpi) if way[r]]
        lines.append(f"| {size:,} | {' | '.join(f'{t * 1e6:,.0f} µs' for t in found)} |")
    a, b, u = (cost * 1e6 for cost in costs)
    lines += ["", f"One core takes {a:.0f} + {b:.1f} n µs for the gradient of n rows of"]
    lines += [f"784-512-512-10, and {u:.0f} µs for RMSprop's update. From that follows:", ""]
    lines += ["| network | batch | at most | on machines |", "| --- | ---: | ---: | ---: |"]
    for network, bandwidth in NETWORKS.items():
        for batch in BATCHES:
            alone = step(1, batch, bandwidth, costs)
            gain, r = max((alone / step(2**i, batch, bandwidth, costs), 2**i) for i in range(11))
            lines.append(f"| {network} | {batch} | {gain:.1f} times as fast | {r} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--out", type=Path, default=HERE / "scaling")
    parser.add_argument("--rank", type=int, metavar="TIMES", help="used by itself, under mpiexec")
    options = parser.parse_args()
    if options.rank:
        be_a_rank(options.rank)
        return
    times = 5 if options.quick else 300
    memory = {r: [through_memory(r, size, times) for size in SIZES] for r in RANKS}
    mpi = {r: through_mpi(r, times) if r <= blas.cores() else [] for r in RANKS}  # it never yields
    costs = of_a_step(times)

    text = report(memory, mpi, costs)
    print(text)
    if not options.quick:
        page = HERE / "scaling.md"
        before, _, rest = page.read_text("utf-8").partition(BEGIN)
        page.write_text(before + BEGIN + "\n" + text + END + rest.partition(END)[2], "utf-8")

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_measured(left, memory, mpi)
    draw_computed(right, costs)
    options.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.out / "ranks.png", dpi=120)


if __name__ == "__main__":
    main()
