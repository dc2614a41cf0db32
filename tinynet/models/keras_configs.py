"""How a model is described in Keras's files: what it is made of, and how it was compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinynet.metrics import FunctionMetric
from tinynet.support import registry

KERAS = "3.15.1"  # the version whose files these are


def of_model(model: Any) -> dict[str, Any]:
    """Return the config that keras.models.model_from_json reads, without the weights."""
    described: dict[str, Any] = registry.serialize(model)
    name = base(model).__name__
    module = "keras" if name == "Sequential" else "keras.src.models.functional"
    described |= {"module": module, "class_name": name}
    for layer in described["config"]["layers"]:
        layer["config"]["dtype"] = model.params.dtype.name
    if model.built:
        described["build_config"] = {"input_shape": list(model.input_shape)}
    if model.optimizer:
        described["compile_config"] = of_compile(model)
    return described


def base(model: Any) -> Any:
    """Return the class of tinynet's that a model is of, maybe by way of one of the user's."""
    return next(cls for cls in type(model).__mro__ if cls.__module__.startswith("tinynet."))


def of_compile(model: Any) -> dict[str, Any]:
    """Return what the model was compiled with."""
    return {
        "optimizer": registry.serialize(model.optimizer),
        "loss": registry.serialize(model.loss),
        "loss_weights": None,
        "metrics": [of_metric(metric) for metric in model.metrics],
        "weighted_metrics": [of_metric(metric) for metric in model.weighted_metrics] or None,
        "run_eagerly": False,
        "steps_per_execution": 1,
        "jit_compile": False,
    }


def of_metric(metric: Any) -> Any:
    """Return a metric's config; a function is named, and not written down."""
    if isinstance(metric, FunctionMetric):
        name = metric.get_config()["function"]
        function = {"module": "builtins", "class_name": "function", "config": name}
        return function | {"registered_name": "function"}
    return registry.serialize(metric)


def arguments_of_compile(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of compile that a config of Keras names.

    Those that say how Keras computes, and not what, are left out.

    Raises:
        ValueError: a function of the user's that custom_objects does not have.
    """
    kept = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
    return {name: named(config[name]) for name in kept if config.get(name) is not None}


def named(config: Any) -> Any:
    """Put names and functions in the place of configs that only name them."""
    if isinstance(config, list):
        return [named(item) for item in config]
    if isinstance(config, Mapping) and config.get("class_name") == "function":
        return registry.custom(config["config"])
    return config
