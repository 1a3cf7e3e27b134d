"""Whole networks against their twins in PyTorch, with the same weights."""

from itertools import pairwise

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn.models import GPT, MLP, LeNet, ResNet, SentenceCNN

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")
nn = torch.nn
RNG = np.random.default_rng(0)


class TheirMLP(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes[:-1]))
        self.output = nn.Linear(*sizes[-2:])

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = layer(x).relu()
        return self.output(x).log_softmax(1)


class TheirLeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 8, 3, padding=1)
        self.hidden = nn.Linear(392, 64)
        self.output = nn.Linear(64, 10)

    def forward(self, images):
        x = self.conv2(self.conv1(images).relu()).relu()
        x = nn.functional.avg_pool2d(x, 4).flatten(1)
        return self.output(self.hidden(x).relu()).log_softmax(1)


class TheirSentenceCNN(nn.Module):
    def __init__(self, vocabulary, dim, channels):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, dim, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(dim, channels, w, padding=w) for w in (3, 4, 5))
        self.output = nn.Linear(3 * channels, 2)

    def forward(self, words):
        x = self.embedding(words).permute(0, 2, 1)
        features = torch.cat([conv(x).relu().amax(2) for conv in self.convolutions], 1)
        return self.output(features).log_softmax(1)


class TheirBlock(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        if stride > 1 or channels != width:
            change = nn.Conv2d(channels, width, 1, stride, bias=False)
            self.projection = nn.Sequential(change, nn.BatchNorm2d(width))

    def forward(self, x):
        change = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu()))
        return (change + (self.projection(x) if hasattr(self, "projection") else x)).relu()


class TheirResNet(nn.Module):
    """Two stages of two blocks: 4 channels, then 6 at half the size."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        shapes = [(4, 4, 1), (4, 4, 1), (4, 6, 2), (6, 6, 1)]
        self.blocks = nn.ModuleList(TheirBlock(*shape) for shape in shapes)
        self.output = nn.Linear(6, 5)

    def forward(self, images):
        x = self.norm(self.conv(images)).relu()
        for block in self.blocks:
            x = block(x)
        return self.output(x.mean((2, 3))).log_softmax(1)


class TheirLayer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x):
        y = self.norm1(x)
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        x = x + self.attention(y, y, y, need_weights=False, attn_mask=later)[0]
        return x + self.mlp(self.norm2(x))


class TheirGPT(nn.Module):
    def __init__(self, vocabulary, context, dim, heads, layers):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, dim)
        self.places = nn.Embedding(context, dim)
        self.blocks = nn.ModuleList(TheirLayer(dim, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)
        self.output = nn.Linear(dim, vocabulary, bias=False)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.places(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x))


CASES = {
    "MLP": (lambda: MLP(8, 6, 5, 3), lambda: TheirMLP(8, 6, 5, 3), RNG.normal(size=(4, 2, 4))),
    "LeNet": (lambda: LeNet(dropout=0.0), TheirLeNet, RNG.normal(size=(2, 1, 28, 28))),
    "SentenceCNN": (
        lambda: SentenceCNN(9, 4, channels=3, dropout=0.0),
        lambda: TheirSentenceCNN(9, 4, 3),
        np.array([[2, 3, 4, 0, 0, 0], [8, 7, 6, 5, 4, 3], [2, 2, 1, 0, 0, 0]]),
    ),
    "ResNet": (
        lambda: ResNet(3, 5, widths=(4, 6), blocks=2),
        TheirResNet,
        RNG.normal(size=(2, 3, 7, 6)),
    ),
    "GPT": (
        lambda: GPT(9, 8, dim=6, heads=2, layers=2),
        lambda: TheirGPT(9, 8, 6, 2, 2),
        RNG.integers(0, 9, (3, 7)),
    ),
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("name", CASES)
def test_the_same_results_gradients_and_statistics(name, training):
    make_ours, make_theirs, x = CASES[name]
    ours, theirs = make_ours().train(training), make_theirs().double().train(training)
    state = {key: torch.from_numpy(v.detach().numpy().copy()) for key, v in ours.state().items()}
    theirs.load_state_dict(state)
    result, expected = ours(mt.tensor(x)), theirs(torch.from_numpy(x))
    close(result.detach(), expected)
    cotangent = np.random.default_rng(1).normal(size=result.shape)
    (result * mt.tensor(cotangent)).sum().backward()
    (expected * torch.from_numpy(cotangent)).sum().backward()
    gradients = {key: p.grad for key, p in theirs.named_parameters()}
    assert gradients.keys() == {key for key, _ in ours.named_parameters()}
    for key, parameter in ours.named_parameters():
        close(parameter.value.grad, gradients[key])
    for key, buffer in ours.named_buffers():
        close(buffer.value, dict(theirs.named_buffers())[key])


def close(ours, theirs):
    np.testing.assert_allclose(ours.numpy(), theirs.detach().numpy(), rtol=1e-10, atol=1e-10)
