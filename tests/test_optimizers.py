"""The optimizers against Keras's numbers, against plain loops, and at gradients of any size."""

import math

import numpy as np
import pytest

from tinynet import Input, Sequential, optimizers
from tinynet.layers import Dense
from tinynet.optimizers import BLOCK, SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Nadam, RMSprop
from tinynet.schedules import CosineDecay, ExponentialDecay

# Three steps of Keras 3's RMSprop, in float32
W = [1.0, -1.0, 0.5, 2.0]
GRADIENTS = [[0.1, -0.2, 1e-4, 0.0], [0.3, 0.05, -2e-4, 0.0], [-0.2, 0.1, 3e-4, 1e-8]]
KERAS = {
    "default": ({}, [0.995582938, -0.999140084, 0.49941203, 2]),
    "momentum": ({"momentum": 0.9}, [0.987462163, -0.994457901, 0.499429733, 2]),
    "centered": ({"centered": True}, [0.995165467, -0.998987854, 0.499410659, 2]),
    "clipnorm": ({"clipnorm": 0.1}, [0.996020079, -0.998953462, 0.499646693, 2]),
    "clipvalue": ({"clipvalue": 0.05}, [0.996465206, -1.00105309, 0.49941203, 2]),
    "weight_decay": ({"weight_decay": 0.01}, [0.995553017, -0.999110162, 0.49939701, 1.99993992]),
}
TOLERANCE = 1.2e-7  # of w: one unit in the last place of a float32 near 1


def run(optimizer, gradients=GRADIENTS, w=W, dtype=np.float32):
    """Return the weights after these steps."""
    w = np.array(w, dtype)
    optimizer.build(w, [w.size])
    for g in gradients:
        optimizer.step(w, np.array(g, dtype))
    return w


@pytest.mark.parametrize("variant", KERAS)
def test_rmsprop_takes_keras_steps(variant):
    options, expected = KERAS[variant]
    np.testing.assert_allclose(run(RMSprop(**options)), expected, rtol=0, atol=2 * TOLERANCE)


class EpsilonOutside(RMSprop):
    """The mistake of most clones."""

    def update(self, lr, w, g, slots):
        v = slots["velocity"]
        v += (1 - self.rho) * (g * g - v)
        w -= lr * g / (np.sqrt(v) + self.epsilon)


def test_epsilon_outside_the_root_misses_by_far():
    miss = np.abs(run(EpsilonOutside()) - KERAS["default"][1])
    assert miss[2] > 1000 * TOLERANCE
    assert miss[3] > 100 * TOLERANCE


# The same rules, number by number, with Python's floats


def rmsprop(gs, lr=0.001, rho=0.9, mu=0.0, eps=1e-7, centered=False):
    w = v = a = m = 0.0
    for g in gs:
        v = rho * v + (1 - rho) * g * g
        a = rho * a + (1 - rho) * g
        step = lr * g / math.sqrt(v - (a * a if centered else 0) + eps)
        m = mu * m + step
        w -= m
    return w


def sgd(gs, lr=0.01, mu=0.0, nesterov=False):
    w = m = 0.0
    for g in gs:
        m = mu * m - lr * g
        w += mu * m - lr * g if nesterov else m
    return w


def adam(gs, lr=0.001, b1=0.9, b2=0.999, eps=1e-7):
    w = m = v = 0.0
    for t, g in enumerate(gs, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        w -= lr * math.sqrt(1 - b2**t) / (1 - b1**t) * m / (math.sqrt(v) + eps)
    return w


def adamw(gs, decay=0.004, lr=0.001):
    w = 0.0
    for t in range(len(gs)):  # Adam's step does not depend on w
        w -= lr * decay * w
        w += adam(gs[: t + 1], lr) - adam(gs[:t], lr)
    return w


def nadam(gs, lr=0.001, b1=0.9, b2=0.999, eps=1e-7):
    w = m = v = 0.0
    product = 1.0
    for t, g in enumerate(gs, 1):
        u, following = (b1 * (1 - 0.5 * 0.96**i) for i in (t, t + 1))
        product *= u
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        ahead = following * m / (1 - product * following) + (1 - u) * g / (1 - product)
        w -= lr * ahead / (math.sqrt(v / (1 - b2**t)) + eps)
    return w


def adamax(gs, lr=0.001, b1=0.9, b2=0.999, eps=1e-7):
    w = m = u = 0.0
    for t, g in enumerate(gs, 1):
        m = b1 * m + (1 - b1) * g
        u = max(b2 * u, abs(g))
        w -= lr * m / ((1 - b1**t) * (u + eps))
    return w


def adagrad(gs, lr=0.001, start=0.1, eps=1e-7):
    w, a = 0.0, start
    for g in gs:
        a += g * g
        w -= lr * g / math.sqrt(a + eps)
    return w


def adadelta(gs, lr=0.001, rho=0.95, eps=1e-7):
    w = a = d = 0.0
    for g in gs:
        a = rho * a + (1 - rho) * g * g
        step = math.sqrt(d + eps) / math.sqrt(a + eps) * g
        d = rho * d + (1 - rho) * step * step
        w -= lr * step
    return w


RULES = [
    (SGD(), sgd, {}),
    (SGD(0.1, momentum=0.9), sgd, {"lr": 0.1, "mu": 0.9}),
    (SGD(momentum=0.8, nesterov=True), sgd, {"mu": 0.8, "nesterov": True}),
    (RMSprop(), rmsprop, {}),
    (RMSprop(0.01, rho=0.8, epsilon=1e-5), rmsprop, {"lr": 0.01, "rho": 0.8, "eps": 1e-5}),
    (RMSprop(momentum=0.9), rmsprop, {"mu": 0.9}),
    (RMSprop(centered=True), rmsprop, {"centered": True}),
    (RMSprop(momentum=0.5, centered=True), rmsprop, {"mu": 0.5, "centered": True}),
    (Adam(), adam, {}),
    (
        Adam(0.01, beta_1=0.8, beta_2=0.99, epsilon=1e-3),
        adam,
        {"lr": 0.01, "b1": 0.8, "b2": 0.99, "eps": 1e-3},
    ),
    (AdamW(), adamw, {}),
    (AdamW(0.1, weight_decay=0.5), adamw, {"lr": 0.1, "decay": 0.5}),
    (Nadam(), nadam, {}),
    (Nadam(0.1, beta_1=0.5, epsilon=1e-3), nadam, {"lr": 0.1, "b1": 0.5, "eps": 1e-3}),
    (Adamax(), adamax, {}),
    (Adamax(0.1, beta_2=0.5, epsilon=1e-3), adamax, {"lr": 0.1, "b2": 0.5, "eps": 1e-3}),
    (Adagrad(), adagrad, {}),
    (Adagrad(0.1, 0, epsilon=1e-3), adagrad, {"lr": 0.1, "start": 0, "eps": 1e-3}),
    (Adadelta(), adadelta, {}),
    (Adadelta(1.0, rho=0.5, epsilon=1e-3), adadelta, {"lr": 1.0, "rho": 0.5, "eps": 1e-3}),
]
ALL = [SGD, RMSprop, Adam, AdamW, Nadam, Adamax, Adagrad, Adadelta]
SIZES = np.array([0.0, *np.logspace(-8, 2, 11)])  # of the gradients, of either sign
SWING = np.array([1.0, 0.7, -0.4, 1.3, 0.0, -0.9])  # over six steps


@pytest.mark.parametrize(("optimizer", "rule", "options"), RULES, ids=str)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 2e-5)])
def test_every_rule_at_gradients_from_0_to_100(optimizer, rule, options, dtype, rtol):
    sizes = np.concatenate([SIZES, -SIZES])
    w = run(optimizer, np.outer(SWING, sizes), np.zeros_like(sizes), dtype)
    expected = [rule(SWING * size, **options) for size in sizes]
    np.testing.assert_allclose(w, expected, rtol=rtol, atol=0)
    assert w.dtype == dtype


@pytest.mark.parametrize(
    "optimizer",
    [SGD(momentum=0.9), RMSprop(momentum=0.9), *(cls() for cls in ALL if cls is not AdamW)],
    ids=repr,
)
def test_a_gradient_of_exactly_0_moves_nothing(optimizer):
    np.testing.assert_array_equal(run(optimizer, np.zeros((5, 4))), np.float32(W))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cls", ALL)
def test_a_vector_longer_than_a_block_is_moved_as_a_whole(cls, dtype):
    rng = np.random.default_rng(0)
    w, gradients = rng.normal(size=2 * BLOCK + 17), rng.normal(size=(3, 2 * BLOCK + 17))
    whole = run(cls(), gradients, w, dtype)
    places = [0, BLOCK - 1, BLOCK, 2 * BLOCK, 2 * BLOCK + 16]
    np.testing.assert_array_equal(whole[places], run(cls(), gradients[:, places], w[places], dtype))


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(np.float64(0.1), momentum=np.float64(0.9), nesterov=True),
        RMSprop(np.float64(0.1), rho=np.float64(0.9), momentum=np.float64(0.5), centered=True),
        Adam(np.float64(0.1), beta_1=np.float64(0.9), clipnorm=np.float64(1), weight_decay=0.1),
        RMSprop(ExponentialDecay(np.float64(0.1), 10, 0.5), clipvalue=np.float64(0.1)),
        SGD(global_clipnorm=np.float64(0.5)),
        AdamW(np.float64(0.1), weight_decay=np.float64(0.1)),
        Nadam(np.float64(0.1), beta_1=np.float64(0.9)),
        Adamax(np.float64(0.1), beta_2=np.float64(0.9)),
        Adagrad(np.float64(0.1), np.float64(0.1), epsilon=np.float64(1e-7)),
        Adadelta(np.float64(0.1), rho=np.float64(0.9)),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_works_in_place_and_keeps_float32(optimizer):
    w, g = np.array(W, np.float32), np.array(GRADIENTS[0], np.float32)
    optimizer.build(w, [w.size])
    slots = dict(optimizer.slots)
    optimizer.step(w, g)
    np.testing.assert_array_equal(g, np.float32(GRADIENTS[0]))  # gradients are not changed
    assert optimizer.slots.keys() == slots.keys()
    for name, slot in optimizer.slots.items():
        assert slot is slots[name]
        assert slot.dtype == np.float32
        assert slot.any()


# Clipping: lengths are those of each weight, or of all together


def test_clipnorm_is_for_each_weight_and_global_clipnorm_for_all():
    g = np.array([3.0, 4.0, 0.3, 0.4])  # two weights, of lengths 5 and 0.5
    each, all_ = SGD(1.0, clipnorm=1.0), SGD(1.0, global_clipnorm=1.0)
    for optimizer, expected in [
        (each, [0.6, 0.8, 0.3, 0.4]),  # the second is short enough
        (all_, g / math.hypot(5, 0.5)),
        (SGD(1.0, clipvalue=0.35), [0.35, 0.35, 0.3, 0.35]),
        (SGD(1.0, global_clipnorm=10.0), g),
    ]:
        w = np.zeros(4)
        optimizer.build(w, [2, 2])
        optimizer.step(w, g)
        np.testing.assert_allclose(-w, expected, rtol=1e-12)


def test_weight_decay_comes_before_the_update_and_uses_the_old_weights():
    w = run(SGD(0.5, weight_decay=0.1), [[1.0]], [2.0], np.float64)
    np.testing.assert_allclose(w, [2 - 0.5 * 0.1 * 2 - 0.5 * 1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "at most one kind of clipping"),
        ({"clipnorm": -1.0}, "clipnorm as a number above 0, got -1.0"),
        ({"clipvalue": 0}, "clipvalue as a number above 0, got 0"),
        ({"learning_rate": -0.1}, "learning_rate as a number from 0"),
        ({"learning_rate": "fast"}, "learning_rate as a number from 0"),
        ({"learning_rate": math.nan}, "learning_rate as a number from 0"),
    ],
)
def test_settings_without_a_meaning_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        SGD(**options)


def test_a_schedule_is_asked_at_every_step():
    # 0.5 at step 0, 0.25 at step 1, 0.125 at step 2
    w = run(SGD(ExponentialDecay(0.5, decay_steps=1, decay_rate=0.5)), [[1.0]] * 3, [0.0])
    np.testing.assert_array_equal(w, [-0.875])


@pytest.mark.parametrize("name", optimizers.BY_NAME)
def test_every_name_and_config_makes_an_optimizer(name):
    optimizer = optimizers.get(name)
    twin = optimizers.get(
        {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}
    )
    assert twin.get_config() == optimizer.get_config()


def test_the_defaults_are_kerass():
    assert (SGD().learning_rate, SGD().momentum, SGD().nesterov) == (0.01, 0, False)
    r = RMSprop()
    assert (r.learning_rate, r.rho, r.momentum, r.epsilon, r.centered) == (
        1e-3,
        0.9,
        0,
        1e-7,
        False,
    )
    a = Adam()
    assert (a.learning_rate, a.beta_1, a.beta_2, a.epsilon) == (1e-3, 0.9, 0.999, 1e-7)


@pytest.mark.parametrize("name", ["adam", "Adam", "ADAM", "RMSProp", "nadam", "AdamW", "ADAGRAD"])
def test_a_name_counts_in_any_case(name):
    assert type(optimizers.get(name)).__name__.lower() == name.lower()


def test_nadams_product_is_that_of_all_its_factors():
    nadam, product = Nadam(beta_1=0.999), 1.0
    for t in range(1, 3000):
        product *= nadam.b(t)
        assert nadam.product(t) == pytest.approx(product, rel=1e-12)
    assert 0 <= nadam.product(10**6) < 1e-300


def test_adamw_needs_a_decay():
    with pytest.raises(ValueError, match="weight_decay as a number from 0, got None"):
        AdamW(weight_decay=None)


OFF = {
    "use_ema": False,
    "ema_momentum": 0.9,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


@pytest.mark.parametrize("cls", ALL)
def test_what_is_switched_off_may_be_given_and_is_in_the_config(cls):
    config = cls(**OFF).get_config()
    assert {name: config[name] for name in OFF} == {**OFF, "ema_momentum": 0.99}
    assert cls(**config).get_config() == config
    assert cls.from_config({**config, "ema_momentum": 0.5}).get_config() == config
    assert ("amsgrad" in config) is (cls in (Adam, AdamW))


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("use_ema", True, "no average of the weights"),
        ("ema_overwrite_frequency", 10, "no average of the weights"),
        ("loss_scale_factor", 2.0, "float32"),
        ("gradient_accumulation_steps", 4, "batch_size"),
        ("amsgrad", True, "Leave it out"),
    ],
)
def test_what_is_switched_on_is_refused_by_name(cls, name, value, words):
    with pytest.raises(ValueError, match=f"{cls.__name__} has no argument '{name}'.*{words}"):
        cls(**{name: value})
    with pytest.raises(ValueError, match=f"{cls.__name__} has no setting '{name}'"):
        cls.from_config({name: value})


def test_exclude_from_weight_decay_says_why_it_is_not_there():
    with pytest.raises(AttributeError, match=r"no exclude_from_weight_decay\. Every weight decays"):
        AdamW().exclude_from_weight_decay(var_names=["bias"])


X, Y = np.ones((4, 2)), np.ones((4, 1))


def test_a_model_that_is_compiled_again_goes_on_with_the_same_optimizer():
    optimizer = RMSprop()
    model = Sequential([Input((2,)), Dense(1)])
    for steps in (1, 2):
        model.compile(optimizer, "mse")
        model.fit(X, Y, verbose=0)
        assert optimizer.iterations == steps
    model.compile(RMSprop(), "mse")
    model.fit(X, Y, verbose=0)
    assert model.optimizer.iterations == 1


def test_an_optimizer_that_has_taken_steps_is_no_other_models():
    optimizer = Adam()
    one, other = (Sequential([Input((2,)), Dense(1)]) for _ in range(2))
    for model in (one, other):
        model.compile(optimizer, "mse")  # nothing has happened yet
    one.fit(X, Y, verbose=0)
    before = other.params.copy()
    with pytest.raises(ValueError, match=r"another model.*model.compile\(Adam\(\), \.\.\.\)"):
        other.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(other.params, before)
    one.fit(X, Y, verbose=0)
    assert optimizer.iterations == 2


@pytest.mark.parametrize(("optimizer", "name"), [(SGD(), "momentum"), (RMSprop(), "centered")])
def test_settings_that_need_other_slots_are_refused_after_the_first_step(optimizer, name):
    model = Sequential([Input((2,)), Dense(1)])
    model.compile(optimizer, "mse")
    setattr(optimizer, name, 0.9)  # before it, they count
    model.fit(X, Y, verbose=0)
    assert {"momentum": "momentum", "centered": "average_gradient"}[name] in optimizer.slots
    setattr(optimizer, name, 0)
    with pytest.raises(ValueError, match="Compile the model again"):
        model.fit(X, Y, verbose=0)


def test_a_learning_rate_has_the_methods_of_keras():
    optimizer = SGD(0.5)
    assert optimizer.learning_rate.numpy().dtype == np.float32
    optimizer.learning_rate.assign(0.25)
    assert (optimizer.learning_rate, float(optimizer.learning_rate)) == (0.25, 0.25)
    assert optimizer.get_config()["learning_rate"] == 0.25
    with pytest.raises(ValueError, match="learning_rate"):
        optimizer.learning_rate.assign(-1)


def test_a_schedule_gives_the_rate_of_the_coming_step_and_can_not_be_overwritten():
    schedule = ExponentialDecay(0.5, 1, 0.5)
    optimizer = SGD(schedule)
    assert optimizer.learning_rate == 0.5
    optimizer.iterations = 1
    assert float(optimizer.learning_rate) == 0.25
    with pytest.raises(TypeError, match=r"comes from a schedule.*SGD\(learning_rate=0.1\)"):
        optimizer.learning_rate = 0.1
    assert optimizer.get_config()["learning_rate"]["class_name"] == "ExponentialDecay"
    optimizer.learning_rate = CosineDecay(1.0, 10)  # another schedule may
    plain = SGD()
    plain.learning_rate = schedule
    assert plain.learning_rate == 0.5


def test_lr_says_its_new_name():
    optimizer = SGD()
    with pytest.raises(AttributeError, match=r"type optimizer.learning_rate = 0.1"):
        optimizer.lr = 0.1
    with pytest.raises(AttributeError, match=r"type optimizer.learning_rate"):
        _ = optimizer.lr


def test_centered_never_takes_the_root_of_less_than_0(recwarn):
    # v - a² is the spread of the gradients; without any spread, rounding can make it -1e-3
    w = run(RMSprop(centered=True), np.full((300, 11), np.linspace(90, 100, 11)), np.zeros(11))
    assert np.isfinite(w).all()
    assert not recwarn.list
