import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Linear, Parameter, move
from mt_nn.optim import SGD, Adagrad, Adam, AdamW, Lion, RMSprop

START = np.array([1.0, -2.0, 3.0])
GRADIENTS = np.random.default_rng(0).standard_normal((5, 3))


def trained(make, gradients=GRADIENTS):
    """Step through given gradients, and return where the parameter ends."""
    parameter = Parameter(mt.tensor(START))
    optimizer = make([parameter])
    for gradient in gradients:
        optimizer.zero_grad()
        (parameter.value * mt.tensor(gradient)).sum().backward()
        optimizer.step()
    return parameter.value.detach().numpy()


def test_plain_descent(backend):
    result = trained(lambda p: SGD(p, lr=0.1))
    np.testing.assert_allclose(result, START - 0.1 * GRADIENTS.sum(0), rtol=0, atol=1e-14)


def test_weight_decay_pulls_to_zero(backend):
    result = trained(lambda p: SGD(p, lr=0.1, weight_decay=0.5), np.zeros((4, 3)))
    np.testing.assert_allclose(result, START * 0.95**4, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("dampening", "nesterov"), [(0.0, False), (0.4, False), (0.0, True)])
def test_momentum_starts_with_the_whole_gradient(backend, dampening, nesterov):
    expected, velocity = START.copy(), None
    for g in GRADIENTS:
        velocity = g if velocity is None else 0.9 * velocity + (1 - dampening) * g
        expected -= 0.1 * (g + 0.9 * velocity if nesterov else velocity)
    result = trained(lambda p: SGD(p, 0.1, momentum=0.9, dampening=dampening, nesterov=nesterov))
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_adam_by_its_paper(backend, kind):
    p, m, v = START.copy(), np.zeros(3), np.zeros(3)
    for t, gradient in enumerate(GRADIENTS, 1):
        decay, p = (0.0, p * (1 - 0.1 * 0.2)) if kind is AdamW else (0.2, p)
        g = gradient + decay * p
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        p = p - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-6)
    rates = {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.2}
    result = trained(lambda params: kind(params, **rates))
    np.testing.assert_allclose(result, p, rtol=0, atol=1e-12)


def test_rmsprop_by_its_formula(backend):
    p, v, m, u = START.copy(), np.zeros(3), np.zeros(3), np.zeros(3)
    for gradient in GRADIENTS:
        g = gradient + 0.1 * p
        v, m = 0.9 * v + 0.1 * g**2, 0.9 * m + 0.1 * g
        u = 0.5 * u + g / (np.sqrt(v - m**2) + 1e-3)
        p = p - 0.05 * u
    options = {"weight_decay": 0.1, "momentum": 0.5, "centered": True}
    result = trained(lambda q: RMSprop(q, 0.05, 0.9, 1e-3, **options))
    np.testing.assert_allclose(result, p, rtol=0, atol=1e-12)


def test_adagrad_by_its_paper(backend):
    p, s = START.copy(), np.full(3, 0.5)
    for t, gradient in enumerate(GRADIENTS):
        g = gradient + 0.1 * p
        s = s + g**2
        p = p - 0.3 / (1 + 0.2 * t) * g / (np.sqrt(s) + 1e-6)
    result = trained(lambda q: Adagrad(q, 0.3, 0.2, 0.1, 0.5, 1e-6))
    np.testing.assert_allclose(result, p, rtol=0, atol=1e-13)


def test_lion_by_its_paper(backend):
    p, m = START.copy(), np.zeros(3)
    for g in GRADIENTS:
        p = p - 0.1 * (np.sign(0.8 * m + 0.2 * g) + 0.3 * p)
        m = 0.95 * m + 0.05 * g
    result = trained(lambda q: Lion(q, 0.1, (0.8, 0.95), 0.3))
    np.testing.assert_allclose(result, p, rtol=0, atol=1e-13)


def test_lion_stays_where_there_is_no_gradient():
    result = trained(lambda q: Lion(q, 0.1), np.zeros((2, 3)))
    assert result.tolist() == START.tolist()


KINDS = {
    "SGD": lambda p: SGD(p, 0.1, momentum=0.9),
    "Adam": lambda p: Adam(p, 0.1),
    "RMSprop": lambda p: RMSprop(p, 0.1, momentum=0.5, centered=True),
    "Adagrad": lambda p: Adagrad(p, 0.1),
    "Lion": lambda p: Lion(p, 0.1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_where_it_was_to_the_bit(kind):
    def run(parameter, optimizer, gradients):
        for gradient in gradients:
            parameter.value.grad = mt.tensor(gradient)
            optimizer.step()

    whole = Parameter(mt.tensor(START))
    run(whole, KINDS[kind]([whole]), GRADIENTS)
    first = Parameter(mt.tensor(START))
    before = KINDS[kind]([first])
    run(first, before, GRADIENTS[:2])
    saved = before.state_dict()
    second = Parameter(mt.tensor(first.value))
    after = KINDS[kind]([second])
    after.load_state_dict(saved)
    run(first, before, GRADIENTS[:1])
    run(second, after, GRADIENTS[2:])
    assert second.value.tolist() == whole.value.tolist()


def test_a_state_has_pytorchs_form():
    parameters = [Parameter(mt.tensor(START)), Parameter(mt.zeros(2))]
    optimizer = SGD([{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.5}])
    optimizer.param_groups[0]["momentum"] = 0.9
    for parameter in parameters:
        parameter.value.sum().backward()
    optimizer.step()
    saved = optimizer.state_dict()
    assert [g["params"] for g in saved["param_groups"]] == [[0], [1]]
    assert saved["param_groups"][1]["lr"] == 0.5
    assert list(saved["state"]) == [0, 1]
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.0] * 3


def test_a_state_of_something_else():
    def made(size, count=1):
        return SGD([Parameter(mt.zeros(size)) for _ in range(count)], momentum=0.9)

    other = made(3)
    other.param_groups[0]["params"][0].value.sum().backward()
    other.step()
    with pytest.raises(ValueError, match=r"SGD: groups of \[2\] parameters cannot load .* \[1\]"):
        made(3, 2).load_state_dict(other.state_dict())
    message = r"SGD: momentum_buffer of parameter 0 is \(3,\), not \(2,\)"
    with pytest.raises(ValueError, match=message):
        made(2).load_state_dict(other.state_dict())


def test_the_first_step_of_adam_is_the_learning_rate():
    result = trained(lambda p: Adam(p, lr=0.25), np.array([[1e-3, 5.0, -1e4]]))
    np.testing.assert_allclose(result, START - [0.25, 0.25, -0.25], rtol=0, atol=1e-5)


def test_defaults_are_pytorchs():
    parameter = [Parameter(mt.zeros(1))]
    assert repr(SGD(parameter)) == (
        "SGD(lr=0.001, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False)"
    )
    assert repr(Adam(parameter)) == (
        "Adam(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0)"
    )
    assert AdamW(parameter).param_groups[0]["weight_decay"] == 0.01


def test_elements_change_in_place():
    parameter = Parameter(mt.tensor(START))
    value, array = parameter.value, parameter.value.detach().numpy()
    value.sum().backward()
    SGD([parameter], lr=1.0).step()
    assert parameter.value is value
    np.testing.assert_array_equal(array, START - 1.0)


def test_a_parameter_without_a_gradient_stays():
    used, unused = Parameter(mt.tensor(START)), Parameter(mt.tensor(START))
    later = Parameter(None)
    optimizer = SGD([used, unused, later], lr=1.0, weight_decay=1.0)
    used.value.sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert used.value.grad is None
    assert unused.value.tolist() == START.tolist()


def test_groups_have_options_of_their_own():
    slow, quick = Parameter(mt.tensor(START)), Parameter(mt.tensor(START))
    groups = [{"params": [slow]}, {"params": [quick], "lr": 1.0}]
    optimizer = SGD(groups, lr=0.1)
    (slow.value.sum() + quick.value.sum()).backward()
    optimizer.step()
    np.testing.assert_allclose(slow.value.tolist(), START - 0.1, rtol=1e-15)
    np.testing.assert_allclose(quick.value.tolist(), START - 1.0, rtol=1e-15)
    optimizer.param_groups[1]["lr"] = 0.0
    before = quick.value.tolist()
    optimizer.step()
    assert quick.value.tolist() == before
    assert "lr=0.1" in repr(optimizer)
    assert "lr=0.0" in repr(optimizer)


def test_gradients_are_left_alone():
    parameter = Parameter(mt.tensor(START))
    optimizer = SGD([parameter], lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True)
    for _ in range(2):
        optimizer.zero_grad()
        (parameter.value * mt.tensor(GRADIENTS[0])).sum().backward()
        optimizer.step()
        np.testing.assert_array_equal(parameter.value.grad.numpy(), GRADIENTS[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: SGD(p, lr=-1.0), "SGD: lr must be at least 0.0, not -1.0"),
        (lambda p: SGD(p, lr=float("nan")), "SGD: lr must be at least 0.0, not nan"),
        (lambda p: SGD(p, momentum=-0.1), "SGD: momentum must be at least 0.0, not -0.1"),
        (lambda p: SGD(p, nesterov=True), "nesterov needs momentum and no dampening, not"),
        (
            lambda p: SGD(p, momentum=0.9, dampening=0.1, nesterov=True),
            "not momentum=0.9 and dampening=0.1",
        ),
        (lambda p: Adam(p, eps=-1.0), "Adam: eps must be at least 0.0, not -1.0"),
        (lambda p: AdamW(p, betas=(0.9, 1.0)), r"AdamW: betas must be two numbers .* \(0.9, 1.0\)"),
        (lambda p: Adam(p, betas=(0.9,)), r"Adam: betas must be two numbers .* \(0.9,\)"),
        (lambda p: RMSprop(p, alpha=-0.1), "RMSprop: alpha must be at least 0.0, not -0.1"),
        (lambda p: Adagrad(p, lr_decay=-0.1), "Adagrad: lr_decay must be at least 0.0"),
        (lambda p: Lion(p, betas=(1.0, 0.9)), r"Lion: betas must be two numbers from 0 to below 1"),
        (lambda p: Lion(p, weight_decay=-1.0), "Lion: weight_decay must be at least 0.0"),
        (lambda p: SGD([{"params": p, "rate": 1.0}]), "SGD: unknown option 'rate'; there are lr"),
        (lambda p: SGD([{"params": p, "lr": -1.0}]), "SGD: lr must be at least 0.0, not -1.0"),
        (lambda p: SGD([*p, *p]), "SGD: parameter 1 is listed twice"),
        (lambda p: SGD([{"params": p}, {"params": p}]), "SGD: parameter 0 is listed twice"),
        (lambda _: SGD([]), "SGD: there is no parameter to optimise"),
    ],
)
def test_options_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make([Parameter(mt.zeros(1))])


def test_what_is_no_parameter():
    with pytest.raises(TypeError, match="Adam: parameter 1 is a Tensor, not a Parameter"):
        Adam([Parameter(mt.zeros(1)), mt.zeros(1)])


def test_a_module_moved_under_its_optimizer():
    layer = Linear(2, 1)
    optimizer = SGD(layer.parameters(), momentum=0.9)
    layer(mt.ones(1, 2)).sum().backward()
    optimizer.step()
    move(layer, "float32")
    layer(mt.ones(1, 2, dtype="float32")).sum().backward()
    with pytest.raises(mt.BackendError, match=r"is float32 on .* its momentum_buffer is float64"):
        optimizer.step()
