import gc

import numpy as np
import pytest

from mt_cuda.device import SIMULATED
from mt_cuda.dlpack import lent
from mt_cuda.interop import as_tensor, exported
from mt_tensor import tensor
from mt_tensor.errors import BackendError, DTypeError

pytestmark = pytest.mark.skipif(not SIMULATED, reason="NumPy reads the simulator's memory only")

RNG = np.random.default_rng(0)
VIEWS = [
    np.s_[...],
    np.s_[::2, ::-1],
    np.s_[1, 2:],
    np.s_[::-1, ::-1],
    np.s_[:, :0],
    np.s_[1:, 1, 3],
    np.s_[2, 1, 3, ...],
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("view", VIEWS)
def test_numpy_reads_every_layout_without_a_copy(backend, place, view, dtype):
    array = RNG.integers(0, 5, (3, 4, 5)).astype(dtype)[view]
    data = place(array) if array.ndim else backend.from_array(array)
    shared = np.from_dlpack(backend.exported(data))
    np.testing.assert_array_equal(shared, array, strict=True)
    if array.size:
        address = backend.device.address(data.storage) + data.offset * array.itemsize
        assert shared.__array_interface__["data"][0] == address


def test_memory_is_kept_while_it_is_lent(backend):
    before = lent()
    shared = np.from_dlpack(tensor([1.0, 2.0], backend=backend))
    gc.collect()
    assert lent() == before + 1
    others = [tensor([9.0, 9.0], backend=backend) for _ in range(4)]
    np.testing.assert_array_equal(shared, [1.0, 2.0])
    del shared, others
    gc.collect()
    assert lent() == before


def test_a_capsule_that_nobody_takes_is_released(backend):
    before = lent()
    capsule = exported(tensor([1.0], backend=backend)).__dlpack__()
    assert lent() == before + 1
    del capsule
    assert lent() == before


def test_an_array_becomes_a_tensor_over_the_same_memory(backend):
    array = RNG.normal(size=(3, 4))
    t = as_tensor(array)
    assert t.backend is backend
    array[1, 2] = 77.0
    assert t[1, 2].item() == 77.0
    backend.full((1,), 0.0, np.dtype("float64"))
    np.testing.assert_array_equal((t * 2.0).numpy(), array * 2)


@pytest.mark.parametrize("view", [np.s_[::-1, ::2], np.s_[1:, ::-3], np.s_[:, 1:5], np.s_[2]])
def test_kernels_take_foreign_memory_of_any_layout_and_alignment(view):
    array = RNG.normal(size=(4, 9)).astype("float32")[view]
    t = as_tensor(array)
    np.testing.assert_array_equal((t + t).numpy(), array + array)
    np.testing.assert_allclose(t.sum().numpy(), array.sum().reshape(1), rtol=1e-5)
    if array.ndim == 2:
        product = (t @ t.permute(1, 0)).numpy()
        np.testing.assert_allclose(product, array @ array.T, rtol=1e-4, atol=1e-5)


def test_a_dtype_that_tensors_do_not_hold_is_refused():
    with pytest.raises(
        DTypeError, match="elements of int16 cannot be shared, only those of float32"
    ):
        as_tensor(np.arange(3, dtype="int16"))


def test_what_is_no_array_is_refused():
    with pytest.raises(BackendError, match="list is not in the simulator's memory"):
        as_tensor([1.0, 2.0])


def test_the_simulator_has_no_cuda_array_interface(backend):
    with pytest.raises(AttributeError, match="the simulator's memory is the host's"):
        _ = exported(tensor([1.0], backend=backend)).__cuda_array_interface__
