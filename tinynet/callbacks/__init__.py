"""What is called while a model trains: to watch it, to steer it, to keep it.

base.py         Callback and its hooks, LambdaCallback, and what watches a value for better or worse
recording.py    History, the progress line, CSVLogger
steering.py     EarlyStopping, ReduceLROnPlateau, LearningRateScheduler, TerminateOnNaN
checkpoints.py  ModelCheckpoint, BackupAndRestore
"""

from tinynet.callbacks.base import Callback, CallbackList, LambdaCallback, Logs
from tinynet.callbacks.checkpoints import BackupAndRestore, ModelCheckpoint
from tinynet.callbacks.recording import CSVLogger, History, ProgressLine
from tinynet.callbacks.steering import (
    EarlyStopping,
    LearningRateScheduler,
    ReduceLROnPlateau,
    TerminateOnNaN,
)

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "Logs",
    "ModelCheckpoint",
    "ProgressLine",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
