"""Schedules against PyTorch, rate by rate, for two groups; clipping, norm by norm."""

import numpy as np
import pytest

import mt_nn
import mt_tensor as mt
from mt_nn import optim

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")

CURVES = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + t)),
    "StepLR": lambda s, o: s.StepLR(o, 3, gamma=0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], 0.5),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "ConstantLR": lambda s, o: s.ConstantLR(o, factor=0.25, total_iters=4),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.1, 0.8, total_iters=6),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, T_max=8, eta_min=0.01),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=4), s.CosineAnnealingLR(o, 10)], milestones=[4]
    ),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, max_lr=0.3, total_steps=20),
    "OneCycleLR, linear": lambda s, o: s.OneCycleLR(
        o, 0.3, 20, pct_start=0.4, anneal_strategy="linear", div_factor=5, final_div_factor=50
    ),
}


def optimizers(kind="SGD", **options):
    mine = [mt_nn.Parameter(mt.zeros(2)) for _ in range(2)]
    other = [torch.nn.Parameter(torch.zeros(2)) for _ in range(2)]
    made = [
        getattr(module, kind)([{"params": ps[:1]}, {"params": ps[1:], "lr": 0.7}], **options)
        for module, ps in ((optim, mine), (torch.optim, other))
    ]
    return *made, mine, other


@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")
@pytest.mark.filterwarnings("ignore:Please also save or load:UserWarning")
@pytest.mark.parametrize("name", CURVES)
def test_rates_are_those_of_pytorch(name):
    ours, theirs, *_ = optimizers(lr=0.2, momentum=0.9)
    here = CURVES[name](optim.lr_scheduler, ours)
    there = CURVES[name](torch.optim.lr_scheduler, theirs)
    for _ in range(19):
        assert here.get_last_lr() == pytest.approx(there.get_last_lr(), rel=1e-12, abs=1e-15)
        momenta = [[g["momentum"] for g in o.param_groups] for o in (ours, theirs)]
        assert momenta[0] == pytest.approx(momenta[1], rel=1e-12)
        theirs.step()
        here.step()
        there.step()


def test_one_cycle_moves_the_first_beta():
    ours, theirs, *_ = optimizers("Adam", lr=0.2)
    here = optim.lr_scheduler.OneCycleLR(ours, 0.3, 10)
    there = torch.optim.lr_scheduler.OneCycleLR(theirs, 0.3, 10)
    for _ in range(9):
        assert ours.param_groups[1]["betas"] == pytest.approx(theirs.param_groups[1]["betas"])
        theirs.step()
        here.step()
        there.step()


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_a_plateau_is_where_pytorch_sees_one(mode, threshold_mode):
    options = {"factor": 0.5, "patience": 1, "threshold": 0.05, "cooldown": 2, "min_lr": 0.02}
    ours, theirs, *_ = optimizers(lr=0.2)
    made = [
        module.lr_scheduler.ReduceLROnPlateau(
            o, mode=mode, threshold_mode=threshold_mode, **options
        )
        for module, o in ((optim, ours), (torch.optim, theirs))
    ]
    values = np.random.default_rng(0).standard_normal(60) + np.linspace(1, 3, 60)
    for value in values:
        for schedule in made:
            schedule.step(value)
        rates = [[g["lr"] for g in o.param_groups] for o in (ours, theirs)]
        assert rates[0] == pytest.approx(rates[1], rel=1e-12)
    assert rates[0][0] == 0.02


@pytest.mark.parametrize("norm", [2.0, 1.0, 3.0, float("inf")])
@pytest.mark.parametrize("limit", [0.5, 100.0])
def test_clipping_is_that_of_pytorch(norm, limit):
    _, _, mine, other = optimizers(lr=0.1)
    grads = np.random.default_rng(1).standard_normal((2, 2))
    for p, q, grad in zip(mine, other, grads, strict=True):
        (p.value * mt.tensor(grad)).sum().backward()
        (q * torch.tensor(grad)).sum().backward()
    here = mt_nn.clip_grad_norm_(mine, limit, norm)
    there = torch.nn.utils.clip_grad_norm_(other, limit, norm)
    assert here == pytest.approx(there.item(), rel=1e-6)
    for p, q in zip(mine, other, strict=True):
        np.testing.assert_allclose(p.value.grad.numpy(), q.grad.numpy(), rtol=1e-6)
