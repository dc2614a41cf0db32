"""Clothing, told apart: names of classes, logits, then the probabilities of one picture."""

import keras
import numpy as np

class_names = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
(train_images, train_labels), (test_images, test_labels) = keras.datasets.fashion_mnist.load_data()
assert len(class_names) == len(set(train_labels))

train_images = train_images / 255.0
test_images = test_images / 255.0

model = keras.Sequential(
    [
        keras.layers.Input(shape=(28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3)
model.fit(train_images, train_labels, epochs=10, validation_split=0.2, callbacks=[early], verbose=0)
test_loss, test_acc = model.evaluate(test_images, test_labels, verbose=0)

logits = model.predict(test_images, verbose=0)
probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
agree = (probabilities.argmax(axis=1) == test_labels).mean()
assert abs(agree - test_acc) < 1e-6
one = np.expand_dims(test_images[0], 0)  # one picture needs its batch axis
assert model.predict(one, verbose=0).shape == (1, 10)

RESULT = {"loss": test_loss, "accuracy": test_acc}
