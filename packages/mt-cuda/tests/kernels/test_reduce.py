# ruff: noqa: PLR0913, PLR0917  one argument for each way in which the cases differ

import numpy as np
import pytest
from numba import cuda

import mt_operators as ops
from mt_cuda.device import BLOCK, WARP, Kernel, ceil_div
from mt_cuda.kernels import reduce_shared, reduce_shuffle
from mt_cuda.kernels.reduce_parts import part_fold
from mt_cuda.kernels.reduce_vector import dense_fold
from mt_cuda.kernels.teams import team_fold
from mt_cuda.kernels.types import SIZE, pointer
from mt_cuda.operators import prepare
from mt_cuda.plan import divisible
from mt_tensor.layout import contiguous_strides

RNG = np.random.default_rng(0)
FOLDS = [(ops.add, np.add, 0.0), (ops.maximum, np.maximum, -np.inf)]
TEAMS = [1, 2, WARP, BLOCK]
LENGTHS = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 4 * BLOCK + 3]


@pytest.mark.parametrize("lesson", [reduce_shared, reduce_shuffle])
@pytest.mark.parametrize(("operator", "oracle", "unit"), FOLDS)
@pytest.mark.parametrize("length", LENGTHS)
def test_row_fold(run, lesson, operator, oracle, unit, length):
    a = RNG.normal(size=(3, length))
    kernel = lesson.row_fold(prepare(operator, a.dtype), unit, (a.dtype, a.dtype))
    out = run(kernel, (3, 1, 1), (np.empty(3), a), length)
    np.testing.assert_allclose(out, oracle.reduce(a, 1, initial=unit), rtol=1e-12)


@pytest.mark.parametrize("team", TEAMS)
def test_every_member_of_a_team_gets_the_fold(run, team):
    float64 = np.dtype("float64")
    fold = team_fold(prepare(ops.add, float64), team)

    def kernel(out, a, _):
        i = cuda.threadIdx.x
        out[i] = fold(a[i])

    signature = (pointer(float64), pointer(float64), SIZE)
    a = RNG.integers(0, 100, BLOCK).astype(float64)
    out = run(Kernel("test", kernel, signature, (BLOCK, 1, 1)), (1, 1, 1), (np.empty(BLOCK), a), 0)
    np.testing.assert_array_equal(out, a.reshape(-1, team).sum(1).repeat(team))


@pytest.mark.parametrize("team", TEAMS)
@pytest.mark.parametrize("chunk", [4, 8, 100])
def test_part_fold_folds_each_part(run, team, chunk):
    a = RNG.normal(size=(3, 5, 7))
    (rows, folded), (strides, across) = ((3, 7), 5), ((35, 1), (7,))
    parts = ceil_div(folded, chunk)
    outputs, lengths = divisible(rows), divisible((folded,))
    kernel = part_fold(prepare(ops.add, a.dtype), 0.0, (a.dtype, a.dtype), (2, 1), team)
    numbers = (contiguous_strides(rows), strides, *outputs, across, *lengths, chunk, outputs.total)
    grid = (ceil_div(outputs.total, BLOCK // team), parts, 1)
    out = run(kernel, grid, (np.empty((parts, *rows)), a), *numbers)
    expected = [a[:, p * chunk : (p + 1) * chunk].sum(1) for p in range(parts)]
    np.testing.assert_allclose(out, expected, rtol=1e-12)


@pytest.mark.parametrize("team", TEAMS)
@pytest.mark.parametrize("length", [4, 5, 31, 32, 33, 70])
@pytest.mark.parametrize("chunk", [16, 96])
def test_dense_fold_of_rows_that_begin_at_vectors(run, team, length, chunk):
    a = RNG.normal(size=(3, 72))
    parts, outputs = ceil_div(length, chunk), divisible((3,))
    kernel = dense_fold(prepare(ops.add, a.dtype), 0.0, (a.dtype, a.dtype), 1, team)
    numbers = ((1,), (72,), *outputs, length, chunk, 3)
    grid = (ceil_div(3, BLOCK // team), parts, 1)
    out = run(kernel, grid, (np.empty((parts, 3)), a), *numbers)
    expected = [a[:, p * chunk : min((p + 1) * chunk, length)].sum(1) for p in range(parts)]
    np.testing.assert_allclose(out, expected, rtol=1e-12)


@pytest.mark.usefixtures("checked")
def test_a_row_too_long_by_one_is_caught(run):
    a = RNG.normal(size=12)
    kernel = dense_fold(prepare(ops.add, a.dtype), 0.0, (a.dtype, a.dtype), 1, 1)
    with pytest.raises(IndexError, match="position 12 is outside of memory of 12 elements"):
        run(kernel, (1, 1, 1), (np.empty(1), a), (1,), (12,), *divisible((1,)), 13, 16, 1)


@pytest.mark.usefixtures("checked")
def test_a_row_that_begins_between_vectors_is_caught(run):
    a = RNG.normal(size=12)
    kernel = dense_fold(prepare(ops.add, a.dtype), 0.0, (a.dtype, a.dtype), 1, 1)
    with pytest.raises(ValueError, match="position 1 is not aligned for 4 elements at once"):
        run(kernel, (1, 1, 1), (np.empty(1), (a, 1)), (1,), (12,), *divisible((1,)), 8, 16, 1)
