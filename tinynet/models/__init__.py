"""The models: a network under Keras's names, and what stands at its door.

sequential.py   Sequential: layers in a row, added and taken off
structure.py    what every model has: building, weights, summary, configs, saving
trainer.py      compile, fit, evaluate, predict, and their relatives for a single batch
checks.py       mistakes in the data, answered with the line to type
weighting.py    sample_weight and class_weight: how much each example counts
arguments.py    mistakes in the other arguments
batches.py      from the user's arrays to batches of the model's dtype
nonfinite.py    NaN and infinity, noticed before they reach the weights
trace.py        what goes through every link of the chain, there and back
nested.py       a model as the first layer of another
loading.py      load_model
"""

from tinynet.models.loading import load_model
from tinynet.models.sequential import Sequential

__all__ = ["Sequential", "load_model"]
