"""Train on all cores, and on all machines, that mpiexec is given.

    pip install mpi4py mpich
    mpiexec -n 4 python examples/train_mpi.py

Every process runs this script. In the `with` block they take each step together: each computes
the gradient of some rows of the batch, and moves some of the weights. docs/scaling.md says when
more processes pay. Start the same command again after a crash, and it goes on from its backup.
"""

import argparse

import tinynet
from tinynet.callbacks import BackupAndRestore
from tinynet.datasets import mnist_10k
from tinynet.layers import Dense
from tinynet.support.commands import folder, run, whole


def main() -> None:
    """Train together, and let the first process save the model."""
    options = read_options()
    tinynet.utils.set_random_seed(0)
    (x_train, y_train), (x_valid, y_valid) = mnist_10k.load_data()
    x_train = x_train.reshape(-1, 784).astype("float32") / 255
    x_valid = x_valid.reshape(-1, 784).astype("float32") / 255

    model = tinynet.Sequential(
        [
            Dense(512, activation="relu", input_shape=(784,)),
            Dense(512, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])

    with tinynet.distributed.mpi() as rank:
        model.fit(
            x_train,
            y_train,
            batch_size=options.batch_size,
            epochs=options.epochs,
            validation_data=(x_valid, y_valid),
            callbacks=[BackupAndRestore(str(options.out / "backup"))],
        )
        if rank == 0:  # the model is the same in all of them: one is enough to save it
            options.out.mkdir(parents=True, exist_ok=True)
            model.save(options.out / "model.npz")


def read_options() -> argparse.Namespace:
    """Read what was typed after the script's name."""
    parser = argparse.ArgumentParser(description="Train a network together with other processes.")
    add = parser.add_argument
    add("--epochs", metavar="N", type=whole(1), default=5, help="rounds (default 5)")
    add("--batch-size", metavar="N", type=whole(1), default=128, help="default 128")
    add("--out", metavar="DIR", type=folder, default="out", help="default out")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
