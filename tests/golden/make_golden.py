"""Record the golden trajectories from real Keras 3, on its JAX backend.

    pip install -e '.[parity]'
    python tests/golden/make_golden.py            # all of them
    python tests/golden/make_golden.py huber mape  # these

Writes one file for each case of `cases.py` and each of float64 and float32, holding what
`tests/test_golden.py` replays: the data, and the loss, all weights and all slots of the
optimizer after every step.

JAX, because Keras on TensorFlow takes a hyper-parameter such as momentum=0.9 for the float32
nearest to it, in float64 too. On JAX, Keras has float32 do the work of float64 in some of its
operations (mean, tanh, cos): JAX itself has no float64 unless asked. It is asked here, and
the entry of Keras's table that says so is set right.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from cases import CASES, Case, batches, make_data, make_weights

HERE = Path(__file__).parent
SLOTS = (
    "velocity",
    "momentum",
    "average_gradient",
    "norm",
    "accumulator",
    "accumulated_grad",
    "accumulated_delta_var",
)


def flat(arrays: Any) -> np.ndarray:
    """Lay arrays out one after another in one vector."""
    return np.concatenate([np.asarray(array).ravel() for array in arrays])


def slots_of(optimizer: Any) -> dict[str, np.ndarray]:
    """Gather each slot ("velocity", ...) of a Keras optimizer in the order of the weights."""
    slots = defaultdict(list)
    for variable in optimizer.variables:
        for name in SLOTS:
            if variable.name.endswith(f"_{name}"):
                slots[name].append(variable.value)
    return {name: flat(arrays) for name, arrays in slots.items()}


def record(case: Case, keras: Any, floatx: str) -> dict[str, np.ndarray]:
    """Train one case on Keras and note everything after every step."""
    keras.backend.clear_session()
    model = case.build(keras)
    initial = make_weights([w.shape for w in model.get_weights()], case)
    model.set_weights([w.astype(floatx) for w in initial])
    data = {
        name: array if array.dtype.kind == "i" else array.astype(floatx)
        for name, array in make_data(case).items()
    }
    trajectory = defaultdict(list, weights=[flat(model.get_weights())])
    for batch in batches(data, case.steps):
        loss = model.train_on_batch(**batch, class_weight=case.class_weight)
        trajectory["loss"].append(np.asarray(loss, floatx))
        trajectory["weights"].append(flat(model.get_weights()))
        for name, slot in slots_of(model.optimizer).items():
            trajectory[f"slot_{name}"].append(slot)
    arrays = {name: np.array(rows) for name, rows in trajectory.items()}
    for name, array in arrays.items():
        assert array.dtype == floatx, (name, array.dtype)
        assert np.isfinite(array).all(), name
    return data | arrays


def record_all(floatx: str, names: list[str]) -> None:
    """Write the files of one number type: those of these cases, or all."""
    import jax
    import keras
    from keras.src.backend.common import dtypes

    keras.config.set_floatx(floatx)
    if floatx == "float64":
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    made_with = f"keras {keras.__version__}, backend jax {jax.__version__}"
    folder = HERE / floatx
    folder.mkdir(exist_ok=True)
    for name in names or CASES:
        arrays = record(CASES[name], keras, floatx)
        np.savez_compressed(folder / f"{name}.npz", made_with=np.array(made_with), **arrays)
        losses = arrays["loss"]
        print(f"{floatx} {name}: loss {losses[0]:.4f} to {losses[-1]:.4f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] in (["float32"], ["float64"]):
        record_all(sys.argv[1], sys.argv[2:])
    else:  # JAX must be told its number type before it starts, so each has its own process
        for floatx, x64 in (("float64", "1"), ("float32", "0")):
            env = os.environ | {"KERAS_BACKEND": "jax", "JAX_ENABLE_X64": x64}
            command = [sys.executable, __file__, floatx, *sys.argv[1:]]
            subprocess.run(command, env=env, check=True)
