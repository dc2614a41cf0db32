"""Models as scikit-learn's estimators: for its pipelines, grid search and cross-validation.

Needs scikit-learn: pip install 'tinynet-numpy[sklearn]'.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "tinynet.wrappers needs scikit-learn 1.6 or newer: pip install 'tinynet-numpy[sklearn]'"
    ) from error

from tinynet.models import Model, clone_model
from tinynet.support import absent

__all__ = ["SKLearnClassifier", "SKLearnRegressor"]

Array = NDArray[Any]
E = TypeVar("E", bound="Estimator")
OF_FIT = set(inspect.signature(Model.fit).parameters)


def _instead(name: str, value: Any) -> str:
    """Say what to type for an argument of other wrappers: build_fn, epochs, model__units."""
    if name == "build_fn":
        return "Type model=build_model, a function of X, y and model_kwargs."
    prefix, _, name = name.rpartition("__")
    place = "fit_kwargs" if prefix == "fit" or (not prefix and name in OF_FIT) else "model_kwargs"
    return f"Type {place}={{{name!r}: {value!r}}}"


def _answering(init: Callable[..., None]) -> Callable[..., None]:
    """Let __init__ answer for arguments that it has not."""

    @functools.wraps(init)
    def checked(self: Any, *args: Any, **options: Any) -> None:
        for name in set(options) - set(inspect.signature(init).parameters):
            raise TypeError(
                f"{type(self).__name__} has no {name!r}. {_instead(name, options[name])}"
            )
        init(self, *args, **options)

    return checked


class Estimator(BaseEstimator):
    """What both wrappers share.

    Args:
        model: a compiled Model, which is copied before it learns; or a function of X, y and
            `model_kwargs` that returns one. X (n, d) and y (n, k) are those that fit was given, y
            one-hot for a classifier.
        warm_start: go on with the weights of the last fit, or of the model; default False.
        model_kwargs: dict of what the function gets besides X and y; default none.
        fit_kwargs: dict of what model.fit gets besides x and y; default none. What the wrapper's
            fit is given comes before them.

    Raises:
        TypeError: an unknown argument, such as build_fn or epochs, with what to type instead.
    """

    @_answering
    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self: E, X: Any, y: Any, **kwargs: Any) -> E:
        """Make the model, and train it on X (n, d) and y (n,).

        Args:
            X, y: arrays, or what scikit-learn makes arrays of.
            kwargs: for model.fit: epochs=5, sample_weight=...

        Raises:
            ValueError: data that can't be learnt from; a model whose outputs don't fit y.
            RuntimeError: a model that is not compiled.
        """
        X, y = validate_data(self, X, y)
        targets = self._targets(y)
        model = self._model_for(X, targets)
        if model.loss is None:
            raise RuntimeError("The model is not compiled: call model.compile(loss=...) before.")
        k = targets.shape[1]
        if model.built and model.output_shape != (None, k):
            raise ValueError(self._other_outputs(model.output_shape, k))
        self.history_ = model.fit(X, targets, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def predict(self, X: Any) -> Array:
        """Say for each example in X (n, d) what it is: classes, or numbers, (n,)."""
        return self._answers(self._outputs(X))

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self, "model_")
        return self.model_.predict(validate_data(self, X, reset=False), verbose=0)

    def _model_for(self, X: Array, targets: Array) -> Model:
        """Return the model that learns: a new one, or the last."""
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if not isinstance(self.model, Model):
            made = self.model(X=X, y=targets, **(self.model_kwargs or {}))
            if not isinstance(made, Model):
                raise TypeError(f"model(X=..., y=...) has to return a model, got {made!r}.")
            return made
        if self.model.optimizer is None:
            return self.model
        twin = clone_model(self.model)
        if self.warm_start and self.model.built:
            twin.set_weights(self.model.get_weights())
        optimizer = type(self.model.optimizer).from_config(self.model.optimizer.get_config())
        twin.compile(
            optimizer,
            self.model.loss,
            metrics=self.model.metrics,
            weighted_metrics=self.model.weighted_metrics,
        )
        return twin

    def _targets(self, y: Array) -> Array:
        """Make what the model is trained on, (n, k), of y (n,)."""
        raise NotImplementedError

    def _answers(self, outputs: Array) -> Array:
        """Make predictions (n,) of the model's outputs (n, k)."""
        raise NotImplementedError

    def _other_outputs(self, shape: Any, k: int) -> str:
        return f"The model's outputs are {shape}, and y has {k} numbers: end in Dense({k})."

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags


class SKLearnClassifier(ClassifierMixin, Estimator):
    """A model as scikit-learn's classifier.

    The model gives one number for each class, and learns from one-hot targets: it ends in
    Dense(k, activation="softmax"), and its loss is "categorical_crossentropy". So for two classes.

    Args, Raises: see `Estimator`.

    Attributes:
        model_: the trained model.
        history_: the History of its training.
        classes_: the labels of y, sorted.

    Example:
        >>> import numpy as np
        >>> from sklearn.model_selection import GridSearchCV
        >>> from tinynet import Sequential
        >>> from tinynet.layers import Dense
        >>> def network(X, y, units):
        ...     hidden = Dense(units, activation="relu", input_shape=X.shape[1:])
        ...     model = Sequential([hidden, Dense(y.shape[1], activation="softmax")])
        ...     model.compile("adam", "categorical_crossentropy")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(60, 4))
        >>> y = np.where(x[:, 0] > 0, "right", "left")
        >>> estimator = SKLearnClassifier(network, fit_kwargs={"epochs": 20, "verbose": 0})
        >>> grid = {"model_kwargs": [{"units": 1}, {"units": 64}]}
        >>> search = GridSearchCV(estimator, grid, cv=3).fit(x, y)
        >>> search.best_params_, search.score(x, y) > 0.8
        ({'model_kwargs': {'units': 64}}, True)

    Source: keras.wrappers.SKLearnClassifier. Keras does not heed warm_start, changes fit_kwargs
    in place, and forgets them in a copy; here they do what Keras's documentation says. predict is
    silent.
    """

    def decision_function(self, X: Any) -> Array:
        """Return the model's outputs for X (n, d): one number for each class, (n, k)."""
        return self._outputs(X)

    def _targets(self, y: Array) -> Array:
        check_classification_targets(y)
        self.classes_, found = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError("A classifier can't learn from one class only.")
        one_hot: Array = np.eye(len(self.classes_), dtype=np.float32)[found]
        return one_hot

    def _answers(self, outputs: Array) -> Array:
        best: Array = self.classes_[outputs.argmax(axis=1)]
        return best

    def _other_outputs(self, shape: Any, k: int) -> str:
        return (
            f"The model's outputs are {shape}, and y has {k} classes. Targets are one-hot: end in "
            f'Dense({k}, activation="softmax"), with loss="categorical_crossentropy".'
        )


class SKLearnRegressor(RegressorMixin, Estimator):
    """A model as scikit-learn's regressor: it ends in Dense(1).

    Args, Raises: see `Estimator`.

    Attributes:
        model_: the trained model.
        history_: the History of its training.

    Example:
        >>> import numpy as np
        >>> from tinynet import Sequential
        >>> from tinynet.layers import Dense
        >>> line = Sequential([Dense(1, input_shape=(1,))])
        >>> line.compile("adam", "mse")
        >>> estimator = SKLearnRegressor(line, fit_kwargs={"epochs": 5, "verbose": 0})
        >>> estimator.fit(np.arange(10.0)[:, None], np.arange(10.0)).predict([[1.0]]).shape
        (1,)

    Source: keras.wrappers.SKLearnRegressor; see SKLearnClassifier for what differs.
    """

    def _targets(self, y: Array) -> Array:
        return y.reshape(-1, 1)

    def _answers(self, outputs: Array) -> Array:
        return outputs[:, 0]


absent.answer_for(__name__)
