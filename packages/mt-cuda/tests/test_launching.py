"""What an operation costs the second time: a look-up and a launch."""

import numpy as np
import pytest

from mt_cuda.backend import CudaBackend
from mt_cuda.device import open_device
from mt_cuda.journal import Journal
from mt_cuda.launchers import Launchers
from mt_operators import add, relu
from mt_tensor.tensor_data import TensorData

float32 = np.dtype("float32")
RATES = {"momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}


class Counting:
    """A device that counts what it is asked for."""

    def __init__(self, device):
        self.device = device
        self.compiled = self.prepared = 0

    def __getattr__(self, name):
        return getattr(self.device, name)

    def compile(self, kernel):
        self.compiled += 1
        return CountingLauncher(self, self.device.compile(kernel))


class CountingLauncher:
    def __init__(self, counts, launcher):
        self.counts = counts
        self.launcher = launcher
        self.launch = launcher.launch

    def prepare(self, *numbers):
        self.counts.prepared += 1
        return self.launcher.prepare(*numbers)


@pytest.fixture(scope="module")
def counting(backend):
    return CudaBackend(Counting(open_device()))


def tensors(backend, *shapes):
    return [backend.from_array(np.ones(shape, float32)) for shape in shapes]


def operations(backend):
    """Yield each operation with the values among its numbers, which are prepared each time."""
    a, b, out = tensors(backend, (6, 8), (8, 6), (6, 8))
    rows, product, row = tensors(backend, (6, 1), (6, 6), (1, 8))
    x, w, y = tensors(backend, (2, 3, 6, 6), (4, 3, 3, 3), (2, 4, 4, 4))
    by_x, by_w, pooled = tensors(backend, (2, 3, 6, 6), (4, 3, 3, 3), (2, 3, 3, 3))
    one, two, strided = (1, 1), (2, 2), TensorData(b.storage, (6, 8), (1, 6))
    spread = row.expand((6, 8))
    yield "map", 0, lambda: backend.map(relu, out, a)
    yield "zip", 0, lambda: backend.zip(add, out, a, spread)
    yield "zip of layouts", 0, lambda: backend.zip(add, out, a, strided)
    yield "reduce", 0, lambda: backend.reduce(add, rows, a)
    yield "matmul", 0, lambda: backend.matmul(product, a, b)
    yield "conv2d", 0, lambda: backend.conv2d(y, x, w, None, one, (0, 0))
    yield "conv2d by input", 0, lambda: backend.conv2d_by_input(by_x, y, w, one, (0, 0))
    yield "conv2d by weight", 0, lambda: backend.conv2d_by_weight(by_w, None, y, x, one, (0, 0))
    yield "pooling", 0, lambda: backend.max_pool2d(pooled, x, two, two)
    yield "pooling back", 0, lambda: backend.max_pool2d_by_input(by_x, pooled, x, two, two)
    yield "log softmax", 0, lambda: backend.log_softmax(out, a, 1)
    yield "log softmax back", 0, lambda: backend.log_softmax_by_input(out, a, out, 1)
    yield "dropout", 1, lambda: backend.dropout(out, a, 0.5, 7)
    yield "a step", 1, lambda: backend.sgd_step(out, a, tensors(backend, (6, 8))[0], lr=1, **RATES)


@pytest.mark.parametrize("place_in_list", range(14))
def test_nothing_is_worked_out_twice(counting, place_in_list):
    name, values, run = list(operations(counting))[place_in_list]
    run()
    counts, pool = counting.device, counting.device.pool
    counts.compiled = counts.prepared = 0
    held = pool.in_use + pool.idle
    journal = Journal()
    with journal.opened():
        run()
    assert journal.launches, name
    assert (name, counts.compiled, counts.prepared) == (name, 0, values)
    assert journal.downloads == 0
    assert pool.in_use + pool.idle == held, "memory was asked of the driver again"


def test_layouts_are_forgotten_in_time(backend, monkeypatch):
    monkeypatch.setattr("mt_cuda.launchers.MOST_LAYOUTS", 2)
    launchers = Launchers(backend.device)
    monkeypatch.setattr(backend, "_launchers", launchers)
    for n in range(2, 7):
        x, out = tensors(backend, (1, n), (1, n))
        backend.log_softmax(out, x, 1)
        assert len(launchers._prepared) <= 2  # noqa: SLF001  nothing else shows it
        np.testing.assert_allclose(backend.to_array(out), -np.log(n), rtol=1e-6)


def test_a_zero_keeps_its_sign(backend):
    for value in (0.0, -0.0, 0.0):
        filled = backend.to_array(backend.full((3,), value, float32))
        np.testing.assert_array_equal(np.signbit(filled), np.signbit(value))
