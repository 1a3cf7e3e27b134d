"""Backpropagation through tensors: sums over broadcasting, accumulation, freeing, leaves, hooks."""

import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_operators import add, exp, identity
from mt_tensor import GradientError, ShapeError
from mt_tensor.simple import SimpleBackend
from mt_tensor.testing.strategies import arrays, broadcastable


def leaf(values, **options):
    return mt.tensor(values, requires_grad=True, **options)


def summed_to(array, shape):
    """Sum an array over what broadcasting stretched, as NumPy would have to."""
    lead = array.ndim - len(shape)
    array = array.sum(tuple(range(lead)))
    axes = tuple(d for d, n in enumerate(shape) if n == 1 != array.shape[d])
    return array.sum(axes, keepdims=True)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_gradients_are_summed_over_what_was_broadcast(data):
    shapes = data.draw(broadcastable(2))
    a, b = (data.draw(arrays(shape)) for shape in shapes)
    x, y = leaf(a), leaf(b)
    z = x * y
    grad = data.draw(arrays(z.shape))
    z.backward(grad)
    np.testing.assert_allclose(x.grad.numpy(), summed_to(grad * b, a.shape), strict=True)
    np.testing.assert_allclose(y.grad.numpy(), summed_to(grad * a, b.shape), strict=True)


def test_gradients_add_up_over_uses_and_over_backwards():
    x = leaf([1.0, 2.0])
    for times in (1, 2):
        (x * x + x * 3.0).sum().backward()
        assert x.grad.tolist() == [5.0 * times, 7.0 * times]
    x.zero_grad_()
    assert x.grad is None


def test_a_variable_used_on_every_path_is_visited_once():
    calls = []

    class Counted(mt.Function):
        @staticmethod
        def forward(_, x):
            return x * 2.0

        @staticmethod
        def backward(_, grad_output):
            calls.append(grad_output.tolist())
            return grad_output * 2.0

    x = leaf([1.0])
    y = Counted.apply(x)
    z = y
    for _ in range(20):
        z = z + z
    (z + y).sum().backward()
    assert calls == [[2.0**20 + 1.0]]
    assert x.grad.tolist() == [2.0**21 + 2.0]


def test_a_long_chain_needs_no_recursion():
    x = leaf([1.0])
    y = x
    for _ in range(5000):
        y = y + 1.0
    y.backward()
    assert x.grad.tolist() == [1.0]


def test_a_graph_is_freed_after_one_backward():
    y = (leaf([1.0, 2.0]) * 3.0).exp().sum()
    y.backward()
    with pytest.raises(
        GradientError, match=r"its graph was freed by an earlier backward.*retain_gr"
    ):
        y.backward()


def test_a_graph_that_is_retained_gives_the_same_again():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0]


def test_the_memory_of_a_graph_goes_with_it():
    x = leaf(np.ones(10))
    middle = (x * 2.0).exp()
    storage = weakref.ref(middle.data.storage)
    y = (middle * 3.0).sum()
    del middle
    assert storage() is not None
    y.backward()
    assert storage() is None


MANY = 5000


@pytest.mark.parametrize("activate", ["relu", "sigmoid", "exp", "plus"])
def test_what_came_before_an_activation_is_free_as_soon_as_its_user_lets_go(activate):
    x = leaf(np.linspace(-2.0, 2.0, MANY))
    middle = x * 2.0
    storage = weakref.ref(middle.data.storage)
    y = middle + 1.0 if activate == "plus" else getattr(middle, activate)()
    assert storage() is not None
    del middle
    assert storage() is None
    y.sum().backward()
    z = 2.0 * np.linspace(-2.0, 2.0, MANY)
    s = 1.0 / (1.0 + np.exp(-z))
    slope = {"relu": z > 0.0, "sigmoid": s * (1.0 - s), "exp": np.exp(z), "plus": 1.0}[activate]
    np.testing.assert_allclose(x.grad.numpy(), 2.0 * slope * np.ones(MANY), rtol=1e-12)


def test_what_a_user_holds_stays_though_the_graph_does_not_need_it():
    x = leaf(np.ones(MANY))
    middle = x * 2.0
    y = middle.relu()
    y.sum().backward()
    np.testing.assert_array_equal(middle.detach().numpy(), np.full(MANY, 2.0))


def test_the_graph_has_no_elements_of_what_it_does_not_need():
    x = leaf(np.ones(MANY))
    y = (x * 2.0).relu()
    (middle,) = y.parents
    assert (middle.shape, middle.dtype, middle.requires_grad) == ((MANY,), x.dtype, True)
    assert middle.parents[0] is x
    with pytest.raises(GradientError, match=r"no elements of this result of shape \(5000,\)"):
        middle.detach().numpy()
    with pytest.raises(GradientError, match="hold the tensor itself to read them"):
        middle.exp()
    with pytest.raises(AttributeError, match="flavour"):
        _ = middle.data.flavour


@pytest.mark.parametrize("before", [True, False])
def test_a_hook_is_called_whether_it_came_before_or_after_the_function(before):
    x, seen = leaf(np.ones(MANY)), []
    middle = x * 2.0
    remove = middle.register_hook(seen.append) if before else None
    y = middle.relu()
    remove = remove or middle.register_hook(seen.append)
    y.sum().backward(retain_graph=True)
    np.testing.assert_array_equal(seen[0].numpy(), np.ones(MANY))
    remove()
    y.sum().backward()
    assert len(seen) == 1


def test_a_leaf_and_a_constant_stay_in_the_graph():
    x, c = leaf(np.ones(MANY)), mt.tensor(np.ones(MANY))
    assert x.relu().parents[0] is x
    assert (x + c).parents[1] is c


def test_nothing_is_recorded_under_no_grad():
    x = leaf([1.0])
    with mt.no_grad():
        y = x * 2.0
    assert not y.requires_grad
    assert not mt.tensor([1.0]).requires_grad
    assert (x * 2.0).requires_grad


def test_a_detached_tensor_shares_the_storage_and_stops_gradients():
    x = leaf([1.0, 2.0])
    y = x.detach()
    assert y.data.storage is x.data.storage
    assert not y.requires_grad
    (x * y).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]


def test_only_leaves_keep_gradients():
    x, c = leaf([1.0]), mt.tensor([2.0])
    y = x * c
    y.sum().backward()
    assert y.grad is None
    assert c.grad is None
    assert leaf([1.0]).grad is None


def test_requires_grad_is_a_property_and_a_method():
    x = mt.tensor([1.0])
    x.requires_grad = True
    assert x.requires_grad_() is x
    assert x.is_leaf()
    x.requires_grad = False
    assert not x.requires_grad


def test_integers_have_no_gradient():
    message = r"requires_grad_: int64 has no gradients; only floats do: \.to\(float64\)"
    with pytest.raises(GradientError, match=message):
        mt.tensor([1]).requires_grad_()
    with pytest.raises(GradientError, match="bool has no gradients"):
        mt.tensor([True], requires_grad=True)


def test_a_result_stays_in_its_graph():
    with pytest.raises(GradientError, match=r"requires_grad_\(False\): .* detach\(\) it"):
        (leaf([1.0]) * 2.0).requires_grad_(flag=False)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_single_element_needs_no_gradient_to_start_from(shape):
    x = leaf(np.full(shape, 3.0))
    (x * x).backward()
    assert x.grad.shape == shape
    assert x.grad.item() == 6.0


@pytest.mark.parametrize(
    "start", [2.0, [2.0], [[2.0]], np.array(2.0), mt.tensor([2.0], backend="simple")]
)
def test_a_single_element_takes_a_gradient_of_any_shape_of_one_element(start):
    x = leaf([3.0])
    (x * 5.0).backward(start)
    assert x.grad.tolist() == [10.0]


def test_backward_that_cannot_start():
    x = leaf([1.0, 2.0])
    with pytest.raises(
        GradientError, match=r"shape \(2,\) has 2 elements.*\.sum\(\)\.backward\(\)"
    ):
        (x * 2.0).backward()
    with pytest.raises(GradientError, match=r"the gradient is \(3,\) for a tensor of \(2,\)"):
        (x * 2.0).backward([1.0, 2.0, 3.0])
    with pytest.raises(GradientError, match=r"shape \(2,\) is a constant: nothing that it was"):
        mt.ones(2).backward()
    with pytest.raises(mt.DTypeError, match="is not a number, a tensor or an array"):
        (x * 2.0).backward(object())


def test_a_gradient_from_another_backend_is_refused():
    class Other(SimpleBackend):
        name = "other"

    with pytest.raises(mt.BackendError, match="on 'simple' and another on 'other'"):
        leaf([1.0]).backward(mt.ones(1, backend=Other()))


@pytest.mark.parametrize("start", [np.ones(2), np.ones(2, np.float32), np.array([1, 1])])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_has_the_dtype_of_its_leaf(dtype, start):
    x, y = leaf([1.0, 2.0], dtype=dtype), leaf([1.0, 2.0])
    (x * y).backward(start)
    assert (x.grad.dtype, y.grad.dtype) == (x.dtype, y.dtype)
    x.zero_grad_()
    x.backward(start)
    assert x.grad.dtype == x.dtype


def test_gradients_flow_past_masks_and_indices():
    x = leaf([1.0, -2.0, 3.0])
    mask = x > 0.0
    mt.where(mask, x * 10.0, x).sum().backward()
    assert not mask.requires_grad
    assert x.grad.tolist() == [10.0, 1.0, 10.0]


class TestWhatLeavesKeepIsTheirOwn:
    """Writing into one gradient changes nothing else."""

    def test_two_leaves_of_a_sum(self):
        x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
        (x + y).sum().backward()
        x.grad.mul_(0.5)
        assert x.grad.tolist() == [0.5, 0.5]
        assert y.grad.tolist() == [1.0, 1.0]

    @pytest.mark.parametrize(
        "f",
        [
            identity,
            lambda x: x + 0.0,
            lambda x: x.view(2, 1),
            lambda x: x.permute(0),
            lambda x: x.clone(),
            lambda x: x.expand(3, 2),
            lambda x: x.sum(),
            lambda x: x[::-1],
            lambda x: mt.cat([x, x]),
            lambda x: x.to("float64"),
        ],
    )
    def test_the_gradient_that_backward_was_given(self, f):
        x = leaf([1.0, 2.0])
        y = f(x)
        start = mt.ones(*y.shape)
        y.backward(start)
        x.grad.fill_(7.0)
        assert start.tolist() == np.ones(y.shape).tolist()

    def test_a_leaf_that_is_the_result(self):
        x, start = leaf([1.0, 2.0]), mt.ones(2)
        x.backward(start)
        x.grad.fill_(7.0)
        assert start.tolist() == [1.0, 1.0]

    def test_numbers_that_the_library_keeps(self):
        x = leaf([2.0])
        x.backward()
        x.grad.fill_(7.0)
        y = leaf([2.0])
        y.register_hook(lambda grad: grad.fill_(5.0))
        (y + 0.0).backward()
        assert (mt.zeros(1) + 1.0).tolist() == [1.0]
        assert mt.ones(1).mean().tolist() == [1.0]

    def test_a_number_that_a_function_returns(self):
        class Constant(mt.Function):
            @staticmethod
            def forward(_, x):
                return x * 1.0

            @staticmethod
            def backward(*_):
                return 1.0

        x = leaf([2.0])
        Constant.apply(x).backward()
        x.grad.fill_(7.0)
        assert (mt.zeros(1) + 1.0).tolist() == [1.0]


class Scale(mt.Function):
    """Multiply by metadata, which has no gradient."""

    @staticmethod
    def forward(ctx, x, *, factor):
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.factor


class Muddled(mt.Function):
    """A function whose forward or backward breaks the rules as its metadata say."""

    @staticmethod
    def forward(ctx, x, *, gives):
        ctx.gives = gives
        return gives if isinstance(gives, str) else x * 1.0

    @staticmethod
    def backward(ctx, _):
        return ctx.gives


def test_a_users_function():
    x = leaf([1.0, 2.0])
    y = Scale.apply(x, factor=3.0)
    y.sum().backward()
    assert y.tolist() == [3.0, 6.0]
    assert x.grad.tolist() == [3.0, 3.0]
    mt.grad_check(lambda x: Scale.apply(x, factor=3.0), x)


class Named(mt.Tensor):
    """A tensor of a user's own kind."""

    __slots__ = ()


def test_tensors_of_a_users_own_kind_meet_others():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    named = Named(y.data, y.backend).requires_grad_()
    result = named * x + x * named
    assert isinstance(named * x, Named)
    result.sum().backward()
    assert x.grad.tolist() == [6.0, 8.0]
    assert named.grad.tolist() == [2.0, 4.0]


def test_a_function_that_breaks_the_rules():
    x = leaf([1.0, 2.0])
    with pytest.raises(TypeError, match=r"Muddled: forward returned 'text'; .* returns a tensor"):
        Muddled.apply(x, gives="text")
    with pytest.raises(
        GradientError, match=r"returned a gradient of \(3,\) for an input of \(2,\)"
    ):
        Muddled.apply(x, gives=mt.ones(3)).sum().backward()
    with pytest.raises(GradientError, match=r"a gradient of \(\) for an input of \(2,\)"):
        Muddled.apply(x, gives=mt.tensor(1.0)).sum().backward()
    with pytest.raises(GradientError, match="Muddled: backward returned 2 gradients for 1 inputs"):
        Muddled.apply(x, gives=(mt.ones(2), mt.ones(2))).sum().backward()
    with pytest.raises(mt.DTypeError, match=r"str 'text' is not a number|elements of dtype <U4"):
        Muddled.apply(x, gives=("text",)).sum().backward()
    with pytest.raises(TypeError, match="no input is a variable"):
        Scale.apply(1.0, factor=2.0)


def test_a_function_may_leave_out_a_gradient():
    x = leaf([1.0])
    Muddled.apply(x, gives=None).backward()
    assert x.grad is None


class TestHooks:
    def test_a_hook_sees_the_complete_gradient_once(self):
        seen = []
        x = leaf([1.0, 2.0])
        y = x * 2.0
        y.register_hook(lambda grad: seen.append(grad.tolist()))
        (y + y * 2.0).sum().backward()
        assert seen == [[3.0, 3.0]]

    def test_a_hook_may_replace_the_gradient_of_a_leaf_and_of_a_result(self):
        x = leaf([1.0, 2.0])
        x.register_hook(lambda grad: grad * 10.0)
        y = x * 2.0
        y.register_hook(lambda grad: grad + 1.0)
        y.sum().backward()
        assert x.grad.tolist() == [40.0, 40.0]

    def test_hooks_run_in_order_until_they_are_removed(self):
        x = leaf([1.0])
        remove = x.register_hook(lambda grad: grad + 1.0)
        x.register_hook(lambda grad: grad * 10.0)
        (x * 1.0).backward()
        assert x.grad.tolist() == [20.0]
        remove()
        remove()
        x.zero_grad_()
        (x * 1.0).backward()
        assert x.grad.tolist() == [10.0]

    def test_a_hook_that_returns_another_shape(self):
        x = leaf([1.0, 2.0])
        x.register_hook(lambda _: mt.ones(3))
        with pytest.raises(GradientError, match=r"gradient of \(3,\) for an input of \(2,\)"):
            (x * 1.0).sum().backward()

    def test_a_constant_has_no_hooks(self):
        with pytest.raises(GradientError, match="register_hook: this tensor is a constant"):
            mt.ones(1).register_hook(lambda grad: grad)


def test_operators_called_on_tensors_are_recorded():
    x = leaf([0.5, 1.0])
    y = add(exp(x), 2.0)
    assert y.history.last_fn.__name__ == "add"
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp([0.5, 1.0]))


def test_gradients_of_predicates_stop():
    x = leaf([0.5, 1.0])
    assert not (x > 0.7).requires_grad
    assert not mt.eq(x, x).requires_grad


def test_grad_check_accepts_and_refuses():
    x = mt.tensor([0.5, -1.0, 2.0])
    mt.grad_check(lambda x: (x * x).exp(), x)
    with pytest.raises(GradientError, match="input 0: the gradient along a random direction is"):
        mt.grad_check(lambda x: Scale.apply(x, factor=2.0) + x.detach(), x)
    with pytest.raises(GradientError, match="grad_check: no gradient reached input 1"):
        mt.grad_check(lambda x, y: x * y.detach(), x, x)


def test_an_error_inside_a_function_leaves_recording_on():
    x = leaf([1.0, 2.0])
    with pytest.raises(ShapeError):
        x.view(3)
    assert mt.is_grad_enabled()
    assert (x * 1.0).requires_grad
