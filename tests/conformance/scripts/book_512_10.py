"""The book's first network: 512 and 10 units, rmsprop, whole-number labels."""

import keras
import numpy as np
from keras import layers

(train_images, train_labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
train_images = train_images.reshape((len(train_images), 28 * 28)).astype("float32") / 255
test_images = test_images.reshape((len(test_images), 28 * 28)).astype("float32") / 255

model = keras.Sequential(
    [layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")]
)
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train_images, train_labels, epochs=5, batch_size=128, verbose=0)

predictions = model.predict(test_images[:10], verbose=0)
assert predictions.shape == (10, 10)
assert 0 <= predictions[0].argmax() <= 9
np.testing.assert_allclose(predictions.sum(axis=1), 1, rtol=1e-5)

test_loss, test_acc = model.evaluate(test_images, test_labels, verbose=0)
RESULT = {"loss": test_loss, "accuracy": test_acc}
