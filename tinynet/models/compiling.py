"""How a model is compiled, and what is handed to it checked against that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinynet import losses, optimizers
from tinynet import metrics as metric_table
from tinynet.callbacks import History
from tinynet.models import arguments, checks, feeds, weighting
from tinynet.models.batches import Examples
from tinynet.models.feeds import Source, Stream
from tinynet.models.scores import Scores
from tinynet.models.structure import COMPILE_AGAIN, Structure
from tinynet.support import absent

Array = NDArray[Any]
S = TypeVar("S", Examples, Stream, Source)


class Compiled(Structure):
    """A structure with an optimizer, a loss and metrics."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.metrics: list[metric_table.Metric | str] = []
        self.weighted_metrics: list[metric_table.Metric | str] = []
        self.history: History | None = None
        self.stop_training: bool = False
        self.stop_evaluating: bool = False
        self.stop_predicting: bool = False
        self.was_stopped = False
        self._rehearsed: tuple[Any, ...] = ()  # the parts of one's own that were seen to work

    if not TYPE_CHECKING:  # a type checker would take any name then

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(absent.of_model(name), name=name, obj=self)

    @arguments.answering
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: None = None,
        metrics: Sequence[Any] | None = None,
        weighted_metrics: Sequence[Any] | None = None,
        run_eagerly: bool | None = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str | None = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose what is trained on, how, and what is reported besides.

        Args:
            optimizer: name or object; default "rmsprop".
            loss: name or object, such as "categorical_crossentropy". Training needs one.
            loss_weights: None: there is one loss.
            metrics: list of names, objects or functions (y_true, y_pred); default none.
            weighted_metrics: the same, of metrics in which examples count as in the loss.
            steps_per_execution: 1.
            run_eagerly, jit_compile, auto_scale_loss: how Keras computes, without effect here.

        Raises:
            ValueError: an unknown name, with the nearest one; metrics that are not a list.

        Source: keras.Sequential.compile.
        """
        arguments.only("loss_weights", loss_weights, None)
        arguments.only("steps_per_execution", steps_per_execution, 1)
        chosen = arguments.metrics("metrics", metrics)
        weighted = arguments.metrics("weighted_metrics", weighted_metrics)
        loss = None if loss is None else losses.get(loss)
        self.optimizer: optimizers.Optimizer | None = optimizers.get(optimizer)
        self.loss: losses.Loss | None = loss
        self.metrics, self.weighted_metrics = chosen, weighted
        if self.built and not self._took_steps():
            self._settle()  # what is frozen has no penalty, in evaluate too

    def update(self) -> None:
        """Let the optimizer take its step; weights that have a constraint then hold to it."""
        super().update()
        self.constrain()

    def constrain(self) -> None:
        """Put the weights that have a constraint back to where they are allowed."""
        for W, constraint in self.constrained():
            W[...] = constraint(W)

    def constrained(self) -> Iterator[tuple[Any, Any]]:
        """Yield every trained weight that has a constraint, with that constraint."""
        for layer, name, weight in self.trained:
            if weight.constraint is not None:
                yield getattr(layer, name), weight.constraint

    @property
    def metrics_names(self) -> list[str]:
        """What Keras answers: "loss", and one name for all that compile was given as metrics."""
        given = self.metrics or self.weighted_metrics
        return ["loss", "compile_metrics"] if given else ["loss"]

    def reset_metrics(self) -> None:
        """Do nothing: fit, evaluate and the methods for a batch start from none each time."""

    def _inputs(self, x: Any) -> Array:
        """Check x at the door, and build the model for it if it is not built yet."""
        if not self.built:
            self.build(None if self._input_shape else checks.shape_of(x))
        assert self._input_shape is not None
        self._refresh()
        return checks.inputs(x, self._input_shape)

    def _examples(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        training: bool = False,
    ) -> Examples:
        """Check x, y and weights at the door."""
        if self.optimizer is None:
            raise ValueError(
                "The model is not compiled yet: "
                "model.compile(loss='categorical_crossentropy', metrics=['accuracy'])"
            )
        if self.loss is None:
            raise ValueError(
                "compile was not given a loss, so there is nothing to learn by: "
                "model.compile(loss='categorical_crossentropy')"
            )
        known = self._input_shape
        new = [layer for layer in self.layers if layer.output_shape is None]
        x, dtype = self._inputs(x), self.params.dtype
        try:
            y = checks.targets(y, self.loss, self.layers[-1].output_shape, len(x))
            each = weighting.of_samples(sample_weight, len(x), dtype)
            if training:
                self._settle()
                self._own()
                self._check_optimizer()
                checks.head(self.chain, self.loss, self.layers[-1].output_shape[-1])
                checks.scale(x, self.layers)
        except ValueError:
            if known is None:  # x may have been wrong as well: the shape it taught is forgotten
                self._forget(new)
            raise
        return Examples(x, y, each, dtype)

    def _source(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        training: bool = False,
        where: str = "",
    ) -> Source:
        """Check what examples are handed in, and where they come batch by batch, each batch."""
        with checks.within(where):
            if not feeds.is_stream(x):
                examples = self._examples(x, y, sample_weight, training)
                examples.where = where
                return examples
            if y is not None or sample_weight is not None:
                raise ValueError(
                    f"A {type(x).__name__} makes whole batches, (x, y) or (x, y, sample_weight): "
                    f"leave y and sample_weight out."
                )
            return Stream(x, lambda x, y, w: self._examples(x, y, w, training), where)

    def _questions(self, x: Any) -> Examples:
        """Check x where there are no targets."""
        x = self._inputs(x)
        return Examples(x, np.empty((len(x), 0)), None, self.params.dtype)

    def _check_optimizer(self) -> None:
        """Refuse an optimizer that has taken steps with other weights or settings.

        Raises:
            ValueError: with the line to type.
        """
        optimizer = self.optimizer
        assert optimizer is not None
        if optimizer.built_for is None or not optimizer.iterations:
            return
        if optimizer.built_for is not self.params:
            raise ValueError(
                f"This optimizer has taken steps for other weights: those of another model, or of "
                f"this one before its layers were changed. {COMPILE_AGAIN}"
            )
        if set(optimizer.slots) != set(optimizer.slot_names):
            raise ValueError(
                f"{type(optimizer).__name__} remembers other things since its first step than its "
                f"settings need now. {COMPILE_AGAIN}"
            )

    def _weighted(self, examples: S, class_weight: Any) -> S:
        """Let examples count by their class, where class weights are given."""
        if class_weight is None:
            return examples
        if isinstance(examples, Stream):
            return examples.weighted(lambda batch: self._weighted(batch, class_weight))
        assert isinstance(examples, Examples)
        if examples.weights is not None:
            raise ValueError(
                "Expected sample_weight or class_weight, got both: multiply them first."
            )
        assert self.loss is not None
        units, dtype = self.layers[-1].output_shape[-1], self.params.dtype
        return examples.weighted(
            weighting.of_classes(class_weight, examples.y, self.loss, units, dtype)
        )

    def _scores(self, examples: Source) -> Scores:
        """Start to score a run over these examples."""
        units = self.layers[-1].output_shape[-1]
        return Scores(self.metrics, self.weighted_metrics, examples.y, units)
