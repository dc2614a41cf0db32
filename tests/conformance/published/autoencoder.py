import keras
import numpy as np
from keras import layers, regularizers
from keras.datasets import mnist

encoding_dim = 32
input_img = keras.Input(shape=(784,))
encoded = layers.Dense(
    encoding_dim, activation="relu", activity_regularizer=regularizers.l1(10e-5)
)(input_img)
decoded = layers.Dense(784, activation="sigmoid")(encoded)
autoencoder = keras.Model(input_img, decoded)
encoder = keras.Model(input_img, encoded)
encoded_input = keras.Input(shape=(encoding_dim,))
decoder_layer = autoencoder.layers[-1]
decoder = keras.Model(encoded_input, decoder_layer(encoded_input))
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
(x_train, _), (x_test, _) = mnist.load_data()
x_train = x_train.astype("float32") / 255.0
x_test = x_test.astype("float32") / 255.0
x_train = x_train.reshape((len(x_train), np.prod(x_train.shape[1:])))
x_test = x_test.reshape((len(x_test), np.prod(x_test.shape[1:])))
autoencoder.fit(
    x_train, x_train, epochs=1, batch_size=256, shuffle=True, validation_data=(x_test, x_test)
)
encoded_imgs = encoder.predict(x_test)
decoded_imgs = decoder.predict(encoded_imgs)
assert np.allclose(decoded_imgs, autoencoder.predict(x_test), atol=1e-5)
x_noisy = np.clip(x_train + 0.5 * np.random.normal(size=x_train.shape), 0.0, 1.0)
autoencoder.fit(x_noisy, x_train, epochs=1, batch_size=256, verbose=0)
print(decoded_imgs.shape, encoder.count_params(), decoder.count_params())
