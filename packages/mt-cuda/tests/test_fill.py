import numpy as np
import pytest

from mt_cuda.device import BLOCK


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("value", [0.0, 1.0, -3.0, 0.1])
def test_every_dtype_rounds_as_numpy_does(backend, dtype, value):
    out = backend.full((2, 3), value, np.dtype(dtype))
    expected = np.full((2, 3), value).astype(dtype)
    np.testing.assert_array_equal(backend.to_array(out), expected, strict=True)


@pytest.mark.parametrize("n", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_sizes_around_the_block(backend, n):
    out = backend.full((n,), 7.0, np.dtype("float32"))
    np.testing.assert_array_equal(backend.to_array(out), np.full(n, 7.0))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2**53 + 1])
def test_values_at_the_edges(backend, value):
    dtype = np.dtype("int64" if isinstance(value, int) else "float64")
    out = backend.full((3,), value, dtype)
    np.testing.assert_array_equal(backend.to_array(out), np.full(3, value, dtype))


def test_nothing_crosses_to_the_device(backend, monkeypatch):
    def refuse(*_):
        pytest.fail("an array was copied to the device")

    monkeypatch.setattr(backend.device, "upload", refuse)
    backend.full((4,), 2.0, np.dtype("float32"))
