"""The matrix product that loads the next panels while it multiplies these.

Beyond `matmul_vector`: there, every thread waits for its loads at each step. Here shared memory has
room for two pairs of panels. A thread asks for its part of the next pair, multiplies the present
pair while that is on the way, and then stores it to the other half: one barrier a step, and no
thread that multiplies ever waits for memory.
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


def buffered(dtype: DType, ndim: int, tile: Tile, along: tuple[bool, bool]) -> Kernel:
    """Make the product of matrices of which all rows begin at multiples of four.

    Args:
        dtype: of the matrices.
        ndim: how many batch dimensions there are.
        tile: how blocks and threads divide the work.
        along: for `a` and for `b`, whether neighbours in memory are neighbours along K.
    """
    scalar, start, place = number(dtype), starter(ndim), placement(tile)
    panel_a = Panel(tile.rows, tile.depth, tile.threads, along[0], 4, dtype)
    panel_b = Panel(tile.columns, tile.depth, tile.threads, along[1], 4, dtype)
    enter_a, fetch_a, put_a = panel_a.functions()
    enter_b, fetch_b, put_b = panel_b.functions()
    shared_a, shared_b = panel_a.shared(2), panel_b.shared(2)
    held_a, held_b = panel_a.loads * 4, panel_b.loads * 4
    multiply = multiplier(tile, dtype, (panel_a.pitch, panel_b.pitch))
    write, entries = writer(tile, 4), tile.height * tile.width
    tile_rows, tile_columns, tile_depth = tile.rows, tile.columns, tile.depth
    size_a, size_b = panel_a.size, panel_b.size

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
        fetch_a(a_part, a, at_a, 0)
        fetch_b(b_part, b, at_b, 0)
        put_a(a_tile, 0, a_part, at_a)
        put_b(b_tile, 0, b_part, at_b)
        # The first pair is complete before any thread reads it.
        cuda.syncthreads()
        half = int32(0)
        for k in range(tile_depth, depth, tile_depth):
            fetch_a(a_part, a, at_a, k)
            fetch_b(b_part, b, at_b, k)
            multiply(a_tile, half * size_a + row, b_tile, half * size_b + column, totals)
            half ^= int32(1)
            put_a(a_tile, half * size_a, a_part, at_a)
            put_b(b_tile, half * size_b, b_part, at_b)
            # The next pair is complete; and all have read the present one, which the next step
            # writes over.
            cuda.syncthreads()
        multiply(a_tile, half * size_a + row, b_tile, half * size_b + column, totals)
        to = start(matrix, batch_strides[OUT], batch)
        write(out, to, strides[OUT], (top + row, side + column), (rows, columns), totals)

    return Kernel(
        name=f"buffered matmul of {tile}, along K {along}",
        function=kernel,
        signature=signature(dtype, ndim),
        threads=(tile.threads, 1, 1),
        blocks=tile.blocks,
    )
