# training by hand on batches; weights saved; custom epochs

import keras
import numpy as np
from keras.layers import Activation, BatchNormalization, Dense, Dropout, Input
from keras.models import Sequential

rng = np.random.default_rng(0)
X = rng.normal(size=(256, 10)).astype("float32")
Y = (X @ rng.normal(size=(10, 1))).astype("float32")
model = Sequential(
    [
        Input(shape=(10,)),
        Dense(32),
        BatchNormalization(),
        Activation("relu"),
        Dropout(0.25),
        Dense(1),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(1e-2),
    loss="mean_squared_error",
    metrics=["mean_absolute_error"],
)
for epoch in range(3):
    idx = np.random.permutation(len(X))
    losses = []
    for i in range(0, len(X), 64):
        loss = model.train_on_batch(X[idx[i : i + 64]], Y[idx[i : i + 64]])
        losses.append(loss[0])
    print(epoch, float(np.mean(losses)), model.test_on_batch(X[:64], Y[:64])[0])
print(model.predict_on_batch(X[:4]).shape)
model.save_weights("ckpt.weights.h5")
before = model.predict(X[:4], verbose=0)
model.set_weights([w * 0 for w in model.get_weights()])
model.load_weights("ckpt.weights.h5")
assert np.allclose(before, model.predict(X[:4], verbose=0))
total = np.sum([np.prod(w.shape) for w in model.trainable_weights])
print(total, model.count_params())
model.optimizer.learning_rate = 1e-3
model.fit(X, Y, epochs=5, initial_epoch=3, verbose=2, validation_freq=2, validation_split=0.25)
config = model.get_config()
again = Sequential.from_config(config)
print(len(again.layers))
print(model.input_shape, model.output_shape, model.name, model.built, model.optimizer.iterations)
