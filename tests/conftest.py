"""What every test starts from, and how some of them count."""

import hypothesis
import pytest

import tinynet

tinynet.more.load()  # so that tables of names are whole when tests are collected

# A busy machine is no bug: no example of a property has to be fast.
hypothesis.settings.register_profile("tinynet", deadline=None)
hypothesis.settings.load_profile("tinynet")


def pytest_ignore_collect(collection_path):
    """Keep --doctest-modules off the scripts beside the tests, which may need what isn't there."""
    if collection_path.suffix == ".py" and not collection_path.name.startswith("test_"):
        return True
    return None


# Real servers that stall, real processes that are killed, examples and notebooks that are run:
# `-m "not slow"` leaves these files out, and the conformance suite, which doubles other tests.
SLOW = {
    "conformance", "test_datasets", "test_docs", "test_download", "test_elastic",
    "test_examples", "test_exercises", "test_forty_ways", "test_golden", "test_hostile_files",
    "test_idx", "test_long_work", "test_mpi", "test_notebook", "test_packaging", "test_plots",
    "test_playground", "test_playground_browser", "test_progress", "test_resume",
    "test_same_bits", "test_style", "test_types", "test_wrappers",
}  # fmt: skip


def pytest_collection_modifyitems(items):
    """Mark the tests of slow files."""
    for item in items:
        if SLOW & {item.path.stem, item.path.parent.name}:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _same_start():
    """Give every test the same random numbers and the same names of layers."""
    tinynet.utils.set_random_seed(0)
    tinynet.utils.clear_session()


@pytest.fixture
def _float64():
    """Build the models of a test in float64."""
    tinynet.config.set_floatx("float64")
    yield
    tinynet.config.set_floatx("float32")
