"""Write down the parameters and defaults of Keras's constructors and methods.

    pip install -e '.[parity]'
    python tests/conformance/record_signatures.py

The table, keras_signatures.json, is what `test_signatures.py` holds tinynet to, so that the
comparison needs no Keras.
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent / "keras_signatures.json"

NAMES = {
    "layers": "Input Dense Activation ReLU Softmax Flatten Dropout Rescaling LeakyReLU ELU PReLU "
    "Normalization LayerNormalization BatchNormalization GaussianNoise GaussianDropout Reshape "
    "ActivityRegularization",
    "losses": "CategoricalCrossentropy BinaryCrossentropy SparseCategoricalCrossentropy "
    "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError "
    "Huber LogCosh Hinge SquaredHinge CategoricalHinge KLDivergence Poisson CosineSimilarity "
    "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy "
    "mean_squared_error mean_absolute_error mean_absolute_percentage_error "
    "mean_squared_logarithmic_error huber log_cosh hinge squared_hinge categorical_hinge "
    "kl_divergence poisson cosine_similarity",
    "metrics": "BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy "
    "TopKCategoricalAccuracy SparseTopKCategoricalAccuracy MeanSquaredError MeanAbsoluteError",
    "optimizers": "SGD RMSprop Adam AdamW Nadam Adamax Adagrad Adadelta",
    "optimizers.schedules": "ExponentialDecay CosineDecay PiecewiseConstantDecay "
    "PolynomialDecay InverseTimeDecay",
    "initializers": "GlorotUniform GlorotNormal HeUniform HeNormal RandomNormal RandomUniform "
    "Zeros Ones Constant LecunNormal LecunUniform TruncatedNormal VarianceScaling Orthogonal "
    "Identity",
    "regularizers": "L1 L2 L1L2",
    "constraints": "MaxNorm NonNeg UnitNorm MinMaxNorm",
    "activations": "relu softmax sigmoid tanh linear leaky_relu",
    "callbacks": "Callback History EarlyStopping ModelCheckpoint LearningRateScheduler "
    "ReduceLROnPlateau CSVLogger TerminateOnNaN BackupAndRestore LambdaCallback",
    "Sequential": "__init__ add pop get_layer summary compile fit evaluate predict "
    "train_on_batch test_on_batch predict_on_batch get_weights set_weights count_params save "
    "save_weights load_weights to_json get_config from_config",
    "utils": "to_categorical set_random_seed",
    "models": "load_model save_model clone_model model_from_json",
}
PATHS = [f"{group}.{name}" for group, names in NAMES.items() for name in names.split()]


def look_up(library: Any, path: str) -> Any:
    """Follow a dotted path such as "optimizers.schedules.CosineDecay"."""
    for name in path.split("."):
        library = getattr(library, name)
    return library


def parameters(thing: Any) -> list[inspect.Parameter]:
    """List the named parameters of a class or function, `self` and * left out."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        parameter
        for parameter in inspect.signature(thing).parameters.values()
        if parameter.kind in named and parameter.name != "self"
    ]


def describe(thing: Any) -> list[list[Any]]:
    """List [name] for a parameter that must be given and [name, default] for another."""
    return [[p.name] if p.default is p.empty else [p.name, p.default] for p in parameters(thing)]


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    lines = [f'  "{path}": {json.dumps(describe(look_up(keras, path)))}' for path in PATHS]
    header = f'  "made with": "keras {keras.__version__}"'
    TABLE.write_text("{\n" + ",\n".join([header, *lines]) + "\n}\n")
