"""`gather`, `scatter` and `scatter_add`: elements by their positions in storage."""

from typing import Any

import numpy as np
import pytest

from mt_tensor.dtypes import SUPPORTED, DType
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.conformance.transfer import some
from mt_tensor.testing.layouts import LAYOUTS, arranged, storage_of

Array = np.ndarray[Any, Any]
layouts = pytest.mark.parametrize("layout", LAYOUTS)
dtypes = pytest.mark.parametrize("dtype", SUPPORTED, ids=str)

POSITION_SHAPES = [(), (0,), (1,), (7,), (3, 5), (2, 0, 2), (2, 3, 2)]


def positions(size: int, shape: tuple[int, ...], *, repeats: bool = True) -> Array:
    """Draw positions in a storage."""
    drawn = np.random.default_rng(3).choice(size, shape, replace=repeats)
    return np.asarray(drawn, np.int64)


class Indexing(Suite):
    """Reading and writing at positions, on the device where it can."""

    @dtypes
    @pytest.mark.parametrize("shape", POSITION_SHAPES, ids=str)
    def test_gather(self, shape: tuple[int, ...], dtype: DType) -> None:
        """Any shape of positions, which may repeat; every dtype, bit for bit."""
        values = some(dtype, (11,))
        where = positions(11, shape)
        out = self.place(self.blank(shape, dtype))
        self.backend.gather(out, self.place(values), where)
        np.testing.assert_array_equal(self.read(out), values[where], strict=True)

    @layouts
    def test_gather_reads_positions_of_the_storage(self, layout: str) -> None:
        """Whatever the layout of the tensor over it."""
        view = arranged(layout, drawn(np.dtype("float64"), *self.shape))
        flat = storage_of(view)
        where = positions(flat.size, (4, 2))
        out = self.place(self.blank((4, 2), view.dtype))
        self.backend.gather(out, self.place(view), where)
        np.testing.assert_array_equal(self.read(out), flat[where])

    @dtypes
    @pytest.mark.parametrize("shape", POSITION_SHAPES, ids=str)
    def test_scatter(self, shape: tuple[int, ...], dtype: DType) -> None:
        """Overwrites at the positions, and leaves the others."""
        before, values = some(dtype, (20,))[::-1].copy(), some(dtype, shape)
        where = positions(20, shape, repeats=False)
        out = self.place(before)
        self.backend.scatter(out, where, self.place(values))
        before[where] = values
        np.testing.assert_array_equal(self.read(out), before)

    @layouts
    def test_scatter_takes_any_layout(self, layout: str) -> None:
        """Of what is written."""
        view = arranged(layout, drawn(np.dtype("float64"), *self.shape))
        where = positions(50, view.shape, repeats=False)
        out = self.place(np.zeros(50))
        self.backend.scatter(out, where, self.place(view))
        wanted = np.zeros(50)
        wanted[where] = view
        np.testing.assert_array_equal(self.read(out), wanted)

    @floats
    @layouts
    def test_scatter_add(self, layout: str, dtype: DType) -> None:
        """Adds once for each time that a position is named, to what is there."""
        view = arranged(layout, drawn(dtype, *self.shape))
        where = positions(5, view.shape)
        before = drawn(dtype, 5, seed=4)
        out = self.place(before)
        self.backend.scatter_add(out, where, self.place(view))
        wanted = before.astype(np.float64)
        np.add.at(wanted, where.reshape(-1), view.reshape(-1).astype(np.float64))
        assert_close(self.read(out), wanted, scale=8.0, about=f"scatter_add of {layout}")

    @floats
    def test_scatter_add_of_many(self, dtype: DType) -> None:
        """Into few positions, all of them contended for; the same bits on every run."""
        count = self.large // 10
        values, where = drawn(dtype, count), positions(3, (count,))
        results = []
        for _ in range(2):
            out = self.place(np.zeros(3, dtype))
            self.backend.scatter_add(out, where, self.place(values))
            results.append(self.read(out))
        wanted = np.bincount(where, values.astype(np.float64))
        assert_close(results[0], wanted, scale=float(abs(values).sum()), about="scatter_add")
        np.testing.assert_equal(results[0].tobytes(), results[1].tobytes())

    @floats
    @pytest.mark.parametrize("shape", [(0,), (2, 0)], ids=str)
    def test_scatter_add_of_nothing(self, shape: tuple[int, ...], dtype: DType) -> None:
        """Leaves everything."""
        out = self.place(np.ones(3, dtype))
        self.backend.scatter_add(out, positions(3, shape), self.place(np.zeros(shape, dtype)))
        np.testing.assert_array_equal(self.read(out), np.ones(3))
