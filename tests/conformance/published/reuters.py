# multi-label / topic-like data as multi-hot vectors
import numpy as np
from keras import layers, losses, metrics, models, optimizers

rng = np.random.default_rng(0)


def vectorize_sequences(sequences, dimension=300):
    results = np.zeros((len(sequences), dimension))
    for i, sequence in enumerate(sequences):
        results[i, sequence] = 1.0
    return results


label = rng.integers(0, 4, 500)
seqs = [rng.integers(l * 60, l * 60 + 100, 20) for l in label]
x = vectorize_sequences(seqs)
y_bin = np.asarray(label > 1).astype("float32")
model = models.Sequential()
model.add(layers.Dense(16, activation="relu", input_shape=(300,)))
model.add(layers.Dense(16, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(
    optimizer=optimizers.RMSprop(learning_rate=0.001),
    loss=losses.binary_crossentropy,
    metrics=[metrics.binary_accuracy],
)
history = model.fit(
    x[100:],
    y_bin[100:],
    epochs=3,
    batch_size=128,
    validation_data=(x[:100], y_bin[:100]),
    verbose=0,
)
history_dict = history.history
print(history_dict.keys())
assert sorted(history_dict) == ["binary_accuracy", "loss", "val_binary_accuracy", "val_loss"]
model = models.Sequential(
    [layers.Dense(64, activation="relu"), layers.Dense(4, activation="softmax")]
)
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["acc"])
h = model.fit(x, label, epochs=2, batch_size=64, validation_split=0.1, verbose=0)
print(sorted(h.history))
print(np.sum(model.predict(x[:1])))
from keras.metrics import SparseTopKCategoricalAccuracy

model.compile(
    optimizer="nadam",
    loss="sparse_categorical_crossentropy",
    metrics=[SparseTopKCategoricalAccuracy(k=2, name="top2"), "sparse_categorical_accuracy"],
)
print(model.evaluate(x, label, return_dict=True, verbose=0))
y_multi = np.stack([label > 0, label > 1, label > 2], 1).astype(int)
model = models.Sequential(
    [
        layers.Input((300,)),
        layers.Dense(20, kernel_initializer="he_uniform", activation="relu"),
        layers.Dense(3, activation="sigmoid"),
    ]
)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["binary_accuracy"])
model.fit(x, y_multi, verbose=0, epochs=2)
print(model.predict(x[:2]).round())
