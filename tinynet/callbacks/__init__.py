"""What is called while a model trains: to watch it, to steer it, to keep it.

base.py         Callback and its moments, LambdaCallback
recording.py    History, the progress line, CSVLogger
steering.py     EarlyStopping, ReduceLROnPlateau, LearningRateScheduler, TerminateOnNaN
checkpoints.py  ModelCheckpoint
backup.py       BackupAndRestore
monitor.py      how the three of them that watch a value tell better from worse
"""

from tinynet.callbacks.backup import BackupAndRestore
from tinynet.callbacks.base import Callback, CallbackList, LambdaCallback, Logs
from tinynet.callbacks.checkpoints import ModelCheckpoint
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
