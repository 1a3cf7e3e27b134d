"""Muon by its formula, in NumPy."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Linear, Parameter
from mt_nn.optim import Muon
from mt_nn.optim.muon import orthogonal

RNG = np.random.default_rng(0)


def sharpened(matrix, coefficients, steps, eps):
    """Apply the polynomial to the singular values themselves."""
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    a, b, c = coefficients
    s = s / max(np.linalg.norm(s), eps)
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    return u @ np.diag(s) @ v


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 6)])
def test_it_acts_on_the_singular_values(backend, shape):
    matrix = RNG.standard_normal(shape)
    for coefficients, steps in [((3.4445, -4.775, 2.0315), 5), ((1.5, -0.5, 0.0), 30)]:
        result = orthogonal(mt.tensor(matrix), coefficients, steps).numpy()
        expected = sharpened(matrix, coefficients, steps, 1e-7)
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)


def test_all_singular_values_come_close_to_one(backend):
    values = np.array([5.0, 1.0, 0.3, 0.1])
    matrix = np.linalg.qr(RNG.standard_normal((6, 6)))[0][:, :4] * values
    result = np.linalg.svd(orthogonal(mt.tensor(matrix)).numpy())[1]
    assert 0.65 < result.min() < result.max() < 1.25


def test_nothing_stays_nothing(backend):
    assert orthogonal(mt.zeros(2, 3)).tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize(
    ("adjust", "scale"),
    [(None, np.sqrt(5 / 3)), ("original", np.sqrt(5 / 3)), ("match_rms_adamw", 0.2 * np.sqrt(5))],
)
def test_it_steps_by_its_formula(backend, nesterov, adjust, scale):
    start, gradients = RNG.standard_normal((5, 3)), RNG.standard_normal((4, 5, 3))
    parameter = Parameter(mt.tensor(start))
    options = {"momentum": 0.8, "nesterov": nesterov, "ns_steps": 3, "adjust_lr_fn": adjust}
    optimizer = Muon([parameter], 0.1, 0.3, **options)
    p, v = start.copy(), np.zeros((5, 3))
    for g in gradients:
        v = 0.8 * v + 0.2 * g
        u = 0.8 * v + 0.2 * g if nesterov else v
        p = (1 - 0.1 * 0.3) * p - 0.1 * scale * sharpened(u, (3.4445, -4.775, 2.0315), 3, 1e-7)
        optimizer.zero_grad()
        (parameter.value * mt.tensor(g)).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(parameter.value.detach().numpy(), p, rtol=0, atol=1e-12)


def test_its_state_goes_on(backend):
    ends = []
    for stop in (0, 2):
        parameter = Parameter(mt.tensor(np.eye(3)))
        optimizer = Muon([parameter], 0.1)
        for i, g in enumerate(np.random.default_rng(1).standard_normal((4, 3, 3))):
            if i == stop:
                again = Muon([parameter], 0.5)
                again.load_state_dict(optimizer.state_dict())
                optimizer = again
            optimizer.zero_grad()
            (parameter.value * mt.tensor(g)).sum().backward()
            optimizer.step()
        ends.append(parameter.value.tolist())
    assert ends[0] == ends[1]


def test_a_captured_step_follows_the_rate(backend):
    def ends(captured):
        model = Linear(3, 4, bias=False, generator=mt.Generator(0))
        optimizer = Muon(model.parameters(), 0.1)

        def step(x):
            optimizer.zero_grad()
            (model(x) ** 2).sum().backward()
            optimizer.step()
            return x

        run = mt.capture(step) if captured else step
        for i, x in enumerate(np.random.default_rng(2).standard_normal((8, 2, 3))):
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + i)
            run(mt.tensor(x))
        return model.weight.value.tolist(), getattr(run, "replayed", 0)

    (eager, _), (captured, replayed) = ends(captured=False), ends(captured=True)
    assert captured == eager
    assert replayed > 0


def test_what_it_refuses():
    with pytest.raises(ValueError, match=r"Muon: parameter 1 is \(2,\), not a matrix"):
        Muon(Linear(3, 2).parameters())
    matrices = Linear(3, 2, bias=False).parameters()
    with pytest.raises(ValueError, match=r"Muon: momentum must be at least 0.0, not -1"):
        Muon(matrices, momentum=-1)
    with pytest.raises(ValueError, match=r"adjust_lr_fn must be .* or None, not 'other'"):
        Muon(matrices, adjust_lr_fn="other")
