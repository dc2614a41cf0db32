"""The models: a network under Keras's names, and what stands at its door.

sequential.py   Sequential: layers in a row, added and taken off
structure.py    what every model has: building, weights, summary, configs, saving
compiling.py    compile, and data checked against how a model is compiled
trainer.py      fit, evaluate, predict, and their relatives for a single batch
checks.py       mistakes in the data, answered with the line to type
contracts.py    what parts of one's own have to do, and which of them does not
weighting.py    sample_weight and class_weight: how much each example counts
arguments.py    mistakes in the other arguments
batches.py      from the user's arrays to batches of the model's dtype
feeds.py        the batches of an epoch, from arrays, generators or PyDatasets
scores.py       the loss and the metrics of a run
step.py         one step of training, guarded
engine.py       who computes the batches: this process, or several together
nonfinite.py    NaN and infinity, noticed before they reach the weights
trace.py        what goes through every link of the chain, there and back
inputs.py       Input: what a model starts with
functional.py   Model(inputs, outputs): the functional form
graph.py        from layers applied to each other to a chain of links
loading.py      load_model, model_from_json, clone_model
formats.py      which file is of which format
keras_files.py  Keras's .keras and .weights.h5, legacy_h5.py its .h5, keras_configs.py their configs
"""

from tinynet import layers
from tinynet.models.functional import Model
from tinynet.models.inputs import Input, InputLayer
from tinynet.models.loading import clone_model, load_model, model_from_json, save_model
from tinynet.models.sequential import Sequential

vars(layers).update(Input=Input, InputLayer=InputLayer)  # where Keras has them

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
