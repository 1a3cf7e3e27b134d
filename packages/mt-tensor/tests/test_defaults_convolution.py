"""The default convolution, against sums of products written with NumPy's own windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from mt_tensor.defaults import convolution
from mt_tensor.simple import SimpleBackend

BACKEND = SimpleBackend()
PAIRS = st.tuples(st.integers(1, 2), st.integers(1, 3))


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def reversed_axes(array):
    order = tuple(reversed(range(array.ndim)))
    return BACKEND.from_array(array.transpose(order)).permute(order)


def reversed_steps(array):
    data = BACKEND.from_array(array[..., ::-1])
    strides = (*data.strides[:-1], -data.strides[-1])
    return data.restrided(data.shape, strides, data.shape[-1] - 1)


LAYOUTS = [BACKEND.from_array, reversed_axes, reversed_steps]


def output_shape(x, weight, stride, padding):
    sizes = zip(x.shape[2:], weight.shape[2:], stride, padding, strict=True)
    return (len(x), len(weight), *((n + 2 * p - k) // s + 1 for n, k, s, p in sizes))


def oracle(x, weight, stride, padding):
    wide = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    view = sliding_window_view(wide, weight.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", view[:, :, :: stride[0], :: stride[1]], weight)


def forward(x, weight, stride, padding, layout=BACKEND.from_array):
    out = layout(np.full(output_shape(x, weight, stride, padding), np.nan))
    BACKEND.conv2d(out, layout(x), layout(weight), None, stride, padding)
    return BACKEND.to_array(out)


def by_input(grad, x, weight, geometry, layout=BACKEND.from_array):
    out = layout(np.full(x.shape, np.nan))
    BACKEND.conv2d_by_input(out, layout(grad), layout(weight), *geometry)
    return BACKEND.to_array(out)


def by_weight(grad, x, weight, geometry, layout=BACKEND.from_array):
    out = layout(np.full(weight.shape, np.nan))
    BACKEND.conv2d_by_weight(out, None, layout(grad), layout(x), *geometry)
    return BACKEND.to_array(out)


def test_a_sum_that_can_be_done_by_hand():
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    weight = np.array([[[[1.0, 10.0]]]])
    result = forward(x, weight, (1, 1), (0, 0))
    assert result.tolist() == [[[[10.0, 21.0], [43.0, 54.0], [76.0, 87.0]]]]


@settings(max_examples=40, deadline=None)
@given(kernel=PAIRS, stride=PAIRS, padding=st.tuples(st.integers(0, 2), st.integers(0, 1)))
def test_it_is_the_sum_of_products_over_windows(kernel, stride, padding):
    x, weight = drawn(0, 2, 2, 3, 4), drawn(1, 3, 2, *kernel)
    expected = oracle(x, weight, stride, padding)
    np.testing.assert_allclose(forward(x, weight, stride, padding), expected, rtol=0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(kernel=PAIRS, stride=PAIRS, padding=st.tuples(st.integers(0, 2), st.integers(0, 1)))
def test_its_gradients_are_its_adjoints(kernel, stride, padding):
    x, weight = drawn(2, 2, 2, 3, 4), drawn(3, 3, 2, *kernel)
    grad = drawn(4, *output_shape(x, weight, stride, padding))
    expected = (grad * oracle(x, weight, stride, padding)).sum()
    back = (by_input(grad, x, weight, (stride, padding)), x)
    other = (by_weight(grad, x, weight, (stride, padding)), weight)
    for pulled, variable in (back, other):
        assert (pulled * variable).sum() == pytest.approx(expected, abs=1e-11)


def test_its_gradients_are_right_element_by_element():
    x, weight, stride, padding = drawn(5, 1, 2, 3, 4), drawn(6, 2, 2, 2, 2), (1, 2), (1, 0)
    grad = drawn(7, *output_shape(x, weight, stride, padding))
    units = np.eye(x.size).reshape(-1, *x.shape)
    expected = [(grad * oracle(unit, weight, stride, padding)).sum() for unit in units]
    result = by_input(grad, x, weight, (stride, padding))
    np.testing.assert_allclose(result.ravel(), expected, rtol=0, atol=1e-12)
    units = np.eye(weight.size).reshape(-1, *weight.shape)
    expected = [(grad * oracle(x, unit, stride, padding)).sum() for unit in units]
    result = by_weight(grad, x, weight, (stride, padding))
    np.testing.assert_allclose(result.ravel(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("call", [by_input, by_weight])
def test_gradients_in_any_layout_are_the_same(call, layout):
    x, weight, stride, padding = drawn(8, 2, 2, 4, 3), drawn(9, 3, 2, 3, 2), (2, 1), (1, 1)
    grad = drawn(10, *output_shape(x, weight, stride, padding))
    straight = call(grad, x, weight, (stride, padding))
    np.testing.assert_array_equal(call(grad, x, weight, (stride, padding), layout), straight)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_gives_the_same_result(layout):
    x, weight = drawn(11, 2, 2, 4, 3), drawn(12, 3, 2, 3, 2)
    result = forward(x, weight, (1, 2), (0, 1), layout)
    np.testing.assert_allclose(result, oracle(x, weight, (1, 2), (0, 1)), rtol=0, atol=1e-12)


def test_what_no_window_reaches_has_no_gradient():
    x, weight = np.ones((1, 1, 5, 5)), np.ones((1, 1, 2, 2))
    result = by_input(np.ones((1, 1, 2, 2)), x, weight, ((2, 2), (0, 0)))
    assert result[0, 0, :4, :4].min() == 1.0
    assert not result[0, 0, 4].any()
    assert not result[0, 0, :, 4].any()


def test_no_images_give_no_results_and_a_zero_gradient():
    x, weight = np.ones((0, 2, 3, 3)), np.ones((4, 2, 2, 2))
    assert forward(x, weight, (1, 1), (0, 0)).shape == (0, 4, 2, 2)
    result = by_weight(np.ones((0, 4, 2, 2)), x, weight, ((1, 1), (0, 0)))
    np.testing.assert_array_equal(result, np.zeros_like(weight))


def test_float32_stays_float32():
    x, weight = drawn(13, 1, 2, 4, 4).astype("f"), drawn(14, 3, 2, 3, 3).astype("f")
    out = BACKEND.allocate((1, 3, 2, 2), np.dtype("f"))
    BACKEND.conv2d(out, BACKEND.from_array(x), BACKEND.from_array(weight), None, (1, 1), (0, 0))
    expected = oracle(x.astype("d"), weight.astype("d"), (1, 1), (0, 0))
    np.testing.assert_allclose(BACKEND.to_array(out), expected, rtol=1e-5, atol=1e-5)


def test_fold_is_the_adjoint_of_unfold():
    x, shape = drawn(15, 2, 3, 4, 5), (1, 3, 3, 2)
    weight = BACKEND.full(shape, 0.0, x.dtype)
    columns = convolution.unfold(BACKEND, BACKEND.from_array(x), weight, (1, 2), (1, 1))
    grad = drawn(16, 3, 3, 2, 2, 4, 3)
    back = BACKEND.allocate(x.shape, x.dtype)
    convolution.fold(BACKEND, back, BACKEND.from_array(grad), (1, 2), (1, 1))
    straight = (BACKEND.to_array(columns) * grad.reshape(18, 24)).sum()
    assert (BACKEND.to_array(back) * x).sum() == pytest.approx(straight, abs=1e-12)
