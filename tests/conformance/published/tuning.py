import itertools

import numpy as np
from keras.layers import Dense, Dropout
from keras.models import Sequential
from keras.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, Nadam, RMSprop

rng = np.random.default_rng(1)
X = rng.normal(size=(200, 6))
Y = rng.integers(0, 2, 200)


def create_model(
    optimizer="adam",
    init="glorot_uniform",
    neurons=8,
    activation="relu",
    dropout_rate=0.0,
    weight_constraint=None,
):
    model = Sequential()
    model.add(
        Dense(
            neurons,
            input_shape=(6,),
            kernel_initializer=init,
            activation=activation,
            kernel_constraint=weight_constraint,
        )
    )
    model.add(Dropout(dropout_rate))
    model.add(Dense(1, kernel_initializer=init, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    return model


for init in [
    "uniform",
    "lecun_uniform",
    "normal",
    "zero",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "orthogonal",
    "truncated_normal",
    "ones",
    "variance_scaling",
]:
    create_model(init=init).fit(X, Y, epochs=1, batch_size=50, verbose=0)
for activation in [
    "softmax",
    "softplus",
    "softsign",
    "relu",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "linear",
    "elu",
    "selu",
    "gelu",
    "swish",
    "exponential",
    "leaky_relu",
    "mish",
    "relu6",
    "silu",
    "log_softmax",
]:
    create_model(activation=activation).fit(X, Y, epochs=1, batch_size=50, verbose=0)
for opt in [
    SGD(learning_rate=0.01, momentum=0.9),
    RMSprop(0.01),
    Adam(amsgrad=False),
    Adagrad(),
    Adadelta(),
    Adamax(),
    Nadam(),
]:
    h = create_model(optimizer=opt).fit(X, Y, epochs=1, batch_size=50, verbose=0)
    print(type(opt).__name__, opt.get_config()["learning_rate"])
from keras.constraints import MaxNorm, NonNeg, UnitNorm, max_norm

for c in [MaxNorm(2), NonNeg(), UnitNorm(axis=0), max_norm(3.0), "non_neg"]:
    create_model(weight_constraint=c).fit(X, Y, epochs=1, verbose=0)
best, score = None, 0
for batch, neurons in itertools.product([10, 40], [2, 5]):
    m = create_model(neurons=neurons)
    m.fit(X, Y, batch_size=batch, epochs=2, verbose=0)
    s = m.evaluate(X, Y, verbose=0)[1]
    if s > score:
        best, score = (batch, neurons), s
print("Best: %f using %s" % (score, best))
