# ruff: noqa: PLR0913, PLR0917  one argument for each way in which the cases differ

import numpy as np
import pytest

from mt_cuda.product import LARGE, LARGE_ODD, MIDDLE, MIDDLE_FLOAT64, SMALL, Product, choose_tile

RNG = np.random.default_rng(2)


def product(backend, place, a, b, out=None):
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    data = backend.allocate((*batch, a.shape[-2], b.shape[-1]), a.dtype) if out is None else out
    left, right = (place(x).expand((*batch, *x.shape[-2:])) for x in (a, b))
    backend.matmul(data, left, right)
    return backend.to_array(data)


def check(backend, place, a, b):
    wide = a.astype(np.float64), b.astype(np.float64)
    scale = (abs(wide[0]) @ abs(wide[1])).max(initial=1.0)
    actual = product(backend, place, a, b)
    assert actual.dtype == a.dtype
    tolerance = 4 * np.finfo(a.dtype).eps * scale
    np.testing.assert_allclose(actual, wide[0] @ wide[1], rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes",
    [(1, 1, 1), (3, 4, 5), (4, 4, 4), (5, 5, 5), (7, 8, 9), (8, 9, 7), (9, 1, 2), (2, 17, 3)],
)
def test_sizes_around_the_tile(backend, place, sizes, dtype):
    m, k, n = sizes
    check(
        backend,
        place,
        RNG.normal(size=(m, k)).astype(dtype),
        RNG.normal(size=(k, n)).astype(dtype),
    )


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (RNG.normal(size=(6, 5)).T, RNG.normal(size=(4, 6)).T),
        (RNG.normal(size=(10, 12))[::2, ::-3], RNG.normal(size=(5, 9))[1:, ::2]),
        (np.broadcast_to(RNG.normal(size=(1, 4)), (5, 4)), RNG.normal(size=(4, 3))),
        (RNG.normal(size=(5, 4)), np.broadcast_to(RNG.normal(size=(4, 1)), (4, 6))),
    ],
)
def test_every_layout(backend, place, a, b):
    check(backend, place, a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [((3, 2, 4), (3, 4, 5)), ((1, 2, 4), (3, 4, 5)), ((2, 1, 3, 2), (1, 4, 2, 3))],
)
def test_batches_and_broadcast_batches(backend, place, a, b):
    check(backend, place, RNG.normal(size=a), RNG.normal(size=b))


def test_into_a_permuted_output(backend, place):
    a, b = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 5))
    out = place(np.zeros((5, 3)).T)
    np.testing.assert_allclose(product(backend, place, a, b, out), a @ b, rtol=1e-14)


@pytest.mark.parametrize(("m", "k", "n"), [(2, 0, 3), (0, 2, 3), (2, 3, 0)])
def test_empty_products(backend, place, m, k, n):
    actual = product(backend, place, np.ones((m, k)), np.ones((k, n)))
    np.testing.assert_array_equal(actual, np.zeros((m, n)))


def test_nan_and_infinity_spread(backend, place):
    a = np.array([[np.inf, 0.0], [np.nan, 1.0]])
    b = np.array([[1.0, 0.0], [2.0, 0.0]])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(product(backend, place, a, b), a @ b)


def views(shape, *, transposed=False):
    a = RNG.normal(size=shape[::-1] if transposed else shape).astype("float32")
    return a.T if transposed else a


@pytest.mark.parametrize(
    ("a", "b", "kernel"),
    [
        (views((8, 12)), views((12, 16)), "buffered"),
        (views((8, 12), transposed=True), views((12, 16)), "buffered"),
        (views((8, 12)), views((12, 16), transposed=True), "buffered"),
        (views((8, 13), transposed=True), views((13, 16)), "buffered"),
        (views((7, 12)), views((12, 16)), "buffered"),
        (views((8, 13)), views((13, 16)), "register"),
        (views((8, 12)), views((12, 15)), "register"),
        (views((7, 12), transposed=True), views((12, 16)), "register"),
        (views((8, 24))[:, ::2], views((12, 16)), "register"),
        (views((8, 16))[:, 1:13], views((12, 16)), "register"),
        (views((8, 16))[:, 4:], views((12, 20))[:, :16], "buffered"),
    ],
)
def test_vectors_where_they_fit(backend, place, watched, a, b, kernel):
    out = backend.allocate((a.shape[0], b.shape[1]), a.dtype)
    Product(watched).run(out, place(a), place(b))
    np.testing.assert_allclose(backend.to_array(out), a @ b, rtol=1e-4, atol=1e-5)
    assert [name.split()[0] for name in watched.names] == [kernel]


@pytest.mark.parametrize("shape", [(3, 64, 5), (4, 128, 4), (2, 96, 3)])
def test_a_long_inner_dimension_is_divided(backend, place, watched, shape):
    m, k, n = shape
    a, b = RNG.normal(size=(m, k)), RNG.normal(size=(k, n))
    out = backend.allocate((m, n), a.dtype)
    Product(watched).run(out, place(a), place(b))
    np.testing.assert_allclose(backend.to_array(out), a @ b, rtol=1e-12)
    assert any(name.startswith("fold of add") for name in watched.names)


def test_more_matrices_than_a_grid_is_deep(backend, place, monkeypatch):
    monkeypatch.setattr("mt_cuda.product.MOST_BLOCKS_DEEP", 2)
    a, b = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(5, 3, 4))
    out = backend.allocate((5, 2, 4), a.dtype)
    Product(backend.device).run(out, place(a), place(b))
    np.testing.assert_allclose(backend.to_array(out), a @ b, rtol=1e-12)


def test_tiles_fill_a_gpu(monkeypatch):
    monkeypatch.setattr("mt_cuda.product.SIMULATED", False)
    monkeypatch.setattr("mt_cuda.product.ENOUGH_BLOCKS", 132)
    float32, float64 = np.dtype("float32"), np.dtype("float64")
    for shape, matrices, dtype, vectors, tile in (
        ((4096, 4096), 1, float32, True, LARGE),
        ((4096, 4096), 1, float32, False, LARGE_ODD),
        ((4096, 4096), 1, float64, True, MIDDLE_FLOAT64),
        ((1024, 1024), 1, float32, True, MIDDLE),
        ((128, 128), 1, float32, True, SMALL),
        ((128, 128), 132, float32, True, LARGE),
    ):
        assert choose_tile(shape, matrices, dtype, vectors=vectors) is tile
