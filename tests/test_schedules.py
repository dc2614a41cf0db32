"""Learning rates that change: their values are Keras's, written down from it. The golden tests
train with them."""

import itertools
import math

import numpy as np
import pytest

from tinynet import schedules
from tinynet.optimizers import SGD
from tinynet.schedules import CosineDecay, ExponentialDecay


@pytest.mark.parametrize("step", [0, 1, 99, 100, 101, 250])
def test_exponential_decay(step):
    assert ExponentialDecay(0.1, 100, 0.5)(step) == pytest.approx(0.1 * 0.5 ** (step / 100))
    assert ExponentialDecay(0.1, 100, 0.5, staircase=True)(step) == 0.1 * 0.5 ** (step // 100)


def test_cosine_decay_begins_high_ends_at_alpha_and_never_rises():
    rates = [CosineDecay(0.1, 50, alpha=0.2)(step) for step in range(80)]
    assert rates[0] == 0.1
    assert rates[25] == pytest.approx(0.1 * (0.8 * 0.5 + 0.2))
    assert rates[50:] == pytest.approx([0.02] * 30)
    assert all(a >= b for a, b in itertools.pairwise(rates))


def test_a_warm_up_rises_in_a_line_and_hands_over_without_a_jump():
    rate = CosineDecay(0.01, 100, warmup_target=0.1, warmup_steps=9)
    rise = [rate(step) for step in range(10)]
    np.testing.assert_allclose(rise, np.linspace(0.01, 0.1, 10))
    assert rate(10) == pytest.approx(0.1 * (1 + math.cos(math.pi / 100)) / 2)


@pytest.mark.parametrize("rate", [ExponentialDecay(0.1, 10, 0.5), CosineDecay(0.1, 10)])
def test_rates_are_python_floats_and_configs_make_the_same_schedule(rate):
    assert type(rate(3)) is float
    twin = schedules.get({"class_name": type(rate).__name__, "config": rate.get_config()})
    assert [twin(step) for step in range(20)] == [rate(step) for step in range(20)]


def test_an_optimizer_asks_it_at_every_step():
    w, sgd = np.array([0.0]), SGD(ExponentialDecay(1.0, 1, 0.5))
    sgd.build(w, [1])
    for expected in (-1, -1.5, -1.75):
        sgd.step(w, np.array([1.0]))
        assert w == expected
