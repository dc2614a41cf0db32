"""Same seed, same bits: whatever else is done beside the training."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import product
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from toy import data, network

from tinynet import callbacks
from tinynet.callbacks import Callback

matplotlib.use("Agg")

SCRIPT = """
import hashlib
from toy import data, network
model = network()
model.fit(*data(), epochs=3, verbose=0)
print(hashlib.sha256(model.params.tobytes()).hexdigest())
"""


class Looks(Callback):
    """Use the model in every way that should leave no trace in its training."""

    def on_epoch_end(self, epoch, logs=None):
        from tinynet import plots

        x, y = data()
        self.model.predict(x, verbose=0)
        self.model(x)
        self.model.evaluate(x, y, verbose=0)
        self.model.test_on_batch(x[:5], y[:5])
        self.model.get_config()
        if epoch:
            plots.history(self.model.history)


def trained(
    seed: int = 1, verbose: int = 0, watched: bool = False, validated: bool = False, **options
):
    """Train the network of the tests in one of many ways; return its weights as bytes."""
    model = network(seed)
    if watched:
        options["callbacks"] = [
            Looks(),
            callbacks.EarlyStopping("loss", patience=99),
            callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None),
        ]
    if validated:
        options["validation_data"] = data(50)
    model.fit(*data(), epochs=3, verbose=verbose, **options)
    return model.params.tobytes()


def test_twice_in_one_process():
    assert trained() == trained()
    assert trained() != trained(seed=2)


@pytest.mark.parametrize(
    ("verbose", "watched", "validated"), list(product([0, 1, 2], [False, True], [False, True]))
)
def test_whatever_is_shown_called_validated_and_drawn(verbose, watched, validated):
    assert trained(verbose=verbose, watched=watched, validated=validated) == trained()


def test_in_other_processes(tmp_path):
    import hashlib

    path = os.pathsep.join(
        [str(Path(__file__).parent / "tools"), str(Path(__file__).parent.parent)]
    )
    expected = hashlib.sha256(trained()).hexdigest()
    for hash_seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == expected


def test_the_global_generators_neither_matter_nor_move():
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    expected, moved = trained(), (random.random(), np.random.random())  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    assert (random.random(), np.random.random()) == moved  # noqa: NPY002
    assert trained() == expected


def test_other_models_made_in_between_do_not_matter_to_one_that_is_made():
    model, twin = network(), network()
    network(seed=9).fit(*data(), verbose=0)
    model.fit(*data(), epochs=2, verbose=0)
    twin.fit(*data(), epochs=2, verbose=0)
    assert model.params.tobytes() == twin.params.tobytes()


@pytest.mark.parametrize("form", [list, np.asfortranarray, lambda a: a.astype("float64")])
def test_the_form_of_the_data_does_not_matter(form):
    x, y = data()
    model = network()
    model.fit(form(x), y, epochs=3, verbose=0)
    assert model.params.tobytes() == trained()
