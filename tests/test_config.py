"""What all models of a process share: number type, names, seeds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinynet import Input, Sequential, config
from tinynet.layers import Dense


def weights():
    return Sequential([Input((3,)), Dense(2)]).get_weights()[0]


def test_the_same_seed_gives_the_same_models_one_after_the_other():
    config.set_random_seed(4)
    one, two = weights(), weights()
    config.set_random_seed(4)
    np.testing.assert_array_equal([one, two], [weights(), weights()])
    assert (one != two).any()


def test_numpys_own_generator_is_left_alone():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    config.set_random_seed(1)
    weights()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_the_same_seed_gives_the_same_bits_in_another_process():
    code = """if True:
        import tinynet
        tinynet.utils.set_random_seed(8)
        model = tinynet.Sequential([tinynet.Input((3,)), tinynet.layers.Dense(2)])
        print(model.get_weights()[0].tobytes().hex())"""
    root = Path(__file__).parent.parent
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    config.set_random_seed(8)
    assert done.stdout.strip() == weights().tobytes().hex()


def test_without_a_seed_each_process_starts_elsewhere():
    assert np.random.SeedSequence().entropy != np.random.SeedSequence().entropy
    config._seeds = np.random.SeedSequence()
    one = weights()
    config._seeds = np.random.SeedSequence()
    assert (one != weights()).any()


def test_floatx_counts_for_models_made_afterwards():
    before = Sequential([Input((3,)), Dense(2)])
    config.set_floatx("float64")
    try:
        assert weights().dtype == "float64"
        assert before.get_weights()[0].dtype == "float32"
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize("name", ["float16", "bfloat16", "double", np.float64, None])
def test_other_number_types_are_refused(name):
    with pytest.raises(ValueError, match="'float32' or 'float64'"):
        config.set_floatx(name)
    assert config.floatx() == "float32"


def test_names_are_counted_until_the_session_is_cleared():
    assert [config.unique_name("Dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    config.clear_session()
    assert config.unique_name("Dense") == "dense"
