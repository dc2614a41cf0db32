"""Keras's own files, without Keras: what comes back, and what is refused."""

import contextlib
import io
import json
import random
import sys
import warnings
import zipfile

import fuzz_models
import numpy as np
import pytest
from toy import data, network, same

from tinynet import Sequential
from tinynet.layers import Dense, Flatten, Input, Layer
from tinynet.models import clone_model, keras_files, legacy_h5, load_model, model_from_json
from tinynet.saving import ModelFileError
from tinynet.support import hdf5

h5py = pytest.importorskip("h5py")
X, Y = data()


def trained(**settings):
    model = network(**settings)
    model.fit(X, Y, verbose=0)
    return model


@pytest.fixture
def model():
    return trained()


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.hdf5", "m.weights.h5"])
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_a_whole_model_comes_back(tmp_path, name, optimizer):
    model = trained(optimizer=optimizer)
    model.save(tmp_path / name)
    twin = load_model(tmp_path / name)
    assert same(twin, model)
    assert twin.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert repr(twin.optimizer) == repr(model.optimizer)
    assert twin.optimizer.iterations == model.optimizer.iterations


def test_a_keras_file_goes_on_with_the_same_bits(tmp_path):
    through, twin = trained(), trained()
    twin.save(tmp_path / "m.keras")
    twin = load_model(tmp_path / "m.keras")  # with the generators: shuffling, Dropout
    for one in (through, twin):
        one.fit(X, Y, epochs=3, initial_epoch=1, verbose=0)
    assert same(through, twin)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m"])
def test_without_compiling(tmp_path, name, model):
    model.save(tmp_path / name)
    twin = load_model(tmp_path / name, compile=False)
    assert twin.optimizer is None
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5", "m.npz", "m"])
@pytest.mark.parametrize("save", ["save", "save_weights"])
def test_weights_of_any_file(tmp_path, name, save, model):
    getattr(model, save)(tmp_path / name)
    twin = network(seed=9)
    twin.load_weights(tmp_path / name)
    np.testing.assert_array_equal(twin.params, model.params)


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5", "m.npz"])
def test_the_optimizer_goes_on_where_it_is_the_same(tmp_path, name, model):
    model.save_weights(tmp_path / name)
    twin = trained(seed=9)
    twin.load_weights(tmp_path / name)
    assert same(twin, model)
    assert twin.optimizer.iterations == model.optimizer.iterations
    other = trained(optimizer="adam")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        other.load_weights(tmp_path / name)
    assert [str(w.message)[:24] for w in told] == ["The file holds 6 arrays "][: name != "m.npz"]
    np.testing.assert_array_equal(other.params, model.params)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5", "m.npz"])
def test_weights_of_another_model_are_refused_and_nothing_is_changed(tmp_path, name, model):
    model.save_weights(tmp_path / name)
    other = Sequential([Input((6,)), Dense(3), Dense(8), Dense(3)])
    before = other.params.copy()
    with pytest.raises(ModelFileError, match="shapes"):
        other.load_weights(tmp_path / name)
    np.testing.assert_array_equal(other.params, before)


def test_weights_alone_are_no_model(tmp_path, model):
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ModelFileError, match="load_weights"):
        load_model(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
def test_without_h5py_a_sentence_says_what_to_type(tmp_path, name, model, monkeypatch):
    model.save(tmp_path / "there.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(ImportError, match="pip install h5py"):
        model.save(tmp_path / name)
    with pytest.raises(ImportError, match="pip install h5py"):
        model.save_weights(tmp_path / "m.weights.h5")
    assert (tmp_path / name).read_bytes() == b"old"
    with pytest.raises(ImportError, match="pip install h5py"):
        load_model(tmp_path / "there.h5")


def test_what_is_there_is_kept_where_overwrite_is_false(tmp_path, model):
    (tmp_path / "m").write_bytes(b"old")
    for save in (model.save, model.save_weights):
        with pytest.raises(FileExistsError, match="overwrite"):
            save(tmp_path / "m", overwrite=False)
    assert (tmp_path / "m").read_bytes() == b"old"


def test_an_option_that_save_does_not_have(tmp_path, model):
    with pytest.raises(TypeError, match="'sve_format'"):
        model.save(tmp_path / "m", sve_format="h5")


class Doubled(Layer):
    def forward(self, x):
        return 2 * x, lambda dy: 2 * dy


def my_error(t, p):
    return abs(t - p).mean(axis=-1)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_parts_of_your_own_come_from_custom_objects(tmp_path, name):
    model = Sequential([Input((6,)), Doubled(), Dense(3)])
    model.compile("sgd", "mse", metrics=[my_error])
    model.fit(X, X[:, :3], verbose=0)
    model.save(tmp_path / name)
    with pytest.raises(ModelFileError, match="'Doubled'"):
        load_model(tmp_path / name)
    twin = load_model(tmp_path / name, {"Doubled": Doubled, "my_error": my_error})
    assert twin.evaluate(X, X[:, :3], verbose=0) == model.evaluate(X, X[:, :3], verbose=0)


def test_json_describes_layers_and_how_the_model_was_compiled(model):
    twin = model_from_json(model.to_json(indent=2))
    assert twin.get_config() == model.get_config()
    assert repr(twin.loss) == repr(model.loss)
    with pytest.raises(ValueError, match="to_json"):
        model_from_json("[1]")


def test_a_clone_has_the_layers_and_new_weights(model):
    twin = clone_model(model)
    assert twin.get_config() == model.get_config()
    assert twin.optimizer is None
    assert not np.array_equal(twin.params, model.params)
    twin = clone_model(Sequential([Flatten(), Doubled(), Dense(2)]))
    assert type(twin.layers[1]) is Doubled


# ------------------------------------------------------------------------------ hostile files


def refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=path.name):
        load_model(path)


def zipped(model, change_config=None, **entries):
    """Return the .keras file with its config changed, or whole entries of it."""
    with zipfile.ZipFile(io.BytesIO(keras_files.archive(model))) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()} | entries
    if change_config:
        config = json.loads(whole["config.json"])
        change_config(config)
        whole["config.json"] = json.dumps(config).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in whole.items():
            if content is not None:
                archive.writestr(name, content)
    return buffer.getvalue()


def layer(config, number):
    return config["config"]["layers"][number]


CONFIGS = {
    "a Lambda": lambda c: layer(c, 1).update(
        class_name="Lambda", config={"function": {"class_name": "__lambda__", "config": "4wEA"}}
    ),
    "a class of a module": lambda c: layer(c, 1).update(module="os", class_name="system"),
    "units beyond memory": lambda c: layer(c, 1)["config"].update(units=10**9),
    "units that are none": lambda c: layer(c, 1)["config"].update(units="8"),
    "no layers": lambda c: c.update(config={}),
    "a list": lambda c: c.update(config=[1]),
    "another loss": lambda c: c["compile_config"].update(loss="os.system"),
    "a function": lambda c: c["compile_config"].update(
        metrics=[{"class_name": "function", "module": "os", "config": "system"}]
    ),
    "an epoch below 0": lambda c: None,
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_that_ask_for_more_than_there_is(tmp_path, name, model):
    entries = {}
    if name == "an epoch below 0":
        entries["metadata.json"] = json.dumps({"tinynet": {"epoch": -1, "generators": {}}})
    refused(tmp_path / "bad.keras", zipped(model, CONFIGS[name], **entries))


@pytest.mark.parametrize("entry", ["metadata.json", "model.weights.h5"])
def test_an_entry_that_is_missing_or_no_such_thing(tmp_path, entry, model):
    refused(tmp_path / "bad.keras", zipped(model, **{entry: None}))
    refused(tmp_path / "bad.keras", zipped(model, **{entry: b"\x00" * 100}))
    refused(tmp_path / "bad.keras", zipped(model, **{entry: b" " * 10**7}))  # a bomb of 10 KB


def test_arrays_that_are_missing_or_too_many_or_of_other_shapes(tmp_path, model):
    arrays = keras_files.arrays_of(model)
    for change in (
        {"layers/dense/vars/0": None},
        {"layers/dense/vars/0": np.ones((3, 3), "f4")},
        {"layers/dense/vars/2": np.ones(3, "f4")},
        {"layers/dense_7/vars/0": np.ones(3, "f4")},
        {"layers/dense/vars/0": np.array([b"text"])},
    ):
        left = {name: array for name, array in (arrays | change).items() if array is not None}
        entry = {"model.weights.h5": hdf5.write(left, {})}
        refused(tmp_path / "bad.keras", zipped(model, **entry))


def external(file):
    file.create_dataset("a", (100,), "f4", external=[("/etc/hostname", 0, 400)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "a", (4,))
    file.create_virtual_dataset("a", layout)


def many_names(file):
    file["x"] = np.ones(900, "f4")
    for i in range(100):
        file[f"x{i}"] = file["x"]


def put(name, value):
    def change(file):
        file[name] = value(file) if callable(value) else value

    return change


CONTAINERS = {
    "an external link": put("a", h5py.ExternalLink("/etc/hostname", "/")),
    "a soft link": put("a", h5py.SoftLink("/model_weights")),
    "numbers in another file": external,
    "a virtual array": virtual,
    "a group in itself": put("model_weights/again", lambda file: file["model_weights"]),
    "many names for one array": many_names,
    "claims without bytes": lambda file: file.create_dataset("a", (10**12,), "f4"),
    "a few claims without bytes": lambda file: file.create_dataset("a", (10,), "f4"),
    "compressed": lambda file: file.create_dataset("a", data=np.zeros(10**6), compression="gzip"),
    "texts": put("a", [b"x"]),
    "a type": put("a", np.dtype("f4")),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_that_reach_out_or_claim_too_much(tmp_path, name, model):
    buffer = io.BytesIO(legacy_h5.whole(model))
    with h5py.File(buffer, "r+") as file:
        CONTAINERS[name](file)
    refused(tmp_path / "bad.h5", buffer.getvalue())


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_damaged_bytes_are_a_model_or_refused(tmp_path, name, model):
    path = tmp_path / name
    model.save(path)
    content = path.read_bytes()
    for seed in range(100):
        path.write_bytes(fuzz_models.flip_bytes(content, random.Random(seed)))
        with contextlib.suppress(ModelFileError):
            load_model(path)
