"""Rows of a table, and one element of each row, by numbers on the device: one launch each."""

from collections.abc import Callable

from mt_cuda.device import BLOCK, Kernel, ceil_div
from mt_cuda.kernels import rows as kernels
from mt_cuda.launchers import Launchers
from mt_cuda.plan import divisible
from mt_tensor.tensor_data import TensorData

MOST_ROWS = 4096
"""Rows that are added in one launch: each looks at the numbers of all."""


def take_rows(launchers: Launchers, out: TensorData, a: TensorData, index: TensorData) -> None:
    """Set row i of `out` to row `index[i]` of `a`."""
    _run(launchers, kernels.take_rows, (out, a, index), out)


def add_rows(launchers: Launchers, out: TensorData, index: TensorData, a: TensorData) -> None:
    """Add row i of `a` to row `index[i]` of `out`."""
    _run(launchers, kernels.add_rows, (out, a, index), a)


def pick(launchers: Launchers, out: TensorData, a: TensorData, index: TensorData) -> None:
    """Set element i of `out` to `a[i, index[i]]`."""
    column = _column(out)
    _run(launchers, kernels.pick, (column, a, index), column)


def pick_by_input(
    launchers: Launchers, out: TensorData, grad: TensorData, index: TensorData
) -> None:
    """Clear `out`, but for `out[i, index[i]]`, which becomes element i of `grad`."""
    _run(launchers, kernels.pick_by_input, (out, _column(grad), index), out)


def _column(a: TensorData) -> TensorData:
    """Return (N,) as (N, 1)."""
    return a.restrided((*a.shape, 1), (*a.strides, 0))


def _run(
    launchers: Launchers,
    make: Callable[..., Kernel],
    tensors: tuple[TensorData, TensorData, TensorData],
    over: TensorData,
) -> None:
    """Launch a thread for each element of one of the tensors."""
    if over.size:
        out, source, index = tensors
        launcher = launchers.find(make, out.dtype, source.dtype)
        sizes, strides = divisible(over.shape), (out.strides, source.strides)
        grid = (ceil_div(sizes.total, BLOCK), 1, 1)
        launchers.run(launcher, grid, tensors, strides, index.strides[0], sizes[:3], sizes.total)
