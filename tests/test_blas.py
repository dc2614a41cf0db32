"""The threads of the matrix products are limited for a while, and as before afterwards."""

import os

import pytest

from tinynet.support import blas


@pytest.mark.skipif(blas.threads() is None, reason="this BLAS can't be limited from here")
def test_the_number_of_threads_is_what_is_asked_for_and_then_as_before():
    _, getter = blas.threads()
    before = getter()
    with blas.limited(1):
        assert getter() == 1
    assert getter() == before
    with pytest.raises(KeyError), blas.limited(1):
        raise KeyError
    assert getter() == before


def test_a_blas_that_can_not_be_limited_is_said(monkeypatch):
    monkeypatch.setattr(blas, "NAMES", [("no_such_function", "nor_this")])
    for name in blas.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with pytest.warns(UserWarning, match="start Python with OMP_NUM_THREADS=1"), blas.limited(1):
        pass
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with blas.limited(1):
        pass


def test_the_cores_are_those_that_this_process_may_use():
    assert 1 <= blas.cores() <= (os.cpu_count() or 1)
