"""Training under Keras's names: compile, fit, evaluate, predict.

One step of learning is network.py's. Here it is taken for all examples, batch by batch, with
everything that people want around it: checks of what they hand in, metrics, validation, callbacks,
a progress line, Ctrl-C that never leaves half a step, and numbers that are not finite answered.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.callbacks import Callback, CallbackList, History, ProgressLine
from tinynet.models import arguments, contracts, engine, feeds, step
from tinynet.models.compiling import Compiled
from tinynet.models.feeds import Feed, Source, Stream
from tinynet.models.scores import Scores
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
    @arguments.answering
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
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | list[int] = 1,
    ) -> History:
        """Train: for every epoch, for every batch, one step.

        Args:
            x: examples, (n, d) or (n, ...). No copy of the whole is made, whatever its dtype. Or
                a utils.PyDataset or a generator, which make batches (x, y) of any size.
            y: targets, in the form that the loss expects.
            batch_size: examples a step, default 32; the last batch of an epoch may be smaller.
                60,000 examples are 1,875 steps of 32.
            epochs: how often to go through the examples, default 1.
            verbose: 1 or "auto" (default) shows a line that is redrawn, on a terminal or in a
                notebook, and one plain line an epoch elsewhere; 2 always the plain line; 0 none.
            callbacks: a callbacks.Callback or a list of them.
            validation_split: cut this last part of the examples off, before any shuffling, and
                evaluate on it after every epoch; default 0. validation_data goes first.
            validation_data: (x, y) or (x, y, sample_weight) to evaluate on after every epoch; or
                a PyDataset or a generator.
            shuffle: whether to take the examples in a new order every epoch; default True.
            class_weight: {class number: weight} for the loss.
            sample_weight: (n,), a weight for every example's loss.
            initial_epoch: the number of the first epoch, to go on with a training; default 0.
            steps_per_epoch: batches an epoch; the next one goes on where it stopped. A generator
                without end needs it. Default None: all there are.
            validation_steps: the same of the validation, which starts anew each time.
            validation_batch_size: default None, batch_size.
            validation_freq: validate after every so many epochs, default 1; or a list of epochs,
                the first being 1.

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
        epochs, first = settings.count("epochs", epochs), settings.count("epoch", initial_epoch, 0)
        shuffle, validates = arguments.shuffle(shuffle), arguments.validates(validation_freq)
        source, valid = self._source(x, y, sample_weight, training=True), None
        if validation_data is not None:
            x, y, weights = arguments.validation(validation_data)
            valid = self._source(x, y, weights, where="validation_data")
        elif validation_split:
            fraction = settings.number("validation_split", validation_split, "[0, 1)")
            source, valid = feeds.of_arrays(source).split(fraction)
        source = self._weighted(source, class_weight)
        train, validation = Feed(source, batch_size, steps_per_epoch, "steps_per_epoch"), None
        if valid:
            size = batch_size if validation_batch_size is None else validation_batch_size
            validation = Feed(valid, size, validation_steps, "validation_steps")
        if self in training:
            raise ValueError("fit runs on this model already: wait until it has returned.")
        self._rehearse(source)
        self.history: History | None = History()
        self.stop_training: bool = False
        self.epoch = first
        self.was_stopped = False  # by a callback, before the crash that a backup was there for
        shapes = [(part.x.shape, part.y.shape) for part in (source, valid) if part]
        self.data: list[Any] = [shapes, train.size, train.limit]
        hooks = self._hooks(callbacks, verbose, train, self.history, epochs=epochs)
        training.add(self)
        try:
            run = partial(self._train, train, validation, epochs, shuffle, validates, hooks)
            engine.current.get().train(self, run, [train, validation], hooks.callbacks)
        finally:
            training.discard(self)
        return self.history

    def _train(
        self,
        train: Feed,
        validation: Feed | None,
        epochs: int,
        shuffle: bool,
        validates: Callable[[int], bool],
        hooks: CallbackList,
    ) -> None:
        """Go through all epochs, those behind a backup left out."""
        assert self.history is not None
        logs: Logs = {}
        train.reset()
        names = list(self._scores(train.source).logs())
        hooks.expect([*names, *(f"val_{name}" for name in names if validation)])
        hooks("on_train_begin")  # where BackupAndRestore may move self.epoch on
        for epoch in range(self.epoch, epochs if not self.was_stopped else 0):
            hooks("on_epoch_begin", epoch)
            logs = self._train_epoch(train, self.rng if shuffle else None, hooks)
            if validation and validates(epoch + 1):
                scores = self._score(validation, hooks).logs()
                logs |= {f"val_{name}": value for name, value in scores.items()}
            logs = dict(sorted(logs.items()))
            told = dict(logs)  # what callbacks add comes last, and not in on_train_end
            try:
                with deferred:  # the weights, the epoch and the history agree, whatever comes
                    self.epoch: int = epoch + 1
                    self.history.record(epoch, told)
                hooks("on_epoch_end", epoch, logs=told)
            finally:  # what callbacks have added before one of them failed
                if self.epoch == epoch + 1:
                    self.history.record(epoch, told)
            if self.stop_training:
                break
        hooks("on_train_end", logs=logs)

    def _rehearse(self, examples: Source) -> None:
        """Try the parts that tinynet did not write on a few examples, before their first step.

        Raises:
            BrokenContract: one of them does not do what it has to.
        """
        parts = contracts.parts(self)
        if parts != self._rehearsed and any(map(contracts.of_ones_own, parts)):
            with np.errstate(all="ignore"):
                contracts.rehearse(self, *examples.some(contracts.ROWS))
        self._rehearsed = parts

    def _train_epoch(
        self, train: Feed, shuffling: np.random.Generator | None, hooks: CallbackList
    ) -> Logs:
        """Train on every batch once; return the means over the epoch."""
        scores = self._scores(train.source)
        with closing(engine.current.get().steps(self, train, shuffling)) as steps:
            for i, take in enumerate(steps):
                hooks("on_train_batch_begin", i)
                trouble = take(scores)
                hooks("on_train_batch_end", i, logs=scores.logs())
                if self.stop_training:  # maybe by TerminateOnNaN
                    break
                if trouble:
                    raise FloatingPointError(
                        f"Training stopped in epoch {self.epoch + 1}, batch {i + 1}: {trouble}"
                    )
        scores.hand_back()
        return scores.logs()

    @arguments.answering
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Return the loss and the metrics on these examples; nothing is trained.

        Args:
            x, y, batch_size, verbose, sample_weight, callbacks: as in fit.
            steps: how many batches to evaluate, default None: all.
            return_dict: whether to return {name: float}; default False.

        Returns:
            [loss, metric, ...] as floats in the order given to compile; a float where there are
            no metrics.

        Raises:
            ValueError: as in fit.

        Source: keras.Model.evaluate.
        """
        feed = Feed(self._source(x, y, sample_weight), batch_size, steps, "steps")
        hooks = self._hooks(callbacks, verbose, feed)
        return self._score(feed, hooks).report(return_dict)

    def _score(self, feed: Feed, hooks: CallbackList) -> Scores:
        """Compute the loss and the metrics batch by batch."""
        body, head, loss = self.fused()
        scores, penalty = self._scores(feed.source), self.penalty()
        feed.reset()
        self.stop_evaluating = False
        hooks("on_test_begin")
        with closing(engine.current.get().outputs(self, body, feed)) as outputs:
            for i, compute in enumerate(outputs):
                hooks("on_test_batch_begin", i)
                y, t, weights = compute()
                with np.errstate(all="ignore"):  # what is not finite shows in the numbers
                    value, _ = loss.value_and_gradient(t, y, weights)
                    value += penalty + sum(link.cost for link in body)
                    scores.update(value, t, head(y), weights)
                hooks("on_test_batch_end", i, logs=scores.logs())
                if self.stop_evaluating:
                    break
        hooks("on_test_end", logs=scores.logs())
        scores.hand_back()
        return scores

    @arguments.answering
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
    ) -> Array:
        """Return the outputs for these examples.

        Args:
            x, batch_size, verbose, callbacks: as in fit.
            steps: how many batches to predict, default None: all.

        Returns:
            array of the model's dtype, float32, of shape (n, k).

        Raises:
            ValueError: as in fit.

        Source: keras.Model.predict.
        """
        streamed = feeds.is_stream(x)
        source = Stream(x, lambda x, *_: self._questions(x)) if streamed else self._questions(x)
        feed = Feed(source, batch_size, steps, "steps")
        hooks = self._hooks(callbacks, verbose, feed)
        found = []
        feed.reset()
        self.stop_predicting = False
        hooks("on_predict_begin")
        with closing(engine.current.get().outputs(self, self.chain, feed)) as outputs:
            for i, compute in enumerate(outputs):
                hooks("on_predict_batch_begin", i)
                found.append(compute()[0])  # (size, k)
                hooks("on_predict_batch_end", i, logs={"outputs": found[-1]})
                if self.stop_predicting:
                    break
        hooks("on_predict_end")
        return np.concatenate(found)  # (n, k)

    def __call__(self, x: Any, training: bool = False) -> Any:
        """Return the outputs for a batch, (n, k), all at once and without a progress line.

        Args:
            x: examples, (n, d) or (n, ...).
            training: whether to compute as in training, where Dropout drops; default False.
        """
        examples = self._questions(x)
        x = examples.some(len(examples)).inputs()
        return step.through(self, self.chain, x, training).view(Tensor)

    @interruptible()
    @arguments.answering
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
        for x, t, weights in examples.batches(len(examples)):
            trouble = step.take(self, x, t, weights, scores)
            if trouble:
                raise FloatingPointError(f"Training stopped: {trouble}")
        return scores.report(return_dict)

    @arguments.answering
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
        feed: Feed,
        *own: Callback,
        **params: Any,
    ) -> CallbackList:
        """Put the user's callbacks, those of our own and the progress line together."""
        given = arguments.callbacks(callbacks)
        params |= {"steps": feed.steps, "verbose": arguments.verbosity(verbose)}
        all_of_them = [*given, *own, ProgressLine()] if engine.current.get().leads else []
        return CallbackList(all_of_them, self, {"epochs": 1} | params)
