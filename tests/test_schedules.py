"""Learning rates that change: their values are Keras's, written down from it. The golden tests
train with them."""

import itertools
import math

import numpy as np
import pytest

from tinynet import Sequential, schedules
from tinynet.layers import Dense
from tinynet.models import load_model
from tinynet.optimizers import SGD
from tinynet.schedules import (
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)


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


def test_a_boundary_is_the_last_step_of_its_value():
    rate = PiecewiseConstantDecay((2, 4.5), np.array([0.3, 0.2, 0.1]))
    assert [rate(step) for step in range(7)] == [0.3] * 3 + [0.2] * 2 + [0.1] * 2


def test_polynomial_decay_stays_at_its_end_or_starts_again():
    rate = PolynomialDecay(1.0, 10, 0.2, power=2)
    assert [rate(step) for step in (0, 5, 10, 99)] == pytest.approx([1, 0.4, 0.2, 0.2])
    again = PolynomialDecay(1.0, 10, 0.2, power=2, cycle=True)
    expected = [1, 0.2, 0.8 * (9 / 20) ** 2 + 0.2, 0.2, 0.8 * (9 / 30) ** 2 + 0.2]
    assert [again(step) for step in (0, 10, 11, 20, 21)] == pytest.approx(expected)
    flat = PolynomialDecay(1.0, 10, 0.2, power=0)
    assert flat(5) == flat(10) == 1  # 0 to the power of 0 is 1, as in Keras


@pytest.mark.parametrize("step", [0, 1, 99, 100, 101, 250])
def test_inverse_time_decay(step):
    assert InverseTimeDecay(0.1, 100, 0.5)(step) == pytest.approx(0.1 / (1 + 0.5 * step / 100))
    stairs = InverseTimeDecay(0.1, 100, 0.5, staircase=True)
    assert stairs(step) == 0.1 / (1 + 0.5 * (step // 100))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PiecewiseConstantDecay([1, 2], [0.1, 0.2]), "2 values and 2 boundaries"),
        (lambda: PiecewiseConstantDecay([], [0.1]), "boundaries as a list of numbers"),
        (lambda: PiecewiseConstantDecay(5, [0.1, 0.2]), "boundaries as a list of numbers, got 5"),
        (lambda: PiecewiseConstantDecay([2, 1], [1, 1, 1]), "boundaries that rise"),
        (lambda: PiecewiseConstantDecay([1, 1], [1, 1, 1]), "boundaries that rise"),
        (lambda: PiecewiseConstantDecay([math.nan], [1, 1]), "each of boundaries"),
        (lambda: PiecewiseConstantDecay([1], [0.1, -1]), "each of values as a number from 0"),
        (lambda: PolynomialDecay(0.1, 0), "decay_steps as a number from 1"),
        (lambda: PolynomialDecay(0.1, 10, power=-1), "power as a number from 0"),
        (lambda: PolynomialDecay(0.1, 10, -0.1), "end_learning_rate as a number from 0"),
        (lambda: InverseTimeDecay(0.1, 0, 1), "decay_steps as a number from 1"),
        (lambda: InverseTimeDecay(0.1, 10, -1), "decay_rate as a number from 0"),
    ],
)
def test_settings_without_a_meaning_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_another_schedule_of_keras_is_refused_by_name():
    with pytest.raises(
        AttributeError, match=r"Keras has optimizers\.schedules\.CosineDecayRestarts"
    ):
        _ = schedules.CosineDecayRestarts
    with pytest.raises(ImportError, match=r"Did you mean 'PolynomialDecay'"):
        from tinynet.optimizers.schedules import PolynomalDecay  # noqa: F401


ALL = [
    ExponentialDecay(0.1, 10, 0.5),
    CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3),
    PiecewiseConstantDecay([5, 9], [0.1, 0.2, 0.3]),
    PolynomialDecay(0.1, 7, power=0.5, cycle=True),
    InverseTimeDecay(0.1, 7, 0.5, staircase=True),
]


@pytest.mark.parametrize("rate", ALL)
def test_a_model_trains_on_from_a_file_by_the_same_schedule(rate, tmp_path):
    x, y = np.ones((8, 2)), np.ones((8, 1))
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile(SGD(rate), "mse")
    model.fit(x, y, epochs=6, verbose=0)
    model.save(tmp_path / "m.npz")
    twin = load_model(tmp_path / "m.npz")
    assert twin.optimizer.learning_rate == model.optimizer.learning_rate == rate(6)
    for each in (model, twin):
        each.fit(x, y, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_array_equal(twin.params, model.params)


@pytest.mark.parametrize("rate", ALL)
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
