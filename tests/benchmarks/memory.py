"""How much memory the seed script takes on full MNIST, and how long `import tinynet` takes.

    TINYNET_HOME=... python tests/benchmarks/memory.py

TINYNET_HOME is a folder that holds mnist/, or is left out for the usual cache. The peak is that
of a whole process of its own, as the operating system counts it. Of the 700 MB that are the
goal, about 490 MB are the script's own arrays: pixels as bytes and again as float64, labels.
"""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SEED = """
import tinynet as keras
from tinynet.datasets import mnist
from tinynet.models import Sequential
from tinynet.layers import Dense
import matplotlib.pyplot as plt

(x_train, y_train), (x_valid, y_valid) = mnist.load_data()
plt.imshow(x_train[0], cmap="gray")
x_train = x_train.reshape(60000, 784) / 255
x_valid = x_valid.reshape(10000, 784) / 255
num_categories = 10
y_train = keras.utils.to_categorical(y_train, num_categories)
y_valid = keras.utils.to_categorical(y_valid, num_categories)
model = Sequential()
model.add(Dense(units=512, activation="relu", input_shape=(784,)))
model.add(Dense(units=512, activation="relu"))
model.add(Dense(units=num_categories, activation="softmax"))
model.summary()
model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=5, verbose=1,
                    validation_data=(x_valid, y_valid))
"""


def run(code):
    """Run a program, and return how many seconds it took."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    return time.perf_counter() - start


def main():
    run("import numpy, tinynet")  # so that both are compiled and in the disk's cache
    pairs = [(run("import numpy"), run("import tinynet")) for _ in range(21)]
    numpy, tinynet = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(t / n for n, t in pairs)
    print(f"import numpy {1000 * numpy:.0f} ms, tinynet {1000 * tinynet:.0f} ms, ratio {ratio:.2f}")
    seconds = run(SEED)
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    print(f"the seed script: {seconds:.0f} s, peak {peak / 1e6:.0f} MB (the goal is 700)")


if __name__ == "__main__":
    main()
