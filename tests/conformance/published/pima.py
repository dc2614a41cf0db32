# first neural network with keras: pima diabetes
import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from numpy import loadtxt

rng = np.random.default_rng(7)
table = np.c_[
    rng.integers(0, 12, 400),
    rng.integers(60, 190, 400),
    rng.integers(40, 110, 400),
    rng.integers(0, 60, 400),
    rng.integers(0, 300, 400),
    rng.uniform(18, 50, 400),
    rng.uniform(0.1, 2, 400),
    rng.integers(21, 80, 400),
]
outcome = (table[:, 1] + table[:, 5] + rng.normal(0, 20, 400) > 160).astype(int)
np.savetxt("pima-indians-diabetes.csv", np.c_[table, outcome], delimiter=",")
dataset = loadtxt("pima-indians-diabetes.csv", delimiter=",")
X = dataset[:, 0:8]
y = dataset[:, 8]
model = Sequential()
model.add(Dense(12, input_shape=(8,), activation="relu"))
model.add(Dense(8, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(X, y, epochs=15, batch_size=10, verbose=0)
_, accuracy = model.evaluate(X, y)
print("Accuracy: %.2f" % (accuracy * 100))
predictions = (model.predict(X) > 0.5).astype(int)
for i in range(5):
    print("%s => %d (expected %d)" % (X[i].tolist(), predictions[i][0], y[i]))
