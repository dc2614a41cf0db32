"""Mistakes that Keras refuses are refused with the same class of exception."""

from __future__ import annotations

import numpy as np
import pytest
from nets import classifier


def fit(lib, x, y, loss="categorical_crossentropy", **arguments):
    model = classifier(lib)
    model.compile(loss=loss)
    model.fit(x, y, verbose=0, **arguments)


def train(lib, **compile_arguments):
    """Compile and fit: Keras looks some names up only when fit begins."""
    x, y = np.zeros((4, 6), "float32"), np.eye(4, dtype="float32")
    model = classifier(lib)
    model.compile(**({"loss": "mse"} | compile_arguments))
    model.fit(x, y, verbose=0)


def layer_twice_named(k):
    k.Sequential([k.layers.Dense(3, name="a"), k.layers.Dense(3, name="a")])


def transposed(k):
    model = classifier(k)
    first, *others = model.get_weights()
    model.set_weights([first.T, *others])


def fit_without_layers(k):
    model = k.Sequential()
    model.compile(loss="mse")
    model.fit(np.zeros((4, 6)), np.zeros((4, 6)), verbose=0)


MISTAKES = {
    "activation": lambda k: k.layers.Dense(3, activation="reul"),
    "activation layer": lambda k: k.layers.Activation("reul"),
    "initializer": lambda k: k.layers.Dense(3, kernel_initializer="glorot"),
    "bias initializer": lambda k: k.layers.Dense(3, bias_initializer="zeroes"),
    "regularizer": lambda k: k.layers.Dense(3, kernel_regularizer="l3"),
    "loss": lambda k: train(k, loss="categorical_crosentropy"),
    "metric": lambda k: train(k, metrics=["acuracy"]),
    "metrics as a string": lambda k: train(k, metrics="accuracy"),
    "optimizer": lambda k: train(k, optimizer="rmspop"),
    "units 0": lambda k: k.layers.Dense(0),
    "units -1": lambda k: k.layers.Dense(-1),
    "units 2.5": lambda k: k.layers.Dense(2.5),
    "units '3'": lambda k: k.layers.Dense("3"),
    "rate -0.1": lambda k: k.layers.Dropout(-0.1),
    "rate 1.5": lambda k: k.layers.Dropout(1.5),
    "no layer in the list": lambda k: k.Sequential([3]),
    "no layer in add": lambda k: k.Sequential().add("dense"),
    "one name twice": layer_twice_named,
    "two clippings": lambda k: k.optimizers.SGD(clipnorm=1.0, clipvalue=1.0),
    "two clippings, one global": lambda k: k.optimizers.Adam(global_clipnorm=1.0, clipvalue=1.0),
    "learning rate in letters": lambda k: k.optimizers.RMSprop("fast"),
    "momentum above 1": lambda k: k.optimizers.SGD(momentum=2.0),
    "negative penalty": lambda k: k.regularizers.L1(-1.0),
    "penalty in letters": lambda k: k.regularizers.L1L2(l2="much"),
    "infinite penalty": lambda k: k.regularizers.L2(float("inf")),
    "penalty that is NaN": lambda k: k.regularizers.l1(float("nan")),
    "l1_l2 as a string": lambda k: k.layers.Dense(3, kernel_regularizer="l1_l2"),
    "scale 0": lambda k: k.initializers.VarianceScaling(0.0),
    "mode of another name": lambda k: k.initializers.VarianceScaling(mode="fan"),
    "distribution of another name": lambda k: k.initializers.VarianceScaling(distribution="even"),
    "an orthogonal vector": lambda k: k.initializers.Orthogonal()((3,)),
    "plateau factor 1": lambda k: k.callbacks.ReduceLROnPlateau(factor=1.0),
    "get_layer of nothing": lambda k: classifier(k).get_layer(),
    "get_layer of both": lambda k: classifier(k).get_layer("dense", 0),
    "get_layer of an unknown name": lambda k: classifier(k).get_layer("dense_9"),
    "get_layer beyond the end": lambda k: classifier(k).get_layer(index=9),
    "too few weights": lambda k: classifier(k).set_weights([np.zeros(3)]),
    "weights of another shape": transposed,
    "count_params before building": lambda k: k.Sequential([k.layers.Dense(3)]).count_params(),
    "fit without layers": fit_without_layers,
}


UNKNOWN_KEYWORDS = {
    "of a layer": lambda k: k.layers.Dense(3, unit=3),
    "lr of an optimizer": lambda k: k.optimizers.SGD(lr=0.1),
}


@pytest.mark.parametrize("mistake", UNKNOWN_KEYWORDS)
def test_an_unknown_keyword_is_refused(lib, mistake):
    with pytest.raises((TypeError, ValueError)):  # Python's own answer would do
        UNKNOWN_KEYWORDS[mistake](lib)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_building_is_a_value_error(lib, mistake):
    with pytest.raises(ValueError):
        MISTAKES[mistake](lib)


DATA_MISTAKES = {
    "integer labels, categorical loss": lambda k, x, y: fit(k, x, y.argmax(axis=1)),
    "one-hot labels, sparse loss": lambda k, x, y: fit(k, x, y, "sparse_categorical_crossentropy"),
    "too few features": lambda k, x, y: fit(k, x[:, :5], y),
    "images not flattened": lambda k, x, y: fit(k, x.reshape(10, 2, 3), y),
    "x longer than y": lambda k, x, y: fit(k, x, y[:9]),
    "split leaves nothing": lambda k, x, y: fit(k, x, y, validation_split=1.0),
    "split leaves less than one": lambda k, x, y: fit(k, x, y, validation_split=0.99),
    "sample and class weights": lambda k, x, y: fit(
        k, x, y, class_weight={0: 1.0}, sample_weight=np.ones(10)
    ),
    "too few sample weights": lambda k, x, y: fit(k, x, y, sample_weight=np.ones(9)),
    "validation data without y": lambda k, x, y: fit(k, x, y, validation_data=(x,)),
    "fit before compile": lambda k, x, y: classifier(k).fit(x, y, verbose=0),
    "evaluate before compile": lambda k, x, y: classifier(k).evaluate(x, y, verbose=0),
    "train_on_batch before compile": lambda k, x, y: classifier(k).train_on_batch(x, y),
    "predict too few features": lambda k, x, y: classifier(k).predict(x[:, :5], verbose=0),
}


@pytest.mark.parametrize("mistake", DATA_MISTAKES)
def test_a_mistake_with_data_is_a_value_error(lib, data, mistake):
    with pytest.raises(ValueError):
        DATA_MISTAKES[mistake](lib, *data)


def test_pop_of_an_empty_model_is_refused(lib):
    with pytest.raises((IndexError, ValueError)):
        lib.Sequential().pop()


def test_to_categorical_of_a_label_too_large_is_refused(lib):
    with pytest.raises((IndexError, ValueError)):
        lib.utils.to_categorical([5], 3)
