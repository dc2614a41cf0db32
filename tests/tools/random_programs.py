"""Draw small random programs, run each on tinynet and on real Keras in float64, and compare.

    pip install -e '.[parity]'
    python tests/tools/random_programs.py [--first 0] [--count 1000]

A program builds a model, compiles it, fits it, and does a few things more with it: recompiles,
freezes a layer, fits again, evaluates, predicts. All that is drawn from a seed: layers,
optimizers, schedules, losses, metrics, callbacks, how the data come and what they weigh. Compared
are History, what callbacks saw, weights, outputs and scores, to 1e-6 relative. What tinynet
refuses is counted; what Keras refuses as well is no difference. The exit status is 1 where any
program differs, and its seed is printed: `--first SEED --count 1 --show` prints the program.
"""

from __future__ import annotations

import argparse
import os
import pprint
import sys
import time
import traceback
import warnings
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

import tinynet

NEAR = 1e-6
Random = np.random.Generator


class Part(NamedTuple):
    """An object of either library, by its name and arguments."""

    path: str
    arguments: dict[str, Any]


def made(k: Any, value: Any) -> Any:
    """Make the parts in a value with library k."""
    if isinstance(value, Part):
        found = k
        for name in value.path.split("."):
            found = getattr(found, name)
        return found(**made(k, value.arguments))
    if isinstance(value, dict):
        return {name: made(k, item) for name, item in value.items()}
    return [made(k, item) for item in value] if isinstance(value, list) else value


# -------------------------------------------------------------------------------- drawing


def pick(rng: Random, *choices: Any) -> Any:
    """Choose one."""
    return choices[rng.integers(len(choices))]


def some(rng: Random, odds: float, **arguments: Any) -> dict[str, Any]:
    """Keep each of these arguments with these odds."""
    return {name: value for name, value in arguments.items() if rng.random() < odds}


def number(rng: Random, low: float, high: float) -> float:
    """Draw a number of few digits, so that programs can be read."""
    return round(float(rng.uniform(low, high)), 3)


def activation(rng: Random) -> str:
    names = ("relu", "tanh", "sigmoid", "linear", "leaky_relu", "elu", "selu", "gelu", "silu")
    more = ("softplus", "softsign", "exponential", "hard_sigmoid", "relu6", "mish", "softmax")
    known = [name for name in (*names, *more) if hasattr(tinynet.activations, name)]
    return str(pick(rng, *known))


def regularizer(rng: Random) -> Any:
    a, b = number(rng, 0, 0.1), number(rng, 0, 0.1)
    return pick(
        rng,
        Part("regularizers.L1", {"l1": a}),
        Part("regularizers.L2", {"l2": b}),
        Part("regularizers.L1L2", {"l1": a, "l2": b}),
        "l2",
    )


def constraint(rng: Random) -> Any:
    return pick(
        rng,
        Part("constraints.MaxNorm", {"max_value": number(rng, 0.3, 2)}),
        Part("constraints.NonNeg", {}),
        Part("constraints.UnitNorm", {}),
    )


def dense(rng: Random, units: int, **arguments: Any) -> Part:
    arguments = {"units": units, "activation": activation(rng)} | arguments
    extra = some(
        rng,
        0.15,
        use_bias=False,
        kernel_regularizer=regularizer(rng),
        bias_regularizer=regularizer(rng),
    )
    if hasattr(tinynet, "constraints"):
        extra |= some(rng, 0.1, kernel_constraint=constraint(rng))
    if "activity_regularizer" in tinynet.layers.Dense.arguments():
        extra |= some(rng, 0.1, activity_regularizer=regularizer(rng))
    return Part("layers.Dense", arguments | extra)


def layer(rng: Random) -> Part:
    """Draw a layer for rows of numbers."""
    options = {
        "Activation": {"activation": activation(rng)},
        "LeakyReLU": some(rng, 0.5, negative_slope=number(rng, 0, 0.5)),
        "ELU": some(rng, 0.5, alpha=number(rng, 0.1, 2)),
        "ReLU": some(rng, 0.3, max_value=2.0, negative_slope=0.1, threshold=0.2),
        "PReLU": {},
        "BatchNormalization": some(
            rng, 0.3, momentum=number(rng, 0.5, 0.99), epsilon=0.01, center=False, scale=False
        ),
        "LayerNormalization": some(rng, 0.3, epsilon=0.01, center=False, scale=False),
        "Dropout": {"rate": 0.0},
        "GaussianNoise": {"stddev": 0.0},
        "Rescaling": {"scale": number(rng, 0.3, 2), "offset": number(rng, -1, 1)},
        "Flatten": {},
        "Softmax": {},
    }
    known = [name for name in options if hasattr(tinynet.layers, name)]
    name = pick(rng, *known)
    return Part(f"layers.{name}", options[name])


def rate(rng: Random) -> Any:
    """Draw a learning rate, or a schedule of one."""
    start = number(rng, 0.001, 0.05)
    steps = int(rng.integers(1, 20))
    schedules = "optimizers.schedules."
    choices: list[Any] = [start] * 6
    for name, arguments in {
        "ExponentialDecay": {"decay_steps": steps, "decay_rate": 0.7}
        | some(rng, 0.5, staircase=True),
        "CosineDecay": {"decay_steps": steps}
        | some(rng, 0.4, alpha=0.1, warmup_target=0.05, warmup_steps=3),
        "InverseTimeDecay": {"decay_steps": steps, "decay_rate": 0.5},
        "PolynomialDecay": {"decay_steps": steps, "power": 1.5} | some(rng, 0.5, cycle=True),
    }.items():
        if hasattr(tinynet.optimizers.schedules, name):
            choices.append(Part(schedules + name, {"initial_learning_rate": start} | arguments))
    return pick(rng, *choices)


def optimizer(rng: Random) -> Any:
    options = {
        "SGD": some(rng, 0.5, momentum=number(rng, 0, 0.95), nesterov=True),
        "RMSprop": some(rng, 0.4, rho=number(rng, 0.5, 0.95), momentum=0.5, centered=True),
        "Adam": some(rng, 0.3, beta_1=number(rng, 0.5, 0.95), beta_2=0.99, epsilon=1e-4),
        "AdamW": some(rng, 0.5, weight_decay=0.05),
        "Nadam": {},
        "Adamax": {},
        "Adagrad": some(rng, 0.5, initial_accumulator_value=0.3),
        "Adadelta": {},
    }
    name = pick(rng, *(name for name in options if hasattr(tinynet.optimizers, name)))
    if rng.random() < 0.1:
        return name.lower()
    clip = pick(rng, {}, {}, {}, {"clipnorm": 0.5}, {"clipvalue": 0.1}, {"global_clipnorm": 0.7})
    decay = some(rng, 0.15, weight_decay=0.01)
    return Part(f"optimizers.{name}", {"learning_rate": rate(rng)} | decay | clip | options[name])


KINDS: dict[str, dict[str, Any]] = {
    "classes": {
        "losses": ["categorical_crossentropy", "CategoricalCrossentropy", "KLDivergence"],
        "metrics": ["accuracy", "acc", "mse", "TopKCategoricalAccuracy", "CategoricalAccuracy"],
    },
    "numbers": {
        "losses": ["sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"],
        "metrics": ["accuracy", "acc", "SparseTopKCategoricalAccuracy"],
    },
    "binary": {
        "losses": ["binary_crossentropy", "BinaryCrossentropy", "mse", "BinaryFocalCrossentropy"],
        "metrics": ["accuracy", "mae", "BinaryAccuracy", "Precision", "Recall", "AUC"],
    },
    "values": {
        "losses": ["mse", "mae", "Huber", "LogCosh", "msle", "mean_squared_error"],
        "metrics": ["mae", "mse", "RootMeanSquaredError", "MeanAbsoluteError", "R2Score", "mape"],
    },
}


def known(module: Any, name: str) -> bool:
    """Say whether tinynet has a class, or knows a name."""
    if name[0].isupper() and name != "acc":
        return hasattr(module, name)
    try:
        module.get(name)
    except ValueError:
        return False
    return True


def loss(rng: Random, kind: str) -> Any:
    name = pick(rng, *(n for n in KINDS[kind]["losses"] if known(tinynet.losses, n)))
    if not name[0].isupper():
        return name
    arguments = some(rng, 0.2, reduction="sum", name="mine")
    if name in ("CategoricalCrossentropy", "BinaryCrossentropy"):
        arguments |= some(rng, 0.3, label_smoothing=number(rng, 0, 0.3))
    return Part(f"losses.{name}", arguments)


def metrics(rng: Random, kind: str) -> list[Any]:
    names = [n for n in KINDS[kind]["metrics"] if known(tinynet.metrics, n)]
    chosen = [str(n) for n in rng.choice(names, rng.integers(0, 3))]
    return [Part(f"metrics.{name}", {}) if name[0].isupper() else name for name in chosen]


def callbacks(rng: Random, program: dict[str, Any]) -> list[Part]:
    loss = pick(rng, "loss", "val_loss")
    options = [
        Part("callbacks.EarlyStopping", {"monitor": loss, "patience": int(rng.integers(0, 2))}
             | some(rng, 0.4, restore_best_weights=True, min_delta=0.01, start_from_epoch=1)),
        Part("callbacks.ReduceLROnPlateau", {"monitor": loss, "patience": 1, "factor": 0.5}
             | some(rng, 0.5, min_delta=0.05, cooldown=1, min_lr=0.002)),
        Part("callbacks.LearningRateScheduler", {"schedule": halved}),
        Part("callbacks.TerminateOnNaN", {}),
    ]  # fmt: skip
    return [part for part in options if rng.random() < 0.2]


def halved(epoch: int, rate: float) -> float:
    """Give half of the learning rate from the second epoch on."""
    return rate if epoch < 1 else rate * 0.5


def data(rng: Random, kind: str, n: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw examples."""
    x = rng.normal(size=(n, d))
    if kind == "classes":
        return x, np.eye(k)[rng.integers(0, k, n)]
    if kind == "numbers":
        return x, rng.integers(0, k, n).reshape(pick(rng, (n,), (n, 1)))
    if kind == "binary":
        return x, rng.integers(0, 2, (n, k)).astype(pick(rng, "float64", "int64"))
    return x, np.abs(rng.normal(size=(n, k)))


def fitting(rng: Random, program: dict[str, Any]) -> dict[str, Any]:
    """Draw the arguments of fit."""
    n, kind, k = program["n"], program["kind"], program["k"]
    found: dict[str, Any] = {"epochs": int(rng.integers(1, 5)), "shuffle": False, "verbose": 0}
    found |= some(rng, 0.7, batch_size=pick(rng, 1, 4, 4, 5, 20))
    found |= some(rng, 0.1, initial_epoch=1, steps_per_epoch=int(rng.integers(1, 4)))
    weights = pick(rng, None, None, "class", "sample")
    if weights == "class":
        found["class_weight"] = {i: number(rng, 0, 3) for i in range(max(k, 2))}
    elif weights == "sample":
        found["sample_weight"] = rng.random(n).round(3).reshape(pick(rng, (n,), (n, 1)))
    valid = pick(rng, None, "split", "data", "weighted data")
    if valid == "split":
        found["validation_split"] = pick(rng, 0.2, 0.25, 0.5)
    elif valid:
        x, y = data(rng, kind, pick(rng, 4, 5), program["d"], k)
        weigh = () if valid == "data" else (rng.random(len(x)).round(3),)
        found["validation_data"] = (x, y.reshape(len(y), *program["y"].shape[1:]), *weigh)
    if valid:
        found |= some(
            rng, 0.15, validation_freq=pick(rng, 2, [1, 3]), validation_batch_size=3,
            validation_steps=1,
        )  # fmt: skip
    found["callbacks"] = callbacks(rng, program)
    found["feed"] = pick(rng, "arrays", "arrays", "arrays", "dataset", "generator")
    return found


def draw(seed: int) -> dict[str, Any]:
    """Draw a program."""
    rng = np.random.default_rng(seed)
    kind = pick(rng, *KINDS)
    # Few sizes: JAX compiles anew for each.
    d, n = pick(rng, 1, 3, 3), pick(rng, 8, 10)
    k = 3 if kind in ("classes", "numbers") else pick(rng, 1, 1, 3)
    x, y = data(rng, kind, n, d, k)
    program: dict[str, Any] = {"kind": kind, "n": n, "d": d, "k": k, "x": x, "y": y}
    last = {"binary": "sigmoid", "values": pick(rng, "linear", "softplus", "relu")}
    hidden = []
    for _ in range(rng.integers(0, 4)):
        hidden.append(dense(rng, pick(rng, 1, 3, 3, 4)) if rng.random() < 0.6 else layer(rng))
    program["layers"] = [*hidden, dense(rng, k, activation=last.get(kind, "softmax"))]
    program["form"] = pick(rng, "row", "row", "functional", "skipping")
    program["compile"] = {
        "optimizer": optimizer(rng),
        "loss": loss(rng, kind),
        "metrics": metrics(rng, kind),
    } | some(rng, 0.2, weighted_metrics=metrics(rng, kind))
    program["fit"] = fitting(rng, program)
    program["then"] = [
        pick(rng, "fit", "recompile", "freeze", "thaw", "batch", "evaluate", "predict", "rate")
        for _ in range(rng.integers(0, 4))
    ]
    program["again"] = {"optimizer": optimizer(rng), "loss": loss(rng, kind)}
    program["seed"] = seed
    return program


# -------------------------------------------------------------------------------- running


def build(k: Any, program: dict[str, Any]) -> Any:
    """Build the program's model, with weights drawn from its seed."""
    layers = [made(k, part) for part in program["layers"]]
    start = k.layers.Input((program["d"],))
    if program["form"] == "row":
        model = k.Sequential([start, *layers])
    else:
        x = start
        for each in layers:
            x = each(x)
            if program["form"] == "skipping" and each is not layers[-1]:
                x = k.layers.Concatenate()([x, start])
        model = k.Model(start, x)
    rng = np.random.default_rng(program["seed"])
    shapes = [np.shape(weight) for weight in model.get_weights()]
    drawn = [rng.normal(size=shape) * 0.5 for shape in shapes]
    names = [weight.name for weight in model.weights]
    model.set_weights(
        [abs(w) + 0.1 if "variance" in n else w for n, w in zip(names, drawn, strict=True)]
    )
    return model


def feed(k: Any, program: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Put the data of the program into the arguments of fit."""
    options = dict(options)
    kind, weights = options.pop("feed"), options.get("sample_weight")
    if kind == "arrays" or "validation_split" in options:
        return {"x": program["x"], "y": program["y"]} | options
    options.pop("sample_weight", None)
    size = options.pop("batch_size", 4)
    arrays = [program["x"], program["y"], *([] if weights is None else [weights])]
    batches = [
        tuple(array[at : at + size] for array in arrays) for at in range(0, program["n"], size)
    ]
    if kind == "generator":
        options.pop("class_weight", None)
        options["steps_per_epoch"] = options.get("steps_per_epoch", len(batches))
        return {"x": (batch for _ in range(99) for batch in batches)} | options

    class Rows(k.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return len(batches)

        def __getitem__(self, index: int) -> Any:
            return batches[index]

    return {"x": Rows()} | options


def plain(value: Any) -> Any:
    """Bring what a library returns into plain Python and NumPy."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return np.asarray(value, "float64")


def run(k: Any, program: dict[str, Any]) -> list[tuple[str, Any]]:
    """Run a program with library k; return what could be seen, up to an error."""
    seen: list[tuple[str, Any]] = []
    k.utils.clear_session()
    try:
        for what, value in steps(k, program, seen):
            seen.append((what, plain(value)))
    except Exception as error:
        seen.append(("error", error))
    return seen


def steps(k: Any, program: dict[str, Any], seen: list[tuple[str, Any]]) -> Any:
    """Yield what comes of every step of a program."""

    class Watch(k.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append((f"batch {batch}", plain(logs)))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append((f"epoch {epoch}", plain(logs)))

        def on_train_end(self, logs: Any = None) -> None:
            seen.append(("train end", plain(logs)))

    eager = {"run_eagerly": True} if k is not tinynet else {}
    x, y = program["x"], program["y"]
    model = build(k, program)
    model.compile(**made(k, program["compile"]), **eager)
    for action in ["fit", *program["then"], "evaluate", "predict"]:
        if action == "fit":
            options = feed(k, program, made(k, program["fit"]))
            options["callbacks"] = [*options["callbacks"], Watch()]
            history = model.fit(**options)
            yield "history", history.history
            yield "epochs", history.epoch
        elif action == "recompile":
            model.compile(**made(k, program["again"]), metrics=["mae"], **eager)
        elif action in ("freeze", "thaw"):
            model.layers[0 if action == "thaw" else -1].trainable = action == "thaw"
            again = made(k, program["compile"])
            model.compile(**again, **eager)
        elif action == "batch":
            yield "train_on_batch", model.train_on_batch(x[:5], y[:5])
            yield "test_on_batch", model.test_on_batch(x[:5], y[:5], return_dict=True)
        elif action == "rate":
            if not isinstance(program["compile"]["optimizer"], Part):
                model.optimizer.learning_rate = 0.01
        elif action == "evaluate":
            yield "evaluate", model.evaluate(x, y, batch_size=7, verbose=0)
            weights = np.arange(len(x)) / 10
            yield "weighted", model.evaluate(x, y, sample_weight=weights, verbose=0)
        elif action == "predict":
            yield "predict", model.predict(x, verbose=0)
        yield "weights", model.get_weights()
        yield "iterations", int(model.optimizer.iterations)


# ------------------------------------------------------------------------------ comparing


def differ(one: Any, other: Any) -> str:
    """Say how two values differ, or return ""."""
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return f"{list(one)} and {list(other)}"
        found = ((name, differ(one[name], other[name])) for name in one)
        return next((f"{name}: {text}" for name, text in found if text), "")
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{len(one)} and {len(other)} values"
        return next((text for a, b in zip(one, other, strict=True) if (text := differ(a, b))), "")
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape:
        return f"shapes {one.shape} and {other.shape}"
    if np.allclose(one, other, rtol=NEAR, atol=NEAR, equal_nan=True):
        return ""
    return f"{one.ravel()[:3]} and {other.ravel()[:3]}"


def compare(keras: Any, program: dict[str, Any]) -> tuple[str, str]:
    """Return "same", "refused", "both refuse" or "differs", and how."""
    ours, theirs = run(tinynet, program), run(keras, program)
    for (what, one), (name, other) in zip(ours, theirs, strict=False):
        if what == "error":
            text = f"{type(one).__name__}: {one}"
            if not isinstance(one, (ValueError, TypeError, FloatingPointError)):
                return "differs", "".join(traceback.format_exception(one))
            return ("both refuse" if name == "error" else "refused"), text
        if what != name:
            return "differs", f"{what} and {name} {other if name == 'error' else ''}"
        if text := differ(one, other):
            return "differs", f"{what}: {text}"
    if len(ours) != len(theirs):
        return "differs", f"{len(ours)} and {len(theirs)} things seen"
    return "same", ""


def main(first: int, count: int, show: bool) -> int:
    """Compare these programs; return 1 where one differs."""
    from live_keras import load_keras

    warnings.simplefilter("ignore")
    keras = load_keras()
    tinynet.config.set_floatx("float64")
    results: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    started = time.perf_counter()
    for seed in range(first, first + count):
        program = draw(seed)
        if show:
            pprint.pprint(program, width=100)
        result, how = compare(keras, program)
        results[result] += 1
        if result == "differs":
            print(f"program {seed} differs: {how}", flush=True)
        elif how:
            reasons[how[:110]] += 1
    seconds = time.perf_counter() - started
    for how, times in reasons.most_common():
        print(f"    {times} refused: {how}")
    print(f"{count} programs from {first}: {dict(results)}, {seconds:.0f} s")
    return int(results["differs"] > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare random programs with real Keras.")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main(given.first, given.count, given.show))
