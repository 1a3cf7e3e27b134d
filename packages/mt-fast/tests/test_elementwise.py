"""What starts `map` and `zip`: kernels are found by layout, and no dtype meets another's kernel."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt_fast.backend import FastBackend
from mt_fast.elementwise import Elementwise
from mt_fast.launching import REMEMBERED
from mt_operators import add, mul, neg, where
from mt_tensor.tensor_data import TensorData
from mt_tensor.testing.layouts import Layout, place, storage_with

BACKEND = FastBackend()
compiling = settings(deadline=None)
DTYPES = ("float32", "float64", "int64", "bool")


def fused(x: float, y: float, z: float) -> float:
    return x * y + z


def filled(dtype, size=12, start=0):
    return TensorData((np.arange(size) + start).astype(dtype), (size,))


@pytest.mark.parametrize("dtypes", list(itertools.permutations(DTYPES, 2)))
def test_dtypes_that_take_turns_in_one_layout(dtypes):
    kernels = Elementwise()
    for dtype in dtypes * 2:
        a, b, out = filled(dtype), filled("float32", start=7), filled("float64")
        kernels.zip(add, out, a, b)
        np.testing.assert_array_equal(out.storage, a.storage.astype(float) + b.storage)
        kernels.map(neg, out, b)
        np.testing.assert_array_equal(out.storage, -b.storage)
        kernels.run(fused, out, (a, b, b))
        np.testing.assert_array_equal(out.storage, (a.storage + 1.0) * b.storage)


@pytest.mark.parametrize("given_as", [0, 1])
def test_another_object_of_the_same_dtype(given_as):
    other = np.dtype("float32", metadata={"unit": "m"})
    kernels = Elementwise()
    for k in range(4):
        dtype = other if k % 2 == given_as else np.dtype("float32")
        a, out = TensorData(np.arange(3.0, dtype="f4").astype(dtype), (3,)), filled("f4", 3)
        kernels.map(neg, out, a)
        np.testing.assert_array_equal(out.storage, [0.0, -1.0, -2.0])


def test_positions_are_those_of_each_call():
    storage, out = np.arange(20.0), np.zeros(20)
    for at in range(10):
        a, b = (TensorData(storage, (5,), (1,), start) for start in (at, 10))
        BACKEND.zip(mul, TensorData(out, (5,), (1,), 15 - at), a, b)
        np.testing.assert_array_equal(out[15 - at : 20 - at], storage[at : at + 5] * storage[10:15])


def test_more_layouts_than_are_remembered():
    kernels = Elementwise()
    for size in [*range(REMEMBERED + 3), 0, 1, 5]:
        a, out = filled("float32", size), filled("float32", size)
        kernels.map(neg, out, a)
        np.testing.assert_array_equal(out.storage, -a.storage)
    assert len(kernels._plans) == 6  # noqa: SLF001  those since it was full


SIZES = st.sampled_from([0, 1, 2, 3, 4, 5, 16, 17, 33, 70])
STEPS = st.sampled_from([1, 1, 1, 2, 3, 4, 5, 8, 9, -1, -2])


@st.composite
def arranged(draw, shape, dtype, *, writable=False):
    """Draw a view of random numbers: any order in memory, steps, broadcasting."""
    ndim = len(shape)
    stretched = [d for d in range(ndim) if not writable and draw(st.integers(0, 4)) == 0]
    layout = Layout(
        tuple(draw(st.permutations(range(ndim)))),
        tuple(draw(STEPS) for _ in range(ndim)),
        tuple(stretched),
        draw(st.integers(0, 3)),
    )
    numbers = np.random.default_rng(draw(st.integers(0, 99))).uniform(-9.0, 9.0, shape)
    return layout.arrange(numbers.astype(dtype))


shapes = st.lists(SIZES, min_size=1, max_size=3).map(tuple)


@pytest.mark.parametrize(
    "dtypes", [("f4", "f4", "f4"), ("f8",) * 3, ("f4", "f8", "f8"), ("i8", "f4", "f8")]
)
@compiling
@given(data=st.data(), shape=shapes)
def test_zip_of_any_layouts(dtypes, data, shape):
    *given_as, result = dtypes
    x, y = (data.draw(arranged(shape, dtype)) for dtype in given_as)
    view = data.draw(arranged(shape, result, writable=True))
    out = place(BACKEND, view)
    BACKEND.zip(mul, out, place(BACKEND, x), place(BACKEND, y))
    wanted = storage_with(view, x.astype(result) * y.astype(result), np.dtype(result))
    np.testing.assert_array_equal(out.storage, wanted)


@compiling
@given(data=st.data(), shape=shapes)
def test_three_operands_of_any_layouts(data, shape):
    x, y, z = (data.draw(arranged(shape, "f8")) for _ in range(3))
    view = data.draw(arranged(shape, "f8", writable=True))
    out = place(BACKEND, view)
    BACKEND.zip(where, out, *(place(BACKEND, v) for v in (np.sign(x), y, z)))
    wanted = storage_with(view, np.where(np.sign(x) != 0.0, y, z), np.dtype("f8"))
    np.testing.assert_array_equal(out.storage, wanted)


@compiling
@given(data=st.data(), shape=shapes)
def test_in_place_of_any_layout(data, shape):
    view, y = data.draw(arranged(shape, "f4", writable=True)), data.draw(arranged(shape, "f4"))
    out = place(BACKEND, view)
    BACKEND.zip(add, out, out, place(BACKEND, y))
    np.testing.assert_array_equal(out.storage, storage_with(view, view + y, np.dtype("f4")))
