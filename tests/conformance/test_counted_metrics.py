"""Metrics that count hits and misses, areas under curves, F and R²: called by hand and compiled.

What Keras computes is compared with where it is installed; elsewhere with counts made here.
"""

from __future__ import annotations

import numpy as np
import pytest

import tinynet

T = np.array([0.0, 0, 1, 1, 1, 0])
P = np.array([0.1, 0.6, 0.4, 0.8, 0.9, 0.3], "float32")
COUNTS = {
    "TruePositives": 2.0,
    "FalseNegatives": 1.0,
    "FalsePositives": 1.0,
    "TrueNegatives": 2.0,
    "Precision": 2 / 3,
    "Recall": 2 / 3,
}


def value(metric, *batches):
    """Return what a metric says after some batches, or that it refuses one."""
    try:
        for batch in batches:
            metric.update_state(*batch)
        return np.asarray(metric.result(), "float64")
    except (ValueError, TypeError, IndexError) as error:
        return type(error)


def same_as_keras(keras, name, batches, **options):
    """Compare two metrics after the same batches, or see that both refuse."""
    ours, theirs = (getattr(lib.metrics, name)(**options) for lib in (tinynet, keras))
    a, b = value(ours, *batches), value(theirs, *batches)
    assert isinstance(a, type) == isinstance(b, type), (name, options, batches, a, b)
    if not isinstance(a, type):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6, err_msg=f"{name} {options}")


def drawn(*shape, seed=0):
    """Draw targets of 0 and 1 and outputs of few decimals, so that many are thresholds."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, shape), rng.random(shape).round(2).astype("float32")


# ------------------------------------------------------------------- worked out by hand, in both


@pytest.mark.parametrize("name", COUNTS)
def test_counts_over_two_batches_of_either_shape(lib, name):
    metric = getattr(lib.metrics, name)()
    metric.update_state(T[:2], P[:2])
    metric.update_state(T[2:, np.newaxis], P[2:, np.newaxis])
    assert float(metric.result()) == pytest.approx(COUNTS[name])
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_weights_count_for_ones(lib):
    metric = lib.metrics.Precision()
    metric.update_state(T, P, sample_weight=[1, 5, 1, 1, 2, 1])
    assert float(metric.result()) == pytest.approx(3 / 8)


def test_an_output_at_the_threshold_says_no(lib):
    assert float(lib.metrics.TruePositives(thresholds=0.5)([1, 1], [0.5, 0.500001])) == 1.0


def test_several_thresholds_in_any_order(lib):
    recall = lib.metrics.Recall(thresholds=[0.85, 0.0, 0.5])
    np.testing.assert_allclose(recall(T, P), [1 / 3, 1.0, 2 / 3], rtol=1e-6)


def test_the_best_k_and_one_class(lib):
    t, p = np.array([[0, 1, 1], [1, 0, 0]]), np.array([[0.1, 0.3, 0.2], [0.2, 0.5, 0.4]])
    assert float(lib.metrics.Precision(top_k=2)(t, p)) == 2 / 4
    assert float(lib.metrics.Recall(top_k=2, class_id=1)(t, p)) == 1.0
    assert float(lib.metrics.Precision(class_id=2, thresholds=0.3)(t, p)) == 0.0


def test_the_area_under_a_curve(lib):
    auc = lib.metrics.AUC(num_thresholds=3)
    auc.update_state([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    assert float(auc.result()) == pytest.approx(0.75)
    auc.reset_state()
    auc.update_state([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9], sample_weight=[1, 0, 0, 1])
    assert float(auc.result()) == pytest.approx(1.0)


def test_the_area_is_how_often_a_yes_is_above_a_no(lib):
    p = np.linspace(0.02, 0.98, 40).astype("float32")
    t = np.random.default_rng(4).integers(0, 2, 40)
    pairs = p[t == 1][:, np.newaxis] > p[t == 0]
    assert float(lib.metrics.AUC(num_thresholds=2000)(t, p)) == pytest.approx(
        pairs.mean(), abs=1e-6
    )


def test_f_and_r2(lib):
    t, p = np.array([[1, 0], [0, 1], [1, 0]]), np.array([[0.6, 0.4], [0.7, 0.3], [0.8, 0.1]])
    np.testing.assert_allclose(lib.metrics.F1Score()(t, p), [0.8, 0.0], atol=1e-6)
    assert float(lib.metrics.F1Score("micro")(t, p)) == pytest.approx(2 / 3, abs=1e-6)
    assert float(lib.metrics.R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])) == (
        pytest.approx(1 - 2 / (14 / 3))
    )


def test_names_are_numbered_until_the_session_is_cleared(lib):
    assert [lib.metrics.AUC().name, lib.metrics.AUC().name] == ["auc", "auc_1"]
    assert [lib.metrics.TruePositives().name, lib.metrics.Recall().name] == [
        "true_positives",
        "recall",
    ]
    lib.utils.clear_session()
    assert lib.metrics.AUC().name == "auc"
    assert [lib.metrics.F1Score().name, lib.metrics.F1Score().name] == ["f1_score"] * 2


def compiled(lib, metrics, width=1):
    """Build a model that gives its input back, with these metrics."""
    model = lib.Sequential([lib.layers.Input((width,)), lib.layers.Activation("linear")])
    model.compile("sgd", "mse", metrics=metrics)
    return model


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("AUC", "AUC"),
        ("auc", "auc"),
        ("Precision", "Precision"),
        ("recall", "recall"),
        ("TruePositives", "TruePositives"),
        ("root_mean_squared_error", "root_mean_squared_error"),
        ("RootMeanSquaredError", "RootMeanSquaredError"),
        ("mape", "mape"),
        ("MSLE", "MSLE"),
        ("bce", "bce"),
        ("cosine_similarity", "cosine_similarity"),
        ("r2_score", "r2_score"),
        ("Accuracy", "Accuracy"),
        ("log_cosh_error", "log_cosh_error"),
        ("kl_divergence", "kl_divergence"),
    ],
)
def test_strings_in_compile_are_the_keys(lib, given, name):
    logs = compiled(lib, [given]).evaluate(P, T[:, np.newaxis], verbose=0, return_dict=True)
    assert sorted(logs) == sorted([name, "loss"])


def test_objects_and_functions_in_compile_have_names_of_their_own(lib):
    metrics = [
        lib.metrics.AUC(),
        lib.metrics.Precision(),
        lib.metrics.Recall(name="found"),
        lib.metrics.AUC,
        lib.metrics.binary_accuracy,
        lib.losses.mean_squared_error,
        lib.losses.MeanAbsoluteError(),
    ]
    logs = compiled(lib, metrics).evaluate(P, T, verbose=0, return_dict=True)
    assert logs["binary_accuracy"] == pytest.approx(4 / 6)
    assert logs["precision"] == pytest.approx(2 / 3)
    assert logs["found"] == pytest.approx(2 / 3)
    assert logs["mean_squared_error"] == pytest.approx(logs["loss"], rel=1e-5)
    assert logs["mean_absolute_error"] == pytest.approx(abs(T - P).mean(), rel=1e-5)
    assert {"auc", "auc_1"} <= set(logs)


def test_fit_reports_them_of_training_and_validation(lib):
    model = compiled(lib, ["AUC", lib.metrics.Precision()])
    history = model.fit(P, T, epochs=2, batch_size=2, verbose=0, validation_data=(P, T)).history
    assert list(history) == ["AUC", "loss", "precision", "val_AUC", "val_loss", "val_precision"]
    assert history["val_AUC"] == history["AUC"] == pytest.approx([8 / 9, 8 / 9], abs=1e-6)


@pytest.mark.parametrize("metric", ["AUC", "Precision", "Recall", "R2Score", "CosineSimilarity"])
def test_more_is_better_of_these(lib, metric):
    stopping = lib.callbacks.EarlyStopping(f"val_{metric}", patience=1)
    model = compiled(lib, [metric])
    model.fit(P, T, epochs=5, verbose=0, validation_data=(P, T), callbacks=[stopping])
    assert stopping.stopped_epoch == 1  # the second epoch is not better
    assert stopping.best >= 0  # inf if less were better


# ------------------------------------------------------------------------------- beside Keras


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_every_rank_weight_and_threshold_are_keras(keras, name):
    levels = [None, 0.5, 0, [0.3], [0.5, 0.2], [0.0, 0.5, 1.0], [0.0, 0.1, 0.2], [0.25, 0.5, 0.75]]
    for shape in [(6, 3), (6,), (6, 1), (2, 3, 2)]:
        t, p = drawn(*shape)
        each = np.arange(1.0, shape[0] + 1)
        weights = [None, 2.0, np.ones(shape)]
        if len(shape) < 3:  # of three axes Keras wants a weight for each row
            weights += [each, each[:, np.newaxis]]
        for weight in weights:
            same_as_keras(keras, name, [(t, p, weight), (1 - t, p)])
        for thresholds in levels:
            same_as_keras(keras, name, [(t, 3 * p - 1)], thresholds=thresholds)


@pytest.mark.parametrize("name", ["Precision", "Recall"])
def test_the_best_k_and_one_class_are_keras(keras, name):
    t, p = drawn(8, 4)
    p[3], p[4] = 0.5, [0.2, 0.7, 0.7, 0.1]  # ties
    for options in [
        {"top_k": 1},
        {"top_k": 2},
        {"top_k": 4},
        {"top_k": 2, "thresholds": 0.5},
        {"class_id": 0},
        {"class_id": 3, "thresholds": [0.2, 0.6]},
        {"class_id": 1, "top_k": 2},
        {"top_k": 5},
    ]:
        same_as_keras(keras, name, [(t, p), (t, p, np.arange(8.0))], **options)
    same_as_keras(keras, name, [(t[:, 0], p[:, 0])], class_id=0)


@pytest.mark.parametrize("curve", ["ROC", "PR"])
@pytest.mark.parametrize("method", ["interpolation", "minoring", "majoring"])
def test_areas_are_keras(keras, curve, method):
    for seed, shape in enumerate([(30,), (30, 1), (12, 3)]):
        t, p = drawn(*shape, seed=seed)
        weight = np.arange(1.0, len(t) + 1)
        for options in [
            {},
            {"num_thresholds": 2},
            {"num_thresholds": 11},
            {"num_thresholds": 101},
            {"thresholds": [0.1, 0.5, 0.2]},
            {"thresholds": [0.25, 0.5, 0.75]},
        ]:
            options |= {"curve": curve, "summation_method": method}
            same_as_keras(keras, "AUC", [(t, p), (1 - t, p, weight)], **options)
        same_as_keras(keras, "AUC", [(t * 0, p)], curve=curve, summation_method=method)
        same_as_keras(keras, "AUC", [(t, 4 * p - 2)], curve=curve, from_logits=True)


def test_areas_of_several_labels_are_keras(keras):
    t, p = drawn(20, 3, seed=5)
    weight = np.arange(20.0)
    for options in [
        {"multi_label": True},
        {"multi_label": True, "num_labels": 3, "curve": "PR"},
        {"multi_label": True, "label_weights": [1.0, 2.0, 3.0]},
        {"label_weights": [1.0, 2.0, 3.0]},
    ]:
        same_as_keras(keras, "AUC", [(t, p), (t, p, weight)], **options)


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
def test_f_scores_are_keras(keras, average):
    t, p = drawn(9, 3, seed=6)
    p[0], p[1] = 0.0, [0.5, 0.5, 0.1]
    batches = [(t, p), (t, p, np.arange(9.0))]
    for threshold in (None, 0.5):
        same_as_keras(keras, "F1Score", batches, average=average, threshold=threshold)
        same_as_keras(keras, "FBetaScore", batches, average=average, beta=2.5, threshold=threshold)


@pytest.mark.parametrize("aggregation", [None, "uniform_average", "variance_weighted_average"])
@pytest.mark.parametrize("regressors", [0, 2])
def test_r2_is_keras(keras, aggregation, regressors):
    rng = np.random.default_rng(7)
    t, p = rng.normal(size=(9, 3)), rng.normal(size=(9, 3))
    batches = [(t, p), (2 * t, p, np.arange(1.0, 10))]
    options = {"class_aggregation": aggregation, "num_regressors": regressors}
    same_as_keras(keras, "R2Score", batches, **options)
    same_as_keras(keras, "R2Score", [(t[:, :1] * 0, p[:, :1])], **options)


@pytest.mark.parametrize("name", [*COUNTS, "AUC", "F1Score", "FBetaScore", "R2Score"])
def test_configs_go_to_keras_and_back(keras, name):
    ours, theirs = getattr(tinynet.metrics, name), getattr(keras.metrics, name)
    config = theirs(name="mine").get_config()
    assert config.items() <= ours.from_config(config).get_config().items()
    assert theirs.from_config(ours(name="mine").get_config()).get_config() == config


def test_every_string_of_keras_means_the_same(keras):
    from keras.src.metrics import ALL_OBJECTS_DICT

    ours = {name: cls.__name__ for name, cls in tinynet.metrics.BY_NAME.items()}
    theirs = {name: cls.__name__ for name, cls in ALL_OBJECTS_DICT.items()}
    assert ours.items() <= theirs.items()
    missing = {theirs[name] for name in theirs.keys() - ours.keys()}
    assert not missing & set(ours.values())


# -------------------------------------------------------------------------------- tinynet alone


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("Precision", {"thresholds": 1.5}, "a threshold as a number from 0 to 1"),
        ("Recall", {"thresholds": [0.5, None]}, "a threshold as a number from 0 to 1"),
        ("Precision", {"top_k": 0}, "top_k as a whole number from 1"),
        ("AUC", {"curve": "PRGAIN"}, "curve as 'ROC' or 'PR'"),
        ("AUC", {"summation_method": "trapezoid"}, "summation_method"),
        ("AUC", {"num_thresholds": 1}, "num_thresholds as a whole number from 2"),
        ("AUC", {"num_labels": 3}, "belongs to multi_label=True"),
        ("F1Score", {"average": "binary"}, "average as None, 'micro'"),
        ("FBetaScore", {"beta": 0.0}, "beta as a number above 0"),
        ("R2Score", {"class_aggregation": "mean"}, "class_aggregation"),
    ],
)
def test_settings_are_checked(name, options, said):
    with pytest.raises(ValueError, match=said):
        getattr(tinynet.metrics, name)(**options)


def test_an_example_of_any_rank_has_its_weight():
    metric = tinynet.metrics.FalseNegatives()
    assert metric(np.ones((2, 2, 2)), np.zeros((2, 2, 2)), [1, 3]) == 4 + 12


def test_nan_is_above_nothing():
    metric = tinynet.metrics.TruePositives()
    assert metric([1, 1], [np.nan, 0.9]) == 1.0
    assert np.isfinite(tinynet.metrics.AUC()([1, 0], [np.nan, 0.9]))


@pytest.mark.parametrize("name", ["IoU", "PrecisionAtRecall", "PearsonCorrelation"])
def test_what_is_outside_is_refused_by_name(name):
    with pytest.raises(AttributeError, match=f"Keras has metrics.{name}, and tinynet has not"):
        getattr(tinynet.metrics, name)
    with pytest.raises(ValueError, match="Keras has it"):
        tinynet.metrics.get(name)
