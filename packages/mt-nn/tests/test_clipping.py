import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Parameter, clip_grad_norm_, clip_grad_value_

GRADS = [np.array([3.0, 0.0]), np.array([[0.0], [-4.0]])]


def parameters(grads=GRADS):
    made = [Parameter(mt.zeros(g.shape)) for g in grads]
    for parameter, grad in zip(made, grads, strict=True):
        (parameter.value * mt.tensor(grad)).sum().backward()
    return [*made, Parameter(mt.zeros(1)), Parameter(None)]


@pytest.mark.parametrize(("norm", "total"), [(2.0, 5.0), (1.0, 7.0), (np.inf, 4.0)])
def test_the_common_norm_is_brought_down(backend, norm, total):
    made = parameters()
    assert clip_grad_norm_(made, 1.0, norm) == pytest.approx(total)
    for parameter, grad in zip(made, GRADS, strict=False):
        np.testing.assert_allclose(parameter.value.grad.numpy(), grad / total, rtol=1e-6)
    assert made[2].value.grad is None


def test_a_small_norm_stays_to_the_bit():
    made = parameters()
    assert clip_grad_norm_(made, 6.0) == 5.0
    assert [p.value.grad.tolist() for p in made[:2]] == [g.tolist() for g in GRADS]


def test_nothing_has_no_norm():
    assert clip_grad_norm_([], 1.0) == 0.0
    assert clip_grad_norm_([], 1.0, np.inf) == 0.0


def test_a_gradient_that_is_shared_is_not_scaled_twice():
    first, second = Parameter(mt.tensor([0.0])), Parameter(mt.tensor([0.0]))
    first.value.grad = second.value.grad = mt.tensor([3.0])
    clip_grad_norm_([first, second], 1.0)
    assert first.value.grad.item() == pytest.approx(1 / np.sqrt(2), rel=1e-6)
    assert second.value.grad.item() == first.value.grad.item()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_norm_that_is_no_number(bad):
    made = parameters([np.array([bad])])
    with pytest.raises(mt.GradientError, match=f"the norm of the gradients is {bad}"):
        clip_grad_norm_(made, 1.0, error_if_nonfinite=True)
    assert not np.isfinite(clip_grad_norm_(made, 1.0))


def test_elements_are_brought_into_an_interval(backend):
    made = parameters()
    clip_grad_value_(made, 3.5)
    assert [p.value.grad.tolist() for p in made[:2]] == [[3.0, 0.0], [[0.0], [-3.5]]]
    with pytest.raises(ValueError, match="clip_value must not be negative, not -1"):
        clip_grad_value_(made, -1)
