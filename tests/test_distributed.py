"""Several processes that train together: equal to one; none is left behind or waits for ever."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet
from tinynet import Sequential, constraints, losses, metrics, optimizers
from tinynet.callbacks import Callback
from tinynet.distributed import board, independence, step
from tinynet.distributed.board import RankLost, part
from tinynet.layers import BatchNormalization, Dense, Dropout, Layer
from tinynet.schedules import CosineDecay, ExponentialDecay

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork") or sys.platform == "darwin", reason="processes can't fork here"
)
TESTS = Path(__file__).parent
RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(53, 6)), np.eye(3)[RNG.integers(3, size=53)]


METRICS = ("accuracy", metrics.MeanAbsoluteError())


def make(optimizer="rmsprop", loss="categorical_crossentropy", last="softmax", metrics=METRICS):
    tinynet.utils.set_random_seed(1)
    model = Sequential(
        [
            Dense(9, "tanh", kernel_regularizer="l2", input_shape=(6,)),
            Dense(3, last, bias_regularizer="l1"),
        ]
    )
    model.compile(optimizer, loss, metrics=metrics)
    return model


def fit(model, ranks=1, x=X, t=T, batch_size=8, epochs=2, **options):
    with tinynet.distributed.processes(ranks):
        history = model.fit(x, t, batch_size, epochs, verbose=0, **options)
    assert no_child_is_left()
    return history


def no_child_is_left():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def differ(a, b):
    """Return how far two trained models are apart: in weights, slots and history."""
    pairs = [(a.params, b.params)]
    pairs += [(slot, b.optimizer.slots[name]) for name, slot in a.optimizer.slots.items()]
    pairs += [(v, b.history.history[name]) for name, v in a.history.history.items()]
    assert a.optimizer.iterations == b.optimizer.iterations
    assert a.history.history.keys() == b.history.history.keys()
    return max(
        np.max(np.abs(np.subtract(one, other)) / np.maximum(1, np.abs(one))) for one, other in pairs
    )


def agree(ranks, make=make, tolerance=1e-12, **options):
    one, several = make(), make()
    fit(one, **options)
    fit(several, ranks, **options)
    assert differ(one, several) <= tolerance
    return one, several


OPTIMIZERS = {
    "momentum": lambda: optimizers.SGD(0.1, momentum=0.9),
    "nesterov": lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "centered": lambda: optimizers.RMSprop(centered=True, momentum=0.5),
    "clipnorm": lambda: optimizers.RMSprop(clipnorm=0.1),
    "clipvalue": lambda: optimizers.Adam(clipvalue=0.01),
    "global_clipnorm": lambda: optimizers.SGD(0.1, momentum=0.9, global_clipnorm=0.05),
    "weight_decay": lambda: optimizers.Adam(weight_decay=0.1),
    "schedule": lambda: optimizers.Adam(ExponentialDecay(0.01, 3, 0.7)),
    "warm-up": lambda: optimizers.RMSprop(CosineDecay(0.0, 9, warmup_target=0.01, warmup_steps=4)),
} | {
    name: lambda name=name: optimizers.get(name)
    for name in {cls.__name__ for cls in optimizers.BY_NAME.values()}
}


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize("ranks", [2, 3])
def test_every_optimizer_in_float64(name, ranks):
    agree(ranks, lambda: make(OPTIMIZERS[name]()), validation_split=0.2)


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 52, 53, 100])
@pytest.mark.parametrize("ranks", [2, 4])
def test_every_batch_size_also_below_the_number_of_ranks(batch_size, ranks):
    agree(ranks, batch_size=batch_size, validation_split=0.1)


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight", "sum"])
def test_weights_of_examples(reduction):
    def weighted():
        return make(loss=losses.CategoricalCrossentropy(reduction=reduction))

    sample_weight = RNG.random(53) * (RNG.random(53) > 0.3)
    sample_weight[:9] = 0
    agree(2, weighted, sample_weight=sample_weight, shuffle=False)
    agree(3, weighted, class_weight={0: 3.0, 2: 0.0}, validation_data=(X, T, sample_weight))


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("loss", sorted({cls.__name__ for cls in losses.BY_NAME.values()}))
def test_every_loss(loss):
    last = "softmax" if "Categorical" in loss else "sigmoid"
    t = T.argmax(axis=1) if "Sparse" in loss else T
    if "Hinge" in loss:  # targets of 0 and 1 in some batches, of -1 and 1 in others
        t = np.where(np.arange(53)[:, None] % 16 < 12, T, 2 * T - 1)
    agree(2, lambda: make(loss=loss, last=last, metrics=["accuracy"]), t=t, shuffle=False)


@pytest.mark.usefixtures("_float64")
@settings(max_examples=15)
@given(st.integers(2, 5), st.integers(1, 60), st.integers(1, 60), st.integers(1, 3), st.booleans())
def test_whatever_the_numbers_are(ranks, examples, batch_size, epochs, shuffle):
    x, t = X[:examples], T[:examples]
    agree(ranks, x=x, t=t, batch_size=batch_size, epochs=epochs, shuffle=shuffle)


def test_float32_differs_in_the_last_digits_only():
    one, several = agree(2, tolerance=2e-6, epochs=5)
    assert one.params.dtype == several.params.dtype == np.float32


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("wrong", ["own n", "no penalty", "a share too small"])
def test_a_wrong_share_is_noticed(wrong, monkeypatch):
    if wrong == "own n":
        monkeypatch.setattr(step, "of_rows", lambda loss, t, weights, rows: loss)
    elif wrong == "no penalty":
        monkeypatch.setattr(Sequential, "regularized", lambda self: iter(()))
    else:
        monkeypatch.setattr(step, "part", lambda n, *of: slice(part(n, *of).start, n // of[1]))
    one, several = make(), make()
    fit(several, 2)
    monkeypatch.undo()
    fit(one)
    assert differ(one, several) > 1e-10


def test_the_same_seed_and_the_same_number_of_ranks_give_the_same_bits():
    def dropping():
        tinynet.utils.set_random_seed(3)
        model = Sequential([Dropout(0.5, input_shape=(6,)), Dense(9), Dropout(0.2, seed=4)])
        model.add(Dense(3, "softmax"))
        model.compile("adam", "categorical_crossentropy")
        return model

    twins = [dropping(), dropping()]
    for model in twins:
        fit(model, 3, epochs=3)
    assert twins[0].params.tobytes() == twins[1].params.tobytes()
    assert differ(*twins) == 0


def test_each_rank_drops_other_units():
    class Spy(Dropout):
        rows_independent = True

        def forward(self, x):
            y, backward = super().forward(x)
            time.sleep(0.01)
            with open(self.name, "a") as file:
                file.write("".join("01"[int(v)] for v in y[0] > 0) + "\n")
            return y, backward

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        model = Sequential([Spy(0.5, name=f"{folder}/masks", input_shape=(40,)), Dense(1)])
        model.compile("sgd", "mse")
        fit(model, 2, x=np.ones((2, 40)), t=np.ones((2, 1)), batch_size=2, epochs=3)
        masks = Path(folder, "masks").read_text().split()[-6:]
    assert len(set(masks)) == 6


# ----------------------------------------------------------------------- what belongs to rank 0


def test_callbacks_that_change_rate_and_weights_and_stop():
    class Meddle(Callback):
        def __init__(self):
            self.who = set()

        def on_train_batch_begin(self, batch, logs=None):
            self.who.add(os.getpid())
            self.model.optimizer.learning_rate = 0.01 / (batch + 1)

        def on_train_batch_end(self, batch, logs=None):
            self.model.layers[0].W[:] *= 0.9
            if self.model.optimizer.iterations == 10:
                self.model.stop_training = True

        def on_epoch_end(self, epoch, logs=None):
            logs["sum"] = float(self.model.params.sum())

    meddle = Meddle()
    one, several = make(), make()
    fit(one, epochs=5, callbacks=[Meddle()])
    fit(several, 2, epochs=5, callbacks=[meddle])
    assert differ(one, several) < 1e-6
    assert meddle.who == {os.getpid()}
    assert several.optimizer.iterations == 10


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_callbacks_that_set_anything_in_the_middle_of_an_epoch(optimizer):
    class Set(Callback):
        def on_train_batch_end(self, batch, logs=None):
            model = self.model
            model.optimizer.epsilon = 1e-3 if batch > 2 else 1e-5
            model.optimizer.weight_decay = 0.1 if batch > 1 else None
            model.optimizer.clipnorm = 0.01 if batch % 2 else None
            model.layers[0].factor = batch

    class Times(Layer):
        rows_independent = True
        factor = 1.0

        def forward(self, x):
            return x * self.factor, lambda dy: dy * self.factor

    def twice():
        tinynet.utils.set_random_seed(1)
        model = Sequential([Times(input_shape=(6,)), Dense(3)])
        model.compile(optimizer, "mse")
        return model

    agree(2, twice, callbacks=[Set()])


def test_the_weights_stay_where_they_were():
    model = make()
    model.build()
    W, params = model.layers[0].W, model.params
    fit(model, 2)
    assert model.params is params
    assert model.layers[0].W is not W
    assert np.shares_memory(model.layers[0].W, W)
    assert model.optimizer.built_for is params
    before = params.copy()
    fit(model)  # and it trains on alone
    assert not np.array_equal(before, params)


@pytest.mark.parametrize("ranks", [2, 3])
def test_evaluate_and_predict_give_the_same_bits(ranks):
    model = make()
    fit(model)
    expected = model.predict(X, 8, verbose=0), model.evaluate(X, T, 8, verbose=0)
    with tinynet.distributed.processes(ranks):
        y = model.predict(X, 8, verbose=0)
        np.testing.assert_allclose(y, expected[0], rtol=0, atol=1e-6)
        scores = model.evaluate(X, T, 8, verbose=0)
        np.testing.assert_allclose(scores, expected[1], rtol=1e-6)
    assert no_child_is_left()


def test_batches_that_come_one_by_one_are_trained_on_in_one_process():
    def batches():
        while True:
            yield X[:8], T[:8]

    one, several = make(), make()
    fit(one, x=batches(), t=None, batch_size=None, steps_per_epoch=4)
    with pytest.warns(UserWarning, match="Training in one process"):
        fit(several, 2, x=batches(), t=None, batch_size=None, steps_per_epoch=4)
    assert differ(one, several) == 0


@pytest.mark.usefixtures("_float64")
def test_epochs_of_some_steps_go_on_where_the_last_one_stopped():
    agree(2, steps_per_epoch=3, epochs=5, validation_split=0.2, validation_steps=1)


# ------------------------------------------------------------------------------- what is refused


class Centred(Layer):
    def forward(self, x):
        return x - x.mean(axis=0), lambda dy: dy - dy.mean(axis=0)


class Doubled(Layer):
    rows_independent = True

    def forward(self, x):
        return 2 * x, lambda dy: 2 * dy


class Tripled(Doubled):
    def forward(self, x):
        return 3 * x, lambda dy: 3 * dy


class OwnLoss(losses.Loss):
    def per_example(self, t, y):
        return ((y - t) ** 2).mean(axis=1), 2 * (y - t) / y.shape[1]


class OwnMean(OwnLoss):
    rows_independent = True

    def value_and_gradient(self, t, y, weights=None):
        return super().value_and_gradient(t, y, weights)


@pytest.mark.parametrize(
    ("layer", "loss", "said"),
    [
        (BatchNormalization(name="norm"), "mse", "Layer 'norm' looks across the rows of a batch"),
        (Centred(name="mine"), "mse", "Layer 'mine' does not say .* class Centred: rows_indep"),
        (Tripled(name="mine"), "mse", "Layer 'mine' does not say .* class Tripled: rows_indep"),
        (Doubled(), OwnLoss(), "Loss OwnLoss does not say .* class OwnLoss: rows_independent"),
        (Doubled(), OwnMean(), "Loss OwnMean has a value_and_gradient of its own"),
    ],
)
def test_what_looks_across_rows_is_refused_by_name(layer, loss, said):
    model = Sequential([Dense(4, input_shape=(6,)), layer, Dense(3)])
    model.compile("sgd", loss)
    model.build()
    before = model.params.copy()
    with pytest.raises(ValueError, match=said):
        fit(model, 2)
    assert np.array_equal(before, model.params)
    fit(model)  # one process is enough


@pytest.mark.usefixtures("_float64")
def test_what_says_that_it_does_not_look_across_rows_is_trained():
    def own():
        tinynet.utils.set_random_seed(1)
        frozen = BatchNormalization()
        frozen.trainable = False
        model = Sequential([Dense(4, input_shape=(6,)), Doubled(), frozen, Dense(3)])
        loss = type("Said", (OwnLoss,), {"rows_independent": True})()
        model.compile("adam", loss)
        return model

    agree(2, own)


class Normed(optimizers.Optimizer):
    def update(self, lr, w, g, slots):
        w -= lr * g / np.sqrt(g @ g)  # of all of g


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("rule", [Normed, optimizers.Nadam])
def test_constraints_hold_after_every_step_and_once(rule):
    def held():
        tinynet.utils.set_random_seed(1)
        gently = constraints.MinMaxNorm(0.1, 0.3, rate=0.5)  # twice in a step would show
        chain = [
            Dense(9, "tanh", kernel_constraint=gently, input_shape=(6,)),
            Dense(3, bias_constraint="non_neg"),
        ]
        model = Sequential(chain)
        model.compile(rule(0.05), "mse")
        return model

    agree(2, held)


def test_a_penalty_on_outputs_is_refused_by_name():
    model = Sequential([Dense(3, activity_regularizer="l2", name="mine", input_shape=(6,))])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="'mine_activity_regularizer' looks across the rows"):
        fit(model, 2)
    assert model.evaluate(X, T, verbose=0) > 0


GIVEN = {"Dense": [3], "Dropout": [0.0], "Activation": ["tanh"], "Rescaling": [2.0]}
GIVEN |= {"GaussianNoise": [0.0], "GaussianDropout": [0.0], "Reshape": [(5, 1)]}


def test_all_layers_of_tinynet_are_what_they_say():
    tinynet.more.load()
    x = np.random.default_rng(0).normal(size=(6, 5))
    for cls in set(tinynet.layers.BY_NAME.values()):
        layer = cls(*GIVEN.get(cls.__name__, []))
        start = tinynet.Input(shape=(5,))
        inputs = [start, tinynet.layers.Activation("tanh")(start)] if layer.several else start
        model = tinynet.Model(start, layer(inputs))
        all_rows, some_rows = model(x, training=True), model(x[:2], training=True)
        assert independence.of(layer) == np.allclose(all_rows[:2], some_rows), cls


@pytest.mark.usefixtures("_float64")
def test_an_optimizer_of_ones_own_may_do_what_it_likes():
    agree(2, lambda: make(Normed(0.01)))
    agree(3, lambda: make(Normed(0.01, clipnorm=0.1)))


# ------------------------------------------------------------------------------- what goes wrong


def poisoned(row):
    x = X.copy()
    x[row, 2] = np.nan
    return x


@pytest.mark.parametrize("row", [0, 7])  # of the first batch: of rank 0, and of the last rank
@pytest.mark.parametrize("ranks", [2, 3])
def test_wrong_data_of_any_rank_is_answered_as_in_one_process(row, ranks):
    model = make()
    model.build()
    before = model.params.copy()
    with pytest.raises(ValueError, match=f"x holds nan in row {row}, column 2"):
        fit(model, ranks, x=poisoned(row), shuffle=False)
    assert no_child_is_left()
    assert np.array_equal(before, model.params)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("size", [1e30, 1e20])
def test_numbers_that_are_not_finite(size, ranks):
    def one():
        tinynet.utils.set_random_seed(1)
        model = Sequential([Dense(4, input_shape=(6,)), Dense(3)])
        model.compile("rmsprop", "mse")
        return model

    model, twin = one(), one()
    x = X.copy()
    x[30] *= size
    with pytest.raises(FloatingPointError, match=r"epoch 1, batch 4: .* weights are those befo"):
        fit(model, ranks, x=x, shuffle=False)
    fit(twin, x=x[:24], t=T[:24], shuffle=False, epochs=1)
    assert np.abs(model.params - twin.params).max() < 1e-5
    assert model.optimizer.iterations == twin.optimizer.iterations == 3
    assert no_child_is_left()


class InRank1(Layer):
    """Do something when it is not the first process that computes, in the step of that number."""

    rows_independent = True

    def __init__(self, do, when=3, name=None):
        super().__init__(name=name, input_shape=(6,))
        self.do, self.when, self.parent, self.steps = do, when, os.getpid(), 0

    def forward(self, x):
        self.steps += 1
        if os.getpid() != self.parent and self.steps == self.when:
            self.do()
        return x, lambda dy: dy


def troubled(do):
    tinynet.utils.set_random_seed(1)
    model = Sequential([InRank1(do), Dense(4, "tanh"), Dense(3, "softmax")])
    model.compile("rmsprop", "categorical_crossentropy")
    return model


def after_two_steps():
    twin = troubled(lambda: None)
    fit(twin, x=X[:16], t=T[:16], epochs=1, shuffle=False)
    return twin.params


@pytest.mark.parametrize("ranks", [2, 3])
def test_a_rank_that_is_killed_ends_all_within_seconds(ranks):
    model = troubled(lambda: os.kill(os.getpid(), signal.SIGKILL))
    start = time.monotonic()
    with pytest.raises(RankLost, match=r"Rank \d was killed by signal 9.* the last whole step"):
        fit(model, ranks, shuffle=False)
    assert time.monotonic() - start < 5
    assert no_child_is_left()
    np.testing.assert_allclose(model.params, after_two_steps(), atol=1e-5)
    fit(troubled(lambda: None), ranks)  # and the next training is as any other


def test_an_error_in_one_rank_is_raised_with_its_message():
    def fail():
        raise KeyError("no such thing")

    model = troubled(fail)
    with pytest.raises(KeyError, match="no such thing") as raised:
        fit(model, 3, shuffle=False)
    assert 'raise KeyError("no such thing")' in str(raised.value.__cause__)
    assert no_child_is_left()
    np.testing.assert_allclose(model.params, after_two_steps(), atol=1e-5)


def test_an_error_in_rank_0_ends_the_others():
    class Fail(Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fit(make(), 3, callbacks=[Fail()])
    assert no_child_is_left()


SCRIPT = """
import os, sys, numpy as np, tinynet
from tinynet.layers import Dense
model = tinynet.Sequential([Dense(300, input_shape=(200,)), Dense(200)])
model.compile("rmsprop", "mse")
x = np.random.default_rng(0).random((1000, 200))
class Tell(tinynet.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 3:
            children = open(f"/proc/self/task/{os.getpid()}/children").read()
            print(children, flush=True)
try:
    with tinynet.distributed.processes(3):
        model.fit(x, x, epochs=10**6, verbose=0, callbacks=[Tell()])
except KeyboardInterrupt:
    steps = model.optimizer.iterations
    model.fit(x, x, 100, verbose=0)
    assert model.optimizer.iterations == steps + 10
    print("trained on")
"""


def started():
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(TESTS.parent)},
        start_new_session=True,
    )
    return child, [int(number) for number in child.stdout.readline().split()]


def gone(pids, seconds=10):
    end = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")


@needs_proc
@pytest.mark.parametrize("sent", ["SIGKILL", "SIGTERM"])
def test_when_the_first_process_is_killed_the_others_end(sent):
    child, others = started()
    assert len(others) == 2
    child.send_signal(getattr(signal, sent))
    child.wait()
    child.stdout.close()
    assert gone(others)


@needs_proc
def test_ctrl_c_reaches_all_and_ends_in_a_whole_step():
    child, others = started()
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    *_, last = child.communicate(timeout=60)[0].splitlines()
    assert last == "trained on"
    assert child.returncode == 0
    assert gone(others)


BACKED_UP = """
import os, signal, sys
import numpy as np, tinynet
from toy import data, network
class Die(tinynet.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == int(sys.argv[3]):
            children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
            os.kill([os.getpid(), *map(int, children)][int(sys.argv[4])], signal.SIGKILL)
model = network()
with tinynet.distributed.processes(3):
    model.fit(*data(), 8, 6, 0, [tinynet.callbacks.BackupAndRestore(sys.argv[1]), Die()])
np.save(sys.argv[2], np.concatenate([model.params, *model.optimizer.slots.values()]))
"""


def backed_up(*arguments):
    path = os.pathsep.join([str(TESTS.parent), str(TESTS / "tools")])
    command = [sys.executable, "-c", BACKED_UP, *map(str, arguments)]
    return subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=60
    )


@needs_proc
@pytest.mark.parametrize("killed", [0, 1, 2])
def test_the_same_script_goes_on_after_a_kill_to_the_same_bits(tmp_path, killed):
    done = backed_up(tmp_path / "a", tmp_path / "a.npy", 44, killed)
    assert done.returncode == (-9 if killed == 0 else 1)
    assert killed == 0 or f"RankLost: Rank {killed} was killed by signal 9" in done.stderr
    assert (tmp_path / "a" / "backup.npz").exists()
    for name in "ab":  # goes on, and undisturbed
        done = backed_up(tmp_path / name, tmp_path / f"{name}.npy", 0, 0)
        assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy"))


# ------------------------------------------------------------------------------------ the parts


def test_parts_are_all_of_it_and_rank_0_has_something():
    for whole in range(1, 40):
        for ranks in range(1, 9):
            parts = [part(whole, rank, ranks) for rank in range(ranks)]
            assert [i for p in parts for i in range(whole)[p]] == list(range(whole))
            sizes = [p.stop - p.start for p in parts]
            assert sizes[0] >= 1
            assert max(sizes) - min(sizes) <= 1


def test_one_process_and_nonsense(recwarn):
    with tinynet.distributed.processes(1):
        assert type(tinynet.models.engine.current.get()).__name__ == "Alone"
    for wrong in (0, -1, 1.5, "2"):
        with pytest.raises(ValueError, match="number"), tinynet.distributed.processes(wrong):
            pass


def test_where_there_is_no_fork_it_says_so_and_trains_in_one_process(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.warns(UserWarning, match="No fork on darwin: training in one process"):
        fit(make(), 2)


def test_an_error_that_takes_more_than_a_text_is_passed_on_all_the_same():
    one = board.Board(2, (1, 1), "f4")
    for error in (
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        KeyboardInterrupt(),
        SystemExit,
    ):
        one.rank = 1
        one.fail(error if isinstance(error, BaseException) else error())
        one.rank = 0
        assert isinstance(one.error(), RuntimeError)
