import gc
import weakref

import numpy as np
import pytest

import mt_operators as ops
from mt_tensor.errors import BackendError

RNG = np.random.default_rng(0)
BASE = RNG.uniform(-2.0, 2.0, (5, 6, 7))

LAYOUTS = {
    "contiguous": BASE,
    "permuted": BASE.transpose(2, 0, 1),
    "sliced": BASE[1::2, ::3, 2:6],
    "reversed": BASE[::-1, :, ::-2],
    "offset": BASE[2, 1:],
    "row": BASE[1, 2],
    "column": BASE[:, 0, 3],
    "broadcast": np.broadcast_to(BASE[:1, :, :1], (3, 6, 4)),
    "one element": BASE[:1, :1, :1],
    "number": BASE[3, 3, 3, ...],
    "empty": BASE[:, :0],
}
DTYPES = ["float32", "float64"]


def arranged(layout, dtype):
    """Rebuild the view over a base of another dtype, so that strides and offset stay."""
    view, base = LAYOUTS[layout], BASE.astype(dtype)
    start = view.__array_interface__["data"][0] - BASE.__array_interface__["data"][0]
    strides = tuple(s // BASE.itemsize * base.itemsize for s in view.strides)
    flat = base.reshape(-1)[start // BASE.itemsize :]
    return np.lib.stride_tricks.as_strided(flat, view.shape, strides)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_map_in_every_layout(backend, place, layout, dtype):
    a = arranged(layout, dtype)
    out = backend.allocate(a.shape, a.dtype)
    backend.map(ops.exp, out, place(a))
    np.testing.assert_allclose(backend.to_array(out), np.exp(a), rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_zip_of_two_layouts(backend, place, layout, dtype):
    a = arranged(layout, dtype)
    b = np.asfortranarray(a * 2 - 1)
    out = backend.allocate(a.shape, a.dtype)
    backend.zip(ops.mul, out, place(a), place(b))
    np.testing.assert_array_equal(backend.to_array(out), a * b)


@pytest.mark.parametrize("layout", ["permuted", "sliced", "reversed", "offset", "number"])
def test_map_into_every_layout_leaves_the_rest(backend, place, layout):
    view = arranged(layout, "float64")
    base = view
    while base.base is not None:
        base = base.base
    out = place(view)
    ones = np.ones(view.shape)
    backend.map(ops.neg, out, place(ones))
    view[...] = -1.0
    np.testing.assert_array_equal(backend.to_numpy(out.storage), base.reshape(-1))


def test_zip_of_three_and_a_broadcast_operand(backend, place):
    condition, b = BASE > 0.0, BASE[:, :1]
    out = backend.allocate(BASE.shape, BASE.dtype)
    backend.zip(ops.where, out, place(condition), place(BASE), place(b).expand(BASE.shape))
    np.testing.assert_array_equal(backend.to_array(out), np.where(condition, BASE, b))


def test_an_operand_may_be_the_output(backend, place):
    a = place(BASE.copy())
    backend.zip(ops.add, a, a, a)
    np.testing.assert_array_equal(backend.to_array(a), BASE + BASE)


@pytest.mark.parametrize("n", [1, 31, 32, 33, 64, 65, 257])
def test_sizes_around_the_block(backend, place, n):
    a = RNG.normal(size=n)
    out = backend.allocate((n,), a.dtype)
    backend.map(ops.neg, out, place(a))
    np.testing.assert_array_equal(backend.to_array(out), -a)


@pytest.mark.parametrize("source", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("target", ["float32", "float64", "int64", "bool"])
def test_copying_converts_as_numpy_does(backend, place, source, target):
    a = np.array([0.0, 1.0, -2.0, 3.75, 0.25]).astype(source)
    out = backend.allocate(a.shape, np.dtype(target))
    backend.map(ops.identity, out, place(a))
    np.testing.assert_array_equal(backend.to_array(out), a.astype(target), strict=True)


def test_a_predicate_makes_truth_values(backend, place):
    out = backend.allocate(BASE.shape, np.dtype(bool))
    backend.zip(ops.lt, out, place(BASE), place(-BASE))
    np.testing.assert_array_equal(backend.to_array(out), -BASE > BASE, strict=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_edges_are_ieee(backend, place, dtype):
    edges = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 1000.0, 1e-38], dtype)
    functions = {ops.log: np.log, ops.inv: np.reciprocal, ops.exp: np.exp, ops.sqrt: np.sqrt}
    for operator, oracle in functions.items():
        out = backend.allocate(edges.shape, edges.dtype)
        backend.map(operator, out, place(edges))
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(backend.to_array(out), oracle(edges), rtol=1e-6)


SLOPE = 0.25


def bent(x):
    return x if x > 0.0 else SLOPE * x


def test_any_function_of_floats_that_calls_others(backend, place):
    def doubled(x):
        return 2.0 * bent(x)

    out = backend.allocate(BASE.shape, BASE.dtype)
    backend.map(doubled, out, place(BASE))
    np.testing.assert_array_equal(backend.to_array(out), 2 * np.where(BASE > 0, BASE, BASE / 4))


def test_what_cannot_be_compiled_is_named(backend, place):
    out = backend.allocate(BASE.shape, BASE.dtype)
    with pytest.raises(
        BackendError, match=r"cannot compile .* it is a type, not a Python function"
    ):
        backend.map(complex, out, place(BASE))


def test_the_kernels_of_a_function_are_forgotten_with_it(backend, place):
    def fleeting(x):
        return x + 1.0

    out = backend.allocate(BASE.shape, BASE.dtype)
    backend.map(fleeting, out, place(BASE))
    gone = weakref.ref(fleeting)
    del fleeting
    gc.collect()
    assert gone() is None
