"""Yes or no from twenty numbers: one sigmoid unit, with a schedule and penalties."""

import keras
import numpy as np
from keras import layers, regularizers

rng = np.random.default_rng(0)
x = rng.normal(size=(1500, 20)).astype("float32")
y = (x[:, 0] + x[:, 1] * x[:, 2] + 0.3 * rng.normal(size=1500) > 0).astype("float32")
x_train, y_train, x_test, y_test = x[:1000], y[:1000], x[1000:], y[1000:]

model = keras.Sequential(
    [
        layers.Input(shape=(20,)),
        layers.Dense(16, activation="relu", kernel_regularizer=regularizers.L2(1e-4)),
        layers.Dense(16, activation="relu", kernel_regularizer=regularizers.L2(1e-4)),
        layers.Dense(1, activation="sigmoid"),
    ]
)
schedule = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=200, decay_rate=0.9)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=schedule),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(x_train, y_train, epochs=20, batch_size=64, validation_split=0.2, verbose=0)
assert sorted(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
yes = (model.predict(x_test, verbose=0) > 0.5).astype("int32").ravel()
assert abs((yes == y_test).mean() - accuracy) < 1e-6

RESULT = {"loss": loss, "accuracy": accuracy}
