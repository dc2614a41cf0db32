"""A number from eight numbers: mean squared error to train, mean absolute error to read."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
x = rng.normal(size=(1200, 8)) * [1, 2, 3, 4, 5, 6, 7, 8] + 10
y = x @ [1.0, -0.5, 0.25, 0.1, 0, 0, 0.3, -0.2] + np.sin(x[:, 0]) + 0.1 * rng.normal(size=1200)
x_train, y_train, x_test, y_test = x[:900], y[:900], x[900:], y[900:]
mean, std = x_train.mean(axis=0), x_train.std(axis=0)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std


def build_model():
    """Give a fresh network."""
    model = keras.Sequential(
        [
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
    return model


folds = 3
size = len(x_train) // folds
scores = []
for i in range(folds):
    held = slice(i * size, (i + 1) * size)
    rest = np.r_[0 : i * size, (i + 1) * size : len(x_train)]
    model = build_model()
    history = model.fit(
        x_train[rest],
        y_train[rest],
        validation_data=(x_train[held], y_train[held]),
        epochs=20,
        batch_size=16,
        verbose=0,
    )
    scores.append(history.history["val_mae"][-1])

model = build_model()
model.fit(x_train, y_train, epochs=40, batch_size=16, verbose=0)
mse, mae = model.evaluate(x_test, y_test, verbose=0)
assert model.predict(x_test, verbose=0).shape == (300, 1)

RESULT = {"mse": mse, "mae": mae, "cross_validated": float(np.mean(scores))}
