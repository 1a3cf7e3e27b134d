"""The course's tensors: their habits, on every backend that can be used here."""

# ruff: noqa: PLR0124, S301, S311, SLF001  the course's names; no secrets

import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch
from minitorch import IndexingError, MathTestVariable, Parameter, Tensor, rand, tensor, zeros
from minitorch.cuda_ops import CudaOps
from minitorch.fast_ops import FastOps
from minitorch.jit import cuda
from minitorch.tensor_ops import SimpleBackend, TensorBackend

FAST = TensorBackend(FastOps)
BACKENDS = {"simple": SimpleBackend, "fast": FAST}
if cuda.is_available():
    BACKENDS["cuda"] = TensorBackend(CudaOps)

on_each_backend = pytest.mark.parametrize("backend", BACKENDS.values(), ids=list(BACKENDS))


ONE, TWO, REDUCTIONS = (
    [(name, own) for name, _, own in group] for group in MathTestVariable._comp_testing()
)


def array(shape, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, shape)


def made(values, backend=SimpleBackend):
    return tensor(np.asarray(values).tolist(), backend=backend)


@pytest.mark.parametrize(
    ("values", "shape"),
    [(3.0, ()), ([1, 2], (2,)), ([[1, 2], (3, 4)], (2, 2)), ([[[1]]], (1, 1, 1))],
)
def test_numbers_and_nested_lists_become_float64(values, shape):
    t = tensor(values)
    assert t.shape == shape
    assert (t.dims, t.size) == (len(shape), int(np.prod(shape)))
    np.testing.assert_array_equal(t.to_numpy(), np.array(values, np.float64), strict=True)


def test_lists_of_different_lengths_are_no_tensor():
    with pytest.raises(ValueError, match="inhomogeneous"):
        tensor([[1, 2], [3]])


@on_each_backend
def test_an_element_is_a_float_that_can_be_overwritten(backend):
    t = tensor([[1.0, 2.0], [3.0, 4.0]], backend=backend)
    assert (t[1, 0], type(t[1, 0])) == (3.0, float)
    t[1, 0] = 7.5
    assert t[1, 0] == 7.5
    assert tensor([5.0], backend=backend)[0] == 5.0
    assert tensor(3.0, backend=backend)[0] == 3.0
    assert sum(t[i, 1] for i in range(2)) == 6.0


@pytest.mark.parametrize("index", [0, (0, 0, 0), (2, 0), (0, -1), (5, 5)])
def test_a_wrong_index_is_refused_in_reading_and_writing(index):
    t = tensor([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(IndexingError, match="index"):
        t[index]
    with pytest.raises(IndexingError, match="index"):
        t[index] = 1.0


@pytest.mark.parametrize("shape", [(2,), (0,), (2, 3)])
def test_several_elements_are_no_item(shape):
    with pytest.raises(AssertionError, match="elements, not 1"):
        zeros(shape).item()
    assert zeros((1, 1)).item() == 0.0


def test_other_indices_are_those_of_mt_tensor():
    np.testing.assert_array_equal(made(array((3, 4)))[1:, ::2].to_numpy(), array((3, 4))[1:, ::2])


@on_each_backend
def test_reductions_keep_the_dimension(backend):
    a = array((3, 4, 5))
    t = made(a, backend)
    for dim in range(3):
        np.testing.assert_allclose(t.sum(dim).to_numpy(), a.sum(dim, keepdims=True))
        np.testing.assert_allclose(t.mean(dim=dim).to_numpy(), a.mean(dim, keepdims=True))
    assert t.sum().shape == t.mean().shape == (1,)
    assert t.sum().item() == pytest.approx(a.sum())
    assert t.mean().item() == pytest.approx(a.mean())


@on_each_backend
def test_arithmetic_broadcasts_and_takes_numbers(backend):
    a, b = array((2, 1, 3)), array((4, 1), 1) + 5
    s, t = made(a, backend), made(b, backend)
    for found, expected in [
        (s + t, a + b),
        (s - t, a - b),
        (s * t, a * b),
        (s / t, a / b),
        (-s, -a),
        (s + 2, a + 2),
        (2 + s, 2 + a),
        (s - 2, a - 2),
        (2 - s, 2 - a),
        (s * 2, a * 2),
        (2 * s, 2 * a),
        (s / 2, a / 2),
        (2 / t, 2 / b),
        (s < t - 5, (a < b - 5) * 1.0),
        (s > 0.5, (a > 0.5) * 1.0),
        (s == s, np.ones_like(a)),
        (s.relu(), np.maximum(a, 0)),
        (s.exp(), np.exp(a)),
        (s.sigmoid(), 1 / (1 + np.exp(-a))),
        (t.log(), np.log(b + 1e-6)),
        (s.is_close(s + 0.005), np.ones_like(a)),
    ]:
        np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-12)
        assert found.dtype == np.float64


@on_each_backend
def test_matrices_multiply_batch_by_batch(backend):
    for left, right in [((2, 3), (3, 4)), ((5, 2, 3), (1, 3, 4)), ((1, 2, 3), (5, 3, 4))]:
        a, b = array(left), array(right, 1)
        found = made(a, backend) @ made(b, backend)
        np.testing.assert_allclose(found.to_numpy(), a @ b, rtol=1e-12)
    turned = made(array((4, 3)), backend).permute(1, 0)
    found = turned @ made(array((4, 2), 1), backend)
    np.testing.assert_allclose(found.to_numpy(), array((4, 3)).T @ array((4, 2), 1), rtol=1e-12)


def test_all_multiplies_truth_values():
    t = tensor([[1.0, 1.0], [1.0, 0.0]])
    assert t.all().item() == 0.0
    assert t.all(1).to_numpy().tolist() == [[1.0], [0.0]]
    assert (t == t).all().item() == 1.0


@on_each_backend
def test_layouts_change_without_moving_elements(backend):
    a = array((2, 3, 4))
    t = made(a, backend)
    turned = t.permute(2, 0, 1)
    np.testing.assert_array_equal(turned.to_numpy(), a.transpose(2, 0, 1))
    np.testing.assert_array_equal(t.view(6, 4).to_numpy(), a.reshape(6, 4))
    whole = turned.contiguous()
    assert whole._tensor.is_contiguous()
    np.testing.assert_array_equal(whole.view(24).to_numpy(), a.transpose(2, 0, 1).reshape(-1))
    with pytest.raises(AssertionError, match="is not contiguous"):
        turned.view(24)


def test_a_view_must_have_the_same_size():
    with pytest.raises(ValueError, match=r"\(2, 3\) has 6 elements and cannot be \(4,\)"):
        made(array((2, 3))).view(4)


def test_broadcasting_examples_of_the_course():
    t1, t2 = rand((4, 3)), rand((3,))
    assert (t1 + t2).shape == (4, 3)
    assert (t1.view(4, 3) + t2.view(1, 3)).shape == (4, 3)
    assert (rand((3, 1)) + rand((1, 2))).shape == (3, 2)
    assert (zeros((2, 1)) + zeros((2,)).view(2)).shape == (2, 2)
    assert rand((3, 4, 5)).mean(1).shape == (3, 1, 5)
    with pytest.raises(IndexingError, match=r"\(4, 3\) and \(2, 3\) do not broadcast"):
        rand((4, 3)) + rand((2, 3))


def test_who_is_a_leaf():
    t = tensor([1.0])
    assert t.is_leaf()
    assert rand((2,)).is_leaf()
    assert zeros((2,)).is_constant()
    assert Tensor.make([1.0], (1,)).is_constant()
    assert not (t * 2).is_leaf()
    assert (t * 2).detach().is_constant()
    result = t * 2
    result.requires_grad_(True)
    assert result.is_leaf()


def test_a_tensor_is_built_by_hand():
    data = minitorch.TensorData([1.0, 2.0, 3.0, 4.0], (2, 2), (1, 2))
    t = Tensor(data, name="t", backend=FAST)
    assert t[0, 1] == 3.0
    assert t.f is t.backend is FAST
    assert t.name == "t"
    t.name = "u"
    assert t.name == "u"
    assert Tensor(data).name.isdigit()
    made_again = Tensor.make(np.arange(4.0), (2, 2), (1, 2))
    assert made_again[0, 1] == 2.0
    with pytest.raises(AssertionError, match="a storage of 4 elements"):
        Tensor.make(np.arange(4.0), (3, 2))
    storage, shape, strides = t.tuple()
    assert (storage.tolist(), shape.tolist(), strides.tolist()) == ([1, 2, 3, 4], [2, 2], [1, 2])
    assert t.zeros().to_numpy().tolist() == [[0, 0], [0, 0]]
    assert t.zeros((3,)).shape == (3,)
    assert repr(t) == "[[1.00 3.00]\n [2.00 4.00]]"


def test_backward_accumulates_and_can_be_repeated():
    x = tensor([1.0, 2.0])
    y = (x * x).sum()
    y.backward()
    y.backward(tensor([2.0]))
    assert x.grad.to_numpy().tolist() == [6.0, 12.0]
    assert x.derivative is x.grad
    assert x.grad[1] == 12.0
    x.zero_grad_()
    assert x.grad is None
    x.accumulate_derivative(tensor([1.0, 1.0]))
    assert x.grad.to_numpy().tolist() == [1.0, 1.0]


def test_backward_of_many_elements_needs_their_gradient():
    x = tensor([1.0, 2.0])
    with pytest.raises(AssertionError, match=r"a tensor of \(2,\) needs a grad_output"):
        (x * 2).backward()
    with pytest.raises(AssertionError, match="that is not a leaf"):
        (x * 2).accumulate_derivative(x)


@pytest.mark.parametrize(("a", "b"), [((1,), (1, 2)), ((3, 1), (2, 1, 4)), ((2, 3), (3,))])
def test_gradients_come_back_in_the_shape_of_their_tensor(a, b):
    s, t = rand(a), rand(b)
    (s * t).sum().backward()
    full = np.broadcast_shapes(a, b)
    assert s.grad.shape == a
    assert t.grad.shape == b
    np.testing.assert_allclose(t.grad.sum().item(), np.broadcast_to(s.to_numpy(), full).sum())


def test_expand_sums_what_was_broadcast_and_stretches_what_was_not():
    t = zeros((3, 1))
    assert t.expand(tensor([[1.0, 2.0]] * 3)).to_numpy().tolist() == [[3.0], [3.0], [3.0]]
    assert t.expand(tensor([5.0])).to_numpy().tolist() == [[5.0], [5.0], [5.0]]
    assert tensor([[1.0]]).expand(2, 3).shape == (2, 3)


@on_each_backend
def test_tensors_of_two_backends_meet_on_the_left_ones(backend):
    left, right = tensor([1.0, 2.0], backend=backend), tensor([3.0, 4.0])
    out = left * right
    assert out.backend is backend
    assert right.backend is backend
    assert out.to_numpy().tolist() == [3.0, 8.0]
    other = tensor([1.0], backend=FAST) + left
    assert other.backend is FAST
    out.sum().backward()
    assert left.grad.to_numpy().tolist() == [3.0, 4.0]


def test_random_tensors_follow_the_random_module():
    random.seed(3)
    expected = [random.random() for _ in range(4)]
    random.seed(3)
    assert rand((2, 2)).to_numpy().reshape(-1).tolist() == expected


def test_a_leaf_and_a_constant_can_be_pickled():
    t = pickle.loads(pickle.dumps(tensor([[1.0, 2.0]])))
    assert isinstance(t, Tensor)
    assert t.is_leaf()
    assert t.to_numpy().tolist() == [[1.0, 2.0]]
    assert pickle.loads(pickle.dumps(zeros((2,)))).is_constant()


def test_the_methods_of_mt_tensor_work_on_the_course_s_backends():
    t = made(array((2, 3)) + 3)
    np.testing.assert_allclose(t.sqrt().to_numpy(), np.sqrt(array((2, 3)) + 3))
    (t**2).sum().backward()
    np.testing.assert_allclose(t.grad.to_numpy(), 2 * t.to_numpy())


@on_each_backend
@pytest.mark.parametrize(("name", "check"), ONE)
def test_checks_of_one_tensor(backend, name, check):
    a = array((2, 3)) * 2
    a[np.abs(a + 0.7) < 0.1] += 0.5
    base = getattr(minitorch.MathTest, name)
    expected = np.vectorize(base)(a)
    np.testing.assert_allclose(check(made(a, backend)).to_numpy(), expected, atol=1e-9)
    if backend is not BACKENDS.get("cuda"):
        minitorch.grad_check(check, made(a, backend))


@on_each_backend
@pytest.mark.parametrize(("name", "check"), TWO)
def test_checks_of_two_tensors(backend, name, check):
    a, b = array((2, 3)), array((1, 3), 4)
    expected = np.vectorize(getattr(minitorch.MathTest, name))(a, b)
    np.testing.assert_allclose(check(made(a, backend), made(b, backend)).to_numpy(), expected)
    if backend is not BACKENDS.get("cuda"):
        minitorch.grad_check(check, made(a, backend), made(b, backend))


@pytest.mark.parametrize(("name", "check"), REDUCTIONS)
def test_checks_of_reductions(name, check):
    a = array((4, 3))
    expected = {"sum_red": a.sum(0, keepdims=True), "mean_red": a.mean(0, keepdims=True)}
    found = check(made(a)).to_numpy()
    np.testing.assert_allclose(found, expected.get(name, a.mean().reshape(1)))
    minitorch.grad_check(check, made(a))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple), st.randoms())
def test_gradients_flow_through_permuted_views_of_results(shape, rng):
    order = list(range(len(shape)))
    rng.shuffle(order)
    minitorch.grad_check(lambda t: (t * 2).permute(*order).contiguous().view(-1).exp(), rand(shape))
    minitorch.grad_check(lambda t: t * t, rand(shape).sum(0))


def test_a_wrong_gradient_is_found():
    class Wrong(minitorch.Function):
        @staticmethod
        def forward(ctx, t):
            return t * 2

        @staticmethod
        def backward(ctx, grad_output):
            return grad_output * 2.1

    with pytest.raises(AssertionError, match=r"backward gives 2.1 .* difference 1.99"):
        minitorch.grad_check(Wrong.apply, rand((2, 2)))


def test_differences_by_one_element():
    x = tensor([[1.0, 2.0], [3.0, 4.0]])
    found = minitorch.grad_central_difference(lambda t: t * t, x, ind=(1, 0))
    assert found == pytest.approx(6.0, abs=1e-4)


def test_a_parameter_of_a_result_is_trained_on_its_own():
    w = Parameter(2 * (rand((3,)) - 0.5))
    before = w.value.to_numpy()
    (w.value * w.value).sum().backward()
    minitorch.SGD([w], lr=0.25).step()
    np.testing.assert_allclose(w.value.to_numpy(), before / 2)
    assert w.value.grad is None, "a new value has no gradient yet"
    assert w.value.is_leaf()


def test_an_optimiser_skips_what_has_no_gradient_and_clears_what_has():
    w, none, unused = Parameter(rand((2,))), Parameter(None), Parameter(rand((2,)))
    s = Parameter(minitorch.Scalar(1.0))
    optimiser = minitorch.SGD([w, none, unused, s], lr=1.0)
    kept = unused.value
    (w.value.sum()).backward()
    s.value.backward()
    optimiser.zero_grad()
    assert (w.value.grad, s.value.derivative) == (None, None)
    optimiser.step()
    assert unused.value is kept
