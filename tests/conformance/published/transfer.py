# transfer learning between two tasks; freezing; layers by name
import keras
import numpy as np
from keras import layers, models
from keras.models import clone_model

rng = np.random.default_rng(0)
X_A = rng.normal(size=(400, 12))
y_A = rng.integers(0, 5, 400)
X_B = rng.normal(size=(60, 12))
y_B = (X_B[:, 0] > 0).astype("float32")
model_A = models.Sequential(name="A")
model_A.add(keras.Input(shape=(12,)))
for i, n_hidden in enumerate((30, 20, 10)):
    model_A.add(
        layers.Dense(
            n_hidden, activation="selu", kernel_initializer="lecun_normal", name=f"hidden{i + 1}"
        )
    )
model_A.add(layers.Dense(5, activation="softmax", name="out"))
model_A.compile(
    loss="sparse_categorical_crossentropy",
    optimizer=keras.optimizers.SGD(learning_rate=1e-2),
    metrics=["accuracy"],
)
model_A.fit(X_A, y_A, epochs=2, verbose=0)
model_A.save("my_model_A.keras")
model_A_clone = clone_model(model_A)
model_A_clone.set_weights(model_A.get_weights())
model_B_on_A = models.Sequential(model_A_clone.layers[:-1])
model_B_on_A.add(layers.Dense(1, activation="sigmoid"))
for layer in model_B_on_A.layers[:-1]:
    layer.trainable = False
model_B_on_A.compile(loss="binary_crossentropy", optimizer="sgd", metrics=["accuracy"])
history = model_B_on_A.fit(X_B, y_B, epochs=2, verbose=0)
for layer in model_B_on_A.layers[:-1]:
    layer.trainable = True
model_B_on_A.compile(
    loss="binary_crossentropy",
    optimizer=keras.optimizers.SGD(learning_rate=1e-3),
    metrics=["accuracy"],
)
model_B_on_A.fit(X_B, y_B, epochs=2, verbose=0)
model_B_on_A.summary()
print(
    len(model_B_on_A.trainable_weights),
    model_A.get_layer("hidden2").get_config()["units"],
    model_A.layers[1].name,
)
feature = keras.Model(inputs=model_A.inputs, outputs=model_A.get_layer("hidden3").output)
print(feature.predict(X_A[:3]).shape)
loaded = keras.models.load_model("my_model_A.keras")
assert np.allclose(
    loaded.predict(X_A[:5], verbose=0), model_A.predict(X_A[:5], verbose=0), atol=1e-6
)
