import numpy as np
import pytest

import mt_operators as ops
from mt_tensor.errors import BackendError

RNG = np.random.default_rng(1)
BASE = RNG.uniform(0.5, 1.5, (4, 5, 6))
FOLDS = {ops.add: np.add, ops.mul: np.multiply, ops.maximum: np.maximum, ops.minimum: np.minimum}
AXES = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2), ()]


def folded(backend, place, operator, a, axes):
    shape = tuple(1 if d in axes else n for d, n in enumerate(a.shape))
    out = backend.allocate(shape, a.dtype)
    backend.reduce(operator, out, place(a))
    return backend.to_array(out)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("operator", FOLDS)
def test_every_operator_along_every_axis(backend, place, operator, axes):
    expected = FOLDS[operator].reduce(BASE, axes, keepdims=True)
    actual = folded(backend, place, operator, BASE, axes)
    np.testing.assert_allclose(actual, expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "view",
    [
        np.s_[::-1, ::2, 1:4],
        np.s_[1:, :, ::-2],
        np.s_[:1, :, :1],
        np.s_[2:3],
    ],
)
@pytest.mark.parametrize("axes", [(0,), (1, 2), (0, 1, 2)])
def test_every_layout(backend, place, view, axes, dtype):
    a = BASE.astype(dtype)[view].transpose(2, 0, 1)
    expected = a.astype(np.float64).sum(axes, keepdims=True)
    actual = folded(backend, place, ops.add, a, axes)
    np.testing.assert_allclose(actual, expected, rtol=16 * np.finfo(dtype).eps, strict=False)
    assert actual.dtype == dtype


def test_a_broadcast_dimension_is_folded_as_often_as_it_reads(backend, place):
    a = np.broadcast_to(BASE[:1], (3, 5, 6))
    actual = folded(backend, place, ops.add, a, (0,))
    np.testing.assert_allclose(actual, 3 * BASE[:1], rtol=1e-14)


@pytest.mark.parametrize("operator", FOLDS)
def test_nothing_folds_to_the_unit(backend, place, operator):
    actual = folded(backend, place, operator, BASE[:, :0], (1,))
    np.testing.assert_array_equal(actual, np.full((4, 1, 6), operator.unit))


def test_nothing_in_two_dimensions_folds_to_the_unit(backend, place):
    actual = folded(backend, place, ops.mul, BASE[:0, :0], (0, 1))
    np.testing.assert_array_equal(actual, np.ones((1, 1, 6)))


def test_no_output_is_no_work(backend, place):
    assert folded(backend, place, ops.add, BASE[:0], (1,)).shape == (0, 1, 6)


def test_a_maximum_with_nan_is_nan(backend, place):
    a = BASE.copy()
    a[1, 2, 3] = np.nan
    actual = folded(backend, place, ops.maximum, a, (1,))
    np.testing.assert_array_equal(actual, a.max(1, keepdims=True))


@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_other_dtypes(backend, place, dtype):
    a = RNG.integers(0, 2, (3, 40)).astype(dtype)
    actual = folded(backend, place, ops.maximum, a, (1,))
    np.testing.assert_array_equal(actual, a.max(1, keepdims=True), strict=True)


@pytest.mark.parametrize("n", [1, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100])
def test_lengths_around_warps_and_blocks(backend, place, n):
    a = RNG.normal(size=(2, n))
    np.testing.assert_allclose(
        folded(backend, place, ops.add, a, (1,)), a.sum(1, keepdims=True), atol=1e-13
    )
    np.testing.assert_allclose(
        folded(backend, place, ops.add, a, (0,)), a.sum(0, keepdims=True), atol=1e-13
    )


def test_the_same_bits_every_time(backend, place):
    a = RNG.normal(size=(3, 333)).astype("float32")
    first, second = (folded(backend, place, ops.add, a, (0, 1)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_an_operator_without_a_unit_is_refused(backend, place):
    with pytest.raises(BackendError, match="sub has no unit, so it cannot reduce"):
        folded(backend, place, ops.sub, BASE, (0,))


@pytest.mark.parametrize("shape", [(1000,), (40, 30), (1, 700), (700, 1), (3, 5, 67)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_whole_tensor_in_parts(backend, place, shape, dtype):
    a = RNG.normal(size=shape).astype(dtype)
    axes = tuple(range(a.ndim))
    tolerance = 64 * np.finfo(dtype).eps * abs(a).sum()
    actual = folded(backend, place, ops.add, a, axes)
    np.testing.assert_allclose(actual, a.sum(axes, np.float64, keepdims=True), atol=tolerance)


@pytest.mark.parametrize("axes", [(0,), (1,)])
def test_few_long_columns_and_rows_in_parts(backend, place, axes):
    a = RNG.normal(size=(5, 400) if axes == (1,) else (400, 5))
    actual = folded(backend, place, ops.add, a, axes)
    np.testing.assert_allclose(actual, a.sum(axes, keepdims=True), atol=1e-12)


def test_parts_into_an_output_of_any_layout(backend, place):
    a = RNG.normal(size=(2, 300, 3))
    out = place(np.zeros((3, 1, 2)).T[:, ::-1])
    backend.reduce(ops.add, out, place(a))
    np.testing.assert_allclose(backend.to_array(out), a.sum(1, keepdims=True), atol=1e-12)


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 2), (0, 1, 2)])
def test_huge_tensors_are_halved(backend, place, monkeypatch, axes):
    monkeypatch.setattr("mt_cuda.reduction.LIMIT", 20)
    a = RNG.normal(size=(4, 5, 3))
    actual = folded(backend, place, ops.add, a, axes)
    np.testing.assert_allclose(actual, a.sum(axes, keepdims=True), atol=1e-12)
