import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import AdaptiveAvgPool1d, AdaptiveAvgPool2d
from mt_nn.functional import adaptive_avg_pool1d, adaptive_avg_pool2d


def bounds(n, windows):
    return [(i * n // windows, -(-(i + 1) * n // windows)) for i in range(windows)]


def oracle(x, size):
    rows, columns = (bounds(n, o) for n, o in zip(x.shape[-2:], size, strict=True))
    cells = [[x[..., a:b, c:d].mean((-2, -1)) for c, d in columns] for a, b in rows]
    return np.moveaxis(np.array(cells), (0, 1), (-2, -1))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (4, 7), (5, 6), (8, 9)])
def test_windows_cover_the_image_evenly(backend, size):
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 6))
    result = adaptive_avg_pool2d(mt.tensor(x), size).numpy()
    np.testing.assert_allclose(result, oracle(x, size), rtol=0, atol=1e-14, strict=True)
    mt.grad_check(lambda t: adaptive_avg_pool2d(t, size), mt.tensor(x[:1, :1]))


def test_sizes_may_be_one_number_or_kept():
    x = np.random.default_rng(1).standard_normal((3, 5, 6))
    assert adaptive_avg_pool2d(mt.tensor(x), 2).shape == (3, 2, 2)
    result = adaptive_avg_pool2d(mt.tensor(x), (None, 4)).numpy()
    np.testing.assert_allclose(result, oracle(x, (5, 4)), rtol=0, atol=1e-14)


def test_sequences():
    x = np.random.default_rng(2).standard_normal((2, 3, 7))
    result = adaptive_avg_pool1d(mt.tensor(x), 3).numpy()
    np.testing.assert_allclose(result, oracle(x[:, :, None], (1, 3))[:, :, 0], rtol=0, atol=1e-14)


def test_float32_stays_float32():
    assert adaptive_avg_pool2d(mt.zeros(1, 4, 4, dtype="float32"), 2).dtype == mt.float32


@pytest.mark.parametrize("size", [0, (1, 2, 3), (2, -1), (1,)])
def test_sizes_that_are_none(size):
    with pytest.raises(ValueError, match="adaptive_avg_pool2d: output_size must be one integer or"):
        adaptive_avg_pool2d(mt.zeros(1, 4, 4), size)


def test_what_does_not_fit():
    with pytest.raises(
        mt.ShapeError, match=r"adaptive_avg_pool1d: input is \(4,\), of 1 dimension"
    ):
        adaptive_avg_pool1d(mt.zeros(4), 2)
    with pytest.raises(mt.DTypeError, match="adaptive_avg_pool2d: input is int64"):
        adaptive_avg_pool2d(mt.zeros(1, 4, 4, dtype="int64"), 2)


def test_layers_are_their_functions():
    x = mt.tensor(np.random.default_rng(3).standard_normal((2, 5, 6)))
    assert AdaptiveAvgPool2d((2, None))(x).tolist() == adaptive_avg_pool2d(x, (2, 6)).tolist()
    assert AdaptiveAvgPool1d(4)(x).tolist() == adaptive_avg_pool1d(x, 4).tolist()
    assert repr(AdaptiveAvgPool2d((2, None))) == "AdaptiveAvgPool2d(output_size=(2, None))"
    assert repr(AdaptiveAvgPool1d(4)) == "AdaptiveAvgPool1d(output_size=4)"
