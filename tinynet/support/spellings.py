"""What Keras once called things, what it has and tinynet has not, and what to type instead.

One table for each place that a name may stand in. What is in none of them is compared with
keras_names.py: a name of Keras's is told from one that is misspelt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ARGUMENTS = {  # of a constructor: what it is called now
    "lr": "learning_rate",
    "init": "kernel_initializer",
    "output_dim": "units",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "p": "rate",
}

OF_METHODS = {  # of fit, evaluate and predict: what it is called now
    "nb_epoch": "epochs",
    "samples_per_epoch": "steps_per_epoch",
    "nb_val_samples": "validation_steps",
    "val_samples": "steps",
    "generator": "x",
    "X": "x",
}

NOT_OF_METHODS = {  # of a model: what to do in the place of an argument that is gone
    "workers": "Give it to a utils.PyDataset.",
    "use_multiprocessing": "Give it to a utils.PyDataset.",
    "max_queue_size": "Give it to a utils.PyDataset.",
    "max_q_size": "Give max_queue_size to a utils.PyDataset.",
    "pickle_safe": "Leave it out.",
    "show_accuracy": "Type model.compile(metrics=['accuracy']).",
    "class_mode": "Leave it out: the loss says what the classes are.",
    "sample_weight_mode": "Leave it out: every example has one weight.",
    "target_tensors": "Leave it out.",
    "lr": "It belongs to the optimizer: optimizers.Adam(learning_rate=0.01).",
    "learning_rate": "It belongs to the optimizer: optimizers.Adam(learning_rate=0.01).",
    "by_name": "Leave it out: weights are found by their places.",
}

OVERRIDES = {  # methods that Keras calls and tinynet does not: what to write in their place
    "Model": dict.fromkeys(
        (
            *("call", "train_step", "test_step", "predict_step", "compute_loss"),
            *("compute_metrics", "compute_loss_and_updates", "stateless_compute_loss"),
            *("make_train_function", "make_test_function", "make_predict_function"),
        ),
        "Its fit takes the steps of network.py. Write a Layer with forward(x), or a loop over "
        "model.train_on_batch(x, y).",
    ),
    "Layer": dict.fromkeys(
        ("call", "compute_output_spec", "compute_mask"),
        "It would need a framework that differentiates. Write forward(x), which returns "
        "(y, backward): see tinynet.layers.Layer.",
    )
    | {"compute_output_shape": "Write build(input_shape), which returns the shape of one output."},
    "Loss": dict.fromkeys(
        ("call", "__call__"),
        "Training needs the derivative too. Write per_example(t, y), which returns the losses "
        "and their gradient: see tinynet.losses.Loss.",
    ),
    "Optimizer": dict.fromkeys(
        ("update_step", "apply", "apply_gradients"),
        "Write update(lr, w, g, slots), which moves w in place: see tinynet.optimizers.Optimizer.",
    ),
}

NO_ARGUMENTS = {  # what to do in the place of an argument that is gone, or that tinynet has not
    "decay": "Take a schedule as the learning rate: optimizers.schedules.ExponentialDecay(0.01, "
    "decay_steps=1000, decay_rate=0.9).",
    "schedule_decay": "Leave it out.",
    "activity_regularizer": "Put layers.ActivityRegularization(l2=0.01) behind it.",
    "noise_shape": "Every input is dropped on its own.",
    "input_length": "It is for sequences, which are outside of tinynet.",
    "weights": "Call layer.set_weights([W, b]) once the model is built.",
    "amsgrad": "Leave it out.",
    "use_ema": "Leave it out: no average of the weights is kept.",
    "ema_overwrite_frequency": "Leave it out: no average of the weights is kept.",
    "loss_scale_factor": "Leave it out: float32 needs no scaled loss.",
    "gradient_accumulation_steps": "Take larger batches: model.fit(x, y, batch_size=256).",
    "lora_rank": "Leave it out.",
    "lora_alpha": "Leave it out.",
    "quantization_config": "Leave it out.",
    "autocast": "Leave it out.",
    "sparse": "Hand in arrays that are not sparse: x.toarray().",
    "ragged": "Hand in arrays whose rows are all of one length.",
    "tensor": "Leave it out.",
    "optional": "Leave it out.",
}

OFF: Mapping[str, Any] = {  # settings of all of Keras's optimizers, known switched off
    "use_ema": False,
    "ema_momentum": 0.99,  # without a meaning then
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}

METHODS = {  # of a model
    "predict_classes": "model.predict(x).argmax(axis=1)",
    "predict_proba": "model.predict(x)",
    "fit_generator": "model.fit(x, y)",
    "evaluate_generator": "model.evaluate(x, y)",
    "predict_generator": "model.predict(x)",
    "to_yaml": "model.to_json()",
    "reset_states": "model.reset_metrics()",
    "export": "model.save('model.npz')",
    "add_metric": "model.compile('sgd', 'mse', metrics=['mae'])",
}

MODULES = {  # that Keras once had, or has: what to type
    "keras": "import tinynet as keras",
    "layers.core": "from tinynet.layers import Activation, Dense, Dropout, Flatten",
    "layers.advanced_activations": "from tinynet.layers import ELU, LeakyReLU, PReLU",
    "layers.normalization": "from tinynet.layers import BatchNormalization",
    "layers.noise": "from tinynet.layers import GaussianDropout, GaussianNoise",
    "layers.merge": "from tinynet.layers import Add, Concatenate",
    "models.core": "from tinynet.models import Sequential",
    "wrappers.scikit_learn": "from tinynet.wrappers import SKLearnClassifier, SKLearnRegressor",
    "utils.vis_utils": "from tinynet.utils import plot_model",
    "utils.np_utils": "from tinynet.utils import to_categorical",
    "utils.generic_utils": "from tinynet.utils import to_categorical",
    "utils.all_utils": "from tinynet.utils import to_categorical",
    "optimizers.legacy": "from tinynet.optimizers import SGD, Adam, RMSprop",
    "optimizers.experimental": "from tinynet.optimizers import SGD, Adam, RMSprop",
    "optimizer_v2": "from tinynet.optimizers import SGD, Adam, RMSprop",
    "objectives": "from tinynet import losses",
    "engine": "from tinynet import Input, Model",
    "engine.topology": "from tinynet import Input",
    "engine.training": "from tinynet import Model",
}

OUTSIDE = {  # modules, and layers by how their names begin or end, that tinynet will not have
    "layers.convolutional": "convolutions",
    "layers.pooling": "convolutions",
    "layers.recurrent": "sequences",
    "layers.embeddings": "words",
    "layers.wrappers": "sequences",
    "layers.local": "convolutions",
    "layers.experimental": "other preprocessing than layers.Normalization() and layers.Rescaling",
    "preprocessing": "reading pictures and texts: make arrays of them with NumPy or Pillow",
    "applications": "large networks for pictures",
    "ops": "a framework's own functions: NumPy has them",
    "random": "a framework's own functions: NumPy has them",
    "tree": "a framework's own functions",
    "mixed_precision": "half precision",
    "dtype_policies": "half precision",
    "distribution": "more than one device",
    "quantizers": "quantisation",
    "distillation": "distillation",
    "export": "other formats: model.save('model.keras') is read by Keras, which exports it",
    "visualization": "pictures of boxes and masks: tinynet.plots draws digits",
    "estimator": "TensorFlow's estimators",
}

KINDS = (  # of layers that are outside: what their names hold, and what to do
    (
        "Conv Pool UpSampling ZeroPadding Cropping SpatialDropout",
        "convolutions: lay pictures out as rows, layers.Flatten(), then layers.Dense(...)",
    ),
    (
        "LSTM GRU RNN Bidirectional TimeDistributed Masking RepeatVector Attention",
        "sequences: lay each out as a row of numbers, and go on with layers.Dense(...)",
    ),
    (
        "Embedding TextVectorization Lookup Hash",
        "words: count them, a column for each word, and go on with layers.Dense(...)",
    ),
    (
        "Random Crop Resizing Mix Jitter Contrast Color Solarization Equalization",
        "pictures changed while training: examples/elastic.py does it in NumPy",
    ),
    (
        "Lambda",
        "functions for a framework to differentiate: write a Layer with forward(x), see "
        "tinynet.layers.Layer; layers.Rescaling(2) is x * 2",
    ),
)

WHICH_CROSSENTROPY = (
    " Type 'categorical_crossentropy' for one-hot rows, 'sparse_categorical_crossentropy' for "
    "class numbers, 'binary_crossentropy' for 0 and 1."
)
STRINGS = {  # of losses and metrics: near to one name, and maybe meant for another
    "crossentropy": WHICH_CROSSENTROPY,
    "cross_entropy": WHICH_CROSSENTROPY,
    "ce": WHICH_CROSSENTROPY,
}

OTHER_DATA = (
    "It has mnist, mnist_10k and fashion_mnist. Load other data yourself, as NumPy arrays: with "
    "np.load('data.npz') as file: x, y = file['x'], file['y']"
)

NAMES = {  # public names of single things: what to type
    "callbacks.TensorBoard": "callbacks.CSVLogger('log.csv'), and tinynet.plots.history(history)",
    "callbacks.ProgbarLogger": "model.fit(x, y, verbose=1)",
    "models.model_from_yaml": "models.model_from_json(text)",
    "models.model_from_config": "Sequential.from_config(config)",
    "utils.get_file": "urllib.request.urlretrieve(url, path)",
    "wrappers.KerasClassifier": "wrappers.SKLearnClassifier(model=build_model, "
    "fit_kwargs={'epochs': 5})",
    "wrappers.KerasRegressor": "wrappers.SKLearnRegressor(model=build_model, "
    "fit_kwargs={'epochs': 5})",
    "wrappers.SKLearnTransformer": "Model(model.input, model.layers[-2].output).predict(x)",
    "constraints.maxnorm": "constraints.MaxNorm(2)",
    "constraints.nonneg": "constraints.NonNeg()",
    "constraints.unitnorm": "constraints.UnitNorm()",
    "layers.Merge": "layers.Add()([a, b])",
    "saving.load_model": "models.load_model(path)",
    "saving.save_model": "models.save_model(model, path)",
    "saving.load_weights": "model.load_weights(path)",
    "saving.save_weights": "model.save_weights(path)",
    **{
        f"{module}.{name}": "models.load_model(path, custom_objects={'MyLayer': MyLayer})"
        for module in ("saving", "utils")
        for name in (
            *("register_keras_serializable", "get_custom_objects", "custom_object_scope"),
            *("CustomObjectScope", "get_registered_object", "get_registered_name"),
        )
    },
}
