"""The fast backend keeps the contract of backends."""

from mt_fast.backend import FastBackend
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_tensor.testing import BackendConformance


class TestFast(BackendConformance):
    backend = FastBackend()
    small = INTERPRETED  # a loop in Python
    # A kernel is compiled for each pattern of broadcasting; all other layouts are copied for it.
    layouts = ("broadcast last", "mixed")
