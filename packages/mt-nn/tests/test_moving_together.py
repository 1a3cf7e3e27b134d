"""An optimiser moves the parameters of a group at once, and as if one by one."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Parameter
from mt_nn.optim import SGD, Adam, AdamW, Optimizer
from mt_tensor.simple import SimpleBackend

HERE, THERE = SimpleBackend(), SimpleBackend()
SHAPES = [(3, 2), (2,), (4, 3), (1,)]


def parameters(backends=(HERE,)):
    """Make parameters of several shapes, with gradients, on each backend in turn."""
    made = []
    for i, shape in enumerate(SHAPES):
        numbers = np.random.default_rng(i).standard_normal((2, *shape))
        backend = backends[i % len(backends)]
        value, grad = (mt.tensor(a, backend=backend) for a in numbers)
        made.append(Parameter(value))
        value.grad = grad
    return made


def numbers(made):
    return [p.value.detach().numpy().copy() for p in made]


RULES = {
    "plain": lambda p: SGD(p, 0.1, weight_decay=0.2),
    "momentum": lambda p: SGD(p, 0.1, momentum=0.9, dampening=0.3),
    "nesterov": lambda p: SGD(p, 0.1, momentum=0.9, nesterov=True),
    "Adam": lambda p: Adam(p, 0.1, weight_decay=0.2),
    "AdamW": lambda p: AdamW(p, 0.1),
}


@pytest.mark.parametrize("rule", RULES)
def test_it_has_the_bits_of_an_optimiser_for_each(backend, rule):
    together, apart = parameters([backend]), parameters([backend])
    one, many = RULES[rule](together), [RULES[rule]([p]) for p in apart]
    for i in range(4):
        together[i].value.grad = apart[i].value.grad = None  # one that lags behind the others
        for optimizer in [one, *many]:
            optimizer.step()
        for a, b in zip(together, apart, strict=True):
            a.value.grad = b.value.grad = mt.tensor(np.full(a.value.shape, 0.5 + i))
        for a, b in zip(numbers(together), numbers(apart), strict=True):
            np.testing.assert_array_equal(a, b)
    states = one.state_dict()["state"], [o.state_dict()["state"][0] for o in many]
    assert [states[0][i].get("step") for i in range(4)] == [s.get("step") for s in states[1]]


@pytest.mark.parametrize("rule", RULES)
def test_a_group_may_be_spread_over_backends(rule):
    mixed, wanted = parameters([HERE, THERE]), parameters()
    for made in (mixed, wanted):
        optimizer = RULES[rule](made)
        for _ in range(3):
            optimizer.step()
    for a, b in zip(numbers(mixed), numbers(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-14)
    assert [p.value.backend for p in mixed] == [HERE, THERE] * 2


def test_the_first_velocity_is_the_whole_gradient_for_one_that_comes_later():
    early, late = Parameter(mt.tensor([0.0])), Parameter(mt.tensor([0.0]))
    optimizer = SGD([early, late], 1.0, momentum=0.5, dampening=0.5)
    early.value.grad = mt.tensor([8.0])
    optimizer.step()
    late.value.grad = mt.tensor([8.0])
    optimizer.step()
    assert early.value.tolist() == [-8.0 - (4.0 + 4.0)]
    assert late.value.tolist() == [-8.0]


class Clipped(SGD):
    """A rule of a user, made of another one."""

    def update(self, value, grad, state, group):
        small = value._new(grad).maximum(-0.25).minimum(0.25).data
        super().update(value, small, state, group)


class Doubled:
    """The same, to be mixed in."""

    def update(self, value, grad, state, group):
        super().update(value, (value._new(grad) * 2.0).data, state, group)


class DoubledAdam(Doubled, Adam):
    """A rule by inheritance only."""


class Heir(Clipped):
    """A rule with nothing of its own."""


class Together(Clipped):
    """A rule that says again how all are moved."""

    def update_all(self, moves, group):
        SGD.update_all(self, moves, group)


@pytest.mark.parametrize("kind", [Clipped, Heir])
def test_a_users_rule_for_one_parameter_is_asked_for_each(kind):
    made = parameters()
    expected = [
        a - 0.1 * p.value.grad.numpy().clip(-0.25, 0.25)
        for a, p in zip(numbers(made), made, strict=True)
    ]
    kind(made, 0.1).step()
    for a, b in zip(numbers(made), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-15)


def test_a_users_rule_that_is_mixed_in():
    made, wanted = parameters(), parameters()
    for p in wanted:
        p.value.grad = p.value.grad * 2.0
    DoubledAdam(made, 0.1).step()
    Adam(wanted, 0.1).step()
    for a, b in zip(numbers(made), numbers(wanted), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_users_rule_for_all():
    made, wanted = parameters(), parameters()
    Together(made, 0.1).step()
    SGD(wanted, 0.1).step()
    for a, b in zip(numbers(made), numbers(wanted), strict=True):
        np.testing.assert_array_equal(a, b)


class Stumbles(Optimizer):
    """Moves one parameter, and fails at the next."""

    def check(self, group):
        """Accept all."""

    def update(self, value, grad, state, group):
        if state.setdefault("moved", value.shape != (4, 3)):
            value.backend.fill(value.data, 0.0)
        else:
            raise ArithmeticError(value.shape)


def test_what_has_moved_when_a_rule_fails_is_out_of_date():
    made = parameters()
    result = (made[0].value * made[0].value).sum()
    with pytest.raises(ArithmeticError, match=r"\(4, 3\)"):
        Stumbles(made).step()
    assert not numbers(made)[0].any()
    with pytest.raises(mt.GradientError, match="has been written in place since"):
        result.backward()


def test_a_graph_from_before_the_step_is_out_of_date(backend):
    made = parameters([backend])
    results = [(p.value * p.value).sum() for p in made]
    SGD(made, 0.1).step()
    for result in results:
        with pytest.raises(mt.GradientError, match="has been written in place since"):
            result.backward()


def test_nothing_moves_where_one_parameter_has_moved_house():
    made = parameters()
    optimizer = SGD(made, 0.1, momentum=0.9)
    optimizer.step()
    place = {"dtype": "float32", "backend": HERE}
    made[-1].update(mt.tensor([1.0], **place))
    made[-1].value.grad = mt.tensor([1.0], **place)
    before = numbers(made)
    with pytest.raises(
        mt.BackendError, match="is float32 on 'simple' now, but its momentum_buffer"
    ):
        optimizer.step()
    for a, b in zip(numbers(made), before, strict=True):
        np.testing.assert_array_equal(a, b)
    made[-1].update(mt.tensor([1.0], backend=THERE))
    made[-1].value.grad = mt.tensor([1.0], backend=THERE)
    message = "is float64 on 'simple' now, but its momentum_buffer is float64 on 'simple'"
    with pytest.raises(mt.BackendError, match=message):
        optimizer.step()
