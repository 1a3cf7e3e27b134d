"""`matmul`: how the product is cut into parts, and with which strides."""

from functools import cache, lru_cache
from math import lcm, prod
from typing import Any, NamedTuple

import numba
import numpy as np

from mt_fast.compiler import Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.elementwise import Elementwise
from mt_fast.kernels.intrinsics.tile import HEIGHT, VECTORS
from mt_fast.kernels.intrinsics.vectors import lanes_of
from mt_fast.kernels.matmul import vectorized as kernels
from mt_fast.launching import (
    REMEMBERED,
    Ready,
    Started,
    described,
    listeners,
    run_parallel,
    scratch,
    starter,
)
from mt_fast.threads import get_num_threads
from mt_operators import identity
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides, merge_dimensions
from mt_tensor.tensor_data import TensorData

PARALLEL_WORK = 2 * 256**3
"""FLOPs from which threads are used: 0.15 ms of work or more; see `PARALLEL_SIZE`."""

REPLAYED_WORK = 2 * 64**3
"""The same in a replay, whose threads have started already: some 8 us of work."""

DEPTH_BYTES = 1536
"""Of a row of a that a tile reads: `DEPTH` elements."""


class Plan(NamedTuple):
    """The product of one combination of layouts.

    Attributes:
        swapped: whether to compute the transpose, b^T a^T, because the columns of out are dense.
        large: whether it is worth several threads; a smaller one has the same plan for any number.
        layout: as `mt_fast.kernels.matmul.vectorized.parts` reads it.
        units: how many parts there are.
    """

    swapped: bool
    large: bool
    layout: np.ndarray[Any, Any]
    units: int


def multiply(out: TensorData, a: TensorData, b: TensorData) -> None:
    """Fill `out`, (*B, M, N), with the products of `a`, (*B, M, K), and `b`, (*B, K, N)."""
    known = _known.get((out.shape, out.strides, a.shape, a.strides, b.strides))
    if known is not None and not listeners:
        (start, words, large, _), swapped = known
        if not large or get_num_threads() == 1:
            x, y = (b, a) if swapped else (a, b)
            if start(words, out.storage, x.storage, y.storage, out.offset, x.offset, y.offset):
                return
    _launch(out, a, b)


def ready(out: TensorData, a: TensorData, b: TensorData) -> tuple[Started | None, bool]:
    """Return what starts the product of tensors like these on one thread; None if nothing does.

    Returns:
        That, and whether the factors change places.
    """
    known = _known.get((out.shape, out.strides, a.shape, a.strides, b.strides))
    if known is None or known[0].large:
        return None, False
    (start, words, _, _), swapped = known
    return (start, words), swapped


def _launch(out: TensorData, a: TensorData, b: TensorData) -> None:
    threads, worth = get_num_threads(), PARALLEL_WORK
    if listeners:  # a replay shares the parts among as many threads as there will be
        threads, worth = int(numba.config.NUMBA_NUM_THREADS), REPLAYED_WORK
    how = plan(out.shape, a.shape[-1], out.strides, a.strides, b.strides, threads, worth)
    if how is None:
        _multiply_aside(out, a, b)
        return
    tensors = (out, b, a) if how.swapped else (out, a, b)
    storages = tuple([tensor.storage for tensor in tensors])
    offsets = tuple([tensor.offset for tensor in tensors])
    kernel = _kernel(storages[0].dtype)
    if how.large and how.units > 1 and get_num_threads() > 1:
        run_parallel(kernel.address, storages, offsets, how.layout, how.units, 1)
        return
    dtypes = [storage.dtype for storage in storages]
    words = described(kernel, how.units, how.layout, dtypes)
    start = starter(3)
    start(words, *storages, *offsets)
    if listeners:
        return
    if len(_known) >= REMEMBERED:
        _known.clear()
    key = out.shape, out.strides, a.shape, a.strides, b.strides
    _known[key] = Ready(start, words, how.large, dtypes), how.swapped


@lru_cache(maxsize=4096)
def plan(  # noqa: PLR0913, PLR0917
    shape: Shape, depth: int, out: Strides, a: Strides, b: Strides, threads: int, worth: int
) -> Plan | None:
    """Plan the product; None if neither the rows nor the columns of `out` are dense.

    A product of `worth` FLOPs is cut into a part for each thread.
    """
    *batch, m, n = shape
    if not (n == 1 or out[-1] == 1):
        if not (m == 1 or out[-2] == 1):
            return None
        swapped = plan((*batch, n, m), depth, *map(_transposed, (out, b, a)), threads, worth)
        return swapped and swapped._replace(swapped=True)
    sizes, steps = merge_dimensions(tuple(batch), out[:-2], a[:-2], b[:-2])
    if len(sizes) == 1 and steps[2] == (0,) and _stack(steps, m, out, a):
        m *= sizes[0]
        sizes, steps = (), ((), (), ())
    share = 2 * m * n * depth >= worth and prod(sizes) < threads
    rows, columns = _parts(m, n, threads) if share else (max(m, 1), max(n, 1))
    down, across = -(-m // rows), -(-n // columns)
    units = prod(sizes) * down * across
    large = 2 * prod(sizes) * m * n * depth >= PARALLEL_WORK
    cut = rows, columns, down, across
    words = [m, n, depth, *a[-2:], *b[-2:], out[-2], *cut, len(sizes)]
    words += [word for dim in zip(sizes, *steps, strict=True) for word in dim]
    return Plan(False, large, np.array(words, np.int64), units)  # noqa: FBT003


def _transposed(strides: Strides) -> Strides:
    return (*strides[:-2], strides[-1], strides[-2])


def _stack(steps: tuple[Strides, ...], m: int, out: Strides, a: Strides) -> bool:
    """Whether the rows of all matrices of the batch step as those of one taller matrix."""
    return (steps[0][0], steps[1][0]) == (m * out[-2], m * a[-2])


def _parts(m: int, n: int, threads: int) -> tuple[int, int]:
    """Return the rows and columns of a part, so that there is one for each thread."""
    if m >= n:
        return _share(m, threads, HEIGHT), n
    return m, _share(n, threads, VECTORS * lanes_of(32).count)


def _share(size: int, threads: int, unit: int) -> int:
    return -(-size // (threads * unit)) * unit


def _multiply_aside(out: TensorData, a: TensorData, b: TensorData) -> None:
    """Multiply into dense rows, then copy them."""
    dense = scratch(out.shape, out.storage.dtype)
    multiply(dense, a, b)
    _copy.run(identity, out, (dense,))


@cache
def _kernel(dtype: DType) -> Kernel:
    lanes = lanes_of(dtype.itemsize * 8).count
    constants = {
        "ALL": element_types(dtype, dtype, dtype),
        "LANES": lanes,
        "STRIP": lanes * VECTORS,
        "ROW_STRIP": lcm(lanes, HEIGHT),
        "DEPTH": DEPTH_BYTES // dtype.itemsize,
    }
    helpers = (
        kernels.pack_squares,
        kernels.pack,
        kernels.ask,
        kernels.strips,
        kernels.product,
        kernels.along_depth,
        kernels.dotted,
    )
    bindings = bind_helpers(dict(constants), *helpers)
    return compile_kernel(kernels.parts, bindings, str(constants))


_copy = Elementwise()
_known: dict[tuple[Shape | Strides, ...], tuple[Ready, bool]] = {}
"""For each combination of layouts what is ready, and whether the operands are swapped."""
