"""Making tensors: data of every kind, fillings, counting; and what is refused."""

import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_tensor import DTypeError, ShapeError
from mt_tensor.testing.strategies import arrays, shapes


def check(result, wanted):
    np.testing.assert_array_equal(result.numpy(), wanted, strict=True)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (3, "int64"),
        (3.5, "float64"),
        (True, "bool"),
        ([], "float64"),
        ([[], []], "float64"),
        ([1, 2], "int64"),
        ([1, 2.5], "float64"),
        ([True, False], "bool"),
        ([True, 2], "int64"),
        (((1.0, 2.0), (3.0, 4.0)), "float64"),
        ([np.float32(1.5), 2.0], "float64"),
        (np.float32(1.5), "float32"),
        (np.arange(3, dtype="int32"), "int64"),
        (np.arange(3, dtype="uint8"), "int64"),
        (np.ones(2, "float16"), "float32"),
        (np.ones((2, 0), "float32"), "float32"),
        (np.ones(2, "longdouble"), "float64"),
        ([np.arange(2.0), np.arange(2.0, 4.0)], "float64"),
        ([[np.arange(2)], [np.arange(2)]], "int64"),
    ],
)
def test_data_of_every_kind(data, dtype):
    result = mt.tensor(data)
    assert result.dtype == dtype
    check(result, np.array(data).astype(dtype))


def test_tensors_are_copied_also_within_lists():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = mt.tensor(x)
    assert not y.requires_grad
    assert y.data.storage is not x.data.storage
    assert mt.tensor([x, x * 2.0]).tolist() == [[1.0, 2.0], [2.0, 4.0]]
    assert mt.tensor([x.sum(), 4.0][1:]).tolist() == [4.0]


@settings(max_examples=60, deadline=None)
@given(arrays())
def test_an_array_of_any_layout_is_copied(view):
    x = mt.tensor(view)
    check(x, view)
    assert x.data.whole


def test_anything_that_speaks_a_protocol():
    class Arrayish:
        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0], dtype)

    class Capsule:
        def __dlpack__(self, **options):
            return np.array([3.0, 4.0]).__dlpack__(**options)

        def __dlpack_device__(self):
            return (1, 0)

    check(mt.tensor(Arrayish()), np.array([1.0, 2.0]))
    check(mt.tensor(Capsule()), np.array([3.0, 4.0]))
    check(mt.tensor(np.array(array.array("d", [1.0]))), np.array([1.0]))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("data", [[0.0, 1.5, -2.5], [0, 1, 2], [True, False]])
def test_a_dtype_that_is_asked_for(data, dtype):
    check(mt.tensor(data, dtype=dtype), np.array(data).astype(dtype))
    check(mt.tensor(np.array(data), dtype), np.array(data).astype(dtype))


def test_numbers_beyond_a_dtype_make_no_warning():
    assert mt.tensor([1e300], dtype="float32").tolist() == [np.inf]
    assert mt.tensor(np.array([1e300]), "float32").tolist() == [np.inf]
    assert mt.full((1,), -1e300, dtype="float32").tolist() == [-np.inf]
    assert (mt.ones(1, dtype="float32") * 1e300).tolist() == [np.inf]


def test_the_default_dtype():
    mt.set_default_dtype("float32")
    try:
        assert mt.get_default_dtype() == np.float32
        assert mt.tensor([1.0]).dtype == np.float32
        assert mt.tensor([1]).dtype == np.int64
        assert mt.zeros(2).dtype == mt.rand(2).dtype == mt.arange(0.5).dtype == np.float32
    finally:
        mt.set_default_dtype(mt.float64)
    assert mt.tensor([1.0]).dtype == np.float64


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([[1, 2], [3]], ShapeError, r"data\[1\] has shape \(1,\), but data\[0\] has shape \(2,\)"),
        ([[1, 2], 3], ShapeError, r"data\[1\] has shape \(\), but data\[0\] has shape \(2,\)"),
        (
            [[[1], [2]], [[3], [4, 5]]],
            ShapeError,
            r"data\[1\]\[1\] has shape \(2,\), but data\[1\]",
        ),
        ([np.ones(2), np.ones(3)], ShapeError, r"data\[1\] has shape \(3,\)"),
        ("text", DTypeError, "tensor: 'text' at data is not a number"),
        ([1.0, None], DTypeError, r"tensor: None at data\[1\] is not a number"),
        ([[1.0], ["x"]], DTypeError, r"tensor: 'x' at data\[1\]\[0\] is not a number"),
        (1j, DTypeError, "tensor: 1j at data is not a number"),
        (np.ones(2, complex), DTypeError, "a tensor cannot hold elements of dtype complex128"),
        (np.array(["a"]), DTypeError, "cannot hold elements of dtype <U1"),
        (2**70, DTypeError, "cannot hold elements of dtype object"),
    ],
)
def test_data_that_is_refused(data, error, message):
    with pytest.raises(error, match=message):
        mt.tensor(data)


@pytest.mark.parametrize("dtype", ["float16", "complex128", "nonsense", object, 3])
def test_dtypes_that_are_refused(dtype):
    with pytest.raises(DTypeError, match="is not one of float32, float64, int64, bool"):
        mt.zeros(2, dtype=dtype)


def test_a_default_dtype_is_a_float():
    with pytest.raises(DTypeError, match="set_default_dtype: int64 is not a float dtype"):
        mt.set_default_dtype("int64")


@settings(max_examples=30, deadline=None)
@given(shapes(), st.sampled_from(["float32", "float64", "int64", "bool"]))
def test_fillings(shape, dtype):
    check(mt.zeros(*shape, dtype=dtype), np.zeros(shape, dtype))
    check(mt.ones(shape, dtype=dtype), np.ones(shape, dtype))
    check(mt.full(shape, 3, dtype), np.full(shape, 3, dtype))
    x = mt.ones(*shape, dtype=dtype)
    check(mt.zeros_like(x), np.zeros(shape, dtype))
    check(mt.ones_like(x, "float32"), np.ones(shape, "float32"))
    check(mt.full_like(x, 0), np.zeros(shape, dtype))


def test_sizes_one_by_one_or_together():
    for shape in ((2, 3), ((2, 3),), ([2, 3],)):
        assert mt.zeros(*shape).shape == mt.rand(*shape).shape == (2, 3)
    assert mt.full(3, 1.0).shape == (3,)
    assert mt.zeros().shape == ()


@pytest.mark.parametrize("args", [(5,), (2, 5), (5, 2, -1), (0.0, 1.0, 0.25), (3, 3), (1, 0), (0,)])
def test_counting(args):
    check(mt.arange(*args), np.arange(*args))
    check(mt.arange(*args, dtype="float32"), np.arange(*args).astype("float32"))


def test_counting_by_ints_gives_ints():
    assert mt.arange(3).dtype == mt.int64
    assert mt.arange(3.0).dtype == mt.arange(0, 3, 0.5).dtype == mt.float64


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_equal_steps(count):
    check(mt.linspace(-1.0, 2.0, count), np.linspace(-1.0, 2.0, count))


@pytest.mark.parametrize("args", [(3,), (2, 3), (0,), (3, 0)])
def test_the_identity_matrix(args):
    check(mt.eye(*args), np.eye(*args))


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda: mt.zeros(-1), ShapeError, r"zeros: sizes must be non-negative ints, not \(-1,\)"),
        (lambda: mt.ones(2, 2.5), ShapeError, r"ones: sizes must be .* not \(2, 2.5\)"),
        (lambda: mt.full(None, 1.0), ShapeError, r"full: sizes must be .* not \(None,\)"),
        (lambda: mt.rand("2"), ShapeError, "rand: sizes must be"),
        (lambda: mt.randn(-2), ShapeError, "randn: sizes must be"),
        (lambda: mt.randint(0, 2, -1), ShapeError, "randint: sizes must be"),
        (lambda: mt.eye(-1), ShapeError, "eye: sizes must be"),
        (lambda: mt.linspace(0, 1, -1), ShapeError, "linspace: sizes must be"),
        (lambda: mt.arange(0, 5, 0), ValueError, "arange: step must not be 0"),
        (lambda: mt.randint(2, 2, 3), ValueError, "randint: low 2 must be less than high 2"),
        (
            lambda: mt.zeros(2, backend="nowhere"),
            mt.BackendError,
            "no backend 'nowhere'; installed",
        ),
    ],
)
def test_what_is_refused(f, error, message):
    with pytest.raises(error, match=message):
        f()


def test_everything_can_be_made_a_leaf_on_a_backend():
    made = [
        mt.tensor([1.0], backend="simple", requires_grad=True),
        mt.zeros(1, backend="simple", requires_grad=True),
        mt.ones(1, backend="simple", requires_grad=True),
        mt.full(1, 2.0, backend="simple", requires_grad=True),
        mt.rand(1, backend="simple", requires_grad=True),
        mt.randn(1, backend="simple", requires_grad=True),
        mt.zeros_like(mt.ones(1), requires_grad=True),
        mt.ones_like(mt.ones(1), requires_grad=True),
        mt.full_like(mt.ones(1), 2.0, requires_grad=True),
    ]
    assert all(x.is_leaf() and x.backend is mt.get_backend("simple") for x in made)
