"""Replay the trajectories recorded from real Keras, step by step, without Keras.

`golden/cases.py` says what the networks are, `golden/make_golden.py` how they were recorded:
200 steps each, and after every step the loss, all weights and all slots of the optimizer.

How far tinynet may be from Keras's numbers:

float64: 1e-10 of the number itself (or of a thousandth of the largest in its vector, as a
weight on its way through 0 has no digits of its own to compare). Both sides round in the 16th
digit, but in another order; measured over all cases, 200 steps make at most 6.3e-13 of it.

float32: 3e-5 of the largest number in the vector. Rounding in the 7th digit comes to at most
8.7e-6 in 200 steps (in Adam's momentum; 2 digits are lost where nearly equal numbers are
subtracted to make a gradient), and another BLAS may sum in another order.

That these tolerances mean something is shown by `WRONG`: each well-known mistake misses them
by a factor of 100 or more.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden.cases import BATCH, CASES, OUTPUTS, Case, batches

import tinynet
from tinynet.layers import Activation, Dense, Layer
from tinynet.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
)
from tinynet.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Nadam, RMSprop

GOLDEN = Path(__file__).parent / "golden"
TOLERANCE = {"float64": 1e-10, "float32": 3e-5}
FLOOR = {"float64": 1e-3, "float32": 1.0}  # the least to compare with, as a part of the largest


@pytest.fixture(params=TOLERANCE)
def floatx(request):
    """Run a test in each number type."""
    before = tinynet.config.floatx()
    tinynet.config.set_floatx(request.param)
    yield request.param
    tinynet.config.set_floatx(before)


def load(name: str, floatx: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN / floatx / f"{name}.npz", allow_pickle=False) as file:
        return dict(file)


def weights_of(model: Any) -> np.ndarray:
    """Give all weights in one vector, those that are not trained too, in Keras's order."""
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def put(model: Any, vector: np.ndarray) -> None:
    """Set all weights from such a vector."""
    weights = model.get_weights()
    parts = np.split(vector, np.cumsum([weight.size for weight in weights])[:-1])
    model.set_weights([p.reshape(w.shape) for p, w in zip(parts, weights, strict=True)])


def replay(case: Case, golden: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Train tinynet on the recorded batches from the recorded weights, noting the same."""
    model = case.build(tinynet)
    model.build()
    put(model, golden["weights"][0])
    trajectory = defaultdict(list, weights=[weights_of(model)])
    data = {name: golden[name] for name in ("x", "y", "sample_weight") if name in golden}
    for batch in batches(data, case.steps):
        loss = model.train_on_batch(**batch, class_weight=case.class_weight)
        trajectory["loss"].append(loss)
        trajectory["weights"].append(weights_of(model))
        for name, slot in model.optimizer.slots.items():
            trajectory[f"slot_{name}"].append(slot.copy())
    return {name: np.array(rows) for name, rows in trajectory.items()}


def errors(
    found: dict[str, np.ndarray], golden: dict[str, np.ndarray], floor: float
) -> dict[str, float]:
    """Give for the loss, the weights and each slot the largest relative error of any step."""
    worst = {}
    for name, values in found.items():
        expected = golden[name] if golden[name].ndim == 2 else golden[name][:, np.newaxis]
        size = np.abs(expected)
        size = np.maximum(size, floor * size.max(axis=1, keepdims=True))
        gap = np.abs(values.reshape(expected.shape) - expected)
        worst[name] = float(np.max(gap / np.where(size == 0, 1, size)))
    return worst


@pytest.mark.parametrize("name", CASES)
def test_the_trajectory_is_that_of_keras(name, floatx):
    golden = load(name, floatx)
    found = replay(CASES[name], golden)
    assert found["weights"].dtype == floatx
    recorded = set(golden) - {"x", "y", "sample_weight", "made_with"}
    assert set(found) == recorded
    for what, error in errors(found, golden, FLOOR[floatx]).items():
        assert error < TOLERANCE[floatx], what


@pytest.mark.parametrize("name", CASES)
def test_the_recording_says_what_made_it(name, floatx):
    assert str(load(name, floatx)["made_with"]).startswith("keras 3.")


# --------------------------------------------------------------- mistakes that must be caught


class EpsilonOutside(RMSprop):
    def update(self, lr, w, g, slots):
        v = slots["velocity"]
        v[:] = self.rho * v + (1 - self.rho) * g * g
        w -= lr * g / (np.sqrt(v) + self.epsilon)


class VelocityFromOnes(RMSprop):
    def build(self, w, sizes):
        super().build(w, sizes)
        self.slots["velocity"][:] = 1


class AverageOfBefore(RMSprop):
    def update(self, lr, w, g, slots):
        v, a = slots["velocity"], slots["average_gradient"]
        v[:] = self.rho * v + (1 - self.rho) * g * g
        w -= lr * g / np.sqrt(np.maximum(v - a * a, 0) + self.epsilon)
        a[:] = self.rho * a + (1 - self.rho) * g


class NoBiasCorrection(Adam):
    def update(self, lr, w, g, slots):
        m, v = slots["momentum"], slots["velocity"]
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g * g - v)
        w -= lr * m / (np.sqrt(v) + self.epsilon)


class EpsilonInside(Adam):
    def update(self, lr, w, g, slots):
        m, v, t = slots["momentum"], slots["velocity"], self.iterations
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g * g - v)
        w -= lr * m / (1 - self.beta_1**t) / np.sqrt(v / (1 - self.beta_2**t) + self.epsilon)


class Dampened(SGD):
    def update(self, lr, w, g, slots):
        m = slots["momentum"]
        m[:] = self.momentum * m - (1 - self.momentum) * lr * g
        w += m


class InTheGradient:
    def step(self, w, g):
        decay, self.weight_decay = self.weight_decay, None
        super().step(w, g + decay * w)
        self.weight_decay = decay


class DecayInTheGradient(InTheGradient, RMSprop):
    pass


class AdamDecayInTheGradient(InTheGradient, AdamW):
    pass


class PlainMomentum(Nadam):
    def b(self, t):
        return self.beta_1

    def product(self, t):
        return self.beta_1**t


class DecayBehind(Nadam):
    def step(self, w, g):
        decay, self.weight_decay = self.weight_decay, None
        super().step(w, g)
        w -= self.learning_rate * decay * w
        self.weight_decay = decay


class ByRootOfSquares(Adamax):
    def update(self, lr, w, g, slots):
        m, u = slots["momentum"], slots["norm"]
        m += (1 - self.beta_1) * (g - m)
        u[:] = np.sqrt(self.beta_2 * u * u + (1 - self.beta_2) * g * g)
        w -= lr / (1 - self.beta_1**self.iterations) * m / (u + self.epsilon)


class RootFirst(Adagrad):
    def update(self, lr, w, g, slots):
        a = slots["accumulator"]
        a += g * g
        w -= lr * g / (np.sqrt(a) + self.epsilon)


class StepsWithTheirRate(Adadelta):
    def update(self, lr, w, g, slots):
        a, d = slots["accumulated_grad"], slots["accumulated_delta_var"]
        a += (1 - self.rho) * (g * g - a)
        step = lr * np.sqrt(d + self.epsilon) / np.sqrt(a + self.epsilon) * g
        d += (1 - self.rho) * (step * step - d)
        w -= step


class MeanOverClasses(CategoricalCrossentropy):
    def per_example(self, t, y):
        l, dy = super().per_example(t, y)
        return l / OUTPUTS, dy / OUTPUTS


class SumOverOutputs(BinaryCrossentropy):
    def per_example(self, t, y):
        l, dy = super().per_example(t, y)
        return l * OUTPUTS, dy * OUTPUTS


class Halved(MeanSquaredError):
    def per_example(self, t, y):
        l, dy = super().per_example(t, y)
        return l / 2, dy / 2


class HuberByAbsoluteError(tinynet.losses.Huber):
    def per_example(self, t, y):
        l, dy = MeanAbsoluteError().per_example(t, y)
        return self.delta * l, self.delta * dy


class LengthForgotten(tinynet.losses.CosineSimilarity):
    def per_example(self, t, y):
        l, dy = super().per_example(t, y)
        return l, dy * np.sqrt(np.square(y).sum(axis=1, keepdims=True))


class SmoothedOverTheOthers(CategoricalCrossentropy):
    def per_example(self, t, y):
        s, k = 0.1, OUTPUTS
        return super().per_example(t * (1 - s) + (1 - t) * s / (k - 1), y)


class WeightsNormalised(CategoricalCrossentropy):
    def value_and_gradient(self, t, y, weights=None):
        return super().value_and_gradient(t, y, weights / weights.mean())


class PartialBatchAsIfWhole(CategoricalCrossentropy):
    def value_and_gradient(self, t, y, weights=None):
        loss, dy = super().value_and_gradient(t, y, weights)
        return loss, dy * len(y) / 5


class Normalized(tinynet.layers.BatchNormalization):
    """Goes wrong in backward, or in what it keeps, as the class attributes say."""

    mean_forgotten = variance_forgotten = unbiased = False

    def forward(self, x):
        y, backward = super().forward(x)

        def wrong_backward(dy):
            dx = backward(dy)
            z, dz = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + self.epsilon), dy * self.gamma
            deviation = np.sqrt(x.var(axis=0) + self.epsilon)
            if self.mean_forgotten:
                dx = dx + dz.mean(axis=0) / deviation
            if self.variance_forgotten:
                dx = dx + z * (dz * z).mean(axis=0) / deviation
            return dx

        return y, wrong_backward

    def keep(self, mean, variance):
        super().keep(mean, variance * 5 / 4 if self.unbiased else variance)


def held(k: Any, limit: Any, rate: float = 0.3) -> list[Layer]:
    """Give the layers of the case "constraints", with another constraint or rate."""
    dense = k.layers.Dense
    gently = k.constraints.MinMaxNorm(0.5, 0.9, rate)
    return [
        dense(3, "relu", kernel_constraint=limit, bias_constraint="non_neg"),
        dense(3, "tanh", kernel_constraint=gently, bias_constraint=k.constraints.MaxNorm(0.05)),
        dense(OUTPUTS, "softmax", kernel_constraint=k.constraints.UnitNorm(axis=1)),
    ]


def active(k: Any, factor: float) -> list[Layer]:
    """Give the layers of the case "activity_regularizer", with a penalty of another size."""
    penalty = k.regularizers.L1L2(0.01 * factor, 0.1 * factor)
    return [
        Dense(3, "relu", activity_regularizer=penalty),
        Dense(3, "tanh"),
        k.layers.ActivityRegularization(l1=0.02, l2=0.3),
        Dense(OUTPUTS, "softmax"),
    ]


def normalizing(layer: Any) -> Any:
    """Give the layers of the case "batch_normalization" with a layer in its place."""

    def layers(k: Any) -> list[Layer]:
        return [Dense(3), layer(), Activation("tanh"), Dense(OUTPUTS, activation="softmax")]

    return layers


class MeanForgotten(Normalized):
    mean_forgotten = True


class VarianceForgotten(Normalized):
    variance_forgotten = True


class Unbiased(Normalized):
    unbiased = True


class UnbiasedOfUnits(tinynet.layers.LayerNormalization):
    def forward(self, x):
        y, backward = super().forward(x)
        share = np.sqrt(2 / 3)  # of three units
        return y * share, lambda dy: backward(dy * share)


class ByRunningMeans(tinynet.layers.BatchNormalization):
    def forward(self, x):
        self.trainable = False
        y, backward = super().forward(x)
        self.trainable = True
        return y, backward


class SlopeOneAtZero(Layer):
    def forward(self, x):
        return np.maximum(x, 0), lambda dy: dy * (x >= 0)


class DiagonalSoftmax(Layer):
    def forward(self, x):
        y = tinynet.activations.softmax(x)
        return y, lambda dy: dy * y * (1 - y)


class LeakyByAHundredth(Layer):
    def forward(self, x):
        return np.maximum(x, 0.01 * x), lambda dy: np.where(x > 0, dy, 0.01 * dy)


def hidden(layer: type[Layer], count: int) -> Any:
    """Give the layers of a case with `count` hidden layers, activated by a wrong layer."""

    def layers(k: Any) -> list[Layer]:
        pairs = [new for _ in range(count) for new in (Dense(3), layer())]
        return [*pairs, Dense(OUTPUTS, activation="softmax")]

    return layers


def wrong(case: str, **change: Any) -> tuple[str, Case]:
    """Give a case with something in it done wrongly."""
    return case, replace(CASES[case], **change)


schedules = tinynet.optimizers.schedules
NADAM = {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99, "weight_decay": 0.1}
ADADELTA = {"learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-5, "weight_decay": 0.1}
WRONG = {
    "epsilon outside the root": wrong("rmsprop", optimizer=lambda k: EpsilonOutside()),
    "velocity from ones": wrong("rmsprop", optimizer=lambda k: VelocityFromOnes()),
    "average of the step before": wrong(
        "rmsprop_centered", optimizer=lambda k: AverageOfBefore(centered=True)
    ),
    "not centered": wrong("rmsprop_centered", optimizer=lambda k: RMSprop()),
    "no bias correction": wrong("adam", optimizer=lambda k: NoBiasCorrection()),
    "Adam's epsilon inside the root": wrong("adam", optimizer=lambda k: EpsilonInside()),
    "dampened momentum": wrong("sgd_momentum", optimizer=lambda k: Dampened(0.05, 0.9)),
    "Nesterov forgotten": wrong("sgd_nesterov", optimizer=lambda k: SGD(0.05, 0.9)),
    "weight decay in the gradient": wrong(
        "rmsprop_global_clipnorm_decay",
        optimizer=lambda k: DecayInTheGradient(global_clipnorm=0.1, weight_decay=0.1),
    ),
    "clipnorm over all weights": wrong(
        "rmsprop_clipnorm", optimizer=lambda k: RMSprop(global_clipnorm=0.1)
    ),
    "global_clipnorm for each weight": wrong(
        "sgd_global_clipnorm", optimizer=lambda k: SGD(0.1, clipnorm=0.1)
    ),
    "AdamW without its decay": wrong(
        "adamw_options", optimizer=lambda k: Adam(0.01, beta_1=0.8, clipnorm=0.1)
    ),
    "AdamW with PyTorch's decay": wrong(
        "adamw_options", optimizer=lambda k: AdamW(0.01, 0.01, 0.8, clipnorm=0.1)
    ),
    "AdamW's decay in the gradient": wrong(
        "adamw_options", optimizer=lambda k: AdamDecayInTheGradient(0.01, 0.004, 0.8, clipnorm=0.1)
    ),
    "Nadam as Adam": wrong("nadam_options", optimizer=lambda k: Adam(**NADAM)),
    "Nadam without its rise": wrong("nadam_options", optimizer=lambda k: PlainMomentum(**NADAM)),
    "Nadam's decay behind the step": wrong(
        "nadam_options", optimizer=lambda k: DecayBehind(**NADAM)
    ),
    "Adamax by a root of squares": wrong("adamax", optimizer=lambda k: ByRootOfSquares()),
    "Adagrad from 0": wrong("adagrad", optimizer=lambda k: Adagrad(initial_accumulator_value=0)),
    "Adagrad's epsilon outside the root": wrong(
        "adagrad_options",
        optimizer=lambda k: RootFirst(0.02, 1e-3, epsilon=1e-3),
    ),
    "Adadelta's rate in its memory": wrong(
        "adadelta_options", optimizer=lambda k: StepsWithTheirRate(**ADADELTA)
    ),
    "Adadelta with PyTorch's rho": wrong(
        "adadelta_options", optimizer=lambda k: Adadelta(**{**ADADELTA, "rho": 0.9})
    ),
    "staircase forgotten": wrong(
        "sgd_exponential_staircase",
        optimizer=lambda k: SGD(schedules.ExponentialDecay(0.2, 20, 0.8), weight_decay=0.01),
    ),
    "schedule one step late": wrong(
        "sgd_exponential_decay",
        optimizer=lambda k: SGD(schedules.ExponentialDecay(0.2 * 0.8 ** (-1 / 20), 20, 0.8)),
    ),
    "boundaries belong to the next value": wrong(
        "sgd_piecewise",
        optimizer=lambda k: SGD(schedules.PiecewiseConstantDecay([8, 19], [0.2, 0.05, 0.1])),
    ),
    "polynomial in a line": wrong(
        "sgd_polynomial", optimizer=lambda k: SGD(schedules.PolynomialDecay(0.3, 30, 0.02))
    ),
    "cycle forgotten": wrong(
        "sgd_polynomial_cycle",
        optimizer=lambda k: SGD(schedules.PolynomialDecay(0.3, 15, power=0.5)),
    ),
    "inverse time as exponential": wrong(
        "sgd_inverse_time",
        optimizer=lambda k: SGD(schedules.ExponentialDecay(0.3, 7, 1 / 1.5)),
    ),
    "inverse time's stairs forgotten": wrong(
        "sgd_inverse_time_staircase",
        optimizer=lambda k: SGD(schedules.InverseTimeDecay(0.3, 7, 0.5)),
    ),
    "mean over classes": wrong("sgd", loss=lambda k: MeanOverClasses()),
    "sum over outputs": wrong("binary", loss=lambda k: SumOverOutputs()),
    "Huber without its parabola": wrong("huber", loss=lambda k: HuberByAbsoluteError(0.7)),
    "log cosh as the square": wrong("log_cosh", loss=lambda k: Halved()),
    "percentages forgotten": wrong("mape", loss=lambda k: MeanAbsoluteError()),
    "squares instead of logarithms": wrong("msle", loss=lambda k: MeanSquaredError()),
    "hinge squared": wrong("hinge", loss=lambda k: tinynet.losses.SquaredHinge()),
    "hinge not squared": wrong("squared_hinge", loss=lambda k: tinynet.losses.Hinge()),
    "hinge of each output": wrong("categorical_hinge", loss=lambda k: tinynet.losses.Hinge()),
    "KL of rows made to sum to 1": wrong("kl_divergence", loss=lambda k: CategoricalCrossentropy()),
    "Poisson as squares": wrong("poisson", loss=lambda k: MeanSquaredError()),
    "cosine: |y| forgotten": wrong("cosine_similarity", loss=lambda k: LengthForgotten()),
    "sum as mean": wrong("mse_sum", loss=lambda k: MeanSquaredError()),
    "weights' sum forgotten": wrong(
        "categorical_by_weights", loss=lambda k: CategoricalCrossentropy()
    ),
    "squared error halved": wrong("mse", loss=lambda k: Halved()),
    "smoothed over the other classes": wrong("categorical", loss=lambda k: SmoothedOverTheOthers()),
    "sample weights normalised": wrong("sample_weight", loss=lambda k: WeightsNormalised()),
    "class weights normalised": wrong("class_weight", loss=lambda k: WeightsNormalised()),
    "partial batch divided as a whole one": wrong("sgd", loss=lambda k: PartialBatchAsIfWhole()),
    "relu's slope 1 at 0": wrong("sgd", layers=hidden(SlopeOneAtZero, 1)),
    "relu's slope 1 at 0, RMSprop": wrong("rmsprop", layers=hidden(SlopeOneAtZero, 1)),
    "softmax's Jacobian cut to its diagonal": wrong(
        "activation_softmax", layers=hidden(DiagonalSoftmax, 2)
    ),
    "leaky by a hundredth": wrong("activation_leaky_relu", layers=hidden(LeakyByAHundredth, 2)),
    "batch normalisation: the mean forgotten": wrong(
        "batch_normalization", layers=normalizing(MeanForgotten)
    ),
    "batch normalisation: the variance forgotten": wrong(
        "batch_normalization", layers=normalizing(VarianceForgotten)
    ),
    "batch normalisation: an unbiased variance kept": wrong(
        "batch_normalization", layers=normalizing(Unbiased)
    ),
    "batch normalisation by the running means": wrong(
        "batch_normalization", layers=normalizing(ByRunningMeans)
    ),
    "lengths of rows, not of columns": wrong(
        "constraints", layers=lambda k: held(k, k.constraints.MaxNorm(0.8, axis=1))
    ),
    "brought into the range at once": wrong(
        "constraints", layers=lambda k: held(k, k.constraints.MaxNorm(0.8), rate=1.0)
    ),
    "a constraint forgotten": wrong("constraints", layers=lambda k: held(k, None)),
    "penalty on outputs: not divided by n": wrong(
        "activity_regularizer", layers=lambda k: active(k, BATCH)
    ),
    "penalty on outputs: forgotten": wrong("activity_regularizer", layers=lambda k: active(k, 0)),
    "layer normalisation by an unbiased variance": wrong(
        "layer_normalization", layers=normalizing(UnbiasedOfUnits)
    ),
    "layer normalisation: a smaller epsilon": wrong(
        "layer_normalization_bare",
        layers=normalizing(
            lambda: tinynet.layers.LayerNormalization(center=False, scale=False, epsilon=0.001)
        ),
    ),
    "PReLU's alpha not trained": wrong(
        "prelu",
        layers=lambda k: [
            Dense(3),
            k.layers.PReLU(trainable=False),
            Dense(OUTPUTS, activation="softmax"),
        ],
    ),
    "L2 halved": wrong("sample_weight_l2", layers=lambda k: penalised(k, k.regularizers.L2(0.01))),
    "L2 as the gradient l2 w": wrong("l2", layers=lambda k: penalised(k, k.regularizers.L2(0.01))),
    "L1 as L2": wrong("l1", layers=lambda k: penalised(k, k.regularizers.L2(0.003))),
}


def penalised(k: Any, regularizer: Any) -> list[Layer]:
    """Give the layers of the regularizer cases."""
    return [
        Dense(3, activation="relu", kernel_regularizer=regularizer),
        Dense(OUTPUTS, activation="softmax", kernel_regularizer="l2"),
    ]


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_misses_the_tolerance_a_hundredfold(mistake, floatx):
    name, case = WRONG[mistake]
    golden = load(name, floatx)
    with np.errstate(all="ignore"):
        found = replay(case, golden)
    weights = {"weights": found["weights"]}
    assert errors(weights, golden, FLOOR[floatx])["weights"] > 100 * TOLERANCE[floatx]
