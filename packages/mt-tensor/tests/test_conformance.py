"""The simple backend keeps the contract of backends."""

from mt_tensor.simple import SimpleBackend
from mt_tensor.testing import BackendConformance


class TestSimple(BackendConformance):
    backend = SimpleBackend()
    small = True
