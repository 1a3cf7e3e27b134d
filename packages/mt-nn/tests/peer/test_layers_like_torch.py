"""Layers and losses against PyTorch: the same constructor call, the same state, the same results.

Run as a script, this file prints the table of differences.
"""

# ruff: noqa: T201  it is a program as well

import warnings

import numpy as np
import pytest

import mt_nn
import mt_tensor as mt
from mt_nn import layers

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")

WORDS = np.array([[3, 1, 3], [0, 1, 2]])
CLASSES = np.array([2, 0, 3, 1, 1])
SIGNS = np.array([1.0, -1.0, -1.0, 1.0, -1.0])
SHARES = np.array([[0.1, 0.4, 0.9], [0.5, 0.7, 0.2]])
CHANCES = np.array([[0.0, 0.3, 1.0], [0.6, 0.5, 0.1]])


def residual(nn):
    """Return x + f(x), for which PyTorch has no module."""
    if nn is mt_nn:
        return nn.Residual(nn.Linear(4, 4))

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.module = nn.Linear(4, 4)

        def forward(self, x):
            return x + self.module(x)

    return Residual()


# Name: how the layer is made of either library, and its inputs: shapes of floats, or arrays.
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
    "Bilinear": (lambda nn: nn.Bilinear(4, 5, 3), (2, 4), (2, 5)),
    "Embedding": (lambda nn: nn.Embedding(5, 4), WORDS),
    "Embedding, padding": (lambda nn: nn.Embedding(5, 4, padding_idx=1), WORDS),
    "MultiheadAttention": (lambda nn: nn.MultiheadAttention(6, 2), (4, 2, 6)),
    "MultiheadAttention, batch first": (
        lambda nn: nn.MultiheadAttention(6, 3, bias=False, batch_first=True),
        (2, 4, 6),
    ),
    "RNN": (lambda nn: nn.RNN(3, 4), (5, 2, 3)),
    "RNN, relu": (lambda nn: nn.RNN(3, 4, 2, "relu", bias=False), (5, 2, 3)),
    "GRU": (lambda nn: nn.GRU(3, 4), (5, 2, 3)),
    "GRU, two layers both ways": (lambda nn: nn.GRU(3, 4, 2, bidirectional=True), (5, 2, 3)),
    "LSTM": (lambda nn: nn.LSTM(3, 4), (5, 2, 3)),
    "LSTM, two layers both ways": (lambda nn: nn.LSTM(3, 4, 2, bidirectional=True), (5, 2, 3)),
    "Residual": (residual, (2, 4)),
    "NLLLoss": (lambda nn: nn.NLLLoss(), (5, 4), CLASSES),
    "NLLLoss, ignored": (lambda nn: nn.NLLLoss(ignore_index=1, reduction="sum"), (5, 4), CLASSES),
    "CrossEntropyLoss": (lambda nn: nn.CrossEntropyLoss(), (5, 4), CLASSES),
    "CrossEntropyLoss, smooth": (
        lambda nn: nn.CrossEntropyLoss(ignore_index=3, label_smoothing=0.2),
        *((5, 4), CLASSES),
    ),
    "CrossEntropyLoss, probabilities": (
        lambda nn: nn.CrossEntropyLoss(reduction="sum"),
        *((2, 3), CHANCES),
    ),
    "BCELoss": (lambda nn: nn.BCELoss(), SHARES, CHANCES),
    "BCEWithLogitsLoss": (lambda nn: nn.BCEWithLogitsLoss(), (2, 3), CHANCES),
    "MSELoss": (lambda nn: nn.MSELoss(), (3, 4), (3, 4)),
    "L1Loss": (lambda nn: nn.L1Loss(reduction="none"), (3, 4), (3, 4)),
    "HuberLoss": (lambda nn: nn.HuberLoss(delta=0.7), (3, 4), (3, 4)),
    "SmoothL1Loss": (lambda nn: nn.SmoothL1Loss(beta=0.7), (3, 4), (3, 4)),
    "HingeEmbeddingLoss": (lambda nn: nn.HingeEmbeddingLoss(margin=0.5), (5,), SIGNS),
    "Sequential": (
        lambda nn: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)),
        (2, 1, 4, 4),
    ),
}


TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


def pair(name, dtype):
    """Make the layer of both libraries, with PyTorch's weights."""
    make, *_ = CASES[name]
    torch.manual_seed(0)
    theirs = make(torch.nn).to(getattr(torch, dtype))
    ours = mt_nn.move(make(mt_nn), dtype)
    ours.load_state({k: mt.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    return ours, theirs


def inputs_of(name, dtype):
    """Return the arrays that a layer is called on, and which of them get a gradient."""
    _, *inputs = CASES[name]
    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal(i) if isinstance(i, tuple) else i for i in inputs]
    leaf = [isinstance(i, tuple) or (k == 0 and i.dtype.kind == "f") for k, i in enumerate(inputs)]
    return [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays], leaf


def called(layer, inputs):
    """Return all tensors that a layer makes of its inputs."""
    attends = type(layer).__name__ == "MultiheadAttention"
    return list(tensors_in(layer(*inputs, *inputs, *inputs) if attends else layer(*inputs)))


def tensors_in(value):
    if isinstance(value, tuple):
        for part in value:
            yield from tensors_in(part)
    else:
        yield value


def compared(name, dtype):
    """Return pairs of arrays that should be equal: results, gradients and buffers, by name."""
    ours, theirs = pair(name, dtype)
    arrays, leaf = inputs_of(name, dtype)
    mine = [mt.tensor(a, requires_grad=f) for a, f in zip(arrays, leaf, strict=True)]
    other = [torch.tensor(a, requires_grad=f) for a, f in zip(arrays, leaf, strict=True)]
    here, there = called(ours, mine), called(theirs, other)
    sum((t * t).sum() for t in here).backward()
    sum((t * t).sum() for t in there).backward()
    pairs = {f"result {i}": both for i, both in enumerate(zip(here, there, strict=True))}
    pairs = {k: (a.detach(), b.detach()) for k, (a, b) in pairs.items()}
    grads = [(x.grad, y.grad) for x, y, f in zip(mine, other, leaf, strict=True) if f]
    pairs |= {f"input {i}": both for i, both in enumerate(grads)}
    named = zip(ours.named_parameters(), theirs.named_parameters(), strict=True)
    pairs |= {k: (p.value.grad, q.grad) for (k, p), (_, q) in named}
    state = theirs.state_dict()
    pairs |= {k: (b.value, state[k]) for k, b in ours.named_buffers()}
    return {k: (a.numpy(), b.numpy()) for k, (a, b) in pairs.items()}


def difference(name, dtype):
    """Return the largest difference, relative to values above 1."""
    worst = 0.0
    for mine, other in compared(name, dtype).values():
        assert mine.size == other.size
        apart = abs(mine.reshape(other.shape) - other) / np.maximum(1.0, abs(other))
        worst = max(worst, float(apart.max()))
    return worst


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_pytorch(name, dtype):
    for key, (mine, other) in compared(name, dtype).items():
        one = (1,) if key.startswith("result") else ()  # a full reduction keeps a dimension here
        assert mine.shape == (other.shape or one), key
        assert mine.dtype == other.dtype, key
    assert difference(name, dtype) <= TOLERANCE[dtype]


def test_every_layer_and_loss_is_compared():
    names = {n for n, kind in vars(layers).items() if isinstance(kind, type)}
    assert names - {name.split(",")[0] for name in CASES} == set()


@pytest.mark.parametrize("name", CASES)
def test_parameters_have_the_same_names_and_shapes(name):
    make, *_ = CASES[name]
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


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print("\n| layer | float64 | float32 |\n| --- | --: | --: |")
    for name in CASES:
        wide, narrow = (difference(name, dtype) for dtype in TOLERANCE)
        print(f"| {name} | {wide:.0e} | {narrow:.0e} |")
