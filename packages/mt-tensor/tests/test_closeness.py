"""The comparison that the conformance suite rests on: what it lets pass, and what not."""

import numpy as np
import pytest

from mt_tensor.testing import assert_close
from mt_tensor.testing.closeness import ROUNDINGS

EPS = float(np.finfo(np.float32).eps)


def single(*values):
    return np.array(values, np.float32)


def test_what_is_near_enough():
    assert_close(single(1.0 + 0.9 * ROUNDINGS * EPS), np.array([1.0]))
    assert_close(single(100.0), np.array([100.0 + 50 * ROUNDINGS * EPS]))
    assert_close(single(np.nan, np.inf, -np.inf, 0.0), np.array([np.nan, np.inf, -np.inf, -0.0]))
    assert_close(single(np.inf), np.array([1e300]))
    assert_close(single(), np.array([]))
    assert_close(np.array([1, 2]), np.array([1, 2]))
    assert_close(single(1.0), np.array([1.0 + 5 * ROUNDINGS * EPS]), scale=10.0)
    assert_close(single(1.0), np.array([1.0 + 5 * ROUNDINGS * EPS]), scale=np.array([10.0]))


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (single(1.0 + 2.0 * ROUNDINGS * EPS), [1.0]),
        (single(1e-4), [0.0]),
        (single(np.nan), [1.0]),
        (single(1.0), [np.nan]),
        (single(np.inf), [1.0]),
        (single(3e38), [np.inf]),
        (single(np.inf), [-np.inf]),
        (single(np.nan), [np.inf]),
        (np.array([1.0 + 1e-12]), [1.0]),
        (np.array([1, 2]), [1, 3]),
        (np.array([True]), [False]),
        (single(1.0, 1.0), [1.0, 2.0]),
    ],
)
def test_what_is_not(actual, expected):
    with pytest.raises(AssertionError):
        assert_close(actual, np.array(expected))


def test_the_message_names_the_place():
    message = r"sums: 2 of 4 elements differ; at \(0, 1\) there is .*5\.0.* and should be .*2\.0"
    with pytest.raises(AssertionError, match=message):
        assert_close(
            np.array([[1.0, 5.0], [3.0, np.nan]]), np.array([[1.0, 2.0], [3.0, 4.0]]), about="sums"
        )


def test_shapes_do_not_broadcast():
    with pytest.raises(AssertionError, match=r"f: the shape is \(1,\) and should be \(2,\)"):
        assert_close(single(1.0), np.ones(2), about="f")
    with pytest.raises(AssertionError, match=r"the shape is \(2,\) and should be \(\)"):
        assert_close(np.array([1, 1]), np.array(1))
