"""Ctrl-C leaves the weights of the last whole step, and the model trains on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from toy import data, network, same

from tinynet.callbacks import Callback
from tinynet.optimizers import SGD
from tinynet.support.interrupts import deferred, interruptible


class PressedIn(SGD):
    """Press Ctrl-C in the middle of the step of that number."""

    pressed_at = 5

    def update(self, lr, w, g, slots):
        half = w.size // 2
        super().update(lr, w[:half], g[:half], {})
        if self.iterations == self.pressed_at:
            signal.raise_signal(signal.SIGINT)
        super().update(lr, w[half:], g[half:], {})


def test_a_step_that_ctrl_c_falls_into_is_finished():
    x, y = data()
    model, twin = network(optimizer=PressedIn(0.1)), network(optimizer=SGD(0.1))
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, 25, 10, 0)  # four steps an epoch
    assert model.optimizer.iterations == 5
    assert model.history.epoch == [0]

    class StopAtFive(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = self.model.optimizer.iterations == 5

    twin.fit(x, y, 25, 10, 0, [StopAtFive()])
    assert same(model, twin)


def test_train_on_batch_finishes_its_step_too():
    x, y = data()
    model, twin = network(optimizer=PressedIn(0.1)), network(optimizer=SGD(0.1))
    model.train_on_batch(x, y)
    model.optimizer.pressed_at = 2
    with pytest.raises(KeyboardInterrupt):
        model.train_on_batch(x, y)
    twin.train_on_batch(x, y)
    twin.train_on_batch(x, y)
    assert same(model, twin)


def test_the_same_object_trains_on_afterwards():
    x, y = data()
    model = network(optimizer=PressedIn(0.1))
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, 25, 10, 0)
    history = model.fit(x, y, 25, initial_epoch=model.epoch, epochs=200, verbose=0)
    assert history.epoch[0] == 1
    assert history.history["accuracy"][-1] > 0.6


def test_an_epoch_is_in_the_history_whole_or_not_at_all():
    class Pressing(dict):
        def setdefault(self, name, default):
            signal.raise_signal(signal.SIGINT)
            return super().setdefault(name, default)

    class Prepare(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.history.history = Pressing(self.model.history.history)

    x, y = data()
    model = network()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=9, verbose=0, callbacks=[Prepare()])
    assert model.history.epoch == [0, 1, 2]
    assert {len(values) for values in model.history.history.values()} == {3}


def test_the_handler_of_before_is_back_after_fit():
    def mine(*what):
        raise ArithmeticError

    before = signal.signal(signal.SIGINT, mine)
    try:
        x, y = data()
        with pytest.raises(ArithmeticError):  # and it was called, in its turn
            network(optimizer=PressedIn(0.1)).fit(x, y, 25, 10, 0)
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_ignored_ctrl_c_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        x, y = data()
        assert network(optimizer=PressedIn(0.1)).fit(x, y, 25, 10, 0).epoch == list(range(10))
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_that_is_in_a_step_does_not_hold_up_the_main_thread():
    inside, leave = threading.Event(), threading.Event()

    def step():
        with deferred:
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=step)
    thread.start()
    inside.wait(10)
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(signal.SIGINT)
    leave.set()
    thread.join()


SCRIPT = """
import sys, numpy as np
from toy import data, network
model = network()
try:
    print("ready", flush=True)
    model.fit(*data(), batch_size=4, epochs=10**6, verbose=0)
except KeyboardInterrupt:
    steps, model_epochs = model.optimizer.iterations, model.history.epoch
    assert model_epochs == list(range(len(model_epochs)))
    model.fit(*data(), batch_size=4, epochs=2, verbose=0)
    assert model.optimizer.iterations == steps + 50
    print("trained on")
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
def test_a_real_ctrl_c_in_a_real_process():
    root = Path(__file__).parent
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root.parent), str(root / "tools")])},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.3 + 0.2 * np.random.default_rng().random())
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=60)[0] == "trained on\n"
    assert child.returncode == 0
