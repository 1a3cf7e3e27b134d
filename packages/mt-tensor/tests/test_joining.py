"""Joining, padding, triangles: against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_tensor import ShapeError
from mt_tensor.testing.strategies import arrays, shapes

laws = settings(max_examples=60, deadline=None)


@laws
@given(st.data())
def test_cat(data):
    shape = data.draw(shapes(min_dims=1))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    views = []
    for _ in range(data.draw(st.integers(1, 3))):
        own = list(shape)
        own[dim] = data.draw(st.integers(0, 3))
        views.append(data.draw(arrays(tuple(own))))
    result = mt.cat([mt.tensor(view) for view in views], dim)
    np.testing.assert_array_equal(result.numpy(), np.concatenate(views, dim), strict=True)


@laws
@given(st.data())
def test_stack(data):
    shape = data.draw(shapes(max_dims=3))
    views = [data.draw(arrays(shape)) for _ in range(data.draw(st.integers(1, 3)))]
    dim = data.draw(st.integers(-len(shape) - 1, len(shape)))
    result = mt.stack([mt.tensor(view) for view in views], dim)
    np.testing.assert_array_equal(result.numpy(), np.stack(views, dim), strict=True)


def test_dtypes_meet():
    joined = mt.cat([mt.tensor([True]), mt.tensor([2]), mt.tensor([0.5], dtype="float32")])
    assert joined.dtype == np.concatenate([[True], [2], np.array([0.5], "f")]).dtype
    assert joined.tolist() == [1.0, 2.0, 0.5]
    assert mt.cat([mt.tensor([2**53 + 1]), mt.tensor([1])]).tolist() == [2**53 + 1, 1]


def test_gradients_are_taken_apart():
    x, y = (mt.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    c = mt.tensor([5.0])
    (mt.cat([x, c, y]) * mt.tensor([1.0, 2.0, 3.0, 4.0, 5.0])).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist(), c.grad) == ([1.0, 2.0], [4.0, 5.0], None)


@laws
@given(st.data())
def test_pad(data):
    view = data.draw(arrays())
    pairs = [
        (data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2)))
        for _ in range(data.draw(st.integers(0, view.ndim)))
    ]
    widths = [n for pair in pairs for n in pair]
    result = mt.pad(mt.tensor(view), widths, 7.0)
    around = [(0, 0)] * (view.ndim - len(pairs)) + pairs[::-1]
    wanted = np.pad(view, around, constant_values=7.0) if view.ndim else view
    np.testing.assert_array_equal(result.numpy(), wanted, strict=True)


def test_padding_keeps_the_dtype():
    padded = mt.pad(mt.tensor([[1, 2]]), (1, 0), 9)
    assert padded.dtype is mt.int64
    assert padded.tolist() == [[9, 1, 2]]


@laws
@given(st.data())
def test_triangles(data):
    view = data.draw(arrays(data.draw(shapes(min_dims=2, max_dims=3))))
    diagonal = data.draw(st.integers(-3, 3))
    x = mt.tensor(view)
    np.testing.assert_array_equal(mt.tril(x, diagonal).numpy(), np.tril(view, diagonal))
    np.testing.assert_array_equal(mt.triu(x, diagonal).numpy(), np.triu(view, diagonal))


def test_triangles_drop_what_is_not_finite():
    x = mt.full((2, 2), float("nan"))
    assert np.isnan(mt.tril(x).numpy()).tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda: mt.cat([]), "cat: there is no tensor to join"),
        (lambda: mt.stack([]), "stack: there is no tensor to join"),
        (lambda: mt.cat([mt.tensor(1.0)]), "cat: axis 0 is out of range for 0"),
        (
            lambda: mt.cat([mt.ones(2, 3), mt.ones(2, 4)]),
            r"cat: tensor 0 is \(2, 3\) and tensor 1 is \(2, 4\); all sizes but that of",
        ),
        (lambda: mt.cat([mt.ones(2), mt.ones(2, 2)]), r"tensor 1 is \(2, 2\)"),
        (lambda: mt.cat([mt.ones(2)], 1), "cat: axis 1 is out of range for 1"),
        (lambda: mt.stack([mt.ones(2), mt.ones(3)]), r"stack: tensor 0 is \(2,\) and tensor 1 is"),
        (lambda: mt.stack([mt.ones(2)], 3), "stack: axis 3 is out of range for 2"),
        (lambda: mt.pad(mt.ones(2), (1,)), r"pad: \(1,\) for \(2,\); give pairs"),
        (lambda: mt.pad(mt.ones(2), (1, 1, 1, 1)), r"pad: \(1, 1, 1, 1\) for \(2,\)"),
        (lambda: mt.pad(mt.ones(2), (-1, 0)), "of non-negative widths"),
        (lambda: mt.tril(mt.ones(2)), r"tril: \(2,\) is not a matrix or a batch of them"),
        (lambda: mt.triu(mt.ones(2)), r"triu: \(2,\) is not a matrix"),
    ],
)
def test_what_is_refused(f, message):
    with pytest.raises(ShapeError, match=message):
        f()


@pytest.mark.parametrize("join", [mt.cat, mt.stack])
def test_only_tensors_are_joined(join):
    with pytest.raises(TypeError, match="tensor 1 is a list, not a tensor"):
        join([mt.ones(2), [1.0, 2.0]])
