"""Kill a training at random moments, start it again each time, and compare the end.

    python tests/tools/kill_training.py --kills 100

The training backs itself up with BackupAndRestore. The process gets SIGKILL, which nothing can
catch. While it trains, another thread reads the backup again and again: it must be whole
whenever it is there. In the end the weights must be those of a run that nobody disturbed.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).parent
ROOT = TOOLS.parents[1]

TRAINING = """
import sys
from toy import data, network, orders
from tinynet.callbacks import BackupAndRestore

folder, result, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
model = network()
model.build()
print("ready", flush=True)
backup = BackupAndRestore(folder, delete_checkpoint=False)
others = orders[int(sys.argv[4])](folder)
others.insert(int(sys.argv[4]) % (len(others) + 1), backup)
model.fit(
    *data(800), batch_size=8, epochs=epochs, verbose=0, callbacks=others, validation_split=0.1
)
model.save(result)
"""


@dataclass
class Figures:
    """What came of it."""

    kills: int = 0
    kills_in_training: int = 0
    backups_read: int = 0
    parts_left: int = 0
    same: bool = False


def start(folder: Path, result: Path, epochs: int, order: int) -> subprocess.Popen[str]:
    """Start the training in a process of its own, and return when it is about to train."""
    child = subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(folder), str(result), str(epochs), str(order)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(TOOLS)])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def read_again_and_again(backup: Path, done: threading.Event, figures: Figures) -> None:
    """Load the backup until told to stop; a file that is not whole raises."""
    from tinynet.saving import read

    while not done.wait(0.002):
        if backup.exists():
            read(backup)
            figures.backups_read += 1


def run(kills: int, epochs: int, seed: int | None = None, order: int = 0) -> Figures:
    """Kill the training so many times, let it end, and say whether the end is the same.

    `order` says which other callbacks there are, and where among them the backup stands.
    """
    chance, figures = random.Random(seed), Figures()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, killed = folder / "whole.npz", folder / "killed.npz"
        assert start(folder / "undisturbed", whole, epochs, order).wait() == 0
        backup, done = folder / "backup" / "backup.npz", threading.Event()
        reader = threading.Thread(target=read_again_and_again, args=(backup, done, figures))
        reader.start()
        errors: list[object] = []
        threading.excepthook = lambda what: errors.append(what.exc_value)
        try:
            while figures.kills < kills and not killed.exists():
                child = start(backup.parent, killed, epochs, order)
                try:
                    child.wait(timeout=chance.uniform(0, 0.05))
                except subprocess.TimeoutExpired:
                    figures.kills_in_training += 1
                child.kill()
                child.wait()
                figures.kills += 1
            if not killed.exists():
                assert start(backup.parent, killed, epochs, order).wait() == 0
        finally:
            done.set()
            reader.join()
            threading.excepthook = threading.__excepthook__
        assert not errors, errors
        figures.parts_left = len(list(backup.parent.glob("*.part")))
        figures.same = contents(whole) == contents(killed)
    return figures


def contents(path: Path) -> dict[str, bytes]:
    """Return the arrays of a model file as bytes."""
    from tinynet.saving import read

    return {name: array.tobytes() for name, array in read(path)[1].items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(TOOLS)]
    wrong = 0
    for order in range(4):
        figures = run(arguments.kills // 4, arguments.epochs, arguments.seed, order)
        print(figures)
        wrong += not figures.same
    sys.exit(wrong)
