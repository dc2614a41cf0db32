import math

import keras
import numpy as np
from keras import layers
from keras.callbacks import (
    Callback,
    CSVLogger,
    LambdaCallback,
    LearningRateScheduler,
    TerminateOnNaN,
)

rng = np.random.default_rng(0)
x = rng.normal(size=(300, 8))
y = (x.sum(1) > 0).astype("float32")


def get_model():
    model = keras.Sequential(
        [layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
        loss="binary_crossentropy",
        metrics=[
            "accuracy",
            keras.metrics.AUC(name="auc"),
            keras.metrics.Precision(),
            keras.metrics.Recall(),
        ],
    )
    return model


class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
        self.lr = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get("loss"))

    def on_epoch_end(self, epoch, logs={}):
        self.lr.append(float(self.model.optimizer.learning_rate))
        if logs.get("accuracy") > 0.999:
            self.model.stop_training = True


class CustomCallback(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        keys = list(logs.keys())
        print(f"Starting training; got log keys: {keys}")

    def on_epoch_end(self, epoch, logs=None):
        keys = list(logs.keys())
        print(f"End epoch {epoch} of training; got log keys: {keys}")

    def on_test_batch_end(self, batch, logs=None):
        print(f"...Evaluating: end of batch {batch}; got log keys: {list(logs.keys())}")

    def on_predict_batch_end(self, batch, logs=None):
        print(f"...Predicting: end of batch {batch}; got log keys: {list(logs.keys())}")


def step_decay(epoch):
    initial_lrate = 0.1
    drop = 0.5
    epochs_drop = 2.0
    return initial_lrate * math.pow(drop, math.floor((1 + epoch) / epochs_drop))


model = get_model()
h = LossHistory()
model.fit(
    x,
    y,
    batch_size=64,
    epochs=4,
    verbose=0,
    validation_split=0.3,
    callbacks=[
        h,
        LearningRateScheduler(step_decay, verbose=1),
        CSVLogger("log.csv", append=True, separator=";"),
        TerminateOnNaN(),
        LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, sorted(logs))),
    ],
)
print(len(h.losses), h.lr)
print(open("log.csv").read().splitlines()[0])
model = get_model()
model.fit(x, y, epochs=1, verbose=0, callbacks=[CustomCallback()])
model.evaluate(x, y, batch_size=128, verbose=0, callbacks=[CustomCallback()])
model.predict(x, batch_size=128, verbose=0, callbacks=[CustomCallback()])
res = dict(zip(["loss"] + ["accuracy"], model.evaluate(x, y, verbose=0)))
print(sorted(res))
