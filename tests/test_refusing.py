"""What would have no effect is refused, and what is advised in its place works."""

import inspect
import re

import numpy as np
import pytest

import tinynet
from tinynet import layers, losses, metrics, optimizers
from tinynet.support import refusing, spellings

BASES = {
    "Model": (tinynet.Sequential, tinynet.Model),
    "Layer": (layers.Layer, layers.Dense, layers.Dropout),
    "Loss": (losses.Loss, losses.MeanSquaredError),
    "Optimizer": (optimizers.Optimizer, optimizers.Adam),
}
OVERRIDES = [
    (base, name)
    for kind, names in spellings.OVERRIDES.items()
    for name in names
    for base in BASES[kind]
]


@pytest.mark.parametrize(("base", "name"), OVERRIDES)
def test_a_method_that_only_keras_calls_is_refused(base, name):
    class Mixin:
        pass

    setattr(Mixin, name, lambda self, *args: None)
    for bases in ((base,), (Mixin, base)):
        own = type("Own", bases, {} if Mixin in bases else {name: lambda self, *args: None})
        with pytest.raises(TypeError, match=rf"Own\.{name} is what Keras calls"):
            own()
        with pytest.raises(TypeError, match=rf"Heir\.{name}"):
            type("Heir", (own,), {})()


def test_nothing_of_tinynets_own_is_refused():
    tinynet.more.load()
    for module in (layers, losses, metrics, optimizers):
        for cls in filter(inspect.isclass, vars(module).values()):
            refusing.overrides(cls)


def test_a_subclass_that_adds_and_extends_is_taken():
    class Loud(tinynet.Sequential):
        def fit(self, *args, **options):
            self.heard = True
            return super().fit(*args, **options)

        def apply(self):
            return "of no model of Keras's"

    model = Loud([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones(3), np.ones(3), verbose=0)
    assert model.heard


MODEL = tinynet.Sequential([layers.Dense(2, input_shape=(3,))])
MODEL.compile("sgd", "mse")
X, Y = np.ones((4, 3)), np.ones((4, 2))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: MODEL.fit(X, Y, nb_epoch=3),
            "fit has no argument 'nb_epoch'. It is called 'epochs'",
        ),
        (lambda: MODEL.fit(X, Y, epoch=3), "Did you mean 'epochs'?"),
        (lambda: MODEL.fit(X, Y, callback=[]), "Did you mean 'callbacks'?"),
        (lambda: MODEL.fit(X=X, y=Y), "It is called 'x' now"),
        (lambda: MODEL.fit(X, Y, workers=4), "utils.PyDataset"),
        (lambda: MODEL.fit(X, Y, samples_per_epoch=4), "called 'steps_per_epoch' now"),
        (lambda: MODEL.evaluate(X, Y, val_samples=4), "called 'steps' now"),
        (lambda: MODEL.evaluate(X, Y, show_accuracy=True), "metrics=['accuracy']"),
        (lambda: MODEL.predict(X, use_multiprocessing=True), "utils.PyDataset"),
        (lambda: MODEL.compile("sgd", "mse", lr=0.1), "Adam(learning_rate=0.01)"),
        (lambda: MODEL.compile("sgd", "mse", metric=["mae"]), "Did you mean 'metrics'?"),
        (lambda: MODEL.compile(optimiser="sgd"), "Did you mean 'optimizer'?"),
        (lambda: MODEL.train_on_batch(X, Y, weights=1), "It has: x, y, sample_weight"),
        (lambda: MODEL.summary(lines=3), "It has: line_length"),
        (lambda: MODEL.load_weights("m.npz", by_name=True), "by their places"),
    ],
)
def test_an_argument_that_is_none_is_answered(call, words):
    with pytest.raises(TypeError, match=re.escape(words)):
        call()


def test_every_new_name_of_an_argument_is_there():
    known = [inspect.signature(getattr(MODEL, name)).parameters for name in ("fit", "evaluate")]
    for old, new in spellings.OF_METHODS.items():
        assert any(new in names for names in known)
        assert not any(old in names for names in [*known, spellings.NOT_OF_METHODS])
    assert not any(set(spellings.NOT_OF_METHODS) & set(names) for names in known)


def test_what_a_model_of_keras_has_besides_is_named():
    for name in ("add_loss", "quantize", "jit_compile"):
        with pytest.raises(AttributeError, match=f"Keras's models have '{name}'"):
            getattr(MODEL, name)
    with pytest.raises(AttributeError, match="has no 'sumary'"):
        MODEL.sumary()
