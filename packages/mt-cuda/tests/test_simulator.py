import sys

import numpy as np
import pytest
from numba import cuda, uint32

from mt_cuda.device import SIMULATED, Kernel
from mt_cuda.kernels.types import pointer, tuple_of
from mt_cuda.simulator import SimulatedDevice
from mt_cuda.storage import Storage

pytestmark = pytest.mark.skipif(not SIMULATED, reason="of the simulator")

float64 = np.dtype("float64")


@pytest.fixture
def device():
    return SimulatedDevice()


def launcher(device, function, *numbers):
    kernel = Kernel("test", function, (pointer(float64), *numbers), (4, 1, 1))
    return device.compile(kernel)


def shifted(out, by):
    i = cuda.grid(1)
    out[i + by] = float(i)


def run(device, function, by, kind=None):
    memory = device.allocate(8 * float64.itemsize)
    storage = Storage(memory, 8, float64)
    out = launcher(device, function, kind or uint32)
    out.launch((2, 1, 1), (device.pointer(storage, 0),), out.prepare(by))
    result = np.empty(8)
    device.download(memory, result)
    return result


def test_a_kernel_runs_every_thread_once(device):
    np.testing.assert_array_equal(run(device, shifted, 0), np.arange(8.0))


def test_writing_one_past_the_end_is_caught(device):
    with pytest.raises(IndexError, match="position 8 is outside of memory of 8 elements"):
        run(device, shifted, 1)


def before(out, by):
    out[cuda.grid(1) - by] = 0.0


def test_writing_one_before_the_start_is_caught(device):
    with pytest.raises(IndexError, match="position -1 is outside of memory of 8 elements"):
        run(device, before, 1)


def test_reading_past_the_end_through_an_offset_is_caught(device):
    pointer = device.pointer(Storage(device.allocate(8 * float64.itemsize), 8, float64), 5)
    assert np.isnan(pointer[2])
    with pytest.raises(IndexError, match="position 8 is outside"):
        pointer[3]


def idle(out, by):
    pass


def test_memory_that_no_kernel_wrote_is_nan(device):
    assert np.isnan(run(device, idle, 0)).all()


@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_a_number_that_does_not_fit_its_type_is_caught(device, value):
    with pytest.raises(OverflowError, match=f"{value} does not fit a kernel's uint32"):
        run(device, idle, value)


def test_numbers_in_tuples_are_checked_too(device):
    kind = tuple_of(uint32, tuple_of(uint32, uint32))
    with pytest.raises(OverflowError, match="-7 does not fit"):
        run(device, idle, (1, (2, -7)), kind)
    with pytest.raises(ValueError, match="shorter"):
        run(device, idle, (1, (2,)), kind)


def overflow(out, _):
    out[cuda.grid(1)] = np.float64(1e308) * np.float64(10.0)


def test_infinities_are_no_warnings_and_no_setting_is_left_behind(device):
    before = sys.getswitchinterval(), np.geterr()
    assert np.isinf(run(device, overflow, 0)).all()
    assert (sys.getswitchinterval(), np.geterr()) == before


def test_pointers_are_nested_as_the_signature_has_them(device):
    def gather(out, operands, _):
        i = cuda.grid(1)
        out[i] = operands[0][i] + operands[1][i]

    kinds = (pointer(float64), tuple_of(pointer(float64), pointer(float64)), uint32)
    sums = device.compile(Kernel("test", gather, kinds, (4, 1, 1)))
    memory = device.allocate(3 * 4 * float64.itemsize)
    device.upload(memory, np.arange(12.0))
    storage = Storage(memory, 12, float64)
    pointers = [device.pointer(storage, offset) for offset in (0, 4, 8)]
    sums.launch((1, 1, 1), tuple(pointers), sums.prepare(0))
    result = np.empty(12)
    device.download(memory, result)
    np.testing.assert_array_equal(result[:4], [12.0, 14.0, 16.0, 18.0])
