import keras
import numpy as np

rng = np.random.default_rng(0)
X_train, X_valid, X_test = (
    rng.normal(size=(300, 8)),
    rng.normal(size=(80, 8)),
    rng.normal(size=(80, 8)),
)
f = lambda X: X[:, :1] * 2 + np.sin(X[:, 1:2])
y_train, y_valid, y_test = f(X_train), f(X_valid), f(X_test)
norm_l = keras.layers.Normalization()
hidden_l1 = keras.layers.Dense(30, activation="relu")
hidden_l2 = keras.layers.Dense(30, activation="relu")
concat = keras.layers.Concatenate()
output_l = keras.layers.Dense(1)
input_ = keras.layers.Input(shape=X_train.shape[1:])
normalized = norm_l(input_)
hidden1 = hidden_l1(normalized)
hidden2 = hidden_l2(hidden1)
concatted = concat([normalized, hidden2])
output = output_l(concatted)
model = keras.Model(inputs=[input_], outputs=[output])
norm_l.adapt(X_train)
model.compile(
    loss="mse",
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    metrics=["RootMeanSquaredError"],
)
history = model.fit(X_train, y_train, epochs=4, validation_data=(X_valid, y_valid), verbose=2)
mse_test, rmse = model.evaluate(X_test, y_test)
X_new = X_test[:3]
y_pred = model.predict(X_new)
print(sorted(history.history), y_pred.shape, history.params, history.epoch)
keras.backend.clear_session()
keras.utils.set_random_seed(42)
