import keras
import matplotlib
import numpy as np

matplotlib.use("Agg")

fashion_mnist = keras.datasets.fashion_mnist
(train_images, train_labels), (test_images, test_labels) = fashion_mnist.load_data()
class_names = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
train_images = train_images / 255.0
test_images = test_images / 255.0
model = keras.Sequential(
    [
        keras.layers.Flatten(input_shape=(28, 28)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10),
    ]
)
model.compile(
    optimizer="adam",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(train_images, train_labels, epochs=2)
test_loss, test_acc = model.evaluate(test_images, test_labels, verbose=2)
print("\nTest accuracy:", test_acc)
probability_model = keras.Sequential([model, keras.layers.Softmax()])
predictions = probability_model.predict(test_images)
print(np.argmax(predictions[0]), class_names[test_labels[0]])
img = test_images[1]
img = np.expand_dims(img, 0)
predictions_single = probability_model.predict(img)
print(predictions_single.shape, probability_model(test_images[:2]).shape)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
print(float(loss_fn(train_labels[:1], model(train_images[:1]))))
