"""Storages: to the backend and back, for every dtype and layout."""

import numpy as np
import pytest

from mt_tensor.dtypes import SUPPORTED, DType, float64
from mt_tensor.testing.conformance.suite import Suite
from mt_tensor.testing.layouts import LAYOUTS, arranged

dtypes = pytest.mark.parametrize("dtype", SUPPORTED, ids=str)
HOST = 1
"""DLPack's number of the host's memory."""
VALUES = {"f": [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40], "i": [-(2**63), 2**63 - 1, 2**53 + 1]}


def some(dtype: DType, shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], DType]:
    """Fill a shape with the values of a dtype that are easily lost on the way."""
    values = np.array(VALUES.get(dtype.kind, [True, False]), dtype)
    return np.resize(values, shape)


class Transfer(Suite):
    """`empty`, `from_numpy`, `to_numpy` and what is made of them."""

    def test_it_has_a_name(self) -> None:
        """It is what `Tensor.to` and error messages say."""
        name = self.backend.name
        np.testing.assert_equal(isinstance(name, str) and name.isidentifier(), True)  # noqa: FBT003

    @dtypes
    @pytest.mark.parametrize("size", [0, 1, 1000])
    def test_an_empty_storage_has_a_size_and_a_dtype(self, dtype: DType, size: int) -> None:
        """Its content may be anything."""
        storage = self.backend.empty(size, dtype)
        np.testing.assert_equal((len(storage), storage.dtype), (size, dtype))
        np.testing.assert_equal(self.backend.to_numpy(storage).shape, (size,))

    @dtypes
    @pytest.mark.parametrize("size", [0, 1, 1000])
    def test_a_storage_comes_back_bit_for_bit(self, dtype: DType, size: int) -> None:
        """Infinities, nan, signed zeros and subnormal numbers included."""
        array = some(dtype, (size,))
        back = self.backend.to_numpy(self.backend.from_numpy(array.copy()))
        np.testing.assert_equal(back.dtype, dtype)
        np.testing.assert_equal(back.tobytes(), array.tobytes())

    @dtypes
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_an_array_of_any_layout_is_copied(self, dtype: DType, layout: str) -> None:
        """The tensor is contiguous, whatever the array was."""
        view = arranged(layout, some(dtype, self.shape))
        data = self.backend.from_array(view)
        np.testing.assert_equal((data.shape, data.dtype, data.whole), (view.shape, dtype, True))
        np.testing.assert_array_equal(self.read(data), view)

    def test_a_later_change_of_the_array_is_not_seen(self) -> None:
        """`from_array` copies, even where a storage is an array."""
        array = np.ones(3)
        data = self.backend.from_array(array)
        array[:] = 2.0
        np.testing.assert_array_equal(self.read(data), np.ones(3))

    @dtypes
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_tensor_of_any_layout_comes_back(self, dtype: DType, layout: str) -> None:
        """Strides and offset are read as they stand."""
        view = arranged(layout, some(dtype, self.shape))
        np.testing.assert_array_equal(self.backend.to_array(self.place(view)), view)

    @pytest.mark.parametrize("layout", ["contiguous", "permuted", "sliced"])
    def test_what_is_exported_speaks_dlpack(self, layout: str) -> None:
        """And has the same elements, where NumPy can reach them."""
        view = arranged(layout, some(float64, self.shape))
        exported = self.backend.exported(self.place(view))
        device, _ = exported.__dlpack_device__()
        if device == HOST:
            np.testing.assert_array_equal(np.from_dlpack(exported), view)
        else:
            np.testing.assert_equal(callable(exported.__dlpack__), True)  # noqa: FBT003

    @pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1,), (1, 1, 1)], ids=str)
    def test_odd_shapes_come_back(self, shape: tuple[int, ...]) -> None:
        """A single number, no element, sizes of 1."""
        data = self.backend.from_array(np.full(shape, 3.0))
        np.testing.assert_array_equal(self.read(data), np.full(shape, 3.0), strict=True)

    @dtypes
    @pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)], ids=str)
    def test_full_is_one_value(self, dtype: DType, shape: tuple[int, ...]) -> None:
        """In the dtype that was asked for."""
        data = self.backend.full(shape, 1.0, dtype)
        np.testing.assert_array_equal(self.read(data), np.full(shape, 1, dtype), strict=True)

    @dtypes
    def test_allocations_do_not_share(self, dtype: DType) -> None:
        """Two tensors are two storages."""
        first, second = (self.backend.allocate((2, 2), dtype) for _ in range(2))
        for value, data in enumerate((first, second)):
            self.backend.scatter(data, np.arange(4), self.backend.full((4,), float(value), dtype))
        np.testing.assert_array_equal(self.read(first), np.zeros((2, 2), dtype))
