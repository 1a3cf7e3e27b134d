"""Views and copies: shapes and elements against NumPy, what shares storage, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_tensor import ShapeError
from mt_tensor.simple import SimpleBackend
from mt_tensor.testing.strategies import arrays, shapes, tensors

laws = settings(max_examples=60, deadline=None)
SIMPLE = SimpleBackend()


def check(result, wanted):
    np.testing.assert_array_equal(result.numpy(), wanted, strict=True)


@laws
@given(st.data())
def test_permute(data):
    x = data.draw(tensors(SIMPLE))
    order = data.draw(st.permutations(range(x.ndim)))
    signed = [data.draw(st.sampled_from([d, d - x.ndim])) for d in order]
    check(x.permute(*signed), x.numpy().transpose(order))
    check(x.permute(signed), x.numpy().transpose(order))
    check(x.T, x.numpy().T)


@laws
@given(st.data())
def test_transpose(data):
    x = data.draw(tensors(SIMPLE, data.draw(shapes(min_dims=1))))
    i, j = (data.draw(st.integers(-x.ndim, x.ndim - 1)) for _ in range(2))
    check(x.transpose(i, j), x.numpy().swapaxes(i, j))


@laws
@given(st.data())
def test_reshape_of_any_layout(data):
    x = data.draw(tensors(SIMPLE, data.draw(shapes(min_side=1))))
    shape = data.draw(st.permutations([*x.shape, 1])) if data.draw(st.booleans()) else [-1]
    check(x.reshape(*shape), x.numpy().reshape(shape))
    check(x.reshape(tuple(shape)), x.numpy().reshape(shape))


@laws
@given(st.data())
def test_view_is_reshape_without_a_copy(data):
    x = data.draw(tensors(SIMPLE, data.draw(shapes(min_side=1))))
    try:
        y = x.view(-1)
    except ShapeError:
        assert x.data.view((x.size,)) is None
    else:
        assert y.data.storage is x.data.storage
        check(y, x.numpy().reshape(-1))


@laws
@given(st.data())
def test_expand(data):
    view = data.draw(arrays())
    target = tuple(data.draw(st.integers(0, 3)) if n == 1 else n for n in view.shape)
    target = (*data.draw(shapes(max_dims=2, max_side=2)), *target)
    x = mt.tensor(view)
    y = x.expand(*target)
    check(y, np.broadcast_to(view, target))
    assert y.data.storage is x.data.storage
    lead = len(target) - view.ndim
    kept = [-1 if d >= lead and n == view.shape[d - lead] else n for d, n in enumerate(target)]
    check(x.expand(kept), np.broadcast_to(view, target))


@laws
@given(st.data())
def test_squeeze_and_unsqueeze(data):
    x = data.draw(tensors(SIMPLE, data.draw(shapes(max_side=2))))
    check(x.squeeze(), x.numpy().squeeze())
    d = data.draw(st.integers(-x.ndim - 1, x.ndim))
    check(x.unsqueeze(d), np.expand_dims(x.numpy(), d))
    check(x.unsqueeze(d).squeeze(d), x.numpy())


def test_squeeze_of_a_larger_dimension_changes_nothing():
    assert mt.ones(1, 2).squeeze(1).shape == (1, 2)
    assert mt.ones(1, 2).squeeze(-2).shape == (2,)


@laws
@given(st.data())
def test_flatten(data):
    x = data.draw(tensors(SIMPLE))
    check(x.flatten(), x.numpy().reshape(max(x.size, 0)))
    if x.ndim > 1:
        shape = (x.shape[0], int(np.prod(x.shape[1:])))
        check(x.flatten(1), x.numpy().reshape(shape))
        shape = (int(np.prod(x.shape[:-1])), x.shape[-1])
        check(x.flatten(0, -2), x.numpy().reshape(shape))


@laws
@given(st.data())
def test_flip(data):
    x = data.draw(tensors(SIMPLE))
    dims = data.draw(st.sets(st.integers(0, max(x.ndim - 1, 0)), max_size=x.ndim))
    y = x.flip(*dims)
    check(y, np.flip(x.numpy(), tuple(dims)))
    assert y.data.storage is x.data.storage


@laws
@given(st.data())
def test_split(data):
    x = data.draw(tensors(SIMPLE, data.draw(shapes(min_dims=1, min_side=1, max_side=7))))
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    size = data.draw(st.integers(1, 8))
    cuts = range(size, x.shape[dim], size)
    for mine, theirs in zip(x.split(size, dim), np.split(x.numpy(), cuts, dim), strict=True):
        check(mine, theirs)
        assert mine.data.storage is x.data.storage


def test_split_by_a_list_of_sizes():
    x = mt.arange(6).view(3, 2)
    assert [part.tolist() for part in x.split([1, 0, 2])] == [[[0, 1]], [], [[2, 3], [4, 5]]]
    assert [part.shape for part in mt.ones(0, 2).split(3)] == [(0, 2)]


def test_narrow():
    x = mt.arange(6).view(2, 3)
    assert x.narrow(1, 1, 2).tolist() == [[1, 2], [4, 5]]
    assert x.narrow(-2, 2, 0).shape == (0, 3)


@laws
@given(st.data())
def test_contiguous_copies_only_if_it_must(data):
    x = data.draw(tensors(SIMPLE))
    y = x.contiguous()
    check(y, x.numpy())
    assert y.data.contiguous
    assert (y is x) == x.data.contiguous
    copy = x.clone()
    check(copy, x.numpy())
    assert copy.data.whole
    assert copy.data.storage is not x.data.storage


class Counting(SimpleBackend):
    """Count the allocations."""

    def __init__(self):
        self.allocations = 0

    def empty(self, size, dtype):
        self.allocations += 1
        return super().empty(size, dtype)

    def from_numpy(self, array):
        self.allocations += 1
        return super().from_numpy(array)


VIEWS = {
    "view": lambda x: x.view(4, 6),
    "reshape": lambda x: x.reshape(2, -1),
    "reshape of a slice": lambda x: x[:, :, ::2].reshape(6, 2),
    "permute": lambda x: x.permute(2, 0, 1),
    "transpose": lambda x: x.transpose(0, 2),
    "T": lambda x: x.T,
    "slice": lambda x: x[1:, ::-1, :2],
    "int": lambda x: x[0, -1],
    "none": lambda x: x[:, None, ..., None],
    "expand": lambda x: x[:, :1].expand(2, 5, 4),
    "squeeze": lambda x: x[:1].squeeze(0),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "flatten": lambda x: x.flatten(),
    "contiguous": lambda x: x.contiguous(),
    "flip": lambda x: x.flip(0, 2),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "split": lambda x: x.split(2, 2)[1],
    "detach": lambda x: x.detach(),
    "numpy": lambda x: x.detach().numpy(),
    "to": lambda x: x.to("float64"),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_view_allocates_nothing(name, requires_grad):
    backend = Counting()
    x = mt.tensor(np.arange(24.0).reshape(2, 3, 4), backend=backend, requires_grad=requires_grad)
    before = backend.allocations
    view = VIEWS[name](x)
    assert backend.allocations == before
    elements = view if name == "numpy" else view.data.storage
    assert np.shares_memory(elements, x.data.storage)


def test_broadcasting_allocates_the_result_only():
    backend = Counting()
    x, y = mt.ones(3, 1, backend=backend), mt.ones(4, backend=backend)
    before = backend.allocations
    x + y
    assert backend.allocations == before + 1


def test_the_strides_that_the_course_draws():
    x = mt.zeros(5, 2)
    assert x.data.strides == (2, 1)
    assert x.T.data.strides == (1, 2)
    assert mt.zeros(2, 2, 3).data.strides == (6, 3, 1)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x.permute(0, 0), r"permute: \(0, 0\) does not name each dimension of \(2, 3\)"),
        (lambda x: x.permute(0), r"permute: \(0,\) does not name each dimension"),
        (lambda x: x.permute(0, 2), "permute: axis 2 is out of range for 2"),
        (lambda _: mt.ones(7, 11).permute(1.0, 0.0), "permute: an axis is an int, not 1.0"),
        (lambda x: x.transpose(0, 2), "transpose: axis 2 is out of range"),
        (lambda x: x.transpose("a", 0), "transpose: an axis is an int, not 'a'"),
        (lambda x: x.view(4), r"view: \(2, 3\) has 6 elements and cannot be \(4,\)"),
        (lambda x: x.view(-1, -1), r"view: \(-1, -1\) must be sizes with at most one -1"),
        (lambda _: mt.ones(7, 11).view(77.0), r"view: \(77\.0,\) must be sizes"),
        (
            lambda x: x.T.view(6),
            r"view: \(3, 2\) with strides \(1, 3\) cannot be \(6,\) without .*resh",
        ),
        (lambda x: x.reshape(5, -1), r"reshape: \(2, 3\) has 6 elements and cannot be \(5, -1\)"),
        (lambda x: x.flatten(1, 0), r"flatten: start_dim 1 is after end_dim 0 in \(2, 3\)"),
        (lambda x: x.flatten(2), "flatten: axis 2 is out of range"),
        (lambda x: x.squeeze(5), "squeeze: axis 5 is out of range"),
        (lambda x: x.unsqueeze(4), "unsqueeze: axis 4 is out of range for 3"),
        (lambda x: x.expand(4, 3), r"expand: \(2, 3\) and \(4, 3\) do not broadcast"),
        (lambda x: x.expand(3), r"expand: \(2, 3\) does not stretch to \(3,\)"),
        (
            lambda x: x.expand(-1, 2, 3),
            r"expand: \(-1, 2, 3\) must be sizes, or -1 for .* \(2, 3\)",
        ),
        (lambda x: x.expand(-2, 3), r"expand: \(-2, 3\) must be sizes"),
        (lambda x: x[:1].expand(-3, 3), r"expand: \(-3, 3\) must be sizes"),
        (lambda x: x[:1].expand(2.0, 3), r"expand: \(2\.0, 3\) must be sizes"),
        (lambda x: x.narrow(0, 1, 2), r"narrow: entries 1 to 3 do not lie within dimension 0"),
        (lambda x: x.narrow(0, -1, 1), "narrow: entries -1 to 0 do not lie"),
        (lambda x: x.split(0), "split: a size must be positive, not 0"),
        (lambda x: x.split([1, 2]), r"split: sizes \[1, 2\] do not add up to 2, dimension 0"),
        (lambda x: x.split([3, -1]), r"split: sizes \[3, -1\] do not add up"),
        (lambda x: x.flip(2), "flip: axis 2 is out of range"),
    ],
)
def test_what_is_refused(f, message):
    with pytest.raises(ShapeError, match=message):
        f(mt.ones(2, 3))


def test_a_mistake_is_not_remembered():
    x = mt.ones(3, 4, 5, 2)
    with pytest.raises(ShapeError):
        x.permute(3.0, 1, 2, 0)
    assert x.permute(3, 1, 2, 0).reshape(-1).shape == (120,)


def test_sizes_may_be_numpys_ints():
    x = mt.ones(np.int64(2), 3).view(np.int64(3), np.int64(2)).permute(np.int64(1), np.int64(0))
    assert x.shape == (2, 3)
    assert all(type(n) is int for n in x.shape)
