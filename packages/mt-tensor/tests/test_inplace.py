"""Writing in place: what is written, what a graph notices, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_operators import mul, neg
from mt_tensor import GradientError, IndexingError, ShapeError
from mt_tensor.testing.strategies import arrays, ints_beside_arrays, keys, masks, shapes

PLAIN = {"add_": np.add, "sub_": np.subtract, "mul_": np.multiply, "div_": np.divide}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("other", [3.0, [1.0, 2.0, 4.0], [[2.0], [3.0]]])
def test_arithmetic_in_place(name, other):
    array = np.arange(6.0).reshape(2, 3)
    x = mt.tensor(array)
    storage = x.data.storage
    assert getattr(x, name)(mt.tensor(other)) is x
    assert x.data.storage is storage
    np.testing.assert_array_equal(x.numpy(), PLAIN[name](array, other))


def test_overwriting():
    x = mt.zeros(2, 3)
    assert x.copy_(mt.tensor([1.0, 2.0, 3.0])).tolist() == [[1.0, 2.0, 3.0]] * 2
    assert x.fill_(7.0).tolist() == [[7.0] * 3] * 2
    assert x.zero_().tolist() == [[0.0] * 3] * 2


def test_a_function_applied_in_place():
    x = mt.tensor([1.0, 2.0])
    assert x.apply_(neg).tolist() == [-1.0, -2.0]
    assert x.apply_(mul, mt.tensor([3.0, 4.0])).tolist() == [-3.0, -8.0]
    assert x.apply_(lambda x, y, z: x + y * z, 2.0, 5.0).tolist() == [7.0, 2.0]


def test_a_view_writes_into_what_it_views():
    x = mt.zeros(2, 3)
    x.T[1].add_(5.0)
    assert x.tolist() == [[0.0, 5.0, 0.0]] * 2


def test_a_tensor_may_be_written_with_a_view_of_itself():
    x = mt.tensor([1.0, 2.0, 3.0, 4.0])
    x[1:] = x[:-1]
    assert x.tolist() == [1.0, 1.0, 2.0, 3.0]
    x.copy_(x.flip(0))
    assert x.tolist() == [3.0, 2.0, 1.0, 1.0]
    x.add_(x.flip(0))
    assert x.tolist() == [4.0, 3.0, 3.0, 4.0]
    x[mt.tensor([3, 0])] = x[:2]
    assert x.tolist() == [3.0, 3.0, 3.0, 4.0]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_assignment_is_numpys(data):
    view = data.draw(arrays(data.draw(shapes(max_dims=3))))
    key = data.draw(keys(view.shape, advanced=data.draw(st.booleans())))
    array = np.array(view)
    x = mt.tensor(view)
    part = array[key]
    if ints_beside_arrays(key):
        return  # PyTorch's rule holds, which places the dimensions otherwise
    if len({tuple(i) for i in np.argwhere(np.isfinite(part))}) != _places(array, key):
        return  # a place that is named twice keeps any of its values
    value = data.draw(st.sampled_from([3.5, np.asarray(part) * 2.0 + 1.0]))
    array[key] = value
    x[key] = value
    np.testing.assert_array_equal(x.numpy(), array)


def _places(array, key):
    counted = np.arange(array.size).reshape(array.shape)[key]
    return len(np.unique(counted))


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_assignment_to_a_mask_is_numpys(data):
    array = np.array(data.draw(arrays(data.draw(shapes(min_dims=1)))))
    mask = data.draw(masks(array.shape[: data.draw(st.integers(1, array.ndim))]))
    x = mt.tensor(array)
    x[mask] = -1.0
    array[mask] = -1.0
    np.testing.assert_array_equal(x.numpy(), array)


def test_assignment_casts_to_the_dtype_of_the_tensor():
    x = mt.tensor([1, 2, 3])
    x[0] = 7.9
    x[1:] = mt.tensor([True, False])
    assert x.dtype == mt.int64
    assert x.tolist() == [7, 1, 0]


@pytest.mark.parametrize("key", [0, [0]])
def test_assignment_of_what_overflows_is_infinite(key):
    x = mt.ones(2, dtype="float32")
    x[key] = np.array([1e300])[0:1] if key else np.array(1e300)
    assert x.tolist() == [np.inf, 1.0]


def test_assignment_that_is_refused():
    x = mt.zeros(2, 3)
    with pytest.raises(ShapeError, match=r"assignment: \(2,\) and \(3,\) do not broadcast"):
        x[0] = [1.0, 2.0]
    with pytest.raises(ShapeError, match=r"assignment: \(2, 3\) does not broadcast to \(3,\)"):
        x[0] = mt.ones(2, 3)
    with pytest.raises(ShapeError, match=r"\(4,\) and \(2,\) do not broadcast"):
        x[[0, 1], [0, 1]] = mt.ones(4)
    with pytest.raises(IndexingError, match="index 5 is out of range"):
        x[5] = 1.0
    with pytest.raises(mt.DTypeError, match=r"dtype <U4|not a number"):
        x[0] = "text"


@pytest.mark.parametrize("name", ["add_", "sub_", "mul_", "div_", "copy_"])
def test_operands_that_do_not_fit(name):
    message = rf"{name}: \(2, 3\) does not broadcast to \(3,\), which it overwrites"
    with pytest.raises(ShapeError, match=message):
        getattr(mt.ones(3), name)(mt.ones(2, 3))


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(1.0),
        lambda x: x.fill_(1.0),
        lambda x: x.apply_(neg),
        lambda x: x.__setitem__(0, 1.0),
        lambda x: x.__setitem__([0, 1], 1.0),
    ],
)
class TestRefused:
    def test_where_elements_share_a_place(self, write):
        x = mt.zeros(1).expand(2, 3)
        with pytest.raises(ShapeError, match=r"has several elements in one place .* clone\(\)"):
            write(x)
        assert not np.any(x.numpy())

    def test_through_a_leaf_that_is_recorded(self, write):
        x = mt.ones(2, 3, requires_grad=True)
        with pytest.raises(GradientError, match="writing in place where gradients are recorded"):
            write(x)
        with mt.no_grad():
            write(x)

    def test_through_a_result_that_is_recorded(self, write):
        y = mt.ones(2, 3, requires_grad=True) * 2.0
        with pytest.raises(GradientError, match="writing in place where gradients are recorded"):
            write(y)


def test_a_recorded_value_is_not_written_into_a_constant():
    x = mt.ones(2, requires_grad=True)
    with pytest.raises(GradientError, match="writing in place where gradients are recorded"):
        mt.zeros(2).add_(x)
    with pytest.raises(GradientError, match="assignment: writing in place"):
        mt.zeros(2)[0] = x[1]


@pytest.mark.parametrize(
    "f",
    [
        lambda x, c: x * c,
        lambda x, c: x @ c.view(3, 1),
        lambda x, _: (x * 1.0).max(),
        lambda x, c: mt.where(c, x, 0.0),
    ],
)
def test_a_write_into_what_a_graph_saved_is_noticed(f):
    x, c = mt.tensor([[1.0, 2.0, 3.0]], requires_grad=True), mt.tensor([1.0, 2.0, 3.0])
    y = f(x, c)
    with mt.no_grad():
        x.mul_(2.0)
        c.fill_(5.0)
    with pytest.raises(GradientError, match=r"saved for its backward has been written in place"):
        y.sum().backward()


def test_a_write_through_a_view_is_noticed_too():
    x, c = mt.ones(2, requires_grad=True), mt.ones(2)
    y = (x * c).sum()
    c.detach().view(1, 2)[0, 1] = 9.0
    with pytest.raises(GradientError, match=r"mul: a tensor of \(2,\) that it saved"):
        y.backward()


def test_a_result_that_was_saved_and_written_is_noticed():
    x = mt.ones(2, requires_grad=True)
    y = x.exp()
    with mt.no_grad():
        y.mul_(2.0)
    with pytest.raises(GradientError, match="exp: a tensor"):
        y.sum().backward()


def test_a_write_into_what_no_graph_saved_is_harmless():
    x, c = mt.ones(2, requires_grad=True), mt.ones(2)
    y = x + c
    c.fill_(5.0)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_write_before_the_graph_is_harmless():
    x, c = mt.ones(2, requires_grad=True), mt.ones(2)
    c.fill_(5.0)
    (x * c).sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]


def test_augmented_assignment_makes_a_new_tensor():
    x = mt.ones(2, requires_grad=True)
    y = x
    y += 1.0
    y *= 3.0
    y.sum().backward()
    assert x.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [3.0, 3.0]
