import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mt_cuda.kernels.indexing import LIMIT, divide, locator, magic, unraveler
from mt_cuda.plan import divisible


@given(st.integers(0, LIMIT - 1), st.integers(1, LIMIT))
@example(LIMIT - 1, LIMIT - 1)
@example(LIMIT - 1, 1)
@example(LIMIT - 1, 2)
@example(LIMIT - 1, 3)
@example(LIMIT - 2, LIMIT - 1)
@example(0, LIMIT)
def test_magic_divides_exactly(n, d):
    multiplier, shift = magic(d)
    assert multiplier < 1 << 32
    assert (n * multiplier) >> shift == n // d


@given(st.integers(2, 1 << 16), st.integers(1, 1 << 14))
def test_magic_divides_exactly_around_multiples(d, q):
    multiplier, shift = magic(d)
    for n in (q * d - 1, q * d, q * d + 1):
        assert (n * multiplier) >> shift == n // d


@pytest.mark.parametrize("d", [1, 2, 3, 7, 64, 641, LIMIT - 1])
def test_the_device_divides_in_32_bits(d):
    for n in (0, 1, d - 1, d, LIMIT - 1):
        quotient = divide(np.uint32(n), *magic(d))
        assert quotient == n // d
        assert quotient.dtype == np.uint32


@pytest.mark.parametrize("shape", [(5,), (1,), (4, 3), (2, 3, 5), (3, 2, 2, 4)])
def test_unravel_and_locate_agree_with_numpy(shape):
    array = np.arange(np.prod(shape)).reshape(shape)[::-1]
    strides = tuple(s // array.itemsize for s in array.strides)
    unravel, locate = unraveler(len(shape)), locator(len(shape))
    sizes = divisible(shape)
    for ordinal in range(sizes.total):
        index = unravel(np.uint32(ordinal), *sizes[:3])
        expected = np.unravel_index(ordinal, shape)
        assert index == expected
        assert locate(index, strides) == sum(np.multiply(expected, strides))
