"""One suite, two libraries: every test here takes the library as its argument `lib`.

It runs on tinynet always, and on Keras too where Keras is installed, so that a test which
Keras itself fails is seen to be a wrong test:

    pip install -e '.[test,parity]' && python -m pytest tests/conformance
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import tinynet

collect_ignore_glob = ["scripts/*", "published/*"]  # other tests run them

HAS_KERAS = find_spec("keras") is not None

if HAS_KERAS:
    os.environ.setdefault("KERAS_BACKEND", "jax")  # Keras reads it once, when imported


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that names `lib` once for each library there is."""
    if "lib" in metafunc.fixturenames:
        names = ["tinynet", "keras"] if HAS_KERAS else ["tinynet"]
        metafunc.parametrize("lib", names, indirect=True)


@pytest.fixture
def lib(request: pytest.FixtureRequest) -> Any:
    """Give the library under test, seeded and with its layer names counted from zero."""
    library: Any = tinynet
    if request.param == "keras":
        library = pytest.importorskip("keras")
    library.utils.clear_session()
    library.utils.set_random_seed(1)
    return library


@pytest.fixture
def keras() -> Any:
    """Give Keras, or skip where it is not installed."""
    library = pytest.importorskip("keras")
    library.utils.clear_session()
    tinynet.utils.clear_session()
    return library


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    """Draw x (10, 6) and one-hot y (10, 4), float32."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(10, 6)).astype("float32")
    y = np.eye(4, dtype="float32")[rng.integers(0, 4, 10)]
    return x, y
