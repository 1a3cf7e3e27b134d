"""The targets of whole training steps: eager and captured, beside PyTorch and JAX."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from against_torch_steps import Row, Step, descent, lenet, row, xor
from peer_jax import xor_step
from targets import Target

import mt_tensor as mt
from mt_nn.functional import nll_loss
from mt_nn.models import SentenceCNN
from mt_nn.optim import SGD

VOCABULARY, WORDS = 2000, 52


def xor_steps() -> Iterator[Target]:
    """Yield steps of the network for points, of 10 and of 100 hidden neurons."""
    for hidden, least, aim in ((10, 40.0, 75.0), (100, 12.0, 22.0)):
        line = xor(hidden)
        jax = {"JAX": xor_step(hidden)}
        yield eager(line, 3.0, 5.0)
        yield captured(line, least, aim)
        yield Target(f"{line.name}, captured", line.captured, jax, 4.0, 10.0)


def lenet_steps() -> Iterator[Target]:
    """Yield steps of the network for digits, of 16 and of 128 images."""
    for batch, least, aim in ((16, 3.5, 6.0), (128, 3.0, 5.0)):
        line = lenet(batch)
        peers = {"PyTorch, 1 thread": line.peer, "PyTorch, 2 threads": on_two_threads(line.peer)}
        yield eager(line, least, aim)
        yield captured(line)
        yield Target(f"{line.name}, captured, 2 threads", line.captured, peers, 6.0, 10.0, 2)


def sentence_steps() -> Iterator[Target]:
    """Yield steps of the network for sentences, of 10 and of 50 sentences of 52 words."""
    for batch in (10, 50):
        line = sentences(batch)
        yield eager(line, 3.0, 5.0)
        yield captured(line)


def eager(line: Row, least: float, aim: float) -> Target:
    """Describe a step as it is written."""
    return Target(f"{line.name}, eager", line.eager, {"PyTorch": line.peer}, least, aim)


def captured(line: Row, least: float | None = None, aim: float | None = None) -> Target:
    """Describe a step that is replayed on one thread."""
    return Target(f"{line.name}, captured", line.captured, {"PyTorch": line.peer}, least, aim)


def on_two_threads(step: Step) -> Step:
    """Let PyTorch have two threads for a step."""

    def run() -> Any:
        torch.set_num_threads(2)
        result = step()
        torch.set_num_threads(1)
        return result

    return run


def sentences(batch: int) -> Row:
    """Describe a step of the network for sentences."""
    rng = np.random.default_rng(0)
    words, classes = rng.integers(1, VOCABULARY, (batch, WORDS)), rng.integers(0, 2, batch)

    def ours() -> Step:
        model = SentenceCNN(VOCABULARY, dtype="float32", generator=mt.Generator(0))
        return descent(model, nll_loss, SGD(model.parameters(), lr=0.1))

    def theirs() -> Step:
        model = TorchSentenceCNN()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        return descent(model, torch.nn.functional.nll_loss, optimizer)

    return row(f"sentence CNN, batch {batch}", ours, theirs, words, classes)


class TorchSentenceCNN(torch.nn.Module):
    """The network of `mt_nn.models.SentenceCNN` in PyTorch."""

    def __init__(self) -> None:
        """Draw the first weights."""
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, 50, padding_idx=0)
        widths = (3, 4, 5)
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv1d(50, 100, width, padding=width) for width in widths
        )
        self.dropout = torch.nn.Dropout(0.5)
        self.output = torch.nn.Linear(300, 2)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Return the logarithms of the classes' probabilities."""
        x = self.dropout(self.embedding(words)).permute(0, 2, 1)
        matches = [convolution(x).amax(2) for convolution in self.convolutions]
        return self.output(self.dropout(torch.cat(matches, 1).relu())).log_softmax(1)
