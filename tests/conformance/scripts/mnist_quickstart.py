"""The beginner's quickstart: Flatten, Dropout, Adam, and a loss that takes logits."""

import keras
import numpy as np

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0

model = keras.models.Sequential(
    [
        keras.layers.Flatten(input_shape=(28, 28)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10),
    ]
)

untrained = np.asarray(model(x_train[:1]))
assert untrained.shape == (1, 10)

loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
first = float(loss_fn(y_train[:100], model(x_train[:100])))
assert 1.5 < first < 4  # about ln 10: it knows nothing yet

model.compile(optimizer="adam", loss=loss_fn, metrics=["accuracy"])
model.fit(x_train, y_train, epochs=5, verbose=0)
loss, accuracy = model.evaluate(x_test, y_test, verbose=2)

probability_model = keras.Sequential([model, keras.layers.Softmax()])
p = np.asarray(probability_model(x_test[:5]))
np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)

RESULT = {"loss": loss, "accuracy": accuracy}
