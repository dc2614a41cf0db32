"""Damage model files in every way, and see that they load equal or raise ModelFileError.

    python tests/tools/fuzz_models.py --minutes 5

Two kinds of damage: bytes of the file itself are flipped, cut out, doubled or put in (the sums
in the zip find most of it); and files are written anew, with right sums, from descriptions and
arrays that are wrong (a hostile hand). Memory is watched: it must stay within a small multiple
of the file's size.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import random
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from toy import data, network, same

from tinynet import Sequential
from tinynet.models import load_model
from tinynet.saving import ModelFileError

MARGIN = 3_000_000  # bytes that loading a small file may take, Python's own things included

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 10**12, 10**40, -(10**12), 0.5, -0.5, 1e300, float("nan"),
    float("inf"), "", "relu", "softmax", "os.system", "__class__", "../x", "\x00", [], {}, [[]],
    [1, 2], ["Dense"], {"class_name": "Dense"}, {"class_name": "Dense", "config": {"units": 10**9}},
    {"class_name": "__import__", "config": {"name": "os"}},
    {"class_name": "ReLU", "config": {}}, "categorical_crossentropy", "adam", "sgd",
]  # fmt: skip


def saved() -> tuple[Sequential, bytes]:
    """Return a trained network and the bytes of its file."""
    model = network()
    model.fit(*data(), verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.npz"
        model.save(path)
        return model, path.read_bytes()


def flip_bytes(content: bytes, chance: random.Random) -> bytes:
    """Flip, cut out, double or put in some bytes."""
    data = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 8])):
        at = chance.randrange(len(data))
        length = chance.choice([1, 2, 4, 30, 500])
        what = chance.randrange(5)
        if what == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            data[at : at + length] = bytes(chance.choice([0, 255]) for _ in range(length))
        elif what == 2:
            del data[at : at + length]
        elif what == 3:
            data[at:at] = data[at : at + length]
        else:
            data[at : at + length] = chance.randbytes(length)
        data = data or bytearray(b"\0")
    return bytes(data)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where all the values of a nested description are."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path] * bool(path) + [p for key, v in inside for p in places(v, (*path, key))]


def wrong_description(description: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Change, take out or add some values of a description."""
    description = copy.deepcopy(description)
    for _ in range(chance.choice([1, 1, 2, 4])):
        *path, last = chance.choice(places(description) or [("version",)])
        inside: Any = description
        for key in path:
            inside = inside[key]
        what = chance.randrange(4)
        if what == 0 and isinstance(inside, dict):
            inside.pop(last, None)
        elif what == 1 and isinstance(inside, dict):
            inside[str(chance.choice([*"xyz", "lr", "name", "class_name"]))] = copy.deepcopy(
                chance.choice(VALUES)
            )
        elif what == 2 and isinstance(inside, list):
            inside.insert(last, copy.deepcopy(chance.choice([*VALUES, *inside])))
        else:
            inside[last] = copy.deepcopy(chance.choice(VALUES))
    return description


def written(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip of these entries, its sums right."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def npy(array: Any) -> bytes:
    """Return the bytes of an .npy file."""
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=False)
    return file.getvalue()


def entries_of(content: bytes) -> dict[str, bytes]:
    """Return the entries of a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def wrong_entries(content: bytes, chance: random.Random) -> bytes:
    """Write a file anew with something wrong in it, all its sums right."""
    entries = entries_of(content)
    what = chance.randrange(8)
    name = chance.choice(list(entries))
    if what <= 3:
        text = np.load(io.BytesIO(entries["description.npy"])).tobytes()
        changed = json.dumps(wrong_description(json.loads(text), chance))
        entries["description.npy"] = npy(np.frombuffer(changed.encode(), np.uint8))
    elif what == 4:
        del entries[name]
    elif what == 5:
        entries[chance.choice(["../evil.npy", "/etc/x", "params", "a.npy", "x" * 300])] = entries[
            name
        ]
    elif what == 6:
        entries[name] = flip_bytes(entries[name], chance)
    else:
        shape = chance.choice([(), (0,), (3,), (105, 1), (10**3,), (2, 2)])
        dtype = chance.choice(["f4", "f8", "f2", "i8", "u1", "c8", "S3", ">f4", "?", "M8[s]"])
        entries[name] = npy(np.zeros(shape, dtype))
    return written(entries, chance.choice([zipfile.ZIP_STORED] * 5 + [zipfile.ZIP_DEFLATED]))


def verdict(path: Path, original: Sequential) -> str:
    """Load a file: "refused", "equal" (to the original) or "another" (valid, but not equal)."""
    try:
        model = load_model(path)
    except ModelFileError:
        return "refused"
    if model.get_config()["layers"] == original.get_config()["layers"] and model.optimizer:
        return "equal" if same(model, original) else "another"
    return "another"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance, counts = random.Random(arguments.seed), Counter[str]()
    original, content = saved()
    end, largest = time.monotonic() + 60 * arguments.minutes, 0
    tracemalloc.start()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.npz"
        while time.monotonic() < end:
            damage = chance.choice([flip_bytes, wrong_entries])
            path.write_bytes(damage(content, chance))
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                result = verdict(path, original)
            except BaseException:
                kept = Path(f"fuzz_models_{counts.total()}.npz")
                kept.write_bytes(path.read_bytes())
                print(f"kept the file as {kept}")
                raise
            taken = tracemalloc.get_traced_memory()[1] - before
            largest = max(largest, taken)
            assert taken < MARGIN + 10 * path.stat().st_size, f"{taken} bytes"
            assert damage is wrong_entries or result != "another", "damage that was not noticed"
            counts[f"{damage.__name__}: {result}"] += 1
    print(f"{counts.total():,} files of about {len(content):,} bytes")
    print(f"at most {largest / 1e6:.2f} MB taken to load one")
    for name, count in sorted(counts.items()):
        print(f"  {count:>9,}  {name}")


if __name__ == "__main__":
    main()
