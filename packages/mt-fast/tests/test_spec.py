"""The backend as it is found by its entry point."""

import subprocess
import sys

import mt_fast
from mt_fast.backend import FastBackend
from mt_tensor.registry import backends, get_backend


def test_it_is_found_by_name():
    assert isinstance(get_backend("fast"), FastBackend)
    assert get_backend("fast") is get_backend("fast")
    assert isinstance(mt_fast.SPEC.factory(), FastBackend)


def test_the_status_names_numba_and_the_threads():
    before = mt_fast.get_num_threads()
    mt_fast.set_num_threads(1)
    try:
        assert repr(backends()["fast"]).startswith("ready: Numba ")
        assert repr(backends()["fast"]).endswith(", 1 thread")
    finally:
        mt_fast.set_num_threads(before)


def test_numba_is_not_imported_before_it_is_needed():
    program = (
        "import sys, mt_fast, mt_tensor\n"
        "mt_tensor.backends(), mt_fast.get_num_threads(), mt_fast.set_num_threads(1)\n"
        "print('numba' in sys.modules)\n"
        "mt_tensor.get_backend('fast')\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "True"]
