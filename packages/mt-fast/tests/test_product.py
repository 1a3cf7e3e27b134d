"""Products are NumPy's where blocks, strips and tiles are cut, in any layout of the operands."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt_fast.backend import FastBackend
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_fast.kernels.intrinsics.vectors import lanes_of
from mt_fast.kernels.matmul.vectorized import COLUMNS, FEW, PACK_COLUMNS, PACK_SIZE, ROWS
from mt_fast.product import DEPTH_BYTES
from mt_tensor import TensorData

BACKEND = FastBackend()
DEPTH = DEPTH_BYTES // 4

large = pytest.mark.skipif(INTERPRETED, reason="takes minutes in plain Python")

LAYOUTS = {
    "rows": lambda array: array,
    "columns": np.asfortranarray,
    "every other row": lambda array: np.repeat(array, 2, axis=0)[::2],
    "every other column": lambda array: np.repeat(array, 2, axis=1)[:, ::2],
    "backwards": lambda array: array[::-1, ::-1].copy()[::-1, ::-1],
}


def data(array):
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    start = (array.ctypes.data - base.ctypes.data) // array.itemsize
    strides = tuple(step // array.itemsize for step in array.strides)
    return TensorData(base.reshape(-1, order="A"), array.shape, strides, start)


def product(a, b):
    out = BACKEND.full((*a.shape[:-1], b.shape[-1]), 7.0, a.dtype)
    BACKEND.matmul(out, data(a), data(b))
    return BACKEND.to_array(out)


def drawn(*shape, dtype="float32"):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def check(a, b):
    wanted = a.astype("float64") @ b.astype("float64")
    scale = (a.shape[-1] + 1) ** 0.5
    tolerance = (5e-6 if a.dtype == np.float32 else 1e-14) * scale
    np.testing.assert_allclose(product(a, b), wanted, rtol=0, atol=tolerance)


@large
@pytest.mark.parametrize("left", LAYOUTS)
@pytest.mark.parametrize("right", LAYOUTS)
@pytest.mark.parametrize(
    "shape",
    [
        (ROWS + 64, 2 * DEPTH + 17, PACK_COLUMNS + 9),
        (ROWS + 5, PACK_SIZE // ROWS + 1, PACK_COLUMNS),
        (PACK_SIZE // 9 + 1, 9, PACK_COLUMNS),
        (7, 33, PACK_COLUMNS + 40),
    ],
    ids=str,
)
def test_packed_blocks(shape, left, right):
    m, k, n = shape
    check(LAYOUTS[left](drawn(m, k)), LAYOUTS[right](drawn(k, n)))


@large
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("turned", ["", "a", "b", "ab"])
def test_strides_of_a_power_of_two(dtype, turned):
    a, b = drawn(512, 1024, dtype=dtype), drawn(1024, 512, dtype=dtype)
    a = np.asfortranarray(a) if "a" in turned else a
    check(a, np.asfortranarray(b) if "b" in turned else b)


@large
def test_more_columns_than_a_block_has():
    check(drawn(520, 520), drawn(520, COLUMNS + 33))


@large
def test_rows_that_are_packed_keep_their_nan_and_infinities():
    a, b = np.ones((600, 512), "float32"), np.ones((512, 300), "float32")
    a[599, 511], a[11, 0] = np.nan, np.inf
    got = product(a, b)
    assert np.isnan(got[599]).all()
    assert np.isinf(got[11]).all()
    assert (np.delete(got, (11, 599), axis=0) == 512).all()


DOTS = [
    *(
        (m, k, n)
        for m, n in [(1, 1), (1, 9), (2, 5), (3, 7), (4, 4), (5, 3), (10, 33), (FEW, 6), (50, 2)]
        for k in (7, 8, 9, 16, 31, 100, 270)
    ),
    (3, lanes_of(32).count * DEPTH + 5, 6),
]
"""Some of these are dot products, some are packed: the depth decides."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", DOTS, ids=str)
def test_products_of_factors_that_are_dense_along_the_depth(shape, dtype):
    m, k, n = shape
    a, b = drawn(m, k, dtype=dtype), np.asfortranarray(drawn(k, n, dtype=dtype)[::-1])
    check(a, b)
    apart = np.repeat(a, 2, axis=0)[::2], np.repeat(b.T, 3, axis=0)[::3].T
    check(*apart)
    check(apart[0][::-1], apart[1][:, ::-1])


def test_dot_products_keep_to_their_rows_and_columns():
    a, b = np.ones((FEW + 1, 400), "float32"), np.ones((9, 400), "float32")
    a[FEW], b[8], a[1, 399], b[2, 0] = np.nan, np.inf, np.nan, np.inf
    out = TensorData(np.full(300, 7.0, "float32"), (FEW - 1, 7), (12, 1), 5)
    BACKEND.matmul(out, data(a), data(b.T).restrided((400, 7), (1, 400), 0))
    grid = out.storage[5 : 5 + 12 * (FEW - 1)].reshape(FEW - 1, 12)
    wanted = np.full((FEW - 1, 7), 400.0)
    wanted[:, 2], wanted[1] = np.inf, np.nan
    np.testing.assert_array_equal(grid[:, :7], wanted)
    assert (grid[:, 7:] == 7).all()
    assert (out.storage[5 + 12 * (FEW - 1) :] == 7).all()
    assert (out.storage[:5] == 7).all()


@settings(deadline=None, max_examples=200)  # kernels compile
@given(st.data())
def test_any_small_product(given_data):
    draw = given_data.draw
    m, k, n = (draw(st.integers(0, 40)) for _ in range(3))
    dtype = draw(st.sampled_from(("float32", "float64")))
    left, right = (draw(st.sampled_from(sorted(LAYOUTS))) for _ in range(2))
    check(LAYOUTS[left](drawn(m, k, dtype=dtype)), LAYOUTS[right](drawn(k, n, dtype=dtype)))


def test_a_prepared_product_is_for_one_dtype_and_one_start():
    for dtype in ("float32", "float64", "float32"):
        check(drawn(5, 6, dtype=dtype), drawn(6, 7, dtype=dtype))
    whole = np.arange(60.0)
    for start in (0, 9, 3):
        a = TensorData(whole, (4, 5), (5, 1), start)
        b = TensorData(whole, (5, 2), (1, 5), 2 * start)
        out = TensorData(np.full(20, 7.0), (4, 2), (2, 1), start)
        BACKEND.matmul(out, a, b)
        x = whole[start : start + 20].reshape(4, 5)
        np.testing.assert_array_equal(
            BACKEND.to_array(out), x @ whole[2 * start :][:10].reshape(2, 5).T
        )


def test_a_prepared_product_of_swapped_operands():
    a, b = drawn(6, 5), drawn(5, 3)
    for _ in range(2):
        out = TensorData(np.full(18, 7.0, "float32"), (6, 3), (1, 6))
        BACKEND.matmul(out, data(a), data(b))
        np.testing.assert_allclose(BACKEND.to_array(out), a @ b, rtol=1e-5, atol=1e-6)
