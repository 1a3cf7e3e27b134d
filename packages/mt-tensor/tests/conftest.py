"""What the tests here share: tensors are made on the simple backend, unless a test says where."""

import pytest

import mt_tensor as mt


@pytest.fixture(autouse=True, scope="module")
def _simple_backend():
    mt.set_default_backend("simple")
    yield
    mt.set_default_backend(None)
