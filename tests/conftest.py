"""What every test starts from, and how some of them count."""

import hypothesis
import pytest

import tinynet

# A busy machine is no bug: no example of a property has to be fast.
hypothesis.settings.register_profile("tinynet", deadline=None)
hypothesis.settings.load_profile("tinynet")


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
