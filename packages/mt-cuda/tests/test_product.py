import numpy as np
import pytest

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
