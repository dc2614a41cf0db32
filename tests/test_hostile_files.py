"""A model file is data, never code: whatever is in it, it loads equal or is a ModelFileError."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import fuzz_models
import numpy as np
import pytest
from fuzz_models import entries_of, npy, verdict, written
from hypothesis import given, settings
from hypothesis import strategies as st

from tinynet.models import load_model
from tinynet.saving import ModelFileError

ORIGINAL, CONTENT = fuzz_models.saved()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "m.npz"


def refused(path: Path, content: bytes, words: str = "m.npz") -> None:
    """Check that a file is refused with these words and that little memory is taken for it."""
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match=words):
            load_model(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000 + 10 * len(content)


def described(change, content: bytes = CONTENT) -> bytes:
    """Return the file with its description changed, all sums right."""
    entries = entries_of(content)
    description = json.loads(np.load(io.BytesIO(entries["description.npy"])).tobytes())
    text = change(description) or json.dumps(description)
    entries["description.npy"] = npy(np.frombuffer(text.encode(), np.uint8))
    return written(entries)


def layer(number: int, **config: object):
    """Return a change of one layer's settings; layer 0 is the input."""
    return lambda d: d["model"]["layers"][number]["config"].update(config)


def test_the_file_itself_loads_equal(place):
    place.write_bytes(CONTENT)
    assert verdict(place, ORIGINAL) == "equal"


@given(st.integers(0, 2**32))
@settings(max_examples=150)
def test_damaged_bytes_load_equal_or_are_refused(place, seed):
    place.write_bytes(fuzz_models.flip_bytes(CONTENT, random.Random(seed)))
    assert verdict(place, ORIGINAL) in ("equal", "refused")


@given(st.integers(0, 2**32))
@settings(max_examples=150)
def test_wrong_contents_with_right_sums_are_a_model_or_refused(place, seed):
    place.write_bytes(fuzz_models.wrong_entries(CONTENT, random.Random(seed)))
    tracemalloc.start()
    verdict(place, ORIGINAL)  # anything but ModelFileError fails
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000 + 10 * len(CONTENT)


@pytest.mark.parametrize("length", [0, 1, 22, 100, len(CONTENT) // 2, len(CONTENT) - 1])
def test_a_truncated_file(place, length):
    refused(place, CONTENT[:length], "save")


def test_other_files(place):
    refused(place, b"<!DOCTYPE html><html>403</html>")
    refused(place, pickle.dumps({"params": [1.0]}))
    refused(place, npy(np.zeros(3)))
    refused(place, written({}), "'description' is missing")
    refused(place, written({"a.txt": b"hello"}), "no plain array")


class Harmful:
    def __reduce__(self):
        return os.system, ("echo harm > harm",)


def test_pickles_are_not_loaded(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = io.BytesIO()
    np.save(file, np.array([Harmful()], object), allow_pickle=True)
    refused(place, written(entries_of(CONTENT) | {"params.npy": file.getvalue()}), "no plain array")
    assert not Path("harm").exists()


def test_the_head_of_an_array_is_not_evaluated(place):
    for head in (b"__import__('os').system('x')", b"(" * 5000, b"{'descr': '<f4'"):
        data = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head
        refused(place, written(entries_of(CONTENT) | {"params.npy": data}), "no plain array")


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("params.npy", np.zeros(3, np.float32), "its layers need 83 weights, and it holds 3"),
        ("params.npy", np.zeros(83, np.float64), "it holds the arrays"),
        ("params.npy", np.zeros((83, 1), np.float32), "no plain array"),
        ("params.npy", np.zeros(83, np.int32), "no plain array"),
        ("optimizer.velocity.npy", np.zeros(82, np.float32), "it holds the arrays"),
        ("optimizer.momentum.npy", np.zeros(83, np.float32), "it holds the arrays"),
        ("extra.npy", np.zeros(3, np.float32), "it holds the arrays"),
        ("../../evil.npy", np.zeros(3, np.float32), "it holds the arrays"),
    ],
)
def test_arrays_that_are_wrong_or_too_many(place, name, array, words):
    refused(place, written(entries_of(CONTENT) | {name: npy(array)}), words)
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("name", ["params.npy", "optimizer.velocity.npy", "description.npy"])
def test_arrays_that_are_missing(place, name):
    entries = entries_of(CONTENT)
    del entries[name]
    refused(place, written(entries))


def test_big_endian_numbers_are_the_same_numbers(place):
    params = ORIGINAL.params.astype(">f4")
    place.write_bytes(written(entries_of(CONTENT) | {"params.npy": npy(params)}))
    assert verdict(place, ORIGINAL) == "equal"


def test_an_array_that_claims_more_than_it_has(place):
    data = entries_of(CONTENT)["params.npy"].replace(b"(83,)", b"(99999999999,)")
    refused(place, written(entries_of(CONTENT) | {"params.npy": data}), "claims 99999999999 numb")


def test_a_zip_bomb(place):
    zeros = npy(np.zeros(30_000_000, np.float32))
    bomb = written(entries_of(CONTENT) | {"params.npy": zeros}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 200_000
    refused(place, bomb, "compressed")


def test_a_zip_whose_entries_share_their_bytes(place):
    file = io.BytesIO(written({"params.npy": npy(np.zeros(100_000, np.float32))}))
    with zipfile.ZipFile(file, "a") as archive:
        first = archive.infolist()[0]
        for i in range(1000):  # each says that its bytes are those of the first
            twin = zipfile.ZipInfo(f"{i}.npy")
            twin.file_size = twin.compress_size = first.file_size
            twin.header_offset, twin.CRC = first.header_offset, first.CRC
            archive.filelist.append(twin)
        archive._didModify = True
    refused(place, file.getvalue(), "claim")


def test_two_entries_of_one_name(place):
    file = io.BytesIO(CONTENT)
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("params.npy", npy(np.zeros(83, np.float32)))
    refused(place, file.getvalue(), "two entries of one name")


@pytest.mark.parametrize(
    "change",
    [
        layer(1, units=10**12),
        layer(1, units=-8),
        layer(1, units=0),
        layer(1, units=True),
        layer(1, units=float("nan")),
        layer(0, batch_shape=[None, 10**15]),
        layer(0, batch_shape=[None, -6]),
        layer(0, batch_shape=[None, 10**4000]),
        layer(0, batch_shape=6),
        layer(2, rate=float("nan")),
        layer(1, activation="os.system"),
        layer(1, activation={"class_name": "system", "module": "os", "config": {}}),
        layer(1, kernel_initializer={"class_name": "__import__", "config": {"name": "os"}}),
        lambda d: d["model"].update(layers=[]),
        lambda d: d["model"].update(layers="Dense"),
        lambda d: d["model"]["layers"][1].update(class_name="Lambda"),
        lambda d: d["compiled"].update(loss="os.system"),
        lambda d: d["compiled"].update(metrics=[{"class_name": "FunctionMetric", "config": {}}]),
        lambda d: d["compiled"]["optimizer"]["config"].update(rho="much"),
        lambda d: d["compiled"]["optimizer"]["config"].update(clipnorm=[]),
        lambda d: d.update(compiled=[]),
        lambda d: d.update(compiled=None),
        lambda d: d.update(epoch=-1),
        lambda d: d.update(epoch="4"),
        lambda d: d.update(iterations=1e300),
        lambda d: d.update(generators={}),
        lambda d: d["generators"][""].update(bit_generator="MT19937"),
        lambda d: d["generators"][""]["state"].update(state=-1),
        lambda d: d["generators"][""]["state"].update(inc=2**200),
        lambda d: "[" * 100_000,
        lambda d: '{"version": 1, "model": ' + '{"layers": [' * 20_000,
        lambda d: "not json",
        lambda d: "null",
        lambda d: '"\\ud800"',
    ],
)
def test_descriptions_that_describe_no_model(place, change):
    refused(place, described(change))


def test_a_file_of_a_future_version_says_how_to_read_it(place):
    content = described(lambda d: d.update(version=2))
    refused(
        place,
        content,
        r"version 2; this tinynet reads version 1.*pip install --upgrade tinynet-numpy",
    )
    refused(place, described(lambda d: d.update(version=[2])), "version")


def test_a_layer_that_tinynet_does_not_know_is_named(place):
    content = described(lambda d: d["model"]["layers"][1].update(class_name="Conv2D"))
    refused(place, content, "Unknown layer 'Conv2D'")


def test_a_missing_file_is_an_ordinary_file_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.npz")


def test_a_hostile_backup_leaves_the_model_as_it_was(tmp_path):
    from toy import data, network

    from tinynet.callbacks import BackupAndRestore, LambdaCallback

    def crash(epoch, logs):
        if epoch == 1:
            raise ZeroDivisionError

    stop = LambdaCallback(on_epoch_begin=crash)
    with pytest.raises(ZeroDivisionError):
        network(seed=5).fit(
            *data(), epochs=2, verbose=0, callbacks=[BackupAndRestore(str(tmp_path)), stop]
        )
    content = (tmp_path / "backup.npz").read_bytes()
    (tmp_path / "backup.npz").write_bytes(described(lambda d: d.update(epoch=-1), content))
    model = network(seed=5)
    model.build()
    before = model.params.copy(), model.rng.bit_generator.state
    with pytest.raises(ModelFileError, match=r"backup\.npz.*epoch as a whole number from 0"):
        model.fit(*data(), verbose=0, callbacks=[BackupAndRestore(str(tmp_path))])
    assert (model.params == before[0]).all()
    assert model.rng.bit_generator.state == before[1]
    assert not np.any(model.optimizer.slots["velocity"])


@pytest.mark.parametrize("more", [1500])
def test_the_time_to_load_grows_with_the_size_and_not_with_its_square(more, place):
    import time

    def seconds(count):
        relu = {"class_name": "ReLU", "config": {}}
        place.write_bytes(described(lambda d: d["model"]["layers"].extend([relu] * count)))
        start = time.process_time()
        load_model(place)
        return time.process_time() - start

    seconds(100)  # imports
    assert seconds(2 * more) < 3 * seconds(more) + 0.5


@pytest.mark.parametrize("size", [10**4000, 2**70, 1e300, "784", [784], None, True, -1, 0, 0.5])
def test_sizes_are_bounded_before_they_are_multiplied(size, place):
    shape = [None] + [size] * 2000
    place.write_bytes(described(layer(0, batch_shape=shape)))
    with pytest.raises(ModelFileError) as error:
        load_model(place)
    assert len(str(error.value)) < 1000


def test_what_a_file_says_is_cut_and_printable_in_messages(place):
    for name in ("x" * 5_000_000, "\x1b]0;owned\x07"):
        place.write_bytes(described(lambda d, n=name: d["model"]["layers"][1].update(class_name=n)))
        with pytest.raises(ModelFileError) as error:
            load_model(place)
        assert len(str(error.value)) < 1000
        assert str(error.value).isprintable()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of POSIX")
def test_too_little_memory_is_not_blamed_on_the_file(tmp_path):
    code = """
import resource, sys
from tinynet import Sequential, saving
from tinynet.layers import Dense, Input
from tinynet.models import load_model
model = Sequential([Input((1000,)), Dense(8000)])
model.compile("adam", "mse")
model.save(sys.argv[1])
del model
used = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + (60 << 20),) * 2)
try:
    load_model(sys.argv[1])
except MemoryError as error:
    print(error)
"""
    path = tmp_path / "m.npz"
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=os.environ | {"PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("/proc says how much is used")
    assert done.stdout == f"There is too little memory to load {path}.\n", done.stderr


@pytest.mark.parametrize("name", [["a"], {"a": 1}, 3, True])
def test_a_name_that_is_none_is_refused_when_it_is_loaded(name, place):
    for change in (layer(1, name=name), lambda d: d["model"].update(name=name)):
        place.write_bytes(described(change))
        with pytest.raises(ModelFileError, match="name as a word"):
            load_model(place)


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": "0.1"},
        {"learning_rate": None},
        {"learning_rate": float("inf")},
        {"rho": "0.9"},
        {"rho": 1},
        {"momentum": [0.9]},
        {"epsilon": 0},
        {"weight_decay": "0.1"},
        {"clipnorm": "1"},
        {"learning_rate": {"class_name": "CosineDecay", "config": {}}},
        {
            "learning_rate": {
                "class_name": "CosineDecay",
                "config": {"initial_learning_rate": 0.1, "decay_steps": 0},
            }
        },
    ],
)
def test_what_would_not_train_is_refused_when_it_is_loaded(settings, place):
    place.write_bytes(described(lambda d: d["compiled"]["optimizer"]["config"].update(settings)))
    with pytest.raises(ModelFileError):
        load_model(place)
