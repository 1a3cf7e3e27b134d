"""`conv1d` and its two gradients: which layouts the kernels take as they are."""

from functools import cache
from math import prod

import numba
import numpy as np

from mt_fast.compiler import Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.elementwise import Elementwise
from mt_fast.kernels import convolution1d as kernels
from mt_fast.kernels.intrinsics.tile import HEIGHT, VECTORS
from mt_fast.kernels.intrinsics.vectors import lanes_of
from mt_fast.launching import Prepared, Work, scratch
from mt_fast.product import PARALLEL_WORK
from mt_fast.threads import get_num_threads
from mt_operators import identity
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData


def conv1d(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    out: TensorData,
    x: TensorData,
    weight: TensorData,
    bias: TensorData | None,
    stride: int,
    padding: int,
) -> None:
    """Correlate `x`, (N, C, L), with `weight`, (O, C, K), into `out`, (N, O, OL)."""
    if not _dense(out, 2):
        dense = scratch(out.shape, out.dtype)
        conv1d(dense, x, weight, bias, stride, padding)
        _copy.run(identity, out, (dense,))
        return
    weight = weight if _dense(weight, 1) else _copied(weight)
    bias = bias if bias is None or _dense(bias, 0) else _copied(bias)
    words = [*_words(x, weight, out, stride, padding), bias is not None]
    tensors = (out, x, weight, weight if bias is None else bias)
    _launch("conv1d", tensors, words, out.shape[0], out.size * prod(weight.shape[1:]))


def conv1d_by_input(
    out: TensorData, grad: TensorData, weight: TensorData, stride: int, padding: int
) -> None:
    """Pull `grad`, (N, O, OL), back to the sequences, `out`, (N, C, L)."""
    if not (_dense(out, 2) or out.strides[1] == 1):
        dense = scratch(out.shape, out.dtype)
        conv1d_by_input(dense, grad, weight, stride, padding)
        _copy.run(identity, out, (dense,))
        return
    grad = grad if _dense(grad, 2) else _copied(grad)
    words = _words(out, weight, grad, stride, padding)
    work = grad.size * prod(weight.shape[1:])
    _launch("conv1d_by_input", (out, weight, grad), words, out.shape[0], work)


def conv1d_by_weight(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    out: TensorData,
    bias: TensorData | None,
    grad: TensorData,
    x: TensorData,
    stride: int,
    padding: int,
) -> None:
    """Pull `grad`, (N, O, OL), back to the kernels, `out`, (O, C, K), and the bias, (O,)."""
    if bias is not None and not _dense(bias, 0):
        dense = scratch(bias.shape, bias.dtype)
        conv1d_by_weight(out, dense, grad, x, stride, padding)
        _copy.run(identity, bias, (dense,))
        return
    grad = grad if _dense(grad, 2) else _copied(grad)
    words = [*_words(x, out, grad, stride, padding), bias is not None]
    units, work = -(-out.shape[0] // HEIGHT), grad.size * prod(out.shape[1:])
    tensors = (out, x, grad, out if bias is None else bias)
    _launch("conv1d_by_weight", tensors, words, units, work)


def _dense(a: TensorData, first: int) -> bool:
    """Whether the dimensions from `first` on lie in order, without gaps."""
    expected = 1
    for size, stride in zip(reversed(a.shape[first:]), reversed(a.strides[first:]), strict=True):
        if stride != expected and size != 1:
            return False
        expected *= size
    return True


def _copied(a: TensorData) -> TensorData:
    dense = scratch(a.shape, a.dtype)
    _copy.run(identity, dense, (a,))
    return dense


def _words(
    x: TensorData, weight: TensorData, out: TensorData, stride: int, padding: int
) -> list[int]:
    """Describe a correlation, as `mt_fast.kernels.convolution1d` reads it."""
    sizes = [*x.shape, *out.shape[1:], weight.shape[2], stride, padding]
    return [*sizes, *x.strides, *weight.strides, *out.strides[:2]]


def _launch(
    name: str, tensors: tuple[TensorData, ...], words: list[int], units: int, work: int
) -> None:
    storages = tuple([t.storage for t in tensors])
    offsets = tuple([t.offset for t in tensors])
    key = name, *words
    if not _prepared.start(key, storages, offsets):
        kernel = _kernel(name, len(tensors), storages[0].dtype)
        large = units > 1 and 2 * work >= PARALLEL_WORK
        chunk = -(-units // get_num_threads()) if large else 0
        task = Work(kernel, np.array(words, np.int64), units, chunk)
        _prepared.launch(key, task, storages, offsets)


@cache
def _kernel(name: str, count: int, dtype: DType) -> Kernel:
    lanes = lanes_of(dtype.itemsize * 8).count
    dtypes = (dtype,) * count
    constants = {
        "ALL": element_types(*dtypes),
        "LANES": lanes,
        "STRIP": lanes * VECTORS,
        "number": numba.from_dtype(dtype),
    }
    bindings = bind_helpers(dict(constants), *_HELPERS[name])
    return compile_kernel(getattr(kernels, name), bindings, str(constants))


_HELPERS = {
    "conv1d": (kernels.copy_matrix, kernels.frame_by_channels),
    "conv1d_by_weight": (
        kernels.copy_matrix,
        kernels.find,
        kernels.add_products,
        kernels.put_kernels,
    ),
    "conv1d_by_input": (kernels.copy_matrix, kernels.find, kernels.spread_products),
}
"""The functions that each kernel calls, in the order in which they call one another."""

_copy = Elementwise()
_prepared = Prepared()
