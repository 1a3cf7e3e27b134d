"""The backends that a test of a layer runs on: those that are ready here.

The CUDA simulator interprets each thread in Python. It takes part where a whole network is trained,
which `every_backend` is for; its kernels have tests of their own.
"""

import pytest

import mt_tensor as mt

READY = {name: status for name, status in mt.backends().items() if status.ready}
QUICK = [name for name, status in READY.items() if "simulator" not in status.detail]


@pytest.fixture(params=QUICK)
def backend(request):
    yield from _as_default(request.param)


@pytest.fixture(params=READY)
def every_backend(request):
    yield from _as_default(request.param)


def _as_default(name):
    before = mt.default_backend()
    mt.set_default_backend(name)
    yield name
    mt.set_default_backend(before)
