# ruff: noqa: PLR0913, PLR0917  one argument for each way in which the cases differ

import numpy as np
import pytest

from mt_cuda.device import SIMULATED, ceil_div
from mt_cuda.kernels.matmul_buffered import buffered
from mt_cuda.kernels.matmul_naive import SIDE, naive
from mt_cuda.kernels.matmul_registers import in_registers
from mt_cuda.kernels.matmul_shared import tiled
from mt_cuda.kernels.matmul_vector import by_vectors
from mt_cuda.kernels.panel import Panel
from mt_cuda.kernels.tile import Tile
from mt_cuda.plan import divisible
from mt_cuda.product import LEAST

RNG = np.random.default_rng(0)
TILE = LEAST if SIMULATED else Tile(32, 32, 8, 4, 4)
S = TILE.rows
WIDE = Tile(64, 64, 4, 8, 8)
LAYOUTS = [(False, False), (False, True), (True, False), (True, True)]


def matrix(rows, columns, dtype, *, transposed=False):
    values = RNG.normal(size=(rows, columns)).astype(dtype)
    return np.asfortranarray(values) if transposed else values


def steps(view):
    return tuple(step // view.itemsize for step in view.strides)


def multiplied(run, kernel, block, a, b):
    """Multiply matrices, or batches of them, into contiguous memory."""
    shape = (*a.shape[:-1], b.shape[-1])
    out = np.full(shape, np.nan, a.dtype)
    batch = a.shape[:-2] or (1,)
    sizes = divisible(batch)
    strides = [steps(x)[-2:] for x in (out, a, b)]
    batch_strides = [steps(x)[:-2] or (0,) for x in (out, a, b)]
    grid = (ceil_div(shape[-1], block[1]), ceil_div(shape[-2], block[0]), sizes.total)
    arrays = (out, *(np.ravel(x, order="K") for x in (a, b)))
    numbers = (*shape[-2:], a.shape[-1]), strides, batch_strides, sizes[:3], 0
    return run(kernel, grid, arrays, *numbers)


def check(actual, a, b):
    expected = a.astype(np.float64) @ b.astype(np.float64)
    scale = (abs(a).astype(np.float64) @ abs(b)).max()
    np.testing.assert_allclose(actual, expected, atol=4 * np.finfo(a.dtype).eps * scale)


@pytest.mark.parametrize("lesson", [naive, tiled])
@pytest.mark.parametrize(("transposed_a", "transposed_b"), LAYOUTS)
@pytest.mark.parametrize("n", [SIDE - 1, SIDE, SIDE + 1])
def test_square_tiles(run, lesson, transposed_a, transposed_b, n):
    a = matrix(n, n + 1, "float32", transposed=transposed_a)
    b = matrix(n + 1, n + 2, "float32", transposed=transposed_b)
    check(multiplied(run, lesson(a.dtype, 1), (SIDE, SIDE), a, b), a, b)


@pytest.mark.parametrize("tile", [TILE, WIDE])
@pytest.mark.parametrize(("transposed_a", "transposed_b"), LAYOUTS)
@pytest.mark.parametrize(
    ("m", "k", "n"), [(S - 1, 3, S + 1), (S, 4, S), (S + 1, 5, S - 1), (1, 9, 2)]
)
def test_register_tiles(run, tile, transposed_a, transposed_b, m, k, n):
    a, b = (
        matrix(m, k, "float32", transposed=transposed_a),
        matrix(k, n, "float32", transposed=transposed_b),
    )
    kernel = in_registers(a.dtype, 1, tile, (not transposed_a, transposed_b))
    check(multiplied(run, kernel, (tile.rows, tile.columns), a, b), a, b)


@pytest.mark.parametrize("lesson", [by_vectors, buffered])
@pytest.mark.parametrize("tile", [TILE, WIDE])
@pytest.mark.parametrize(("transposed_a", "transposed_b"), LAYOUTS)
@pytest.mark.parametrize(("m", "k", "n"), [(S - 4, 4, S + 4), (S, 8, S), (S + 4, 12, S - 4)])
def test_vector_tiles(run, lesson, tile, transposed_a, transposed_b, m, k, n):
    a, b = (
        matrix(m, k, "float32", transposed=transposed_a),
        matrix(k, n, "float32", transposed=transposed_b),
    )
    kernel = lesson(a.dtype, 1, tile, (not transposed_a, transposed_b))
    check(multiplied(run, kernel, (tile.rows, tile.columns), a, b), a, b)


@pytest.mark.parametrize("lesson", [by_vectors, buffered])
@pytest.mark.parametrize(("m", "k"), [(S - 1, 4), (S + 1, 8), (S, 12)])
def test_rows_of_a_and_steps_of_b_need_not_be_vectors(run, lesson, m, k):
    a, b = matrix(m, k, "float64"), matrix(k, S, "float64")
    check(multiplied(run, lesson(a.dtype, 1, TILE, (True, False)), (S, S), a, b), a, b)


@pytest.mark.parametrize("k", [3, 5, 7])
def test_odd_depth_where_neither_matrix_lies_along_it(run, k):
    a, b = matrix(S, k, "float32", transposed=True), matrix(k, S, "float32")
    check(multiplied(run, buffered(a.dtype, 1, TILE, (False, False)), (S, S), a, b), a, b)


@pytest.mark.parametrize("lesson", [naive, tiled])
def test_batches(run, lesson):
    a, b = RNG.normal(size=(3, 5, 4)), RNG.normal(size=(3, 4, 6))
    check(multiplied(run, lesson(a.dtype, 1), (SIDE, SIDE), a, b), a, b)


@pytest.mark.parametrize("lesson", [in_registers, by_vectors, buffered])
def test_batches_by_tiles(run, lesson):
    a, b = RNG.normal(size=(3, 8, 4)), RNG.normal(size=(3, 4, 8))
    check(multiplied(run, lesson(a.dtype, 1, TILE, (True, False)), (S, S), a, b), a, b)


@pytest.mark.usefixtures("checked")
def test_a_depth_too_large_by_one_is_caught(run):
    a, b = matrix(4, 4, "float32"), matrix(4, 4, "float32")
    strides = ((4, 1),) * 3
    numbers = (4, 4, 5), strides, ((0,),) * 3, divisible((1,))[:3], 0
    with pytest.raises(IndexError, match=r"position 1\d is outside of memory of 16 elements"):
        run(tiled(a.dtype, 1), (1, 1, 1), (np.empty((4, 4), a.dtype), a, b), *numbers)


@pytest.mark.usefixtures("checked")
def test_a_vector_across_an_edge_is_caught(run):
    a, b = matrix(16, 8, "float32"), matrix(8, 16, "float32")
    numbers = (16, 16, 7), ((16, 1), (7, 1), (16, 1)), ((0,),) * 3, divisible((1,))[:3], 0
    with pytest.raises(ValueError, match="is not aligned for 4 elements at once"):
        run(
            buffered(a.dtype, 1, TILE, (True, False)),
            (1, 1, 1),
            (np.empty((16, 16)), a, b),
            *numbers,
        )


def test_a_panel_that_threads_cannot_share_is_refused():
    with pytest.raises(ValueError, match="16 threads cannot share a panel of 64 by 4"):
        Panel(64, 4, 16, along=False, lanes=1, dtype=np.dtype("float32"))
    with pytest.raises(ValueError, match="64 threads cannot share a panel of 16 by 4"):
        Panel(16, 4, 64, along=True, lanes=4, dtype=np.dtype("float32"))


def test_a_tile_that_warps_cannot_share_is_refused():
    with pytest.raises(ValueError, match="a tile of 12x16x4, 4x4 a thread has 3 by 4 threads"):
        Tile(12, 16, 4, 4, 4)
