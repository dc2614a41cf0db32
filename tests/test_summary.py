"""The table that summary() prints."""

import subprocess
import sys
from pathlib import Path

import pytest

from tinynet import Input, Sequential
from tinynet.layers import Dense, Dropout, Flatten
from tinynet.support.summary import readable_size

SEED_MODEL = """\
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ dense (Dense)                   │ (None, 512)            │       401,920 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_1 (Dense)                 │ (None, 512)            │       262,656 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_2 (Dense)                 │ (None, 10)             │         5,130 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 669,706 (2.55 MB)
 Trainable params: 669,706 (2.55 MB)
 Non-trainable params: 0 (0.00 B)
"""


def seed_model():
    return Sequential(
        [Dense(512, "relu", input_shape=(784,)), Dense(512, "relu"), Dense(10, "softmax")]
    )


def test_the_seed_model_looks_as_in_keras(capsys):
    seed_model().summary()
    assert capsys.readouterr().out == SEED_MODEL


def test_training_adds_nothing_to_the_total(capsys):
    model = Sequential([Dense(2, input_shape=(3,))])
    model.compile("adam", "mse")
    model.fit([[1, 2, 3]], [[1, 2]], verbose=0)
    model.summary()
    assert "Total params: 8 (32.00 B)" in capsys.readouterr().out


def test_a_model_without_a_shape_says_that_it_is_not_built(capsys):
    Sequential([Dense(2)]).summary()
    out = capsys.readouterr().out
    assert "│ dense (Dense)                   │ ?                      │   0 (unbuilt) │" in out
    assert "Total params: 0 (0.00 B)" in out


def test_layers_without_weights_and_long_names(capsys):
    name = "a_very_long_name_that_does_not_fit_into_its_column"
    Sequential([Input((28, 28)), Flatten(), Dropout(0.5, name=name)]).summary()
    lines = capsys.readouterr().out.splitlines()
    assert "│ flatten (Flatten)               │ (None, 784)            │             0 │" in lines
    assert len({len(line) for line in lines[1:-3]}) == 1
    assert any(line.startswith("│ a_very_long_name_that_does_not… │") for line in lines)


def test_an_ascii_output_gets_an_ascii_table():
    code = "from tinynet import *\nSequential([Input((3,)), layers.Dense(2)]).summary()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parent.parent,
        env={"PYTHONIOENCODING": "ascii"},
    )
    lines = done.stdout.decode("ascii").splitlines()
    assert (
        lines[4] == "| dense (Dense)                   | (None, 2)              |             8 |"
    )


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0.00 B"),
        (1023, "1023.00 B"),
        (1024, "1.00 KB"),
        (3 << 20, "3.00 MB"),
        (5 << 40, "5120.00 GB"),
    ],
)
def test_sizes_are_in_units_of_1024(nbytes, text):
    assert readable_size(nbytes) == text
