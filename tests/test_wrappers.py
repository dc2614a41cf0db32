"""The wrappers keep scikit-learn's contract, and Keras's names and behaviour."""

import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet.layers import BatchNormalization, Dense
from tinynet.models import Sequential

pytest.importorskip("sklearn", reason="needs pip install -e '.[test]'")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from tinynet.wrappers import SKLearnClassifier, SKLearnRegressor

ROOT = Path(__file__).parent.parent
rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
Y = np.array(["low", "middle", "high"])[np.digitize(X[:, 0], [-0.5, 0.5])]
QUIET = {"epochs": 30, "verbose": 0}


def network(X: Any, y: Any, loss: str = "categorical_crossentropy", units: int = 16) -> Sequential:
    tinynet.utils.set_random_seed(0)
    last = "softmax" if loss == "categorical_crossentropy" else None
    hidden = Dense(units, activation="relu", input_shape=X.shape[1:])
    model = Sequential([hidden, Dense(y.shape[1], activation=last)])
    model.compile(tinynet.optimizers.Adam(0.01), loss)
    return model


def classifier(**options: Any) -> SKLearnClassifier:
    return SKLearnClassifier(network, **{"fit_kwargs": QUIET, **options})


def regressor(**options: Any) -> SKLearnRegressor:
    return SKLearnRegressor(network, model_kwargs={"loss": "mse"}, fit_kwargs=QUIET, **options)


def compiled(units: int = 3, **options: Any) -> Sequential:
    model = Sequential([Dense(8, "relu", input_shape=(4,)), Dense(units, "softmax")])
    model.compile(**{"optimizer": "adam", "loss": "categorical_crossentropy", **options})
    return model


# ---- scikit-learn's contract ----

BOTH_OUTPUTS = "of two classes decision_function gives both outputs, as Keras's, and not a margin"
EXCEPTIONS = {"check_classifiers_classes": BOTH_OUTPUTS, "check_classifiers_train": BOTH_OUTPUTS}


class WithMargin(SKLearnClassifier):
    """Without that one difference."""

    def decision_function(self, X: Any) -> Any:
        outputs = super().decision_function(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs


@pytest.mark.parametrize(
    ("estimator", "exceptions"),
    [
        (classifier(), EXCEPTIONS),
        (WithMargin(network, fit_kwargs=QUIET), {}),
        (regressor(), {}),
    ],
    ids=["classifier", "with margin", "regressor"],
)
def test_it_passes_scikit_learns_own_checks(estimator: Any, exceptions: dict[str, str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, expected_failed_checks=exceptions, on_fail=None)
    ended = {kind: set() for kind in ("passed", "xfail", "skipped", "failed")}
    for result in results:
        ended[result["status"]].add(result["check_name"])
    assert ended["failed"] == set()
    assert ended["xfail"] == set(exceptions)
    assert len(ended["passed"]) > 35


def test_a_grid_finds_the_better_settings() -> None:
    grid = {"model_kwargs": [{"units": 1}, {"units": 32}], "fit_kwargs": [QUIET]}
    search = GridSearchCV(classifier(), grid, cv=3).fit(X, Y)
    assert search.best_params_["model_kwargs"] == {"units": 32}
    assert search.score(X, Y) > 0.9


def test_fit_kwargs_reach_every_fold() -> None:
    search = GridSearchCV(classifier(), {"fit_kwargs": [{"epochs": 1, "verbose": 0}, QUIET]}, cv=3)
    search.fit(X, Y)
    assert len(search.best_estimator_.history_.epoch) == 30
    assert clone(classifier()).fit_kwargs == QUIET


def test_cross_validation_scores_each_fold() -> None:
    assert cross_val_score(classifier(), X, Y, cv=3).mean() > 0.8
    assert cross_val_score(regressor(), X, 3 * X[:, 1] + 5, cv=3).mean() > 0.8
    assert set(cross_val_predict(classifier(), X, Y, cv=3)) == set(Y)


def test_a_pipeline_scales_before_and_hands_fits_arguments_on() -> None:
    pipe = make_pipeline(StandardScaler(), classifier())
    pipe.fit(1000 * X + 500, Y, sklearnclassifier__epochs=40)
    assert pipe.score(1000 * X + 500, Y) > 0.9
    assert len(pipe[-1].history_.epoch) == 40


# ---- Keras's behaviour ----


def test_fits_own_arguments_come_before_fit_kwargs_and_change_nothing() -> None:
    given = {"epochs": 3, "verbose": 0}
    estimator = classifier(fit_kwargs=given).fit(X, Y, epochs=2)
    assert len(estimator.history_.epoch) == 2
    assert given == {"epochs": 3, "verbose": 0}


def test_labels_of_any_kind_come_back() -> None:
    for labels in (Y, np.digitize(X[:, 0], [0.0]) * 7 - 3, X[:, 0] > 0):
        estimator = classifier().fit(X, labels)
        np.testing.assert_array_equal(estimator.classes_, np.unique(labels))
        said = estimator.predict(X)
        assert said.dtype == estimator.classes_.dtype
        outputs = estimator.decision_function(X)
        assert outputs.shape == (120, len(estimator.classes_))
        np.testing.assert_array_equal(estimator.classes_[outputs.argmax(axis=1)], said)


def test_a_model_is_copied_with_how_it_was_compiled() -> None:
    model = compiled(optimizer=tinynet.optimizers.SGD(0.25, momentum=0.5), metrics=["accuracy"])
    before = [weight.copy() for weight in model.get_weights()]
    estimator = SKLearnClassifier(model, fit_kwargs=QUIET).fit(X, Y)
    assert estimator.model_ is not model
    assert estimator.model_.optimizer is not model.optimizer
    assert estimator.model_.optimizer.get_config() == model.optimizer.get_config()
    assert list(estimator.history_.history) == ["accuracy", "loss"]
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_warm_start_goes_on_where_the_last_fit_ended() -> None:
    model = compiled()
    warm = SKLearnClassifier(model, warm_start=True, fit_kwargs=QUIET).fit(X, Y)
    first = warm.model_
    losses = warm.history_.history["loss"]
    warm.fit(X, Y)
    assert warm.model_ is first
    assert warm.history_.history["loss"][0] < losses[-1] * 1.05
    cold = SKLearnClassifier(model, fit_kwargs=QUIET).fit(X, Y)
    second = cold.model_
    assert cold.fit(X, Y).model_ is not second
    assert cold.history_.history["loss"][0] > losses[-1]


def test_weights_of_examples_count() -> None:
    labels = np.where(X[:, 0] > 0, "a", "b")
    weights = (labels == "a").astype(float)
    said = classifier().fit(X, labels, sample_weight=weights).predict(X)
    assert (said == "a").all()


def test_it_survives_pickling() -> None:
    estimator = SKLearnClassifier(compiled(), fit_kwargs=QUIET).fit(X, Y)
    twin = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(twin.predict(X), estimator.predict(X))


def test_a_model_with_state_is_an_estimator_too() -> None:
    model = Sequential([Dense(8, "relu"), BatchNormalization(), Dense(3, "softmax")])
    model.compile(tinynet.optimizers.Adam(0.01), "categorical_crossentropy")
    assert SKLearnClassifier(model, fit_kwargs=QUIET).fit(X, Y).score(X, Y) > 0.7


# ---- mistakes ----


@pytest.mark.parametrize(
    ("build", "y", "words"),
    [
        (lambda: SKLearnClassifier(compiled(2)), Y, "y has 3 classes.*Dense\\(3, activation="),
        (lambda: SKLearnClassifier(compiled(1)), X[:, 0] > 0, "Dense\\(2, activation=\"softmax\""),
        (lambda: SKLearnClassifier(compiled()), X[:, 0], "Unknown label type: continuous"),
        (lambda: SKLearnClassifier(compiled()), np.zeros(120, int), "one class"),
        (lambda: SKLearnRegressor(compiled()), X[:, 0], "end in Dense\\(1\\)"),
        (lambda: SKLearnRegressor(compiled()), X[:, :2], "1d array"),
        (lambda: SKLearnRegressor(compiled()), X[:9, 0], "inconsistent"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_learnt_is_refused(build: Any, y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build().fit(X, y)


def test_a_model_has_to_be_compiled_and_to_be_one() -> None:
    with pytest.raises(RuntimeError, match="not compiled"):
        SKLearnClassifier(Sequential([Dense(3)])).fit(X, Y)
    with pytest.raises(TypeError, match="has to return a model, got None"):
        SKLearnClassifier(lambda X, y: None).fit(X, Y)
    with pytest.raises(NotFittedError):
        classifier().predict(X)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"build_fn": network}, "Type model=build_model"),
        ({"epochs": 5}, "Type fit_kwargs={'epochs': 5}"),
        ({"fit__batch_size": 8}, "Type fit_kwargs={'batch_size': 8}"),
        ({"model__units": 8}, "Type model_kwargs={'units': 8}"),
        ({"units": 8}, "Type model_kwargs={'units': 8}"),
    ],
)
def test_arguments_of_other_wrappers_are_answered(options: dict[str, Any], line: str) -> None:
    for kind in (SKLearnClassifier, SKLearnRegressor):
        with pytest.raises(TypeError, match=re.escape(line)):
            kind(**options)


def test_without_scikit_learn_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import tinynet.wrappers"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "pip install 'tinynet-numpy[sklearn]'" in done.stderr
