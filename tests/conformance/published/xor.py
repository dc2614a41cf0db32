import keras
import numpy as np
from keras.layers import Activation, Dense
from keras.models import Sequential
from keras.optimizers import SGD

keras.utils.set_random_seed(3)
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
model = Sequential()
model.add(Dense(8, input_dim=2))
model.add(Activation("tanh"))
model.add(Dense(1))
model.add(Activation("sigmoid"))
sgd = SGD(learning_rate=0.1)
model.compile(loss="binary_crossentropy", optimizer=sgd)
model.fit(X, y, batch_size=1, epochs=60, verbose=0)
print(model.predict(X))
print(
    model.get_weights()[0].shape,
    [w.shape for w in model.weights],
    model.layers[0].get_config()["units"],
)
for layer in model.layers:
    print(layer.name, [a.shape for a in layer.get_weights()])
print(model.predict(np.array([[0, 1]])).round())
weights, biases = model.layers[0].get_weights()
model.layers[0].set_weights([weights * 0, biases])
print(model.predict(X).ravel())
