import numpy as np
import pytest

from mt_cuda import rows
from mt_cuda.device import BLOCK
from mt_cuda.journal import Journal

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", [1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_sizes_around_the_block(backend, place, n):
    index, table, added = RNG.integers(0, 5, n), RNG.normal(size=(5, 2)), RNG.normal(size=(n, 2))
    out = backend.allocate((n, 2), table.dtype)
    backend.take_rows(out, place(table), place(index))
    np.testing.assert_array_equal(backend.to_array(out), table[index])
    sums, wanted = place(table.copy()), table.copy()
    backend.add_rows(sums, place(index), place(added))
    np.add.at(wanted, index, added)
    np.testing.assert_array_equal(backend.to_array(sums), wanted)


def test_sums_are_in_the_order_of_the_rows(backend, place):
    added = np.array([[1e16], [1.0], [-1e16], [1.0]])
    out = place(np.zeros((2, 1)))
    backend.add_rows(out, place(np.ones(4, np.int64)), place(added))
    np.testing.assert_array_equal(backend.to_array(out), [[0.0], [1.0]])


@pytest.mark.parametrize("most", [3, 4])
def test_many_rows_are_sorted_on_the_host(backend, place, monkeypatch, most):
    monkeypatch.setattr(rows, "MOST_ROWS", most)
    index, added, out = np.array([1, 0, 1, 1]), RNG.normal(size=(4, 3)), place(np.zeros((2, 3)))
    journal = Journal()
    with journal.opened():
        backend.add_rows(out, place(index), place(added))
    assert (journal.downloads > 0) == (most < 4)
    wanted = np.zeros((2, 3))
    np.add.at(wanted, index, added)
    np.testing.assert_allclose(backend.to_array(out), wanted, rtol=1e-14)


def test_nothing_crosses_to_the_host(backend, place):
    a, grad, index = place(np.ones((3, 4))), place(np.ones(3)), place(np.array([3, 0, 1]))
    out, back = place(np.zeros(3)), place(np.zeros((3, 4)))
    journal = Journal()
    with journal.opened():
        backend.pick(out, a, index)
        backend.pick_by_input(back, grad, index)
        backend.take_rows(back, a, place(np.array([0, 0, 2])))
    assert (len(journal.launches), journal.downloads) == (3, 0)


@pytest.mark.usefixtures("checked")
def test_a_row_outside_of_the_table_is_caught(backend, place):
    out = backend.allocate((1, 2), np.dtype("float64"))
    with pytest.raises(IndexError, match=r"position [67] is outside of memory of 6 elements"):
        backend.take_rows(out, place(np.ones((3, 2))), place(np.array([3])))
