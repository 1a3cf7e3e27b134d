"""To other backends and dtypes, to NumPy and DLPack, to Python numbers, to a pickle."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_tensor import BackendError, DTypeError, GradientError, ShapeError
from mt_tensor.simple import SimpleBackend
from mt_tensor.testing.strategies import arrays, tensors

SIMPLE = SimpleBackend()


class Other(SimpleBackend):
    name = "other"


@settings(max_examples=60, deadline=None)
@given(tensors(SIMPLE))
def test_numpy_shares_the_storage(x):
    array = x.numpy()
    assert array.shape == x.shape
    assert not x.size or np.shares_memory(array, x.data.storage)
    np.testing.assert_array_equal(np.asarray(x), array)
    assert x.tolist() == array.tolist()


def test_numpy_sees_what_is_written_and_the_other_way_round():
    x = mt.zeros(2, 3)
    x.T.numpy()[1, 0] = 5.0
    assert x[0, 1].item() == 5.0
    array = x.numpy()
    x.fill_(2.0)
    assert array.tolist() == [[2.0] * 3] * 2


def test_array_may_be_of_another_dtype_and_a_copy():
    x = mt.tensor([1.0, 2.0])
    assert np.asarray(x, dtype="float32").dtype == np.float32
    assert not np.shares_memory(np.array(x), x.data.storage)
    assert np.shares_memory(np.asarray(x), x.data.storage)
    assert np.shares_memory(np.array(x, copy=False), x.data.storage)


@pytest.mark.parametrize(
    "left", [np.array([1.0, 2.0]), np.float64(2.0), np.float32(2.0), np.array(2.0)]
)
@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: a**b,
        lambda a, b: a < b,
        lambda a, b: a >= b,
        lambda a, b: a == b,
        lambda a, b: a != b,
    ],
)
def test_numpy_on_the_left_gives_a_tensor(f, left):
    array = np.array([3.0, 0.5])
    x = mt.tensor(array, requires_grad=True)
    result = f(left, x)
    assert isinstance(result, mt.Tensor)
    np.testing.assert_allclose(result.detach().numpy(), f(left, array))
    assert result.requires_grad == (result.dtype == mt.float64)


def test_a_matrix_of_numpy_on_the_left():
    x = mt.tensor([[1.0], [2.0]], requires_grad=True)
    y = np.array([[3.0, 4.0]]) @ x
    assert isinstance(y, mt.Tensor)
    y.backward()
    assert x.grad.tolist() == [[3.0], [4.0]]


def test_dlpack_both_ways():
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]]).T
    array = np.from_dlpack(x)
    assert np.shares_memory(array, x.data.storage)
    np.testing.assert_array_equal(array, x.numpy())
    assert x.__dlpack_device__() == (1, 0)
    source = np.arange(6.0).reshape(2, 3)
    y = mt.from_dlpack(source)
    assert np.shares_memory(y.numpy(), source)
    np.testing.assert_array_equal(mt.from_dlpack(source.T).numpy(), source.T)
    with pytest.raises(DTypeError, match="int32"):
        mt.from_dlpack(np.arange(3, dtype="int32"))


@pytest.mark.parametrize("export", [lambda x: x.numpy(), np.asarray, np.from_dlpack])
def test_what_gradients_flow_through_is_not_handed_out(export):
    x = mt.ones(2, requires_grad=True)
    with pytest.raises(GradientError, match=r"requires a gradient; use detach\(\)"):
        export(x)
    with pytest.raises(GradientError, match=r"requires a gradient; use detach\(\)"):
        export(x * 2.0)
    assert export(x.detach()) is not None


def test_single_elements():
    x = mt.tensor([[2.5]], requires_grad=True)
    assert (x.item(), float(x), int(x), bool(x)) == (2.5, 2.5, 2, True)
    assert type(mt.tensor(3).item()) is int
    assert type(mt.tensor([True]).item()) is bool
    assert not mt.zeros(1)


def test_several_elements_are_no_single_one():
    x = mt.ones(2)
    for f in (x.item, lambda: float(x), lambda: int(x)):
        with pytest.raises(
            ShapeError, match=r"item: a tensor of shape \(2,\) has 2 elements, not 1"
        ):
            f()
    with pytest.raises(ShapeError, match=r"bool: .* no one truth value; use \.all\(\) or \.any"):
        bool(x)
    with pytest.raises(ShapeError, match=r"shape \(0,\) has 0 elements"):
        bool(mt.ones(0))


def test_iterating():
    assert [row.tolist() for row in mt.arange(4).view(2, 2)] == [[0, 1], [2, 3]]
    first, second = mt.tensor([1.0, 2.0], requires_grad=True)
    assert (first.item(), second.requires_grad) == (1.0, True)
    for f in (len, iter):
        with pytest.raises(TypeError, match=r"len\(\) of a tensor without dimensions"):
            f(mt.tensor(1.0))


@pytest.mark.parametrize("dtype", ["float32", np.float32, mt.float32, np.dtype("f4")])
def test_another_dtype(dtype):
    x = mt.tensor([1.5, 2.5], requires_grad=True)
    y = x.to(dtype)
    assert y.dtype is mt.float32
    y.backward(mt.tensor([1.0, 2.0], dtype="float32"))
    assert x.grad.dtype is mt.float64
    assert x.grad.tolist() == [1.0, 2.0]
    assert x.to("float64") is x


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_casts_are_numpys(data):
    view = data.draw(arrays())
    dtype = data.draw(st.sampled_from(["float32", "int64", "bool"]))
    np.testing.assert_array_equal(
        mt.tensor(view).to(dtype).numpy(), view.astype(dtype), strict=True
    )


def test_another_backend_and_back():
    other = Other()
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x.T.to(other)
    assert y.backend is other
    assert not np.shares_memory(y.detach().numpy(), x.data.storage)
    (y * mt.tensor([1.0, 10.0], backend=other)).sum().backward()
    assert x.grad.backend is x.backend
    assert x.grad.tolist() == [[1.0, 1.0], [10.0, 10.0]]
    assert x.to("simple") is x
    assert y.to(other) is y


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("float16", DTypeError, "dtype 'float16' is not one of float32"),
        (complex, DTypeError, "complex"),
        ("nowhere", BackendError, "no backend 'nowhere'; installed: .*simple"),
        (3, DTypeError, "to: 3 is neither a dtype nor a backend"),
        (None, DTypeError, "to: None is neither a dtype nor a backend"),
    ],
)
def test_targets_that_are_refused(target, error, message):
    with pytest.raises(error, match=message):
        mt.ones(2).to(target)


COPIES = {"pickle": lambda x: pickle.loads(pickle.dumps(x)), "deepcopy": copy.deepcopy}  # noqa: S301


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
class TestCopies:
    def test_elements_dtype_backend_and_leaf_are_kept(self, duplicate):
        x = mt.tensor([[1.0, 2.0], [3.0, 4.0]], dtype="float32", requires_grad=True)
        y = duplicate(x)
        assert y.tolist() == x.tolist()
        assert (y.dtype, y.backend, y.is_leaf()) == (x.dtype, x.backend, True)
        assert y.data.storage is not x.data.storage
        assert duplicate(mt.tensor([True])).dtype is mt.bool_
        assert duplicate(mt.ones(2)).is_constant()

    def test_a_view_keeps_its_own_elements_only(self, duplicate):
        y = duplicate(mt.arange(10)[2:8:2])
        assert y.tolist() == [2, 4, 6]
        assert len(y.data.storage) == 3

    def test_structures_keep_their_sharing(self, duplicate):
        x = mt.ones(2)
        first, second = duplicate([x, x])
        assert first is second

    def test_a_result_holds_its_graph(self, duplicate):
        x = mt.ones(2, requires_grad=True)
        with pytest.raises(GradientError, match=r"a result of a function holds its graph; detach"):
            duplicate(x * 2.0)


def test_a_deep_copy_has_a_gradient_of_its_own_and_a_pickle_none():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    copied, again = copy.deepcopy([x, x])
    assert copied is again
    assert copied.grad.tolist() == [2.0, 4.0]
    copied.grad.zero_()
    (copied * 3.0).sum().backward()
    assert copied.grad.tolist() == [3.0, 3.0]
    assert x.grad.tolist() == [2.0, 4.0]
    assert pickle.loads(pickle.dumps(x)).grad is None  # noqa: S301
    assert copy.deepcopy(mt.tensor([1.0])).grad is None
