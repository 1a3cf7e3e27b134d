"""What the tests share: the backend, and NumPy views placed in its memory.

They run in the simulator, or on a GPU with `NUMBA_ENABLE_CUDASIM=0`.
"""

import pytest

from mt_cuda.device import SIMULATED
from mt_cuda.status import status
from mt_tensor.registry import get_backend
from mt_tensor.tensor_data import TensorData


@pytest.fixture(scope="session")
def backend():
    report = status()
    if not report.ready:
        pytest.skip(f"neither a GPU nor the simulator: {report!r}")
    return get_backend("cuda")


@pytest.fixture
def place(backend):
    """Copy the storage of a NumPy view to the backend, and read it there in the same layout."""

    def placed(view):
        base = view
        while base.base is not None:
            base = base.base
        flat = base.ravel(order="K")
        address, origin = (a.__array_interface__["data"][0] for a in (view, flat))
        strides = tuple(step // view.itemsize for step in view.strides)
        storage = backend.from_numpy(flat.copy())
        return TensorData(storage, view.shape, strides, (address - origin) // view.itemsize)

    return placed


@pytest.fixture
def checked():
    """Skip on a GPU, which forgives a wrong access, or ends the process for it."""
    if not SIMULATED:
        pytest.skip("only the simulator checks every access")


@pytest.fixture
def run(backend):
    """Compile a kernel and run it on arrays; return what the first then holds.

    Pointers may point at an element: `(array, offset)`.
    """
    device = backend.device

    def launched(kernel, grid, arrays, *numbers):
        pairs = [array if isinstance(array, tuple) else (array, 0) for array in arrays]
        storages = [backend.from_numpy(array.reshape(-1)) for array, _ in pairs]
        offsets = [offset for _, offset in pairs]
        pointers = tuple(map(device.pointer, storages, offsets))
        launcher = device.compile(kernel)
        launcher.launch(grid, pointers, launcher.prepare(*numbers))
        return backend.to_numpy(storages[0]).reshape(pairs[0][0].shape)

    return launched


class Watching:
    """A device that tells which kernels it was asked for."""

    def __init__(self, device):
        self.device = device
        self.names = []

    def __getattr__(self, name):
        return getattr(self.device, name)

    def compile(self, kernel):
        self.names.append(kernel.name)
        return self.device.compile(kernel)


@pytest.fixture
def watched(backend):
    return Watching(backend.device)
