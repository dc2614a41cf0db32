"""Training under Keras's names: compile, fit, evaluate, predict.

One step of learning is network.py's. Here it is taken for all examples, batch by batch, with
everything that people want around it: checks of what they hand in, metrics, validation, callbacks,
a progress line, Ctrl-C that never leaves half a step, and numbers that are not finite answered.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet import metrics as metric_table
from tinynet.callbacks import Callback, CallbackList, History, ProgressLine
from tinynet.models import arguments, checks, contracts, step
from tinynet.models.batches import Examples, readable
from tinynet.models.compiling import Compiled
from tinynet.support import settings
from tinynet.support.interrupts import deferred, interruptible
from tinynet.variables import Tensor

Array = NDArray[Any]
Logs = dict[str, float]
training: weakref.WeakSet[Any] = weakref.WeakSet()  # the models that fit is running on


class Trainer(Compiled):
    """What a model is trained, evaluated and used by."""

    # ------------------------------------------------------------ fit, evaluate and predict

    @interruptible()
    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Callback | Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Sequence[Any] | None = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        *,
        validation_freq: int = 1,
    ) -> History:
        """Train: for every epoch, for every batch, one step.

        Args:
            x: examples, (n, d) or (n, ...). No copy of the whole is made, whatever its dtype.
            y: targets, in the form that the loss expects.
            batch_size: examples a step, default 32; the last batch of an epoch may be smaller.
                60,000 examples are 1,875 steps of 32.
            epochs: how often to go through the examples, default 1.
            verbose: 1 or "auto" (default) shows a line that is redrawn, on a terminal or in a
                notebook, and one plain line an epoch elsewhere; 2 always the plain line; 0 none.
            callbacks: a callbacks.Callback or a list of them.
            validation_split: cut this last part of the examples off, before any shuffling, and
                evaluate on it after every epoch; default 0. validation_data goes first.
            validation_data: (x, y) or (x, y, sample_weight) to evaluate on after every epoch.
            shuffle: whether to take the examples in a new order every epoch; default True.
            class_weight: {class number: weight} for the loss.
            sample_weight: (n,), a weight for every example's loss.
            initial_epoch: the number of the first epoch, to go on with a training; default 0.
            validation_freq: validate after every so many epochs, default 1.

        Returns:
            History: `.history` maps each name to a list of one float an epoch. Training's are
            means over the epoch, while the weights moved; val_ ones are by the weights after it.

        Raises:
            ValueError: input that can't be trained on; the message says what to type instead.
            FloatingPointError: the loss or a gradient is NaN or infinite. That step is not taken.
            KeyboardInterrupt: Ctrl-C. The weights are those of the last whole step, and
                model.history holds the epochs that were finished.

        Source: keras.Model.fit.
        """
        size = arguments.batch_size(batch_size)
        epochs, first = settings.count("epochs", epochs), settings.count("epoch", initial_epoch, 0)
        validation_freq = settings.count("validation_freq", validation_freq)
        train = self._examples(x, y, sample_weight, training=True)
        valid = None
        if validation_data is not None:
            with checks.within("validation_data"):
                valid = self._examples(*arguments.validation(validation_data))
            valid.where = "validation_data"
        elif validation_split:
            fraction = settings.number("validation_split", validation_split, "[0, 1)")
            train, valid = train.split(fraction)
        train = self._weighted(train, class_weight)
        if self in training:
            raise ValueError("fit runs on this model already: wait until it has returned.")
        self._rehearse(train)
        self.history, self.stop_training, self.epoch = History(), False, first
        self.was_stopped = False  # by a callback, before the crash that a backup was there for
        validated = None if valid is None else len(valid)
        self.data = [*map(np.shape, (train.x, train.y)), size, validated]
        hooks = self._hooks(callbacks, verbose, len(train), size, self.history, epochs=epochs)
        training.add(self)
        try:
            self._train(train, valid, size, epochs, shuffle, validation_freq, hooks)
        finally:
            training.discard(self)
        return self.history

    def _train(
        self,
        train: Examples,
        valid: Examples | None,
        size: int,
        epochs: int,
        shuffle: bool,
        validation_freq: int,
        hooks: CallbackList,
    ) -> None:
        """Go through all epochs, those behind a backup left out."""
        assert self.history is not None
        logs: Logs = {}
        hooks("on_train_begin")  # where BackupAndRestore may move self.epoch on
        for epoch in range(self.epoch, epochs if not self.was_stopped else 0):
            hooks("on_epoch_begin", epoch)
            order = self.rng.permutation(len(train)) if shuffle else None
            logs = self._train_epoch(train, size, order, hooks)
            if valid is not None and (epoch + 1) % validation_freq == 0:
                scores = self._score(valid, size, hooks).logs()
                logs |= {f"val_{name}": value for name, value in scores.items()}
            told = dict(sorted(logs.items()))  # what callbacks add comes last, and not at the end
            try:
                with deferred:  # the weights, the epoch and the history agree, whatever comes
                    self.epoch = epoch + 1
                    self.history.record(epoch, told)
                hooks("on_epoch_end", epoch, logs=told)
            finally:  # what callbacks have added before one of them failed
                if self.epoch == epoch + 1:
                    self.history.record(epoch, told)
            if self.stop_training:
                break
        hooks("on_train_end", logs=logs)

    def _rehearse(self, examples: Examples) -> None:
        """Try the parts that tinynet did not write on a few examples, before their first step.

        Raises:
            BrokenContract: one of them does not do what it has to.
        """
        parts = contracts.parts(self)
        if parts != self._rehearsed and any(map(contracts.of_ones_own, parts)):
            with np.errstate(all="ignore"):
                contracts.rehearse(self, *next(examples.batches(contracts.ROWS)))
        self._rehearsed = parts

    def _train_epoch(
        self, train: Examples, size: int, order: Array | None, hooks: CallbackList
    ) -> Logs:
        """Train on every batch once; return the means over the epoch."""
        scores = self._scores(train)
        for i, batch in enumerate(train.batches(size, order)):
            hooks("on_train_batch_begin", i)
            trouble = step.take(self, *batch, scores)
            hooks("on_train_batch_end", i, logs=scores.logs())
            if self.stop_training:  # maybe by TerminateOnNaN
                break
            if trouble:
                raise FloatingPointError(
                    f"Training stopped in epoch {self.epoch + 1}, batch {i + 1}: {trouble}"
                )
        scores.hand_back()
        return scores.logs()

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        *,
        callbacks: Callback | Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Return the loss and the metrics on these examples; nothing is trained.

        Args:
            x, y, batch_size, verbose, sample_weight, callbacks: as in fit.
            return_dict: whether to return {name: float}; default False.

        Returns:
            [loss, metric, ...] as floats in the order given to compile; a float where there are
            no metrics.

        Raises:
            ValueError: as in fit.

        Source: keras.Model.evaluate.
        """
        size = arguments.batch_size(batch_size)
        examples = self._examples(x, y, sample_weight)
        hooks = self._hooks(callbacks, verbose, len(examples), size)
        return self._score(examples, size, hooks).report(return_dict)

    def _score(self, examples: Examples, size: int, hooks: CallbackList) -> metric_table.Scores:
        """Compute the loss and the metrics batch by batch."""
        body, head, loss = self.fused()
        scores, penalty = self._scores(examples), self.penalty()
        self.stop_evaluating = False
        hooks("on_test_begin")
        for i, (x, t, weights) in enumerate(examples.batches(size)):
            hooks("on_test_batch_begin", i)
            with np.errstate(all="ignore"), contracts.naming(self.chain, x):
                y = x  # what is not finite shows in the numbers
                for link in body:
                    y = link.infer(y)  # (n, d) -> (n, m)
                value, _ = loss.value_and_gradient(t, y, weights)
                scores.update(value + penalty, t, head(y))
            hooks("on_test_batch_end", i, logs=scores.logs())
            if self.stop_evaluating:
                break
        hooks("on_test_end", logs=scores.logs())
        scores.hand_back()
        return scores

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        *,
        callbacks: Callback | Sequence[Callback] | None = None,
    ) -> Array:
        """Return the outputs for these examples.

        Args:
            x, batch_size, verbose, callbacks: as in fit.

        Returns:
            array of the model's dtype, float32, of shape (n, k).

        Raises:
            ValueError: as in fit.

        Source: keras.Model.predict.
        """
        size = arguments.batch_size(batch_size)
        x = self._inputs(x)
        hooks = self._hooks(callbacks, verbose, len(x), size)
        y = np.empty((len(x), *self.layers[-1].output_shape), self.params.dtype)  # (n, k)
        self.stop_predicting = False
        hooks("on_predict_begin")
        for i, start in enumerate(range(0, len(x), size)):
            hooks("on_predict_batch_begin", i)
            rows = y[start : start + size]
            rows[:] = self._infer(x[start : start + size], start)  # (size, k)
            hooks("on_predict_batch_end", i, logs={"outputs": rows})
            if self.stop_predicting:
                y = y[: start + len(rows)]
                break
        hooks("on_predict_end")
        return y

    def __call__(self, x: Any, training: bool = False) -> Any:
        """Return the outputs for a batch, (n, k), all at once and without a progress line.

        Args:
            x: examples, (n, d) or (n, ...).
            training: whether to compute as in training, where Dropout drops; default False.
        """
        return self._infer(self._inputs(x), training=training).view(Tensor)

    def _infer(self, x: Array, start: int = 0, training: bool = False) -> Array:
        """Compute the outputs for a batch whose first row is that one of the user's x."""
        x = readable(x.astype(self.params.dtype, copy=False))  # (n, ...)
        checks.finite("x", x, slice(start, None))
        with np.errstate(all="ignore"), contracts.naming(self.chain, x, training):
            y = x
            for link in self.chain:
                y = link.forward(y)[0] if training else link.infer(y)  # (n, d) -> (n, m)
            return y if y.flags.writeable else y.copy()

    @interruptible()
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Take one step on this batch; return its loss and metrics, like evaluate.

        Raises:
            ValueError, FloatingPointError, KeyboardInterrupt: as in fit.

        Source: keras.Model.train_on_batch.
        """
        examples = self._examples(x, y, sample_weight, training=True)
        examples = self._weighted(examples, class_weight)
        self._rehearse(examples)
        scores = self._scores(examples)
        for batch in examples.batches(len(examples)):
            trouble = step.take(self, *batch, scores)
            if trouble:
                raise FloatingPointError(f"Training stopped: {trouble}")
        return scores.report(return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Return the loss and the metrics of this batch, like evaluate, in one go.

        Source: keras.Model.test_on_batch.
        """
        return self.evaluate(x, y, len(x), 0, sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> Array:
        """Return the outputs for a batch, (n, k), in one go.

        Source: keras.Model.predict_on_batch.
        """
        return np.asarray(self(x))

    def _hooks(
        self,
        callbacks: Callback | Sequence[Callback] | None,
        verbose: int | str,
        n: int,
        size: int,
        *own: Callback,
        **params: Any,
    ) -> CallbackList:
        """Put the user's callbacks, those of our own and the progress line together."""
        given = arguments.callbacks(callbacks)
        params |= {"steps": math.ceil(n / size), "verbose": arguments.verbosity(verbose)}
        return CallbackList([*given, *own, ProgressLine()], self, {"epochs": 1} | params)
