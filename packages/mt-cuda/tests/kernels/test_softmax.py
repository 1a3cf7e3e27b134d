import numpy as np
import pytest

from mt_cuda.device import BLOCK, WARP, ceil_div
from mt_cuda.kernels.softmax import log_softmax, log_softmax_by_input
from mt_cuda.plan import divisible

RNG = np.random.default_rng(0)
TEAMS = [1, 2, WARP, BLOCK]


def expected(x):
    shifted = x - x.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


@pytest.mark.parametrize("team", TEAMS)
@pytest.mark.parametrize("length", [1, WARP, BLOCK - 1, BLOCK + 1, 3 * BLOCK])
def test_forward(run, team, length):
    x = 5 * RNG.normal(size=(3, length))
    rows, grid = divisible((3,)), (ceil_div(3, BLOCK // team), 1, 1)
    numbers = ((length,),) * 2, (1, 1), rows[:3], 3, length
    out = run(log_softmax(x.dtype, 1, team), grid, (np.empty_like(x), x), *numbers)
    np.testing.assert_allclose(out, expected(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("team", TEAMS)
@pytest.mark.parametrize("length", [1, WARP, BLOCK + 1])
def test_backward(run, team, length):
    grad, x = RNG.normal(size=(2, 3, length))
    y = expected(x)
    rows, grid = divisible((3,)), (ceil_div(3, BLOCK // team), 1, 1)
    numbers = ((length,),) * 3, (1, 1, 1), rows[:3], 3, length
    kernel = log_softmax_by_input(x.dtype, 1, team)
    out = run(kernel, grid, (np.empty_like(x), grad, y), *numbers)
    wanted = grad - np.exp(y) * grad.sum(1, keepdims=True)
    np.testing.assert_allclose(out, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("checked")
def test_rows_too_long_by_one_are_caught(run):
    x = RNG.normal(size=(1, 4))
    numbers = ((4,),) * 2, (1, 1), divisible((1,))[:3], 1, 5
    with pytest.raises(IndexError, match="position 4 is outside of memory of 4 elements"):
        run(log_softmax(x.dtype, 1, 1), (1, 1, 1), (np.empty_like(x), x), *numbers)
