"""Folds and statistics over any dimensions, against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_tensor import ShapeError
from mt_tensor.simple import SimpleBackend
from mt_tensor.testing.strategies import axes, shapes, tensors

SIMPLE = SimpleBackend()
laws = settings(max_examples=40, deadline=None)


def logsumexp(a, axis=None, keepdims=False):
    return np.log(np.exp(a).sum(axis=axis, keepdims=keepdims))


FOLDS = {
    "sum": np.sum,
    "mean": np.mean,
    "prod": np.prod,
    "max": np.max,
    "min": np.min,
    "var": lambda a, **how: np.var(a, ddof=1, **how),
    "std": lambda a, **how: np.std(a, ddof=1, **how),
    "logsumexp": logsumexp,
    "all": np.all,
    "any": np.any,
}
NEED_ELEMENTS = ("max", "min", "var", "std", "logsumexp", "mean")
TRUTH = ("all", "any")


@pytest.mark.parametrize("name", FOLDS)
@laws
@given(st.data())
def test_folds_are_numpys_with_the_dimension_kept(name, data):
    lowest = 2 if name in ("var", "std") else 1 if name in NEED_ELEMENTS else 0
    x = data.draw(tensors(SIMPLE, data.draw(shapes(min_side=lowest, max_dims=3))))
    dim = data.draw(st.one_of(st.none(), axes(x.ndim)))
    keepdim = data.draw(st.booleans())
    if lowest == 2 and not (dim if dim is not None else x.ndim):
        return  # the variance of one number has no oracle
    result = getattr(x, name)(dim, keepdim=keepdim)
    wanted = FOLDS[name](x.numpy(), axis=dim, keepdims=keepdim)
    if dim is None and keepdim:
        wanted = wanted.reshape(1)
    np.testing.assert_allclose(result.numpy(), wanted, rtol=1e-10, atol=1e-10)
    assert result.shape == wanted.shape
    assert result.dtype == (mt.bool_ if name in TRUTH else mt.float64)


@pytest.mark.parametrize("name", FOLDS)
def test_the_dimension_stays_unless_it_is_dropped(name):
    x = mt.rand(3, 4, 5)
    fold = getattr(x, name)
    assert fold(1).shape == fold((1,)).shape == fold(-2).shape == (3, 1, 5)
    assert fold(1, keepdim=False).shape == (3, 5)
    assert fold((0, 2)).shape == (1, 4, 1)
    assert fold([0, 2], keepdim=False).shape == (4,)
    assert fold().shape == (1,)
    assert fold(keepdim=False).shape == ()
    assert fold(()).shape == (3, 4, 5)


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_floats_keep_their_dtype_and_others_become_floats(name, dtype):
    x = mt.ones(2, 3, dtype=dtype)
    wanted = mt.bool_ if name in TRUTH else mt.float32 if dtype == "float32" else mt.float64
    assert getattr(x, name)(1).dtype == wanted
    assert getattr(mt.tensor(2.0), name)(keepdim=False).shape == ()


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@laws
@given(st.data())
def test_positions_of_extrema_are_numpys(name, data):
    x = data.draw(tensors(SIMPLE, data.draw(shapes(min_side=1, max_dims=3))))
    dim = data.draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1))) if x.ndim else None
    keepdim = data.draw(st.booleans())
    result = getattr(x, name)(dim, keepdim=keepdim)
    wanted = np.asarray(getattr(np, name)(x.numpy(), axis=dim, keepdims=keepdim))
    if dim is None and keepdim:
        wanted = wanted.reshape(1)
    np.testing.assert_array_equal(result.numpy(), wanted, strict=True)
    assert result.dtype is mt.int64


def test_ties_and_nan_in_extrema():
    x = mt.tensor([[1.0, 3.0, 3.0], [np.nan, 5.0, np.nan], [-np.inf, -np.inf, -np.inf]])
    assert x.argmax(1, keepdim=False).tolist() == [1, 0, 0]
    assert x.argmin(1, keepdim=False).tolist() == [0, 0, 0]
    assert np.isnan(x.max(1).numpy()[1, 0])
    assert x.max(1).numpy()[2, 0] == -np.inf
    assert mt.tensor([3, 7, 7]).argmax().tolist() == [1]
    assert mt.tensor([False, True]).argmax().tolist() == [1]


@laws
@given(st.data())
def test_running_sums_are_numpys(data):
    x = data.draw(tensors(SIMPLE, data.draw(shapes(min_dims=1, max_side=9, max_dims=2))))
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    np.testing.assert_allclose(x.cumsum(dim).numpy(), np.cumsum(x.numpy(), dim), strict=True)


def test_running_sums_leave_their_input_alone():
    x = mt.ones(5)
    assert x.cumsum(0).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert x.tolist() == [1.0] * 5
    x = mt.tensor([1.0, np.inf, 2.0, np.nan, 1.0])
    np.testing.assert_array_equal(x.cumsum(0).numpy(), np.cumsum(x.numpy()))


@pytest.mark.parametrize("correction", [0.0, 1.0, 2.0])
def test_variance_with_a_correction(correction):
    array = np.random.default_rng(0).standard_normal((4, 5))
    x = mt.tensor(array)
    np.testing.assert_allclose(
        x.var(0, correction=correction).numpy(), np.var(array, 0, ddof=correction, keepdims=True)
    )
    np.testing.assert_allclose(
        x.std(correction=correction).numpy(), [np.std(array, ddof=correction)]
    )


def test_variance_far_from_zero_is_exact():
    x = mt.tensor([1e9, 1e9 + 1.0, 1e9 + 2.0])
    assert x.var().tolist() == [1.0]


def test_variance_of_too_few_is_nan():
    for x in (mt.ones(1), mt.ones(0)):
        assert np.isnan(x.var().item())
        assert np.isnan(x.std().item())


def test_logsumexp_neither_overflows_nor_underflows():
    x = mt.tensor([[1000.0, 1000.0], [-1000.0, -1000.0], [-np.inf, -np.inf], [np.inf, 0.0]])
    wanted = [[1000.0 + np.log(2.0)], [-1000.0 + np.log(2.0)], [-np.inf], [np.inf]]
    np.testing.assert_allclose(x.logsumexp(1).numpy(), wanted)


def test_folds_over_no_elements():
    x = mt.ones(2, 0)
    assert x.sum(1).tolist() == [[0.0], [0.0]]
    assert x.prod().tolist() == [1.0]
    assert x.all().tolist() == [True]
    assert x.any().tolist() == [False]
    assert np.isnan(x.mean(1).numpy()).all()
    assert x.sum(0).shape == (1, 0)
    assert x.max(0).shape == (1, 0)
    assert mt.ones(0, 3).argmax(1).shape == (0, 1)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin", "logsumexp"])
def test_nothing_to_choose_from(name):
    message = r"\w+: \(2, 0\) has no elements along dimension\(s\) \(1,\)"
    with pytest.raises(ShapeError, match=message):
        getattr(mt.ones(2, 0), name)(1)
    with pytest.raises(ShapeError, match=f"{name}: .* has no elements"):
        getattr(mt.ones(0), name)()


@pytest.mark.parametrize("name", [*FOLDS, "argmax", "argmin", "cumsum"])
def test_dimensions_that_are_refused(name):
    fold = getattr(mt.ones(2, 3), name)
    for dim in (2, -3):
        with pytest.raises(ShapeError, match=f"{name}: axis {dim} is out of range for 2 dim"):
            fold(dim)
    with pytest.raises(ShapeError, match=f"{name}: an axis is an int, not 1.5"):
        fold(1.5)
    if name in FOLDS:
        with pytest.raises(ShapeError, match=rf"{name}: axes \(0, -2\) name one axis twice"):
            fold((0, -2))
