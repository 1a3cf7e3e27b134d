"""The CUDA backend keeps the contract of backends."""

from mt_cuda.backend import CudaBackend
from mt_cuda.device import SIMULATED
from mt_tensor.testing import BackendConformance


class TestCuda(BackendConformance):
    backend = CudaBackend()
    small = SIMULATED
    layouts = ("broadcast last", "mixed")
