"""The networks of the golden trajectories, written once for two libraries.

Each case is a small network with its loss, its optimizer and its data. `k` is the library:
real Keras when `make_golden.py` records, tinynet when `test_golden.py` replays. The names
are the same in both, so both build the same thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

STEPS = 200
FEW = 40
BATCH = 5
EXAMPLES = 22  # five batches an epoch: 5, 5, 5, 5 and a partial one of 2
FEATURES = 5
OUTPUTS = 3

Make = Callable[[Any], Any]  # from the library to a thing of that library


@dataclass(frozen=True)
class Case:
    """One network, trained for STEPS steps; the fields not given are the plainest ones."""

    optimizer: Make = lambda k: k.optimizers.SGD(0.1)
    loss: Make = lambda k: k.losses.CategoricalCrossentropy()
    layers: Make = lambda k: [*hidden(k, "relu"), k.layers.Dense(OUTPUTS, activation="softmax")]
    target: str = "classes"  # what y holds; see `make_data`
    class_weight: dict[int, float] | None = None
    weighted: bool = False  # give every example a weight of its own
    dead_unit: bool = True  # see `make_weights`
    images: bool = False  # x is (n, 1, 5) instead of (n, 5)
    wide: float = 1.0  # x is multiplied by it
    steps: int = STEPS

    def build(self, k: Any) -> Any:
        """Make and compile the model of library `k`."""
        shape = (1, FEATURES) if self.images else (FEATURES,)
        model = k.Sequential([k.layers.Input(shape), *self.layers(k)])
        model.compile(optimizer=self.optimizer(k), loss=self.loss(k))
        return model


def hidden(k: Any, activation: str, **more: Any) -> list[Any]:
    """Give the one hidden layer that most cases have."""
    return [k.layers.Dense(3, activation=activation, **more)]


def make_data(case: Case) -> dict[str, np.ndarray]:
    """Draw x, y and perhaps weights; in float64, the same for every case.

    The first row of x is all zeros, its second column is all zeros too (so the gradient of
    those weights is exactly 0), and its third is small (a gradient of about 1e-5, where the
    epsilon of an optimizer counts).
    """
    rng = np.random.default_rng(2024)
    x = rng.random((EXAMPLES, FEATURES)) * case.wide
    x[0] = 0
    x[:, 1] = 0
    x[:, 2] *= 1e-4
    label = rng.integers(0, OUTPUTS, EXAMPLES)
    targets = {
        "classes": np.eye(OUTPUTS)[label],  # one class each, one-hot
        "integers": label,  # the same, as class numbers
        "yes_or_no": rng.integers(0, 2, (EXAMPLES, OUTPUTS)).astype("float64"),
        "numbers": rng.normal(size=(EXAMPLES, OUTPUTS)),
    }
    data = {"x": x[:, None] if case.images else x, "y": targets[case.target]}
    if case.weighted:
        data["sample_weight"] = rng.random(EXAMPLES) * 2
    return data


def make_weights(shapes: list[tuple[int, ...]], case: Case) -> list[np.ndarray]:
    """Draw the initial weights, biases included, for arrays of these shapes.

    With `dead_unit` the first hidden unit gets negative weights and no bias. As x is never
    negative, its pre-activation is exactly 0 on the row of zeros and below 0 elsewhere, for
    ever: unless the slope of relu at 0 is taken for 1.
    """
    rng = np.random.default_rng(7)
    weights = [rng.normal(size=shape) * (0.8 if len(shape) == 2 else 0.1) for shape in shapes]
    if len(shapes) > 4 and shapes[2:6] == [(3,)] * 4:  # of batch normalisation
        weights[5] = np.abs(weights[5]) + 0.5  # its variance
    if case.dead_unit:
        weights[0][:, 0] = -np.abs(weights[0][:, 0])
        weights[1][0] = 0
    return weights


def batches(data: dict[str, np.ndarray], steps: int = STEPS) -> Any:
    """Yield so many batches in order, as the arguments of train_on_batch."""
    starts = range(0, EXAMPLES, BATCH)
    for step in range(steps):
        start = starts[step % len(starts)]
        yield {name: array[start : start + BATCH] for name, array in data.items()}


def _optimizers() -> dict[str, Case]:
    """Give every optimizer in every variant, each with the clippings and weight decay."""
    return {
        "sgd": Case(lambda k: k.optimizers.SGD(0.1)),
        "sgd_momentum": Case(lambda k: k.optimizers.SGD(0.05, momentum=0.9)),
        "sgd_nesterov": Case(lambda k: k.optimizers.SGD(0.05, momentum=0.9, nesterov=True)),
        "sgd_clipnorm_decay": Case(
            lambda k: k.optimizers.SGD(0.1, clipnorm=0.1, weight_decay=0.01)
        ),
        "sgd_clipvalue": Case(lambda k: k.optimizers.SGD(0.1, momentum=0.5, clipvalue=0.05)),
        "sgd_global_clipnorm": Case(lambda k: k.optimizers.SGD(0.1, global_clipnorm=0.1)),
        "rmsprop": Case(lambda k: k.optimizers.RMSprop()),
        "rmsprop_momentum": Case(lambda k: k.optimizers.RMSprop(momentum=0.9)),
        "rmsprop_centered": Case(lambda k: k.optimizers.RMSprop(centered=True)),
        "rmsprop_centered_momentum": Case(
            lambda k: k.optimizers.RMSprop(0.002, rho=0.8, momentum=0.5, centered=True)
        ),
        "rmsprop_clipnorm": Case(lambda k: k.optimizers.RMSprop(clipnorm=0.1)),
        "rmsprop_clipvalue": Case(lambda k: k.optimizers.RMSprop(epsilon=1e-4, clipvalue=0.05)),
        "rmsprop_global_clipnorm_decay": Case(
            lambda k: k.optimizers.RMSprop(global_clipnorm=0.1, weight_decay=0.1)
        ),
        "adam": Case(lambda k: k.optimizers.Adam()),
        "adam_clipnorm": Case(lambda k: k.optimizers.Adam(0.01, clipnorm=0.1)),
        "adam_clipvalue_decay": Case(
            lambda k: k.optimizers.Adam(beta_1=0.8, clipvalue=0.05, weight_decay=0.1)
        ),
        "adam_global_clipnorm": Case(
            lambda k: k.optimizers.Adam(beta_2=0.99, epsilon=1e-5, global_clipnorm=0.1)
        ),
        "sgd_exponential_decay": Case(
            lambda k: k.optimizers.SGD(k.optimizers.schedules.ExponentialDecay(0.2, 20, 0.8))
        ),
        "sgd_exponential_staircase": Case(
            lambda k: k.optimizers.SGD(
                k.optimizers.schedules.ExponentialDecay(0.2, 20, 0.8, staircase=True),
                weight_decay=0.01,
            )
        ),
        "adam_cosine_decay": Case(
            lambda k: k.optimizers.Adam(k.optimizers.schedules.CosineDecay(0.003, 150, alpha=0.1))
        ),
        "rmsprop_cosine_warmup": Case(
            lambda k: k.optimizers.RMSprop(
                k.optimizers.schedules.CosineDecay(0.0, 150, warmup_target=0.005, warmup_steps=30)
            )
        ),
    }


def _more_optimizers() -> dict[str, Case]:
    """Give the optimizers of more/, each plain and with all that it may be given."""
    cases: dict[str, Case] = {}
    for name, options in {
        "AdamW": {"learning_rate": 0.01, "beta_1": 0.8, "clipnorm": 0.1},
        "Nadam": {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99, "weight_decay": 0.1},
        "Adamax": {"learning_rate": 0.01, "beta_2": 0.9, "epsilon": 1e-4, "clipvalue": 0.05},
        "Adagrad": {"learning_rate": 0.02, "initial_accumulator_value": 1e-3, "epsilon": 1e-3},
        "Adadelta": {"learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-5, "weight_decay": 0.1},
    }.items():

        def make(k: Any, name: str = name, **options: Any) -> Any:
            return getattr(k.optimizers, name)(**options)

        cases[name.lower()] = Case(make)
        cases[f"{name.lower()}_options"] = Case(partial(make, **options))
    return cases


def _more_schedules() -> dict[str, Case]:
    """Give the schedules of more/."""

    def case(name: str, *args: Any, **options: Any) -> Case:
        def make(k: Any) -> Any:
            return k.optimizers.SGD(getattr(k.optimizers.schedules, name)(*args, **options))

        return Case(make, steps=FEW)

    return {
        "sgd_piecewise": case("PiecewiseConstantDecay", [9, 20], [0.2, 0.05, 0.1]),
        "sgd_polynomial": case("PolynomialDecay", 0.3, 30, 0.02, power=2.0),
        "sgd_polynomial_cycle": case("PolynomialDecay", 0.3, 15, power=0.5, cycle=True),
        "sgd_inverse_time": case("InverseTimeDecay", 0.3, 7, 0.5),
        "sgd_inverse_time_staircase": case("InverseTimeDecay", 0.3, 7, 0.5, staircase=True),
    }


def _losses() -> dict[str, Case]:
    """Give every loss, with plain SGD: it hides no factor, as an adaptive optimizer would."""

    def case(loss: Make, output: str | None, target: str) -> Case:
        def layers(k: Any) -> list[Any]:
            return [*hidden(k, "relu"), k.layers.Dense(OUTPUTS, activation=output)]

        return Case(loss=loss, layers=layers, target=target)

    return {
        "categorical": case(
            lambda k: k.losses.CategoricalCrossentropy(label_smoothing=0.1),
            "softmax",
            "classes",
        ),
        "categorical_logits": case(
            lambda k: k.losses.CategoricalCrossentropy(from_logits=True), None, "classes"
        ),
        "categorical_logits_smooth": case(
            lambda k: k.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
            None,
            "classes",
        ),
        # Probabilities that no softmax made: they do not sum to 1, so p / sum(p) matters.
        "categorical_sigmoid": case(
            lambda k: k.losses.CategoricalCrossentropy(), "sigmoid", "classes"
        ),
        "sparse": case(lambda k: k.losses.SparseCategoricalCrossentropy(), "softmax", "integers"),
        "sparse_logits": case(
            lambda k: k.losses.SparseCategoricalCrossentropy(from_logits=True),
            None,
            "integers",
        ),
        "binary": case(lambda k: k.losses.BinaryCrossentropy(), "sigmoid", "yes_or_no"),
        "binary_smooth": case(
            lambda k: k.losses.BinaryCrossentropy(label_smoothing=0.1), "sigmoid", "yes_or_no"
        ),
        "binary_logits": case(
            lambda k: k.losses.BinaryCrossentropy(from_logits=True), None, "yes_or_no"
        ),
        "binary_logits_smooth": case(
            lambda k: k.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
            None,
            "yes_or_no",
        ),
        # Likewise: probabilities that no sigmoid made.
        "binary_softmax": case(lambda k: k.losses.BinaryCrossentropy(), "softmax", "yes_or_no"),
        "mse": case(lambda k: k.losses.MeanSquaredError(), None, "numbers"),
        "mae": case(lambda k: k.losses.MeanAbsoluteError(), None, "numbers"),
    }


def _more_losses() -> dict[str, Case]:
    """Give the losses of more/, and the reductions: fewer steps, for they share all else."""

    def case(loss: str, output: str | None, target: str, **more: Any) -> Case:
        def layers(k: Any) -> list[Any]:
            return [*hidden(k, "relu"), k.layers.Dense(OUTPUTS, activation=output)]

        options = {name: more.pop(name) for name in ("delta", "reduction") if name in more}
        make = lambda k: getattr(k.losses, loss)(**options)  # noqa: E731
        return Case(loss=make, layers=layers, target=target, steps=FEW, **more)

    rate = {"optimizer": lambda k: k.optimizers.SGD(0.002)}
    return {
        "mape": case("MeanAbsolutePercentageError", None, "numbers", **rate),
        "msle": case("MeanSquaredLogarithmicError", None, "numbers"),
        "huber": case("Huber", None, "numbers", delta=0.7),
        "log_cosh": case("LogCosh", None, "numbers"),
        "hinge": case("Hinge", None, "yes_or_no"),
        "squared_hinge": case("SquaredHinge", None, "numbers"),
        "categorical_hinge": case("CategoricalHinge", None, "classes"),
        "kl_divergence": case("KLDivergence", "sigmoid", "classes"),
        "poisson": case("Poisson", "sigmoid", "yes_or_no"),
        "cosine_similarity": case("CosineSimilarity", "sigmoid", "yes_or_no"),
        "mse_sum": case("MeanSquaredError", None, "numbers", reduction="sum", weighted=True),
        "categorical_by_weights": case(
            "CategoricalCrossentropy",
            "softmax",
            "classes",
            reduction="mean_with_sample_weight",
            weighted=True,
        ),
    }


def _activations() -> dict[str, Case]:
    """Give every activation in a hidden layer, where its own derivative is used."""

    def two_hidden(activation: str) -> Case:
        def layers(k: Any) -> list[Any]:
            return [
                *hidden(k, activation),
                *hidden(k, activation),
                k.layers.Dense(OUTPUTS, activation="softmax"),
            ]

        return Case(layers=layers, dead_unit=activation == "relu")

    def normalized(**options: Any) -> Case:
        def layers(k: Any) -> list[Any]:
            return [
                k.layers.Dense(3),
                k.layers.BatchNormalization(**options),
                k.layers.Activation("tanh"),
                k.layers.Dense(OUTPUTS, activation="softmax"),
            ]

        return Case(layers=layers, dead_unit=False)

    names = ["relu", "softmax", "sigmoid", "tanh", "linear", "leaky_relu"]
    return {
        **{f"activation_{name}": two_hidden(name) for name in names},
        "activation_layers": Case(
            layers=lambda k: [
                k.layers.Dense(3),
                k.layers.ReLU(),
                k.layers.Dense(3),
                k.layers.Activation("tanh"),
                k.layers.Dense(OUTPUTS),
                k.layers.Softmax(),
            ]
        ),
        "flatten_rescaling": Case(
            layers=lambda k: [
                k.layers.Flatten(),
                k.layers.Rescaling(1 / 127.5, offset=0.0),
                *hidden(k, "relu"),
                k.layers.Dense(OUTPUTS, activation="softmax"),
            ],
            images=True,
            wide=255.0,
        ),
        "batch_normalization": normalized(),
        "batch_normalization_bare": normalized(center=False, scale=False, momentum=0.5),
        "batch_normalization_frozen": normalized(trainable=False),
        "no_bias": Case(
            layers=lambda k: [
                *hidden(k, "relu", use_bias=False),
                k.layers.Dense(OUTPUTS, activation="softmax"),
            ],
            dead_unit=False,
        ),
    }


def _penalties_and_weights() -> dict[str, Case]:
    """Give every regularizer, class weights and sample weights."""

    def case(regularizer: Make, **more: Any) -> Case:
        def layers(k: Any) -> list[Any]:
            return [
                *hidden(k, "relu", kernel_regularizer=regularizer(k)),
                k.layers.Dense(OUTPUTS, activation="softmax", kernel_regularizer="l2"),
            ]

        return Case(layers=layers, **more)

    class_weight = {0: 0.5, 1: 2.0, 2: 1.5}
    return {
        "l1": case(lambda k: k.regularizers.L1(0.003)),
        "l2": case(lambda k: k.regularizers.L2(0.02)),
        "l1l2": case(lambda k: k.regularizers.L1L2(l1=0.002, l2=0.01)),
        "class_weight": Case(class_weight=class_weight),
        "class_weight_sparse": Case(
            loss=lambda k: k.losses.SparseCategoricalCrossentropy(),
            target="integers",
            class_weight=class_weight,
        ),
        "sample_weight": Case(weighted=True),
        "sample_weight_l2": case(lambda k: k.regularizers.L2(0.02), weighted=True),
    }


def _more_layers() -> dict[str, Case]:
    """Give the layers of more/, constraints, and penalties on outputs."""

    def case(*inner: Make, **more: Any) -> Case:
        def layers(k: Any) -> list[Any]:
            last = k.layers.Dense(OUTPUTS, activation="softmax")
            return [k.layers.Dense(3), *(make(k) for make in inner), last]

        return Case(layers=layers, steps=FEW, dead_unit=False, **more)

    def constrained(k: Any) -> list[Any]:
        c, dense = k.constraints, k.layers.Dense
        gently = c.MinMaxNorm(0.5, 0.9, rate=0.3)
        return [
            dense(3, "relu", kernel_constraint=c.MaxNorm(0.8), bias_constraint=c.NonNeg()),
            dense(3, "tanh", kernel_constraint=gently, bias_constraint=c.MaxNorm(0.05)),
            dense(OUTPUTS, "softmax", kernel_constraint=c.UnitNorm(axis=1)),
        ]

    def penalised(k: Any) -> list[Any]:
        return [
            k.layers.Dense(3, "relu", activity_regularizer=k.regularizers.L1L2(0.01, 0.1)),
            k.layers.Dense(3, "tanh"),
            k.layers.ActivityRegularization(l1=0.02, l2=0.3),
            k.layers.Dense(OUTPUTS, "softmax"),
        ]

    tanh: Make = lambda k: k.layers.Activation("tanh")  # noqa: E731
    mean = [0.2, 0.0, 1e-4, -0.3, 0.5]
    return {
        "constraints": Case(
            lambda k: k.optimizers.Adam(0.02), layers=constrained, steps=FEW, dead_unit=False
        ),
        "activity_regularizer": Case(layers=penalised, steps=FEW, weighted=True),
        "layer_normalization": case(lambda k: k.layers.LayerNormalization(), tanh),
        "layer_normalization_bare": case(
            lambda k: k.layers.LayerNormalization(center=False, scale=False, epsilon=0.1), tanh
        ),
        "prelu": case(lambda k: k.layers.PReLU(alpha_regularizer="l2", alpha_constraint="NonNeg")),
        "prelu_shared": case(
            lambda k: k.layers.Dense(8),
            lambda k: k.layers.Reshape((2, -1)),
            lambda k: k.layers.PReLU("ones", shared_axes=[1]),
            lambda k: k.layers.Flatten(),
        ),
        "normalization": Case(
            layers=lambda k: [
                k.layers.Normalization(mean=mean, variance=[0.5, 0.0, 1e-8, 0.1, 2.0]),
                *hidden(k, "tanh"),
                k.layers.Normalization(axis=None, mean=0.2, variance=0.5, invert=True),
                k.layers.Dense(OUTPUTS, activation="softmax"),
            ],
            steps=FEW,
            dead_unit=False,
        ),
    }


CASES = {
    **_more_layers(),
    **_optimizers(),
    **_more_optimizers(),
    **_more_schedules(),
    **_losses(),
    **_more_losses(),
    **_activations(),
    **_penalties_and_weights(),
}
