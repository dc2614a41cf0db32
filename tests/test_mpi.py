"""Ranks that mpiexec has started: the same numbers, and all end when one does."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tinynet

TESTS = Path(__file__).parent
SCRIPT = TESTS / "tools" / "train_together.py"
MPIEXEC = shutil.which("mpiexec", path=Path(sys.executable).parent) or shutil.which("mpiexec")


def has_mpi():
    code = "from mpi4py import MPI; MPI.Win.Allocate_shared"
    return (
        MPIEXEC and not subprocess.run([sys.executable, "-c", code], capture_output=True).returncode
    )


def mpiexec(ranks, *arguments, script=SCRIPT):
    command = [MPIEXEC, "-n", str(ranks), sys.executable, script, *arguments]
    threads = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(TESTS.parent)}
    return subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | threads,
        cwd=TESTS.parent,
    )


needs_mpi = pytest.mark.skipif(not has_mpi(), reason="needs mpi4py and mpich: the extra `mpi`")


@needs_mpi
@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize("far", [[], ["--far"]], ids=["one machine", "as on several"])
def test_several_ranks_do_what_one_process_does(ranks, far):
    done = mpiexec(ranks, "same", *far)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split("\n")) == [
        "",
        *(f"rank {i} has the same" for i in range(ranks)),
    ]


@needs_mpi
@pytest.mark.parametrize(("ranks", "killed", "far"), [(2, 0, []), (4, 2, []), (2, 1, ["--far"])])
def test_a_killed_rank_ends_all_and_the_same_command_goes_on(tmp_path, ranks, killed, far):
    start = time.monotonic()
    done = mpiexec(ranks, "backup", tmp_path / "a", tmp_path / "a.npy", "--killed", killed, 4, *far)
    assert done.returncode != 0
    assert time.monotonic() - start < 20  # of which most are imports
    assert (tmp_path / "a" / "backup.npz").exists()
    assert not (tmp_path / "a.npy").exists()
    again = mpiexec(ranks, "backup", tmp_path / "a", tmp_path / "a.npy", *far)
    assert again.returncode == 0, again.stderr
    undisturbed = mpiexec(ranks, "backup", tmp_path / "b", tmp_path / "b.npy", *far)
    assert undisturbed.returncode == 0, undisturbed.stderr
    assert np.array_equal(np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy"))


FAILS = """
import sys, numpy as np, tinynet
from tinynet.layers import Dense
where = int(sys.argv[1])
model = tinynet.Sequential([Dense(1, input_shape=(2,))])
model.compile("sgd", "mse")
with tinynet.distributed.mpi() as rank:
    x = np.ones((64, 2))
    if rank == where:
        x[20 * rank] = np.nan
    if where == 9 and rank == 1:
        model.fit(x[:, :1], x[:, :1], verbose=0)
    model.fit(x, np.ones(64), 32, 3, 0, shuffle=False)
"""


@needs_mpi
@pytest.mark.parametrize(
    ("where", "said"),
    [(0, "x holds nan in row 0"), (1, "x holds nan in row 20"), (9, "Expected x of shape (n, 2)")],
)
def test_an_error_in_one_rank_ends_all_with_its_message(tmp_path, where, said):
    script = tmp_path / "fails.py"
    script.write_text(FAILS)
    start = time.monotonic()
    done = mpiexec(3, where, script=script)
    assert time.monotonic() - start < 20
    assert done.returncode != 0
    assert said in done.stderr


@needs_mpi
def test_the_example_trains(tmp_path):
    done = mpiexec(
        2, "--epochs", 1, "--out", tmp_path, script=TESTS.parent / "examples/train_mpi.py"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Epoch 1/1") == 1
    assert tinynet.models.load_model(tmp_path / "model.npz").epoch == 1


def test_without_mpi4py_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match="pip install mpi4py mpich"), tinynet.distributed.mpi():
        pass
