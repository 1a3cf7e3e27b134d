import numpy as np
import pytest

from mt_cuda.device import BLOCK, REPEATS
from mt_cuda.intrinsics import LANES
from mt_tensor.layout import contiguous_strides
from mt_tensor.tensor_data import TensorData

RNG = np.random.default_rng(0)
SHARE = BLOCK * REPEATS * LANES
SIZES = [1, LANES - 1, LANES, LANES + 1, SHARE - 1, SHARE, SHARE + 1]
RATES = {"lr": 0.1, "momentum": 0.9, "dampening": 0.25, "weight_decay": 0.3, "nesterov": False}
ADAM = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.3, "step": 7}


@pytest.fixture
def launches(backend, monkeypatch):
    """Count the launches of steps, and refuse the default's."""
    names = []
    compiled = backend.device.compile

    def compile_and_tell(kernel):
        names.append(kernel.name)
        return compiled(kernel)

    def refuse(*_):
        pytest.fail("the step was taken by zip")

    monkeypatch.setattr(backend.device, "compile", compile_and_tell, raising=False)
    monkeypatch.setattr(backend, "zip", refuse)
    return names


def drawn(n, dtype, count):
    arrays = RNG.normal(size=(count, n)).astype(dtype)
    arrays[-1] = abs(arrays[-1])
    return arrays


def check(backend, tensors, wanted, dtype):
    for data, array in zip(tensors, wanted, strict=True):
        tolerance = 8 * np.finfo(dtype).eps
        np.testing.assert_allclose(backend.to_array(data), array, rtol=tolerance, atol=tolerance)


@pytest.mark.usefixtures("launches")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", SIZES)
def test_a_step_without_velocity(backend, place, n, dtype):
    p, g = drawn(n, dtype, 2)
    value, grad = place(p.copy()), place(g.copy())
    backend.sgd_step(value, grad, None, **RATES)
    slope = g.astype(float) + 0.3 * p
    check(backend, (value, grad), (p - 0.1 * slope, g), dtype)


@pytest.mark.usefixtures("launches")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("n", SIZES)
def test_a_step_with_velocity(backend, place, n, nesterov, dtype):
    p, g, v = drawn(n, dtype, 3)
    value, grad, velocity = place(p.copy()), place(g.copy()), place(v.copy())
    backend.sgd_step(value, grad, velocity, **RATES | {"nesterov": nesterov})
    slope = g.astype(float) + 0.3 * p
    faster = 0.9 * v.astype(float) + 0.75 * slope
    stepped = p - 0.1 * (slope + 0.9 * faster if nesterov else faster)
    check(backend, (value, grad, velocity), (stepped, g, faster), dtype)


@pytest.mark.usefixtures("launches")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("n", SIZES)
def test_a_step_of_adam(backend, place, n, decoupled, dtype):
    arrays = drawn(n, dtype, 4)
    tensors = [place(array.copy()) for array in arrays]
    backend.adam_step(*tensors, **ADAM, decoupled=decoupled)
    p, g, m, s = arrays.astype(float)
    p, slope = (p * (1.0 - 0.03), g) if decoupled else (p, g + 0.3 * p)
    m, s = 0.9 * m + 0.1 * slope, 0.99 * s + 0.01 * slope * slope
    root = np.sqrt(s / (1.0 - 0.99**7)) + 1e-8
    check(backend, tensors, (p - 0.1 * m / (1.0 - 0.9**7) / root, g, m, s), dtype)


def test_no_gradient_and_no_square_is_no_error(backend, place):
    tensors = [place(np.array([1.0])), *(place(np.zeros(1)) for _ in range(3))]
    backend.adam_step(*tensors, **ADAM | {"eps": 0.0, "weight_decay": 0.0}, decoupled=False)
    assert np.isnan(backend.to_array(tensors[0])[0])


def test_a_rate_is_no_part_of_a_kernel(backend, place, launches):
    value, grad = place(np.ones(8)), place(np.ones(8))
    for lr in (0.1, 0.01, 0.001):
        backend.sgd_step(value, grad, None, **RATES | {"lr": lr, "weight_decay": 0.0})
    assert len(launches) <= 1
    np.testing.assert_allclose(backend.to_array(value), np.full(8, 1 - 0.111), rtol=1e-14)


@pytest.mark.parametrize("step", [np.s_[::2], np.s_[::-1], np.s_[1:9]])
def test_arrays_that_do_not_lie_alike_take_the_steps_of_the_default(backend, place, step):
    p, g = RNG.normal(size=16)[step], RNG.normal(size=len(np.zeros(16)[step]))
    value = place(p)
    wanted = p - 0.1 * (g + 0.3 * p)
    backend.sgd_step(value, place(g), None, **RATES)
    np.testing.assert_allclose(backend.to_array(value), wanted, rtol=1e-12)


def test_nothing_to_step_launches_nothing(backend):
    empty = TensorData(backend.empty(0, np.dtype("float32")), (0,), contiguous_strides((0,)))
    backend.sgd_step(empty, empty, None, **RATES)
    assert backend.to_array(empty).shape == (0,)
