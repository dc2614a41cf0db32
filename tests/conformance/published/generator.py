import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from keras.utils import Sequence, to_categorical


class DataGenerator(Sequence):
    "Generates data for Keras"

    def __init__(self, list_IDs, labels, batch_size=32, dim=20, n_classes=3, shuffle=True):
        self.dim = dim
        self.batch_size = batch_size
        self.labels = labels
        self.list_IDs = list_IDs
        self.n_classes = n_classes
        self.shuffle = shuffle
        self.on_epoch_end()

    def __len__(self):
        return int(np.floor(len(self.list_IDs) / self.batch_size))

    def __getitem__(self, index):
        indexes = self.indexes[index * self.batch_size : (index + 1) * self.batch_size]
        X = np.array(
            [np.random.default_rng(i).normal(self.labels[i], 1, self.dim) for i in indexes]
        )
        return X, to_categorical([self.labels[i] for i in indexes], num_classes=self.n_classes)

    def on_epoch_end(self):
        self.indexes = np.arange(len(self.list_IDs))
        if self.shuffle == True:
            np.random.shuffle(self.indexes)


labels = np.random.default_rng(0).integers(0, 3, 300)
training_generator = DataGenerator(range(200), labels)
validation_generator = DataGenerator(range(200, 300), labels[200:])
model = Sequential(
    [Dense(16, activation="relu", input_shape=(20,)), Dense(3, activation="softmax")]
)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x=training_generator, validation_data=validation_generator, epochs=2)


def batches(n):
    while True:
        i = np.random.randint(0, 200, n)
        yield (
            np.array([np.random.default_rng(j).normal(labels[j], 1, 20) for j in i]),
            to_categorical(labels[i], 3),
        )


model.fit(
    batches(16),
    steps_per_epoch=10,
    epochs=2,
    validation_data=batches(8),
    validation_steps=3,
    verbose=2,
)
print(model.evaluate(batches(10), steps=5, verbose=0))
print(model.predict(validation_generator).shape)
