"""Each step of each lesson computes what NumPy does, at the edges of its tiles, in any layout."""

import numpy as np
import pytest

import mt_fast
from mt_fast.diagnostics import NAMES, parallel_diagnostics
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_fast.kernels.intrinsics.tile import HEIGHT
from mt_fast.kernels.matmul import blocked, tiled
from mt_fast.kernels.reduce import pairwise
from mt_fast.lessons import LESSONS
from mt_operators import add, maximum, mul
from mt_tensor.errors import BackendError
from mt_tensor.tensor_data import TensorData

DTYPES = ("float32", "float64")
EDGES = (0, 1, tiled.ROWS - 1, tiled.ROWS, tiled.ROWS + 1, HEIGHT, HEIGHT + 1)


def steps(lesson):
    return pytest.mark.parametrize("step", LESSONS[lesson], ids=lambda step: step.name)


def drawn(*shape, dtype="float64"):
    return np.random.default_rng(0).uniform(-1.0, 1.0, shape).astype(dtype)


def over(view):
    """Describe a view of an array of NumPy's by its storage, strides and offset."""
    base = view
    while isinstance(base.base, np.ndarray):
        base = base.base
    start = view.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    strides = tuple(step // view.itemsize for step in view.strides)
    offset = start // view.itemsize if view.size else 0
    return TensorData(base.reshape(-1), view.shape, strides, offset)


def multiplied(step, a, b):
    out = np.full((len(a), b.shape[1]), np.nan, a.dtype)
    step.run(over(out), over(a), over(b))
    return out


@steps("matmul")
@pytest.mark.parametrize("dtype", DTYPES)
def test_products_at_the_edges_of_tiles(step, dtype):
    for m in EDGES:
        for k in EDGES:
            for n in (0, 1, 15, 16, 17, 32, 33):
                a, b = drawn(m, k, dtype=dtype), drawn(k, n, dtype=dtype)
                np.testing.assert_allclose(
                    multiplied(step, a, b), a @ b, rtol=0, atol=20 * np.finfo(dtype).eps
                )


@steps("matmul")
@pytest.mark.parametrize("dtype", DTYPES)
def test_products_at_the_edges_of_blocks(step, dtype):
    for k in (blocked.DEPTH - 1, blocked.DEPTH, blocked.DEPTH + 1):
        for n in (blocked.COLUMNS - 1, blocked.COLUMNS, blocked.COLUMNS + 1):
            a, b = drawn(5, k, dtype=dtype), drawn(k, n, dtype=dtype)
            np.testing.assert_allclose(
                multiplied(step, a, b), a @ b, rtol=0, atol=100 * np.finfo(dtype).eps
            )


@steps("matmul")
@pytest.mark.parametrize("dtype", DTYPES)
def test_products_of_any_layout(step, dtype):
    a, b = drawn(70, 30, dtype=dtype)[::-2, ::3], drawn(50, 10, dtype=dtype).T[:, ::-1]
    np.testing.assert_allclose(multiplied(step, a, b), a @ b, rtol=0, atol=1e-5)


LAYOUTS = {
    "contiguous": lambda x: x,
    "permuted": lambda x: x.transpose(2, 0, 1),
    "negative": lambda x: x[::-1, :, ::-1],
    "sliced": lambda x: x[:, ::2, 1:],
}


@steps("map")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_maps_of_any_layout(step, dtype, layout):
    for shape in ((1, 1, 1), (3, 4, 5), (2, 65, 63), (1, 64, 66), (64, 1, 64), (2, 0, 3)):
        a = LAYOUTS[layout](drawn(*shape, dtype=dtype))
        for b in (drawn(*a.shape, dtype=dtype), np.broadcast_to(a[:1, :, :1], a.shape)):
            out = np.full(a.shape, np.nan, dtype)
            step.run(mul, over(out), over(a), over(b))
            np.testing.assert_array_equal(out, a * b)


FOLDED = (0, 1, 127, 128, 129, 2047, 2048, 2049, 10_000)


@steps("reduce")
@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_at_the_edges_of_blocks(step, dtype):
    for n in FOLDED:
        for a in (drawn(3, n, dtype=dtype), drawn(n, 3, dtype=dtype).T[::-1]):
            out = np.full((3, 1), np.nan, dtype)
            step.run(add, over(out), over(a))
            wanted = a.astype("float64").sum(1, keepdims=True)
            np.testing.assert_allclose(out, wanted, rtol=0, atol=n * np.finfo(dtype).eps)


@steps("reduce")
@pytest.mark.parametrize("dtype", DTYPES)
def test_maxima_keep_nan(step, dtype):
    a = drawn(2, 3, 300, dtype=dtype)
    a[1, 2, 150] = np.nan
    out = np.full((2, 3, 1), 7.0, dtype)
    step.run(maximum, over(out), over(a))
    np.testing.assert_array_equal(out, a.max(2, keepdims=True))


@pytest.mark.skipif(INTERPRETED, reason="takes minutes in plain Python")
def test_the_error_of_a_sum_grows_with_its_length_only_in_the_naive_step():
    a = np.full((1, 1 << 20), 0.1, "float32")
    errors = []
    for step in LESSONS["reduce"]:
        out = np.empty((1, 1), "float32")
        step.run(add, over(out), over(a))
        errors.append(abs(float(out[0, 0]) / (float(a[0, 0]) * a.size) - 1.0))
    assert errors[0] > 1e-3
    assert max(errors[1:]) < 1e-6


def test_each_step_names_its_idea():
    for steps_of in LESSONS.values():
        for place, step in enumerate(steps_of[:-1], 1):
            assert step.idea.startswith(f"Step {place} of {len(steps_of)}, ")
    assert pairwise.__doc__


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled in this run")
@pytest.mark.parametrize("name", ["", *NAMES])
def test_every_kernel_has_diagnostics(name, capsys):
    parallel_diagnostics(name)
    assert "Parallel" in capsys.readouterr().out


def test_a_kernel_that_is_not_there():
    with pytest.raises(BackendError, match=r"no kernel 'map.none'; there are matmul.naive, "):
        parallel_diagnostics("map.none")


def test_the_last_step_is_the_one_in_use():
    assert mt_fast.kernels.map.tiled.blocks
    assert [steps_of[-1].name for steps_of in LESSONS.values()] == [
        "vectorized",
        "tiled",
        "vectorized",
    ]
