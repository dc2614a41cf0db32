"""MNIST: 70,000 handwritten digits, 28 x 28 pixels, by LeCun, Cortes and Burges (1998)."""

from tinynet.datasets.cache import DataSet, four_files

SET = DataSet(
    name="mnist",
    title="MNIST",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files=four_files(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    instead="""\
  Or go on with the 10,000 digits that came with tinynet, where no network is needed:
    from tinynet.datasets import mnist_10k; mnist_10k.load_data()""",
)

load_data = SET.load
