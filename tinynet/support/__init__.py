"""What carries the library and knows nothing of networks.

refusing.py    what would have no effect is refused: methods that only Keras calls
registry.py    names and configs: from "relu" or {"class_name": ...} to objects, and back
absent.py      what is asked for and not there: what to type, or that it is outside
keras_names.py the public names of Keras
spellings.py   what Keras once called things, and what to type now
settings.py    numbers that must lie in a range
ranks.py       arrays of unlike rank that mean the same, and their weights
normal.py      the normal distribution's integral
py_dataset.py  data that comes batch by batch
progress.py    the line that shows how far long work has come
summary.py     the table of a model's layers
hdf5.py        the container of Keras's weights, read without trust
files.py       writing a file whole or not at all
shipped.py     where the data, docs and examples are that come with the package
blas.py        how many threads the matrix products may use
commands.py    how the commands and examples read their options, and how they end
interrupts.py  Ctrl-C that waits for the end of a step
"""
