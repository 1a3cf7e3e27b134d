"""The matrix product with an outer product of registers in each thread.

Beyond `matmul_shared`: there, every multiplication needs two loads from shared memory, which is as
slow as it is busy. Here a thread computes `height` by `width` entries: from `height + width`
numbers it makes `height * width` multiplications, four a number at 8 by 8.

Matrices have any layout and size. The threads bring panels in the order in which memory has them.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, int32

from mt_cuda.device import Kernel
from mt_cuda.kernels.matrices import LEFT, OUT, RIGHT, signature, starter
from mt_cuda.kernels.panel import Panel
from mt_cuda.kernels.tile import Tile, multiplier, placement, writer
from mt_cuda.kernels.types import number
from mt_tensor.dtypes import DType


def in_registers(dtype: DType, ndim: int, tile: Tile, along: tuple[bool, bool]) -> Kernel:
    """Make the product of matrices of any layout, over `ndim` batch dimensions.

    Args:
        dtype: of the matrices.
        ndim: how many batch dimensions there are.
        tile: how blocks and threads divide the work.
        along: for `a` and for `b`, whether neighbours in memory are neighbours along K.
    """
    scalar, start, place = number(dtype), starter(ndim), placement(tile)
    panel_a = Panel(tile.rows, tile.depth, tile.threads, along[0], 1, dtype)
    panel_b = Panel(tile.columns, tile.depth, tile.threads, along[1], 1, dtype)
    enter_a, fetch_a, put_a = panel_a.functions()
    enter_b, fetch_b, put_b = panel_b.functions()
    shared_a, shared_b = panel_a.shared(1), panel_b.shared(1)
    held_a, held_b = panel_a.loads * 1, panel_b.loads * 1
    multiply = multiplier(tile, dtype, (panel_a.pitch, panel_b.pitch))
    write, entries = writer(tile, 1), tile.height * tile.width
    tile_rows, tile_columns, tile_depth = tile.rows, tile.columns, tile.depth

    def kernel(
        out: Any,
        a: Any,
        b: Any,
        shape: Any,
        strides: Any,
        batch_strides: Any,
        batch: Any,
        first: Any,
    ) -> None:
        rows, columns, depth = int32(shape[0]), int32(shape[1]), int32(shape[2])
        top, side = int32(cuda.blockIdx.y * tile_rows), int32(cuda.blockIdx.x * tile_columns)
        thread, matrix = cuda.threadIdx.x, first + cuda.blockIdx.z
        from_a = start(matrix, batch_strides[LEFT], batch)
        from_b = start(matrix, batch_strides[RIGHT], batch)
        at_a = enter_a(thread, from_a, top, strides[LEFT], (rows, depth))
        at_b = enter_b(thread, from_b, side, strides[RIGHT][::-1], (columns, depth))
        a_tile, b_tile = shared_a(), shared_b()
        a_part, b_part = cuda.local.array(held_a, scalar), cuda.local.array(held_b, scalar)
        row, column = place(thread)
        totals = cuda.local.array(entries, scalar)
        for i in range(entries):
            totals[i] = scalar(0)
        for k in range(0, depth, tile_depth):
            fetch_a(a_part, a, at_a, k)
            fetch_b(b_part, b, at_b, k)
            put_a(a_tile, 0, a_part, at_a)
            put_b(b_tile, 0, b_part, at_b)
            # Both panels are complete before any thread reads them.
            cuda.syncthreads()
            multiply(a_tile, row, b_tile, column, totals)
            # All have read them before any thread brings the next.
            cuda.syncthreads()
        to = start(matrix, batch_strides[OUT], batch)
        write(out, to, strides[OUT], (top + row, side + column), (rows, columns), totals)

    return Kernel(
        name=f"register matmul of {tile}, along K {along}",
        function=kernel,
        signature=signature(dtype, ndim),
        threads=(tile.threads, 1, 1),
        blocks=tile.blocks,
    )
