import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

RNG = np.random.default_rng(0)


def windows(x, kernel, stride):
    return sliding_window_view(x, kernel, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]


@pytest.mark.parametrize(
    ("kernel", "stride"), [((2, 2), (1, 1)), ((3, 2), (2, 3)), ((1, 4), (3, 1)), ((5, 5), (5, 5))]
)
def test_the_average_and_its_gradient_are_adjoint(backend, place, kernel, stride):
    x = RNG.normal(size=(2, 2, 7, 6))
    y = windows(x, kernel, stride).mean((4, 5))
    grad = RNG.normal(size=y.shape)
    out = backend.allocate(x.shape, x.dtype)
    backend.avg_pool2d_by_input(out, place(grad), kernel, stride)
    pulled = backend.to_array(out)
    np.testing.assert_allclose((pulled * x).sum(), (grad * y).sum(), rtol=1e-10)


def test_the_first_of_equal_maxima_has_the_gradient(backend, place):
    x = np.array([[[[3.0, 3.0], [3.0, 1.0]]]])
    out = backend.allocate(x.shape, x.dtype)
    backend.max_pool2d_by_input(out, place(np.array([[[[5.0]]]])), place(x), (2, 2), (2, 2))
    np.testing.assert_array_equal(backend.to_array(out), [[[[5.0, 0.0], [0.0, 0.0]]]])


@pytest.mark.parametrize("values", [[1.0, np.nan, 2.0, np.nan], [-np.inf] * 4, [np.inf, 0, 0, 9]])
def test_what_is_not_finite_has_the_gradient_of_numpys_argmax(backend, place, values):
    x = np.array(values).reshape(1, 1, 2, 2)
    best = backend.allocate((1, 1, 1, 1), x.dtype)
    backend.max_pool2d(best, place(x), (2, 2), (1, 1))
    np.testing.assert_array_equal(backend.to_array(best).reshape(()), x.max())
    out = backend.allocate(x.shape, x.dtype)
    backend.max_pool2d_by_input(out, place(np.ones((1, 1, 1, 1))), place(x), (2, 2), (1, 1))
    expected = np.zeros(4)
    expected[np.argmax(x)] = 1.0
    np.testing.assert_array_equal(backend.to_array(out).reshape(-1), expected)


def test_what_fills_no_window_has_no_gradient(backend, place):
    out = backend.allocate((1, 1, 3, 3), np.dtype("float64"))
    backend.avg_pool2d_by_input(out, place(np.full((1, 1, 1, 1), 4.0)), (2, 2), (2, 2))
    np.testing.assert_array_equal(backend.to_array(out)[0, 0], [[1, 1, 0], [1, 1, 0], [0, 0, 0]])
