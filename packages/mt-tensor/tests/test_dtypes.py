"""Dtypes: which there are, and how they meet."""

from itertools import product

import numpy as np
import pytest

import mt_tensor as mt
from mt_tensor import DTypeError
from mt_tensor.dtypes import SUPPORTED, as_dtype, floating, is_dtype, nearest_dtype, promote


@pytest.mark.parametrize(("a", "b"), list(product(SUPPORTED, repeat=2)))
def test_promotion_is_numpys(a, b):
    assert promote(a, b) == np.promote_types(a, b)
    assert promote(a, b) in SUPPORTED


@pytest.mark.parametrize("name", ["float32", "f4", np.float32, np.dtype("f4"), mt.float32])
def test_a_dtype_by_any_name_is_one_object(name):
    assert as_dtype(name) is mt.float32


def test_no_dtype_is_the_default():
    assert as_dtype(None) is mt.get_default_dtype() is mt.float64


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("int8", "int64"),
        ("uint32", "int64"),
        ("float16", "float32"),
        ("longdouble", "float64"),
        ("float32", "float32"),
        ("bool", "bool"),
        (">f8", "float64"),
        (">i4", "int64"),
    ],
)
def test_the_nearest_dtype(given, nearest):
    assert nearest_dtype(np.dtype(given)) == nearest
    assert nearest_dtype(np.dtype(given)) in SUPPORTED


def test_what_has_no_dtype():
    with pytest.raises(DTypeError, match="a tensor cannot hold elements of dtype complex64"):
        nearest_dtype(np.dtype("complex64"))
    with pytest.raises(DTypeError, match="dtype 'float128x' is not one of float32"):
        as_dtype("float128x")
    with pytest.raises(DTypeError, match="dtype 'int32' is not one of"):
        as_dtype("int32")


def test_operators_compute_in_floats():
    assert floating(mt.float32) is mt.float32
    assert floating(mt.int64) is floating(mt.bool_) is mt.float64


def test_names_of_dtypes():
    assert is_dtype("float32")
    assert is_dtype("int32")
    assert not is_dtype("simple")


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_byte_order_of_an_array_does_not_matter(order):
    x = mt.tensor(np.array([1.5, 2.5], f"{order}f8")) + mt.tensor(np.array([1, 2], f"{order}i4"))
    assert x.tolist() == [2.5, 4.5]
    assert x.dtype is mt.float64


def test_a_number_takes_the_dtype_of_a_float_tensor_though_a_mask_comes_first():
    mask, x = mt.tensor([True, False]), mt.ones(2, dtype="float32")
    assert mt.where(mask, x, 0.0).dtype == mt.float32
    assert mt.where(mask, 0.0, x).tolist() == [0.0, 1.0]
