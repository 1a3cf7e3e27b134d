"""`dropout`: the words that a key stands for, the threshold, and whether vectors fit."""

from mt_cuda.device import BLOCK, REPEATS, ceil_div
from mt_cuda.intrinsics import LANES
from mt_cuda.kernels import dropout as kernels
from mt_cuda.launchers import Launchers
from mt_cuda.plan import skew
from mt_tensor.defaults.dropout import scale, threshold
from mt_tensor.tensor_data import TensorData

WORD = 1 << 32


def dropout(launchers: Launchers, out: TensorData, a: TensorData, p: float, key: int) -> None:
    """Set elements of a contiguous `out` to 0, the others to those of a contiguous `a`, scaled."""
    if out.size:
        launcher = launchers.find(kernels.dropout, out.dtype, skew(out) == skew(a) == 0)
        grid = (ceil_div(out.size, BLOCK * REPEATS * LANES), 1, 1)
        numbers = out.dtype.type(scale(p)), (key % WORD, key // WORD), threshold(p), out.size
        launchers.run_with(launcher, grid, (out, a), *numbers)
