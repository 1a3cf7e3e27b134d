r"""Time training steps, eager and captured, beside PyTorch's eager ones.

    python against_torch_steps.py [--rounds 30] [--only xor] [--threads 1] [--peer-threads 1]

Xor: three linear layers of 10 or 100 neurons, batches of 10. LeNet: the course's network with
dropout, batches of 16 or 128. Plain gradient descent, float32. All runs take turns, so that a busy
machine slows them alike; a time is the smallest of the rounds, each of which repeats the step for
about `ROUND` seconds. The time is that which passes. Printed as a table of Markdown.
"""

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import mt_tensor as mt
from mt_fast import set_num_threads
from mt_nn import Linear, ReLU, Sequential, Sigmoid
from mt_nn.functional import nll_loss
from mt_nn.models import LeNet
from mt_nn.optim import SGD

ROUND = 0.02
Step = Callable[[], Any]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: the network and the batch.
        eager: our step as it is written.
        captured: the same, replayed.
        peer: PyTorch's.
    """

    name: str
    eager: Step
    captured: Step
    peer: Step


def xor(hidden: int) -> Row:
    """Describe a step of the course's network for points."""
    rng = np.random.default_rng(0)
    x = rng.random((10, 2), np.float32)
    y = (np.rint(x[:, :1]) != np.rint(x[:, 1:])).astype(np.float32)
    sizes = [(2, hidden), (hidden, hidden), (hidden, 1)]

    def ours() -> Step:
        layers = [Linear(*size, dtype="float32", generator=mt.Generator(0)) for size in sizes]
        model = Sequential(layers[0], ReLU(), layers[1], ReLU(), layers[2], Sigmoid())
        return descent(model, log_loss, SGD(model.parameters(), lr=0.1))

    def theirs() -> Step:
        layers = [torch.nn.Linear(*size) for size in sizes]
        relu, sigmoid = torch.nn.ReLU(), torch.nn.Sigmoid()
        model = torch.nn.Sequential(layers[0], relu, layers[1], relu, layers[2], sigmoid)
        return descent(model, log_loss, torch.optim.SGD(model.parameters(), lr=0.1))

    return row(f"Xor, hidden {hidden}, batch 10", ours, theirs, x, y)


def log_loss(output: Any, target: Any) -> Any:
    """Return the course's loss of a probability."""
    return -(output * target + (output - 1.0) * (target - 1.0)).log().mean()


def lenet(batch: int) -> Row:
    """Describe a step of the course's network for digits."""
    rng = np.random.default_rng(0)
    x = rng.random((batch, 1, 28, 28), np.float32)
    y = rng.integers(0, 10, batch)

    def ours() -> Step:
        model = LeNet(dtype="float32", generator=mt.Generator(0))
        return descent(model, nll_loss, SGD(model.parameters(), lr=0.1))

    def theirs() -> Step:
        model = torch.nn.Sequential(
            *(torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.ReLU()),
            *(torch.nn.Conv2d(4, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.AvgPool2d(4)),
            *(torch.nn.Flatten(), torch.nn.Linear(392, 64), torch.nn.ReLU()),
            *(torch.nn.Dropout(0.25), torch.nn.Linear(64, 10), torch.nn.LogSoftmax(1)),
        )
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        return descent(model, torch.nn.functional.nll_loss, optimizer)

    return row(f"LeNet, batch {batch}", ours, theirs, x, y)


def descent(model: Any, loss: Any, optimizer: Any) -> Step:
    """Return a training step of either library."""

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        error = loss(model(x), y)
        error.backward()
        optimizer.step()
        return error

    return step


def row(name: str, ours: Callable[[], Step], theirs: Callable[[], Step], x: Array, y: Array) -> Row:
    """Bind steps to a batch."""
    given = mt.tensor(x, backend="fast"), mt.tensor(y, backend="fast")
    peer_given = torch.from_numpy(x), torch.from_numpy(y)
    eager, captured, peer = ours(), mt.capture(ours()), theirs()
    return Row(name, lambda: eager(*given), lambda: captured(*given), lambda: peer(*peer_given))


ROWS = {
    "xor 10": lambda: xor(10),
    "xor 100": lambda: xor(100),
    "lenet 16": lambda: lenet(16),
    "lenet 128": lambda: lenet(128),
}


def measure(line: Row, rounds: int) -> list[float]:
    """Return the smallest time of each step, in microseconds."""
    steps = [line.eager, line.captured, line.peer]
    repeats = [repeats_of(step) for step in steps]
    best = [float("inf")] * len(steps)
    for _ in range(rounds):
        for k, step in enumerate(steps):
            best[k] = min(best[k], once(step, repeats[k]))
    return [1e6 * seconds for seconds in best]


def repeats_of(step: Step) -> int:
    """Warm a step up, and return how often it fits into a round."""
    for _ in range(5):
        step()
    return max(1, int(ROUND / once(step, 3)))


def once(step: Step, repeats: int) -> float:
    """Return the smallest time of a few steps in a row, in seconds."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", default="")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer-threads", type=int, default=1)
    options = parser.parse_args()
    set_num_threads(options.threads)
    torch.set_num_threads(options.peer_threads)
    mt.set_default_backend("fast")
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, ",
        end="",
    )
    print(f"NumPy {np.__version__}, PyTorch {torch.__version__}; ", end="")
    print(f"threads: ours {options.threads}, theirs {options.peer_threads}\n")
    print("| step | PyTorch, us | eager, us | captured, us | eager | captured |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, make in ROWS.items():
        if name.startswith(options.only):
            line = make()
            eager, captured, peer = measure(line, options.rounds)
            ratios = f"{peer / eager:.1f}x | {peer / captured:.1f}x"
            print(
                f"| {line.name} | {peer:.0f} | {eager:.0f} | {captured:.1f} | {ratios} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
