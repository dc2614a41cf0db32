"""Model files: what comes back is what was saved, to the last bit, and no file can do harm."""

import contextlib
import io
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import same

import tinynet
from tinynet import Input, Sequential, callbacks, losses, metrics
from tinynet.layers import Dense, Dropout, Flatten, Layer, Rescaling
from tinynet.models import load_model
from tinynet.optimizers import SGD, Adam, RMSprop
from tinynet.saving import ModelFileError
from tinynet.schedules import CosineDecay

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 2, 3)), np.eye(3)[RNG.integers(0, 3, 50)]
OPTIMIZERS = [
    SGD(0.05, momentum=0.9, nesterov=True),
    RMSprop(momentum=0.5, centered=True, clipnorm=0.5),
    Adam(CosineDecay(0.01, decay_steps=20), weight_decay=0.01),
]


def kind(value):
    return type(value).__name__


def make(optimizer="rmsprop"):
    model = Sequential(
        [
            Input((2, 3)),
            Flatten(),
            Rescaling(np.float32(0.5)),
            Dense(8, "relu", kernel_regularizer="l2", kernel_initializer="he_normal"),
            Dropout(0.3),
            Dropout(0.1, seed=7),
            Dense(3, "softmax"),
        ]
    )
    loss = losses.CategoricalCrossentropy(label_smoothing=np.float64(0.1))
    model.compile(
        optimizer, loss, metrics=["accuracy", "mse", metrics.TopKCategoricalAccuracy(k=2)]
    )
    return model


def test_what_comes_back(tmp_path):
    model, path = make(), tmp_path / "model.npz"
    model.fit(X, Y, verbose=0)
    model.save(path)
    twin = load_model(path)
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    assert twin.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert twin.get_config() == model.get_config()
    assert repr(twin.optimizer) == repr(model.optimizer)
    assert repr(twin.loss) == repr(model.loss)


TRAIN_ON = """
import sys, numpy as np
from tinynet.models import load_model
with np.load(sys.argv[2]) as data:
    x, y = data["x"], data["y"]
model = load_model(sys.argv[1])
history = model.fit(x, y, epochs=5, initial_epoch=2, batch_size=8, verbose=0)
model.save(sys.argv[1])
print(history.history["loss"][-1].hex())
"""


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=kind)
def test_a_new_process_trains_on_to_the_same_bits(optimizer, tmp_path):
    np.savez(tmp_path / "data.npz", x=X, y=Y)
    model, path = make(optimizer), tmp_path / "model.npz"
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    model.save(path)
    done = subprocess.run(
        [sys.executable, "-c", TRAIN_ON, path, tmp_path / "data.npz"],
        capture_output=True,
        text=True,
        check=True,
        cwd=os.path.dirname(os.path.dirname(tinynet.__file__)),
    )
    history = model.fit(X, Y, epochs=5, initial_epoch=2, batch_size=8, verbose=0)
    assert float.fromhex(done.stdout) == history.history["loss"][-1]
    twin = load_model(path)
    np.testing.assert_array_equal(twin.params, model.params)
    assert twin.optimizer.iterations == model.optimizer.iterations
    for name, slot in model.optimizer.slots.items():
        np.testing.assert_array_equal(twin.optimizer.slots[name], slot)
    for name, generator in model.generators().items():
        assert twin.generators()[name].bit_generator.state == generator.bit_generator.state


def test_at_every_stage_of_its_life_a_model_can_be_saved(tmp_path):
    path = tmp_path / "model.npz"
    model = Sequential([Dense(3, "softmax", input_shape=(6,))])
    x = X.reshape(50, 6)

    def back():
        model.save(path)
        twin = load_model(path)
        np.testing.assert_array_equal(twin(x), model(x))
        return twin

    assert back().optimizer is None  # not compiled
    model.compile("adam")
    assert back().loss is None  # compiled, without a loss
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    assert back().optimizer.iterations == 0  # not trained
    model.fit(x, Y, verbose=0)
    assert back().optimizer.iterations == 2
    model.add(Dense(3, "softmax"))
    assert back().optimizer.iterations == 0  # grown: the steps were those of another model
    model.pop()
    model.compile(model.optimizer, "mse")
    assert back().optimizer.iterations == 0  # compiled anew


@pytest.mark.usefixtures("_float64")
def test_a_float64_model_comes_back_as_float64(tmp_path):
    model = make()
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.npz")
    tinynet.config.set_floatx("float32")
    assert load_model(tmp_path / "model.npz").predict(X, verbose=0).dtype == np.float64


class Doubled(Layer):
    def forward(self, x):
        return 2 * x, lambda dy: 2 * dy


class Halved(losses.MeanSquaredError):
    pass


def farthest(y_true, y_pred):
    return abs(y_true - y_pred).max(axis=-1)


def test_things_of_your_own_are_found_only_where_you_name_them(tmp_path):
    path = tmp_path / "model.npz"
    model = Sequential([Dense(3, input_shape=(6,)), Doubled()])
    model.compile("sgd", Halved(), metrics=[farthest])
    model.save(path)
    own = {"Doubled": Doubled, "Halved": Halved, "farthest": farthest}
    twin = load_model(path, custom_objects=own)
    assert type(twin.loss) is Halved
    x = X.reshape(50, 6)
    assert twin.evaluate(x, Y, verbose=0) == model.evaluate(x, Y, verbose=0)
    for name in own:
        with pytest.raises(ModelFileError, match=f"custom_objects={{'{name}': {name}}}"):
            load_model(path, custom_objects={n: o for n, o in own.items() if n != name})


# Nothing half-written


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    make().save(path)
    before = path.read_bytes()

    def full(file):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        make().save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


def test_what_can_not_be_described_is_found_before_the_file_is_touched(tmp_path):
    path = tmp_path / "model.npz"
    make().save(path)
    before = path.read_bytes()
    model = Sequential([Input((6,)), Dropout(0.5), Dense(3)])
    model.layers[0].seed = object()
    with pytest.raises(ValueError, match=r"Dropout can't be written down: .* 'seed' is object"):
        model.save(path)
    assert path.read_bytes() == before


class Tempered(Layer):
    def __init__(self, temperature, keep=True, **options):
        super().__init__(**options)
        if keep:
            self.temperature = temperature
        self.keep = keep

    def forward(self, x):
        return x / 2, lambda dy: dy / 2


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            Tempered(2.0, keep=False),
            r"'temperature' is not kept.*self\.temperature = tem",
        ),
        (Tempered(np.ones(3)), "its argument 'temperature' is ndarray"),
    ],
)
@pytest.mark.parametrize("ending", [".npz", ".keras"])
@pytest.mark.parametrize("callback", ["checkpoint", "backup"])
def test_what_can_not_be_written_down_is_refused_before_it_is_trained(
    layer, message, ending, callback, tmp_path
):
    model = Sequential([Dense(3, input_shape=(6,)), layer])
    model.compile("sgd", "mse")
    before = model.get_weights()
    path = tmp_path / f"model{ending}"
    saver = (
        callbacks.ModelCheckpoint(path)
        if callback == "checkpoint"
        else callbacks.BackupAndRestore(tmp_path)
    )
    x = X.reshape(50, 6)
    with pytest.raises(ValueError, match=f"Tempered can't be written down: .*{message}"):
        model.fit(x, Y, verbose=0, callbacks=[saver])
    for w, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(w, old)
    with pytest.raises(ValueError, match=message):
        model.save(path)
    assert not path.exists()


@pytest.mark.parametrize("name", ["model", "net.bin", "v1.0", "modèle"])
def test_any_other_name_is_a_file_of_numpys(name, tmp_path):
    model = make()
    model.save(tmp_path / name)
    assert same(load_model(tmp_path / name), model)


# Files that are no models


def saved(tmp_path):
    """Return the bytes of a model file."""
    model = Sequential([Input((6,)), Dense(3)])
    model.compile("adam", "mse")
    model.save(tmp_path / "model.npz")
    return (tmp_path / "model.npz").read_bytes()


def changed(data, **entries):
    """Replace entries of a model file: bytes, arrays, changes of the description, or None."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = dict(file)
    for name, value in entries.items():
        name = name.replace("__", ".")
        if callable(value):
            description = json.loads(arrays[name].tobytes())
            value(description)
            value = json.dumps(description).encode()
        arrays[name] = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value
    out = io.BytesIO()
    np.savez(out, **{name: array for name, array in arrays.items() if array is not None})
    return out.getvalue()


def zipped(data):
    """Compress the entries, as np.savez_compressed does."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


def other_layer(description):
    description["model"]["layers"][1]["class_name"] = "os.system"


def other_version(description):
    description["version"] = 99


HOSTILE = {
    "empty": lambda data: b"",
    "text": lambda data: b"<!DOCTYPE html>",
    "cut": lambda data: data[:-30],
    "cut in the middle": lambda data: data[: len(data) // 2],
    "an .npz of something else": lambda data: changed(data, description=None),
    "no weights": lambda data: changed(data, params=None),
    "too few weights": lambda data: changed(data, params=np.zeros(20, "f")),
    "too many weights": lambda data: changed(data, params=np.zeros(22, "f")),
    "weights that are integers": lambda data: changed(data, params=np.zeros(21, np.uint8)),
    "weights that are objects": lambda data: changed(data, params=np.array([{}] * 21)),
    "no slots": lambda data: changed(data, optimizer__velocity=None),
    "slots of another size": lambda data: changed(data, optimizer__velocity=np.zeros(3, "f")),
    "no JSON": lambda data: changed(data, description=b"{"),
    "JSON of something else": lambda data: changed(data, description=b"[1, 2]"),
    "JSON without end": lambda data: changed(data, description=b"[" * 100_000),
    "no UTF-8": lambda data: changed(data, description=b"\xff\xfe"),
    "a layer from elsewhere": lambda data: changed(data, description=other_layer),
    "a later version": lambda data: changed(data, description=other_version),
    "compressed": zipped,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_model_is_refused_with_words(name, tmp_path):
    path = tmp_path / "bad.npz"
    path.write_bytes(HOSTILE[name](saved(tmp_path)))
    with pytest.raises(ModelFileError, match=r"bad\.npz"):
        load_model(path)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    return saved(folder), folder / "damaged.npz"


@given(st.lists(st.tuples(st.integers(0, 2**30), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_model_file_with_a_few_wrong_bytes_loads_or_is_refused(model_file, changes):
    data, path = bytearray(model_file[0]), model_file[1]
    for place, byte in changes:
        data[place % len(data)] = byte
    path.write_bytes(data)
    with contextlib.suppress(ModelFileError):
        load_model(path)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.npz")
