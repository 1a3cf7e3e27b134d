"""What the tests share: the backend, and NumPy views placed in its memory.

They run in the simulator, or on a GPU with `NUMBA_ENABLE_CUDASIM=0`.
"""

import pytest

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
