"""Parts of one's own that break a promise are named; nothing writes into the user's data."""

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import initializers, losses, metrics, optimizers, regularizers
from tinynet.layers import Dense, Dropout, Flatten, Layer
from tinynet.models import Sequential
from tinynet.models.contracts import BrokenContract

RNG = np.random.default_rng(5)
X = RNG.normal(size=(6, 4)).astype(np.float32)
T = RNG.normal(size=(6, 3)).astype(np.float32)


class Free(Layer):
    """y = f(x), and backward as it comes."""

    def __init__(self, forward: Callable[[Any], Any], infer: Any = None) -> None:
        super().__init__(name="free")
        self.given, self.given_infer = forward, infer

    def forward(self, x: Any) -> Any:
        return self.given(x)

    def infer(self, x: Any) -> Any:
        return self.given_infer(x) if self.given_infer else self.given(x)[0]


def compiled(*layers: Layer, loss: Any = "mse", optimizer: Any = "sgd") -> Sequential:
    model = Sequential([Dense(4, input_shape=(4,)), *layers, Dense(3)])
    model.compile(optimizer, loss)
    return model


def everywhere(model: Sequential, message: str) -> None:
    """The sentence comes from all that takes a training step, and nothing is changed by it."""
    for step in (
        lambda: model.fit(X, T, verbose=0),
        lambda: model.train_on_batch(X, T),
        lambda: tinynet.explain(model, X, T),
        lambda: tinynet.check_gradients(model, X, T),
    ):
        before = model.params.copy()
        with pytest.raises(ValueError, match=message):
            step()
        np.testing.assert_array_equal(model.params, before)


FORWARDS = {
    "only y": (lambda x: x * 2, r"forward of layer 'free' returned an array of shape \(\d, 4\)"),
    "a list": (lambda x: [x, None], "expected y and the function that maps dy to dx"),
    "nothing": (lambda x: None, "'free' returned None; .*: return y, backward"),
    "another shape": (
        lambda x: (x[:, :2], lambda dy: dy),
        r"expected shape \(\d, 4\) as its build",
    ),
    "backward nothing": (lambda x: (x * 2, lambda dy: None), "'free' returned None; expected dx"),
    "transposed": (lambda x: (x * 2, lambda dy: dy.T[:, :3]), "returned a dx of shape"),
    "summed": (lambda x: (x * 2, lambda dy: dy.sum(axis=0)), r"dx of shape \(4,\); its x has"),
}


@pytest.mark.parametrize("mistake", FORWARDS)
def test_a_layer_that_returns_something_else_is_named(mistake: str) -> None:
    function, message = FORWARDS[mistake]
    everywhere(compiled(Free(function)), message)


def halve(x: Any) -> Any:
    x *= 0.5
    return x, lambda dy: dy * 0.5


def test_a_layer_that_writes_into_its_input_is_named() -> None:
    everywhere(compiled(Free(halve)), "forward of layer 'free' writes into its input x")


@pytest.mark.parametrize("what", ["x", "y", "W"])
def test_a_backward_that_writes_into_what_is_not_its_own_is_named(what: str) -> None:
    class Careless(Dense):
        def forward(self, x: Any) -> Any:
            y, backward = super().forward(x)

            def careless(dy: Any) -> Any:
                dx = backward(dy)
                {"x": x, "y": y, "W": self.W}[what][...] -= 1
                return dx

            return y, careless

    model = compiled(Careless(4, name="careless"))
    everywhere(model, f"backward of layer 'careless' writes into (self.)?{what}")


def test_a_new_array_in_the_place_of_a_gradient_is_named() -> None:
    class Replaced(Layer):
        def build(self, input_shape: Any) -> Any:
            self.add_weight("a", input_shape, "ones")
            return input_shape

        def forward(self, x: Any) -> Any:
            def backward(dy: Any) -> Any:
                self.da = (dy * x).sum(axis=0)
                return dy * self.a

            return x * self.a, backward

    everywhere(
        compiled(Replaced(name="r")), r"'r' puts a new array .* Write .*: self\.da\[\.\.\.\]"
    )


def test_a_layer_without_its_base_classs_constructor_is_refused_when_it_is_added() -> None:
    class Bare(Layer):
        def __init__(self) -> None:
            self.rate = 1

    with pytest.raises(BrokenContract, match=r"Bare is not whole: .*super\(\).__init__\("):
        Sequential([Bare()])


@pytest.mark.parametrize("returned", [None, 4, [4], (None, 4), ("4",)])
@pytest.mark.parametrize("behind", [(), (Dense,), (Flatten, Dense)])
def test_a_build_that_returns_no_shape_is_named(returned: Any, behind: Any) -> None:
    class Shapeless(Layer):
        def build(self, input_shape: Any) -> Any:
            return returned

    layers = [Dense(4, input_shape=(4,)), Shapeless(name="shapeless")]
    layers += [kind(3, name="b") if kind is Dense else kind() for kind in behind]
    with pytest.raises(BrokenContract, match=r"build of layer 'shapeless' returned .*: return"):
        Sequential(layers)


@pytest.mark.parametrize("name", ["name", "forward", "declared", "input_shape"])
def test_a_weight_with_the_name_of_something_else_is_refused(name: str) -> None:
    class Named(Layer):
        def build(self, input_shape: Any) -> Any:
            self.add_weight(name, input_shape, "ones")
            return input_shape

    with pytest.raises(BrokenContract, match=f"'mine' has a weight called '{name}'"):
        Sequential([Dense(4, input_shape=(4,)), Named(name="mine")])


LOSSES = {
    "a scalar": (lambda t, y: (np.square(y - t).mean(), y - t), "returned .*; expected shape"),
    "l (n, k)": (lambda t, y: (np.square(y - t), 2 * (y - t)), r"one loss for each example"),
    "over axis 0": (lambda t, y: (np.square(y - t).mean(axis=0), y - t), "one loss for each"),
    "dy a number": (lambda t, y: (np.square(y - t).mean(axis=1), 1.0), "for dy, as y has"),
    "only l": (lambda t, y: np.square(y - t).mean(axis=1), r"expected \(l, dy\)"),
}


@pytest.mark.parametrize("mistake", LOSSES)
def test_a_loss_that_returns_something_else_is_named(mistake: str) -> None:
    function, message = LOSSES[mistake]

    class Mine(losses.Loss):
        def per_example(self, t: Any, y: Any) -> Any:
            return function(t, y)

    everywhere(compiled(loss=Mine()), f"per_example of loss Mine {message}|{message}")


@pytest.mark.parametrize("which", ["t", "y"])
def test_a_loss_that_writes_into_its_inputs_is_named(which: str) -> None:
    class Mine(losses.MeanSquaredError):
        def per_example(self, t: Any, y: Any) -> Any:
            result = super().per_example(t, y)
            {"t": t, "y": y}[which][...] += 1
            return result

    everywhere(compiled(loss=Mine()), f"Loss Mine writes into the (targets|outputs) {which}")


class Rule(optimizers.Optimizer):
    slot_names = ("v",)

    def __init__(self, rule: Any = None) -> None:
        super().__init__(0.1)
        self.rule = rule

    def update(self, lr: float, w: Any, g: Any, slots: Any) -> None:
        self.rule(lr, w, g, slots)


def rebind(lr: float, w: Any, g: Any, slots: Any) -> None:
    w = w - lr * g


def replace(lr: float, w: Any, g: Any, slots: Any) -> None:
    slots["v"] = slots["v"] + g * g
    w -= lr * g


def climb(lr: float, w: Any, g: Any, slots: Any) -> None:
    w += lr * g


def write(lr: float, w: Any, g: Any, slots: Any) -> None:
    g *= lr
    w -= g


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (rebind, "update of optimizer Rule moves no weight: .* w -="),
        (replace, r"a new array in the place of a slot.*slots\['v'\]\[\.\.\.\]"),
        (climb, "goes uphill"),
        (write, "writes into the gradients g"),
    ],
)
def test_an_optimizer_that_does_nothing_or_harm_is_named(rule: Any, message: str) -> None:
    everywhere(compiled(optimizer=Rule(rule)), message)


def test_a_metric_that_gives_one_number_for_all_is_named() -> None:
    class Mine(metrics.Metric):
        def per_example(self, t: Any, p: Any) -> Any:
            return np.abs(t - p).mean()

    model = compiled()
    model.compile("sgd", "mse", metrics=[Mine()])
    everywhere(model, "per_example of metric Mine .*for one value an example")


def test_a_regularizer_that_writes_into_the_weights_is_named() -> None:
    class Mine(regularizers.L1L2):
        def __call__(self, W: Any) -> float:
            W *= 0.5
            return 0.0

    everywhere(compiled(Dense(4, kernel_regularizer=Mine())), "Regularizer Mine writes into the w")


@pytest.mark.parametrize("shape", [(3, 4), (12,), ()])
def test_an_initializer_that_draws_another_shape_is_named(shape: Any) -> None:
    class Mine(initializers.Initializer):
        def draw(self, wanted: Any, rng: Any) -> Any:
            return np.ones(shape)

    with pytest.raises(ValueError, match=r"Mine drew .* expected shape \(4, 3\)"):
        Sequential([Dense(3, kernel_initializer=Mine(), input_shape=(4,))])


# ------------------------------------------------------------------------------ right ones


class Right(Layer):
    """What nobody should object to: random numbers, no copy, numbers of its own."""

    def forward(self, x: Any) -> Any:
        return x, lambda dy: dy


def test_what_keeps_its_promises_trains_the_same_as_without_rehearsal() -> None:
    tinynet.utils.set_random_seed(1)
    own = Sequential([Dense(4), Right(), Dropout(0.5), Dense(3)])
    own.compile("adam", "mse")
    own.fit(X, T, epochs=3, batch_size=2, verbose=0)
    tinynet.utils.set_random_seed(1)
    plain = Sequential([Dense(4), Dropout(0.5), Dense(3)])
    plain.compile("adam", "mse")
    plain.fit(X, T, epochs=3, batch_size=2, verbose=0)
    np.testing.assert_array_equal(own.params, plain.params)


def test_a_step_is_rehearsed_once_until_a_part_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    monkeypatch.setattr("tinynet.models.contracts.rehearse", lambda *_: counted.append(1))
    model = compiled(Right())
    for _ in range(3):
        model.train_on_batch(X, T)
    assert len(counted) == 1
    model.compile("adam", "mse")
    model.fit(X, T, verbose=0)
    assert len(counted) == 2
    compiled().fit(X, T, verbose=0)  # nothing of one's own in it
    assert len(counted) == 2


def test_a_layer_that_can_not_be_copied_is_trained_without_rehearsal() -> None:
    import threading

    layer = Right()
    layer.lock = threading.Lock()  # type: ignore[attr-defined]
    compiled(layer).fit(X, T, verbose=0)


# ---------------------------------------------------------------------- the user's own data


def spoil(a: Any) -> None:
    a *= 0.5


USES = {
    "fit": lambda m, x, t: m.fit(x, t, shuffle=False, verbose=0),
    "fit, shuffled": lambda m, x, t: m.fit(x, t, verbose=0),
    "validation": lambda m, x, t: m.fit(x[:2] + 0, t[:2], validation_data=(x, t), verbose=0),
    "train_on_batch": lambda m, x, t: m.train_on_batch(x, t),
    "evaluate": lambda m, x, t: m.evaluate(x, t, verbose=0),
    "test_on_batch": lambda m, x, t: m.test_on_batch(x, t),
    "predict": lambda m, x, t: m.predict(x, verbose=0),
    "a call": lambda m, x, t: m(x),
    "a training call": lambda m, x, t: m(x, training=True),
    "explain": tinynet.explain,
    "check_gradients": tinynet.check_gradients,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("where", ["forward", "infer", "backward", "loss", "metric", "function"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_writes_into_the_users_data(use: str, where: str, dtype: str) -> None:
    class Careless(Layer):
        def forward(self, x: Any) -> Any:
            if where == "forward":
                spoil(x)

            def backward(dy: Any) -> Any:
                if where == "backward":
                    spoil(x)
                return dy

            return x, backward

        def infer(self, x: Any) -> Any:
            if where == "infer":
                spoil(x)
            return x

    class CarelessLoss(losses.MeanSquaredError):
        def per_example(self, t: Any, y: Any) -> Any:
            if where == "loss":
                spoil(t)
            return super().per_example(t, y)

    class CarelessMetric(metrics.MeanSquaredError):
        def per_example(self, t: Any, p: Any) -> Any:
            if where == "metric":
                spoil(t)
            return super().per_example(t, p)

    def careless(t: Any, p: Any) -> Any:
        if where == "function":
            spoil(t)
        return np.abs(t - p).mean(axis=1)

    tinynet.config.set_floatx(dtype)
    try:
        model = Sequential([Careless(name="careless"), Dense(3)])
        model.compile("sgd", CarelessLoss(), metrics=[CarelessMetric(), careless])
        x, t = X.astype(dtype), T.astype(dtype)
        kept = x.copy(), t.copy()
        with contextlib.suppress(ValueError):  # most are named
            USES[use](model, x, t)
        np.testing.assert_array_equal(x, kept[0])
        np.testing.assert_array_equal(t, kept[1])
    finally:
        tinynet.config.set_floatx("float32")


def test_outputs_may_be_written_into_even_where_a_layer_hands_its_input_on() -> None:
    model = Sequential([Right(input_shape=(4,))])
    y = model(X)
    y *= 2
    assert not np.shares_memory(y, X)


def test_losses_and_metrics_called_alone_leave_their_arguments() -> None:
    class CarelessLoss(losses.MeanSquaredError):
        def per_example(self, t: Any, y: Any) -> Any:
            spoil(t)
            spoil(y)
            return super().per_example(t, y)

    t, y = T.copy(), T + 1
    kept = y.copy()
    CarelessLoss()(t, y)
    np.testing.assert_array_equal(t, T)
    np.testing.assert_array_equal(y, kept)


@pytest.mark.parametrize("wrong", [lambda x: None, lambda x: (x, None)])
@pytest.mark.parametrize("use", ["evaluate", "predict", "a call"])
@pytest.mark.parametrize("behind", [0, 1])
def test_an_infer_that_returns_something_else_is_named(wrong: Any, use: str, behind: int) -> None:
    layer = Free(lambda x: (x * 2, lambda dy: dy * 2), wrong)
    model = Sequential([Dense(3), layer, *[Dense(3) for _ in range(behind)]])
    model.compile("sgd", "mse")
    with pytest.raises(BrokenContract, match="infer of layer 'free' returned"):
        USES[use](model, X, T)


def test_a_fused_loss_of_ones_own_is_not_told_to_use_an_argument_that_it_lacks() -> None:
    class Focal(losses.CategoricalCrossentropy):
        def __init__(self, gamma: float = 2.0) -> None:
            super().__init__()
            self.gamma = gamma

    model = Sequential([Dense(3)])
    model.compile("sgd", Focal())
    with pytest.raises(ValueError, match="expects probabilities") as caught:
        model.fit(X, np.eye(3)[[0, 1, 2, 0, 1, 2]], verbose=0)
    assert "from_logits" not in str(caught.value)


# ------------------------------------------------------------------- found by trying to fool it


def own_layer(forward: Any, build: Any = None) -> Layer:
    methods = {"forward": forward} | ({"build": build} if build else {})
    return type("Own", (Layer,), methods)(name="own")


def fit(*layers: Layer, **compiled: Any) -> None:
    model = tinynet.Sequential([*layers, Dense(3)])
    model.compile(**{"optimizer": "sgd", "loss": "mse"} | compiled)
    model.fit(np.ones((6, 4)), np.ones((6, 3)), verbose=0)


def passes(layer: Any, x: np.ndarray) -> Any:
    return x, lambda dy: dy


@pytest.mark.parametrize("name", ["", " a", "W b", "name", "build", "dW"])
def test_a_weight_has_a_name_of_its_own(name: str) -> None:
    def build(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
        layer.add_weight("W", shape, "ones")
        layer.add_weight(name, shape, "ones")
        return shape

    with pytest.raises(BrokenContract, match=f"a weight called {name!r}"):
        fit(own_layer(passes, build))


@pytest.mark.parametrize("front", [0, 1])
def test_an_undeclared_weight_is_refused_before_it_stays_untrained(front: int) -> None:
    def build(layer: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
        layer.V = np.ones(shape)
        return shape

    def forward(layer: Any, x: np.ndarray) -> Any:
        def backward(dy: np.ndarray) -> np.ndarray:
            layer.dV = (dy * x).sum(axis=0)
            return dy * layer.V

        return x * layer.V, backward

    with pytest.raises(BrokenContract, match=r"self\.add_weight\('V', \(4,\), \.\.\.\)"):
        fit(*[Dense(4)] * front, own_layer(forward, build))


def test_a_layer_in_front_need_not_hand_a_dx_on() -> None:
    fit(own_layer(lambda layer, x: (2 * x, lambda dy: None)))


def test_only_the_optimizer_moves_weights() -> None:
    class Halved(Dense):
        def forward(self, x: np.ndarray) -> Any:
            self.W *= 0.5
            return super().forward(x)

    class Replaced(Dense):
        def forward(self, x: np.ndarray) -> Any:
            self.W = self.W * 0.5
            return super().forward(x)

    for layer in (Halved(4, name="own"), Replaced(4, name="own")):
        with pytest.raises(BrokenContract, match=r"forward of layer 'own' changes self\.W"):
            fit(layer)


def test_an_optimizer_moves_all_the_weights() -> None:
    class Lazy(optimizers.Optimizer):
        def update(self, lr: float, w: np.ndarray, g: np.ndarray, slots: Any) -> None:
            w[0] -= lr * g[0]

    with pytest.raises(BrokenContract, match=r"moves only 1 of 15 weights"):
        fit(optimizer=Lazy(0.1))


@pytest.mark.parametrize("given", [{"Own": 3}, [Dense], {3: Dense}])
def test_custom_objects_are_names_and_classes(given: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    tinynet.Sequential([Dense(1, input_shape=(2,))]).save(path)
    with pytest.raises(ValueError, match="Expected custom_objects=") as error:
        tinynet.models.load_model(path, custom_objects=given)
    assert not isinstance(error.value, tinynet.saving.ModelFileError)


def test_a_function_without_a_name_is_no_metric_of_a_file(tmp_path: Path) -> None:
    class Own:
        def far(self, t: np.ndarray, p: np.ndarray) -> np.ndarray:
            return np.abs(t - p).max(axis=1)

    path = tmp_path / "m.npz"
    for function in (lambda t, p: p[:, 0], functools.partial(Own().far)):
        model = tinynet.Sequential([Dense(1, input_shape=(2,))])
        model.compile("sgd", "mse", metrics=[function])
        with pytest.raises(ValueError, match="Write it with def"):
            model.save(path)
        assert not path.exists()
    model.compile("sgd", "mse", metrics=[Own().far])
    model.save(path)
    twin = tinynet.models.load_model(path, custom_objects={"far": Own().far})
    assert twin.evaluate(np.ones((3, 2)), np.ones(3), verbose=0) == model.evaluate(
        np.ones((3, 2)), np.ones(3), verbose=0
    )
