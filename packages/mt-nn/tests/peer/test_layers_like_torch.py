"""Layers against PyTorch: the same constructor call, the same state, the same results."""

import numpy as np
import pytest

import mt_nn
import mt_tensor as mt

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")

# Name: how the layer is made of either library, and the shape of its input.
CASES = {
    "Linear": (lambda nn: nn.Linear(4, 3), (5, 4)),
    "Linear, no bias": (lambda nn: nn.Linear(4, 3, bias=False), (2, 5, 4)),
    "Conv2d": (lambda nn: nn.Conv2d(2, 4, 3, stride=2, padding=1), (3, 2, 7, 6)),
    "Conv2d, no bias": (lambda nn: nn.Conv2d(2, 4, (3, 2), bias=False), (2, 7, 6)),
    "Conv2d, dilation and groups": (lambda nn: nn.Conv2d(4, 6, 3, 2, 2, 2, 2), (2, 4, 9, 8)),
    "Conv2d, same": (lambda nn: nn.Conv2d(2, 4, (2, 3), padding="same"), (2, 2, 7, 6)),
    "Conv1d": (lambda nn: nn.Conv1d(4, 6, 3, 2, 1, 2, 2), (2, 4, 9)),
    "ConvTranspose2d": (
        lambda nn: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, dilation=2),
        (2, 4, 5, 4),
    ),
    "ConvTranspose1d": (lambda nn: nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2, bias=False), (2, 4, 5)),
    "AvgPool2d": (lambda nn: nn.AvgPool2d(3, 2), (2, 3, 8, 7)),
    "MaxPool2d": (lambda nn: nn.MaxPool2d(2), (2, 3, 8, 7)),
    "AvgPool1d": (lambda nn: nn.AvgPool1d(3, 2, 1), (2, 3, 8)),
    "MaxPool1d": (lambda nn: nn.MaxPool1d(3, 2, 1, ceil_mode=True), (2, 3, 8)),
    "AdaptiveAvgPool2d": (lambda nn: nn.AdaptiveAvgPool2d((None, 3)), (2, 3, 8, 7)),
    "AdaptiveAvgPool1d": (lambda nn: nn.AdaptiveAvgPool1d(3), (2, 3, 7)),
    "LayerNorm": (lambda nn: nn.LayerNorm((3, 4)), (2, 3, 4)),
    "LayerNorm, no bias": (lambda nn: nn.LayerNorm(4, bias=False), (2, 3, 4)),
    "RMSNorm": (lambda nn: nn.RMSNorm(4), (2, 3, 4)),
    "GroupNorm": (lambda nn: nn.GroupNorm(2, 4), (2, 4, 3)),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(4), (3, 4, 5)),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(4, eps=1e-3, momentum=0.3), (3, 4, 2, 2)),
    "BatchNorm2d, off": (lambda nn: nn.BatchNorm2d(4).eval(), (3, 4, 2, 2)),
    "BatchNorm1d, no statistics": (
        lambda nn: nn.BatchNorm1d(4, affine=False, track_running_stats=False).eval(),
        (3, 4),
    ),
    "ReLU": (lambda nn: nn.ReLU(), (3, 4)),
    "LeakyReLU": (lambda nn: nn.LeakyReLU(0.2), (3, 4)),
    "PReLU": (lambda nn: nn.PReLU(4, 0.3), (3, 4, 2)),
    "ELU": (lambda nn: nn.ELU(0.7), (3, 4)),
    "SiLU": (lambda nn: nn.SiLU(), (3, 4)),
    "GELU": (lambda nn: nn.GELU("tanh"), (3, 4)),
    "Softplus": (lambda nn: nn.Softplus(2.0, 5.0), (3, 4)),
    "ModuleList": (lambda nn: nn.ModuleList([nn.Linear(4, 3), nn.Tanh()])[0], (5, 4)),
    "ModuleDict": (lambda nn: nn.ModuleDict({"a": nn.Linear(4, 3)})["a"], (5, 4)),
    "Sigmoid": (lambda nn: nn.Sigmoid(), (3, 4)),
    "Tanh": (lambda nn: nn.Tanh(), (3, 4)),
    "Softmax": (lambda nn: nn.Softmax(dim=0), (3, 4)),
    "LogSoftmax": (lambda nn: nn.LogSoftmax(dim=1), (3, 4)),
    "Flatten": (lambda nn: nn.Flatten(), (3, 4, 2)),
    "Dropout, off": (lambda nn: nn.Dropout(0.5).eval(), (3, 4)),
    "Sequential": (
        lambda nn: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)),
        (2, 1, 4, 4),
    ),
}


def pair(name, dtype):
    """Make the layer of both libraries, with PyTorch's weights."""
    make, shape = CASES[name]
    torch.manual_seed(0)
    theirs = make(torch.nn).to(getattr(torch, dtype))
    ours = mt_nn.move(make(mt_nn), dtype)
    ours.load_state({k: mt.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    return ours, theirs, np.random.default_rng(1).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_pytorch(name, dtype):
    ours, theirs, array = pair(name, dtype)
    x, y = mt.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    here, there = ours(x), theirs(y)
    assert here.shape == there.shape
    (here * here).sum().backward()
    (there * there).sum().backward()
    tolerance = {"float64": 1e-10, "float32": 1e-5}[dtype]
    compared = {"result": (here.detach(), there.detach()), "input": (x.grad, y.grad)}
    compared |= {
        k: (p.value.grad, q.grad)
        for (k, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True)
    }
    state = theirs.state_dict()
    compared |= {k: (b.value, state[k]) for k, b in ours.named_buffers()}
    for mine, other in compared.values():
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", CASES)
def test_parameters_have_the_same_names_shapes_and_initial_range(name):
    make, _ = CASES[name]
    ours, theirs = make(mt_nn), make(torch.nn)
    shapes = {k: p.value.shape for k, p in ours.named_parameters()}
    assert shapes == {k: tuple(p.shape) for k, p in theirs.named_parameters()}


@pytest.mark.parametrize("kind", [lambda nn: nn.Linear(16, 2000), lambda nn: nn.Conv2d(4, 2000, 2)])
def test_initial_weights_have_the_same_distribution(kind):
    torch.manual_seed(0)
    mt.manual_seed(0)
    for (_, p), (_, q) in zip(
        kind(mt_nn).named_parameters(), kind(torch.nn).named_parameters(), strict=True
    ):
        mine, other = np.sort(p.value.detach().numpy().ravel()), np.sort(q.detach().numpy().ravel())
        assert abs(mine - other).max() < 0.1 * abs(other).max()
