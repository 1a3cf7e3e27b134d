"""`log_softmax` and its gradient: how rows lie, and how many threads have one."""

from collections.abc import Callable
from math import prod

from mt_cuda.device import BLOCK, SIMULATED, WARP, Kernel, ceil_div
from mt_cuda.kernels import softmax as kernels
from mt_cuda.launchers import Launchers
from mt_cuda.plan import divisible, merged
from mt_tensor.tensor_data import TensorData

LONG = 32 if SIMULATED else 1024
"""The length from which a block has a row: a warp has fewer than 32 elements a thread."""


def log_softmax(launchers: Launchers, out: TensorData, x: TensorData, axis: int) -> None:
    """Normalise the exponentials of `x` along `axis`, and take the logarithm."""
    _run(launchers, kernels.log_softmax, (out, x), axis)


def log_softmax_by_input(
    launchers: Launchers, out: TensorData, grad: TensorData, y: TensorData, axis: int
) -> None:
    """Pull `grad` back through `log_softmax`, of which `y` is the result."""
    _run(launchers, kernels.log_softmax_by_input, (out, grad, y), axis)


def _run(
    launchers: Launchers, make: Callable[..., Kernel], tensors: tuple[TensorData, ...], axis: int
) -> None:
    shape = tensors[0].shape
    if not prod(shape):
        return
    stays = [d for d in range(len(shape)) if d != axis]
    kept, strides = merged(
        tuple(shape[d] for d in stays), *(tuple(t.strides[d] for d in stays) for t in tensors)
    )
    steps, length, rows = tuple(t.strides[axis] for t in tensors), shape[axis], divisible(kept)
    dense = abs(steps[1]) <= min(map(abs, strides[1])) or rows.total < WARP
    team = 1 if not dense or length <= WARP // 8 else BLOCK if length >= LONG else WARP
    launcher = launchers.find(make, tensors[0].dtype, len(kept), team)
    grid = (ceil_div(rows.total, BLOCK // team), 1, 1)
    launchers.run(launcher, grid, tensors, strides, steps, rows[:3], rows.total, length)
