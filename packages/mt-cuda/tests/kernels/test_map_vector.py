import numpy as np
import pytest

import mt_operators as ops
from mt_cuda.elementwise import Elementwise
from mt_cuda.intrinsics import LANES

RNG = np.random.default_rng(0)


def applied(backend, watched, operator, *operands):
    shape = operands[0].shape
    out = backend.allocate(shape, operands[0].dtype)
    Elementwise(watched).run(operator, (out, *operands))
    return backend.to_array(out)


@pytest.mark.parametrize("n", [LANES, LANES + 1, 31, 32, 33, 63, 64, 65, 130])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_flat_arrays_of_any_length(backend, place, watched, n, dtype):
    a, b = (RNG.integers(-99, 99, n).astype(dtype) for _ in range(2))
    np.testing.assert_array_equal(applied(backend, watched, ops.sub, place(a), place(b)), a - b)
    assert watched.names == ["vector map of sub"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.s_[:, :, :], np.s_[:, :1, :]),
        (np.s_[:, :, :], np.s_[:, :, :1]),
        (np.s_[:, :, :], np.s_[:1, :1, :1]),
        (np.s_[:, :, :8], np.s_[:, :, 4:]),
        (np.s_[::-1, ::2, :8], np.s_[:, 1:3, 4:]),
    ],
)
def test_rows_of_vectors(backend, place, watched, a, b):
    base = RNG.normal(size=(3, 4, 12))
    x, y = base[a], base[b]
    left, right = place(x), place(y).expand(x.shape)
    np.testing.assert_array_equal(applied(backend, watched, ops.mul, left, right), x * y)
    assert watched.names == ["vector map of mul"]


@pytest.mark.parametrize(
    "view",
    [
        np.s_[:, :, 1:9],
        np.s_[:, :, :6],
        np.s_[:, :, ::2],
        np.s_[:, :, ::-1],
        np.s_[0, 0, 1:],
        np.s_[0, 0, :3],
    ],
)
def test_what_does_not_fit_vectors_goes_element_by_element(backend, place, watched, view):
    x = RNG.normal(size=(3, 4, 12))[view]
    np.testing.assert_array_equal(applied(backend, watched, ops.neg, place(x)), -x)
    assert watched.names == ["strided neg"]


def test_a_row_length_that_is_no_multiple_is_not_a_vector(backend, place, watched):
    x, y = RNG.normal(size=(5, 7)), RNG.normal(size=(1, 7))
    out = applied(backend, watched, ops.add, place(x), place(y).expand(x.shape))
    np.testing.assert_array_equal(out, x + y)
    assert watched.names == ["strided add"]


def test_mixed_dtypes_share_a_vector(backend, place, watched):
    x, y = RNG.normal(size=20), RNG.normal(size=20).astype("float32")
    out = backend.allocate((20,), np.dtype(bool))
    Elementwise(watched).run(ops.lt, (out, place(x), place(y)))
    np.testing.assert_array_equal(backend.to_array(out), x < y, strict=True)
    assert watched.names == ["vector map of lt"]


def test_a_layout_is_planned_once(place, watched):
    kernels = Elementwise(watched)
    for n in (8, 8, 16):
        a = place(np.ones(n))
        kernels.run(ops.neg, (a, a))
    assert len(watched.names) == 1


def test_layouts_are_forgotten_in_time(backend, place, monkeypatch):
    monkeypatch.setattr("mt_cuda.elementwise.MOST_PLANS", 2)
    kernels = Elementwise(backend.device)
    for n in range(1, 6):
        a = place(np.ones(n))
        kernels.run(ops.neg, (a, a))
        assert len(kernels._plans) <= 2  # noqa: SLF001  nothing else shows it
        np.testing.assert_array_equal(backend.to_array(a), -np.ones(n))


def test_huge_tensors_are_cut_into_pieces(backend, place, monkeypatch):
    monkeypatch.setattr("mt_cuda.elementwise.LIMIT", 16)
    monkeypatch.setattr("mt_cuda.plan.LIMIT", 16)
    x = RNG.normal(size=(5, 3, 4))
    out = backend.allocate(x.shape, x.dtype)
    Elementwise(backend.device).run(ops.neg, (out, place(x)))
    np.testing.assert_array_equal(backend.to_array(out), -x)
