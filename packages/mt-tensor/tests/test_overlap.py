"""Whether elements share a place: the rule of `may_overlap` against counting the places."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mt_tensor.layout import may_overlap, position

STEPS = st.sampled_from([slice(None), slice(1, None), slice(None, None, -2), slice(None, None, 2)])


@given(
    shape=st.lists(st.integers(0, 4), min_size=0, max_size=4).map(tuple),
    data=st.data(),
    stretch=st.booleans(),
)
def test_it_is_exact_for_permuted_sliced_and_expanded_tensors(shape, data, stretch):
    array = np.zeros(shape, np.int8)
    array = array.transpose(data.draw(st.permutations(range(len(shape)))))
    array = array[tuple(data.draw(STEPS) for _ in shape)]
    if stretch:
        array = np.broadcast_to(array, (2, *array.shape))
    places = [position(i, array.strides) for i in product(*map(range, array.shape))]
    assert may_overlap(array.shape, array.strides) == (len(set(places)) < len(places))


def test_it_never_misses_an_overlap():
    for shape in product(range(1, 4), repeat=2):
        for strides in product(range(-3, 4), repeat=2):
            places = [position(i, strides) for i in product(*map(range, shape))]
            assert may_overlap(shape, strides) or len(set(places)) == len(places)
