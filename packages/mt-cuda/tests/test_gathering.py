import numpy as np
import pytest

RNG = np.random.default_rng(0)


def test_the_last_of_several_writes_stays(backend, place):
    out = place(np.zeros(6))
    backend.scatter(out, np.array([4, 1, 4, 1, 4]), place(np.arange(1.0, 6.0)))
    np.testing.assert_array_equal(backend.to_array(out), [0.0, 4.0, 0.0, 0.0, 5.0, 0.0])


def test_sums_are_in_the_order_of_the_positions(backend, place):
    values = np.array([1e16, 1.0, -1e16, 1.0])
    out = place(np.zeros(1))
    backend.scatter_add(out, np.zeros(4, np.int64), place(values))
    expected = np.float64(0.0)
    for value in values:
        expected += value
    np.testing.assert_array_equal(backend.to_array(out), [expected])


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("position", [-1, 5])
def test_a_position_outside_of_the_storage_is_caught(backend, place, position):
    out = backend.allocate((1,), np.dtype("float64"))
    with pytest.raises(IndexError, match=f"position {position} is outside of memory of 5 elements"):
        backend.gather(out, place(RNG.normal(size=5)), np.array([position]))


@pytest.mark.parametrize("target", ["float32", "int64", "bool"])
def test_writes_convert(backend, place, target):
    out = place(np.zeros(3, target))
    values = np.array([1.0, 0.0, 2.5])
    backend.scatter(out, np.array([2, 0, 1]), place(values))
    np.testing.assert_array_equal(backend.to_array(out), values[[1, 2, 0]].astype(target))
