import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_cuda.pool import Pool, readable, rounded
from mt_cuda.simulator import HostSource, SimulatedDevice
from mt_tensor.errors import BackendError


class Counting(HostSource):
    def __init__(self, nbytes):
        super().__init__(nbytes)
        self.reserved = 0

    def reserve(self, nbytes):
        self.reserved += 1
        return super().reserve(nbytes)


@given(st.integers(0, 1 << 40))
def test_rounding_wastes_little_and_keeps_alignment(nbytes):
    size = rounded(nbytes)
    assert size >= max(nbytes, 512)
    assert size % 512 == 0
    assert size - nbytes < max(512, nbytes / 8 + 1) or nbytes == 0
    assert rounded(size) == size


@given(st.integers(1, 50))
def test_few_sizes_serve_all(bits):
    assert len({rounded(int(n)) for n in np.linspace(1 << bits, 2 << bits, 999)}) <= 17


def test_a_block_is_used_again():
    source = Counting(1 << 20)
    pool = Pool(source)
    first = pool.allocate(1000)
    block = first.block
    del first
    assert pool.allocate(900).block is block
    assert source.reserved == 1


def test_blocks_in_use_are_distinct():
    pool = Pool(HostSource(1 << 20))
    first, second = pool.allocate(512), pool.allocate(512)
    assert first.block is not second.block
    assert (pool.in_use, pool.idle) == (1024, 0)
    del first
    assert (pool.in_use, pool.idle) == (512, 512)
    del second


def test_idle_blocks_make_room_for_another_size():
    source = Counting(4096)
    pool = Pool(source)
    del [pool.allocate(2048) for _ in range(2)][:]
    assert pool.idle == 4096
    memory = pool.allocate(4096)
    assert memory.nbytes == 4096
    assert (source.reserved, pool.idle) == (4, 0)


def test_out_of_memory_says_what_is_held():
    pool = Pool(HostSource(1 << 20))
    held = pool.allocate(768 << 10)
    with pytest.raises(
        BackendError,
        match=r"out of memory: 512\.0 KiB asked, 768\.0 KiB held by tensors, 1\.0 MiB on the",
    ):
        pool.allocate(512 << 10)
    assert held.nbytes == 768 << 10


def test_a_device_hands_out_memory_without_what_was_in_it():
    device = SimulatedDevice(1 << 20)
    memory = device.allocate(512)
    device.upload(memory, np.zeros(64))
    del memory
    result = np.empty(64)
    device.download(device.allocate(512), result)
    assert np.isnan(result).all()


@pytest.mark.parametrize(
    ("nbytes", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 30, "5.0 GiB")]
)
def test_readable(nbytes, text):
    assert readable(nbytes) == text
