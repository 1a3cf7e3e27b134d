"""Every test of a layer runs on each backend that is ready here."""

import pytest

import mt_tensor as mt

READY = [name for name, status in mt.backends().items() if status.ready]


@pytest.fixture(params=READY)
def backend(request):
    before = mt.default_backend()
    mt.set_default_backend(request.param)
    yield request.param
    mt.set_default_backend(before)
