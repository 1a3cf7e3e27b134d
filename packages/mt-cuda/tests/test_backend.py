import numpy as np
import pytest

import mt_tensor as mt
from mt_cuda.backend import CudaBackend
from mt_cuda.device import SIMULATED
from mt_cuda.simulator import SimulatedDevice
from mt_operators import op, sigmoid, tanh
from mt_tensor.errors import BackendError
from mt_tensor.tensor_data import TensorData

RNG = np.random.default_rng(3)


@op(lambda x: sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x))))
def swish(x):
    return x * sigmoid(x)


@op(lambda x, y: y * (1.0 - tanh(x) * tanh(x)), lambda x, _: tanh(x))
def gate(x, y):
    return tanh(x) * y


def test_an_operator_of_a_user_with_its_gradient(backend):
    x = RNG.normal(size=(3, 4))
    a = mt.tensor(x, backend=backend, requires_grad=True)
    y = swish(a)
    y.sum().backward()
    s = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(y.detach().numpy(), x * s, rtol=1e-14)
    h = 1e-6
    up, down = x + h, x - h
    numeric = (up / (1 + np.exp(-up)) - down / (1 + np.exp(-down))) / (2 * h)
    np.testing.assert_allclose(a.grad.numpy(), numeric, rtol=1e-5, atol=1e-8)


def test_an_operator_of_two_inputs_broadcasts_with_its_gradient(backend):
    x, y = RNG.normal(size=(3, 1)), RNG.normal(size=(4,))
    a, b = (mt.tensor(v, backend=backend, requires_grad=True) for v in (x, y))
    gate(a, b).sum().backward()
    np.testing.assert_allclose(
        a.grad.numpy(), ((1 - np.tanh(x) ** 2) * y).sum(1, keepdims=True), rtol=1e-12
    )
    np.testing.assert_allclose(b.grad.numpy(), (np.tanh(x) * np.ones(4)).sum(0), rtol=1e-12)


def test_float32_stays_float32(backend):
    a = mt.tensor(RNG.normal(size=5), dtype="float32", backend=backend)
    assert swish(a).dtype == np.float32


def test_there_and_back(backend):
    x = RNG.normal(size=(2, 3))
    t = mt.tensor(x, backend="simple").to(backend)
    assert t.backend is backend
    back = t.to(mt.get_backend("simple"))
    np.testing.assert_array_equal(back.numpy(), x)
    assert t[1, 2].item() == x[1, 2]


def test_a_gradient_comes_back_from_the_device(backend):
    x = mt.tensor(RNG.normal(size=(2, 3)), backend="simple", requires_grad=True)
    (x.to(backend) * 3.0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full((2, 3), 3.0))


def test_two_backends_do_not_mix(backend):
    a, b = mt.tensor([1.0], backend="simple"), mt.tensor([1.0], backend=backend)
    with pytest.raises(BackendError, match=r"simple.*cuda|cuda.*simple"):
        a + b


def test_indexing_with_arrays_and_its_gradient(backend):
    x = RNG.normal(size=(4, 3))
    a = mt.tensor(x, backend=backend, requires_grad=True)
    rows = np.array([0, 2, 2])
    a[rows].sum().backward()
    np.testing.assert_array_equal(a.grad.numpy(), np.outer([1, 0, 2, 0], np.ones(3)))


def test_storage_says_what_it_is(backend):
    storage = backend.empty(3, np.dtype("float32"))
    assert repr(storage) == "<cuda storage of 3 x float32>"
    assert len(storage) == 3


@pytest.mark.skipif(not SIMULATED, reason="of the simulator, whose memory can be small")
def test_too_large_a_tensor_says_what_is_held():
    small = CudaBackend(SimulatedDevice(1 << 20))
    held = mt.ones(64, 1024, backend=small)
    message = r"out of memory: 1\.0 MiB asked, 512\.0 KiB held by tensors, 1\.0 MiB on the device"
    with pytest.raises(BackendError, match=message):
        mt.ones(128, 1024, backend=small)
    del held
    assert mt.ones(128, 1024, backend=small).shape == (128, 1024)


def test_too_many_dimensions_are_refused(backend):
    shape = (2,) * 9
    storage = backend.from_numpy(np.zeros(3**9))
    strides = tuple(3**d for d in reversed(range(9)))
    view = TensorData(storage, shape, strides)
    with pytest.raises(BackendError, match="has 9 dimensions that do not merge"):
        backend.map(swish, backend.allocate(shape, np.dtype("float64")), view)
