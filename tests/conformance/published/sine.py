import keras
import numpy as np
from keras.initializers import HeNormal, RandomNormal, TruncatedNormal, glorot_uniform
from keras.layers import Dense, LeakyReLU, PReLU
from keras.models import Sequential

x = np.linspace(-np.pi, np.pi, 400)
y = np.sin(x)
model = Sequential()
model.add(
    Dense(
        32,
        input_shape=(1,),
        kernel_initializer=RandomNormal(mean=0.0, stddev=0.5, seed=1),
        bias_initializer="zeros",
    )
)
model.add(LeakyReLU(negative_slope=0.1))
model.add(Dense(32, kernel_initializer=HeNormal(seed=2)))
model.add(PReLU())
model.add(Dense(16, kernel_initializer=glorot_uniform(seed=3), activation="tanh"))
model.add(Dense(1, kernel_initializer=TruncatedNormal(stddev=0.1, seed=4)))
model.compile(
    loss=keras.losses.Huber(delta=0.5),
    optimizer=keras.optimizers.Adam(
        learning_rate=keras.optimizers.schedules.ExponentialDecay(
            0.01, decay_steps=100, decay_rate=0.96, staircase=True
        ),
        clipnorm=1.0,
    ),
    metrics=["mse", "mae", "mape"],
)
hist = model.fit(x, y, epochs=20, batch_size=20, verbose=0, shuffle=True)
print({k: round(v[-1], 3) for k, v in hist.history.items()})
print(model.predict(np.array([0.5, 1.0])), model.predict(x[:2].reshape(-1, 1)).shape)
y_hat = (
    model(x[:5].reshape(-1, 1)).numpy()
    if hasattr(model(x[:5].reshape(-1, 1)), "numpy")
    else np.asarray(model(x[:5].reshape(-1, 1)))
)
print(y_hat.shape, model.optimizer.get_config()["clipnorm"], float(model.optimizer.learning_rate))
