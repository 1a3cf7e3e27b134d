"""Optimisers against PyTorch, over a hundred steps on gradients that depend on the parameters."""

# ruff: noqa: T201  it is a program as well

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Parameter, optim

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")

# The rates keep every element on its way: at its goal RMSprop divides one vanishing number by
# another, which multiplies a difference of rounding by six at every step.
CASES = {
    "SGD": lambda o, p: o.SGD(p, lr=0.05),
    "SGD, weight decay": lambda o, p: o.SGD(p, lr=0.05, weight_decay=0.1),
    "SGD, momentum": lambda o, p: o.SGD(p, lr=0.02, momentum=0.9),
    "SGD, dampening": lambda o, p: o.SGD(p, 0.02, 0.9, 0.3, 0.1),
    "SGD, Nesterov": lambda o, p: o.SGD(p, 0.02, 0.9, 0, 0.1, nesterov=True),
    "Adam": lambda o, p: o.Adam(p, lr=0.05),
    "Adam, weight decay": lambda o, p: o.Adam(p, 0.05, (0.8, 0.95), 1e-6, 0.1),
    "AdamW": lambda o, p: o.AdamW(p, lr=0.05),
    "AdamW, weight decay": lambda o, p: o.AdamW(p, 0.05, (0.8, 0.95), 1e-6, 0.3),
    "RMSprop": lambda o, p: o.RMSprop(p, lr=0.02),
    "RMSprop, weight decay": lambda o, p: o.RMSprop(p, 0.001, 0.99, 1e-6, 0.1),
    "RMSprop, momentum": lambda o, p: o.RMSprop(p, 0.005, 0.9, 1e-6, 0.1, 0.8),
    "RMSprop, centred": lambda o, p: o.RMSprop(p, 0.005, 0.9, 1e-4, centered=True),
    "RMSprop, all": lambda o, p: o.RMSprop(p, 0.005, 0.9, 1e-4, 0.1, 0.8, centered=True),
    "Adagrad": lambda o, p: o.Adagrad(p, lr=0.5),
    "Muon": lambda o, p: o.Muon(p, lr=0.02),
    "Muon, all": lambda o, p: o.Muon(
        p, 0.02, 0.2, 0.8, False, (3.0, -3.2, 1.2), 1e-5, 3, "match_rms_adamw"
    ),
    "Adagrad, all": lambda o, p: o.Adagrad(p, 0.5, 0.1, 0.1, 0.3, 1e-6),
}
STEPS = 100


@pytest.fixture(autouse=True)
def _exactly(monkeypatch):
    """Let PyTorch's Muon compute in the precision of its parameters: it rounds to bfloat16."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)


def start():
    rng = np.random.default_rng(0)
    return rng.standard_normal((3, 4)), rng.standard_normal((3, 4)), rng.uniform(0.5, 2, (3, 4))


def difference(name):
    """Return the largest difference of the parameters at any of the steps."""
    point, target, weight = start()
    mine, other = Parameter(mt.tensor(point)), torch.nn.Parameter(torch.tensor(point))
    ours, theirs = CASES[name](optim, [mine]), CASES[name](torch.optim, [other])
    worst = 0.0
    for _ in range(STEPS):
        ours.zero_grad()
        theirs.zero_grad()
        offset = mine.value - mt.tensor(target)
        (mt.tensor(weight) * offset * offset).sum().backward()
        (torch.tensor(weight) * (other - torch.tensor(target)) ** 2).sum().backward()
        ours.step()
        theirs.step()
        apart = abs(mine.value.detach().numpy() - other.detach().numpy()).max()
        worst = max(worst, float(apart))
    return worst


@pytest.mark.parametrize("name", CASES)
def test_it_goes_where_pytorch_goes(name):
    assert difference(name) <= 1e-10


if __name__ == "__main__":
    torch.Tensor.bfloat16 = torch.Tensor.clone
    print("\n| optimiser | after 100 steps |\n| --- | --: |")
    for name in CASES:
        print(f"| {name} | {difference(name):.0e} |")
