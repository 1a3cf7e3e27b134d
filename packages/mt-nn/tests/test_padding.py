import numpy as np
import pytest

import mt_tensor as mt
from mt_nn.functional import pad

X = np.arange(12.0).reshape(2, 2, 3)


@pytest.mark.parametrize(
    ("numbers", "widths"),
    [
        ([], ((0, 0), (0, 0), (0, 0))),
        ([1, 2], ((0, 0), (0, 0), (1, 2))),
        ((1, 0, 2, 3), ((0, 0), (2, 3), (1, 0))),
        ([0, 1, 0, 2, 3, 0], ((3, 0), (0, 2), (0, 1))),
    ],
)
def test_numbers_go_from_the_last_dimension_backwards(backend, numbers, widths):
    result = pad(mt.tensor(X), numbers, value=-1.5)
    expected = np.pad(X, widths, constant_values=-1.5)
    np.testing.assert_array_equal(result.numpy(), expected, strict=True)
    mt.grad_check(lambda x: pad(x, numbers), mt.tensor(X))


def test_integers_stay_integers():
    assert pad(mt.tensor([1, 2]), [0, 1], value=7).tolist() == [1, 2, 7]


@pytest.mark.parametrize("numbers", [[1], [-1, 0], [0, 0, 0, 0]])
def test_numbers_that_do_not_fit(numbers):
    with pytest.raises(
        mt.ShapeError, match=r"pad: \(.*\) for \(2,\); give pairs \(before, after\)"
    ):
        pad(mt.zeros(2), numbers)


def test_a_mode_that_there_is_not():
    with pytest.raises(ValueError, match="pad: mode must be 'constant', not 'reflect'"):
        pad(mt.zeros(2), [1, 1], "reflect")
