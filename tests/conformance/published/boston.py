import matplotlib
import numpy as np
from keras import layers, models

matplotlib.use("Agg")
import matplotlib.pyplot as plt

rng = np.random.default_rng(1)
train_data = rng.normal(3, 5, (404, 13))
w = rng.normal(size=13)
train_targets = train_data @ w / 4 + 22
test_data = rng.normal(3, 5, (102, 13))
test_targets = test_data @ w / 4 + 22
mean = train_data.mean(axis=0)
train_data -= mean
std = train_data.std(axis=0)
train_data /= std
test_data -= mean
test_data /= std


def build_model():
    model = models.Sequential()
    model.add(layers.Dense(64, activation="relu", input_shape=(train_data.shape[1],)))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(1))
    model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
    return model


k = 4
num_val_samples = len(train_data) // k
all_mae_histories = []
for i in range(k):
    print("processing fold #", i)
    val_data = train_data[i * num_val_samples : (i + 1) * num_val_samples]
    val_targets = train_targets[i * num_val_samples : (i + 1) * num_val_samples]
    partial_train_data = np.concatenate(
        [train_data[: i * num_val_samples], train_data[(i + 1) * num_val_samples :]], axis=0
    )
    partial_train_targets = np.concatenate(
        [train_targets[: i * num_val_samples], train_targets[(i + 1) * num_val_samples :]], axis=0
    )
    model = build_model()
    history = model.fit(
        partial_train_data,
        partial_train_targets,
        validation_data=(val_data, val_targets),
        epochs=4,
        batch_size=16,
        verbose=0,
    )
    all_mae_histories.append(history.history["val_mae"])
average = [np.mean([x[i] for x in all_mae_histories]) for i in range(4)]
plt.plot(range(1, len(average) + 1), average)
plt.savefig("mae.png")
test_mse_score, test_mae_score = model.evaluate(test_data, test_targets)
print(test_mae_score, model.predict(test_data[:3]).flatten())
