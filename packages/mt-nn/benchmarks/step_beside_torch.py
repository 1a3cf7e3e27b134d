"""Time and memory of one training step, beside PyTorch on as many threads.

    hatch run peer:step [ROUNDS] [THREADS]

A step is: forget the gradients, forward, loss, backward, Adam; float32, dropout on. Each figure is
measured in a process of its own; in every round the libraries take turns. Seconds are the best step
of all rounds, by the wall clock and by the processors' time. Memory is how far the peak of the
process rises above what it had when everything was loaded and had run once on a batch of one
sample; its median over the rounds.
"""

# ruff: noqa: PLC0415  each process imports only the library that it measures

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

CASES = {
    "LeNet, 16 images": ("lenet", 16),
    "LeNet, 128 images": ("lenet", 128),
    "sentence CNN, 50 sentences of 30 words": ("sentences", 50),
}
KINDS = ("torch", "eager", "captured")
WORDS, VOCABULARY, EMBEDDING, CHANNELS, WIDTHS = 30, 10_000, 50, 100, (3, 4, 5)
WARM_UP, SECONDS = 6, 2.0
KEPT = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
"""Let the C library keep large blocks: otherwise PyTorch asks the system for each of them anew, and
takes up to twice as long."""

Step = Callable[[], object]
Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Figures:
    """What one process measured.

    Attributes:
        wall: seconds of its best step.
        processor: seconds of all processors in its best step.
        memory: bytes by which its peak rose.
    """

    wall: float
    processor: float
    memory: int


def batch(name: str, size: int) -> Arrays:
    """Return inputs and classes."""
    rng = np.random.default_rng(0)
    if name == "lenet":
        return rng.random((size, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, size)
    return rng.integers(1, VOCABULARY, (size, WORDS)), rng.integers(0, 2, size)


def our_step(name: str, *, captured: bool) -> Callable[[Arrays], Step]:
    """Return what makes a step of MiniTorch for a batch."""
    import mt_tensor as mt
    from mt_nn.functional import nll_loss
    from mt_nn.models import LeNet, SentenceCNN
    from mt_nn.optim import Adam
    from mt_nn.training.step import TrainingStep

    sizes = {"channels": CHANNELS, "widths": WIDTHS, "dtype": "float32"}
    model = (
        LeNet(dtype="float32") if name == "lenet" else SentenceCNN(VOCABULARY, EMBEDDING, **sizes)  # type: ignore[arg-type]  # by name
    )
    step = TrainingStep(model, Adam(model.parameters()), nll_loss, None)

    def prepared(arrays: Arrays) -> Step:
        inputs, target = map(mt.tensor, arrays)
        run = mt.capture(step) if captured else step

        def once() -> float:
            return run(inputs, target)[0].item()

        return once

    return prepared


def their_step(name: str) -> Callable[[Arrays], Step]:
    """Return what makes a step of PyTorch for a batch, with the same network."""
    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

    class SentenceCNN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, EMBEDDING, padding_idx=0)
            self.convolutions = nn.ModuleList(
                nn.Conv1d(EMBEDDING, CHANNELS, width, padding=width) for width in WIDTHS
            )
            self.dropout = nn.Dropout(0.5)
            self.output = nn.Linear(CHANNELS * len(WIDTHS), 2)

        def forward(self, words: Any) -> Any:
            x = self.dropout(self.embedding(words)).permute(0, 2, 1)
            matches = [conv(x).amax(dim=2) for conv in self.convolutions]
            return self.output(self.dropout(torch.cat(matches, 1).relu())).log_softmax(1)

    lenet = nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 8, 3, padding=1), nn.ReLU()),
        *(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(392, 64), nn.ReLU(), nn.Dropout(0.25)),
        *(nn.Linear(64, 10), nn.LogSoftmax(1)),
    )
    model: Any = lenet if name == "lenet" else SentenceCNN()
    optimizer = torch.optim.Adam(model.parameters())

    def prepared(arrays: Arrays) -> Step:
        inputs, target = map(torch.tensor, arrays)

        def step() -> float:
            optimizer.zero_grad()
            loss = nn.functional.nll_loss(model(inputs), target)
            loss.backward()
            optimizer.step()
            return float(loss.item())

        return step

    return prepared


def measure(kind: str, name: str, size: int) -> Figures:
    """Measure one library in this process."""
    make = their_step(name) if kind == "torch" else our_step(name, captured=kind == "captured")
    repeat(make(batch(name, 1)))
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
    before = status("VmRSS")
    step = make(batch(name, size))
    repeat(step)
    memory = status("VmHWM") - before
    wall = processor = float("inf")
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start, used = time.perf_counter(), time.process_time()
        step()
        wall = min(wall, time.perf_counter() - start)
        processor = min(processor, time.process_time() - used)
    return Figures(wall, processor, memory)


def repeat(step: Step) -> None:
    """Take steps until nothing is new."""
    for _ in range(WARM_UP):
        step()


def status(field: str) -> int:
    """Return a figure of Linux about the memory of this process, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    line = next(line for line in lines if line.startswith(field))
    return int(line.split()[1]) * 1024


def elsewhere(kind: str, name: str, size: int, threads: int) -> Figures:
    """Measure one library in a process of its own."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    command = [sys.executable, __file__, "--measure", kind, name, str(size)]
    variables = os.environ | dict.fromkeys(names, str(threads)) | KEPT | {"MT_BACKEND": "fast"}
    ran = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)  # noqa: S603
    return Figures(**json.loads(ran.stdout.splitlines()[-1]))


def table(rounds: int, threads: int) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| step | of | wall | ratio | processors | ratio | memory | ratio |"
    yield "| --- | --- | --: | --: | --: | --: | --: | --: |"
    for title, (name, size) in CASES.items():
        for kind in KINDS:
            elsewhere(kind, name, size, threads)  # compiles what is not on disk yet
        runs = [
            {kind: elsewhere(kind, name, size, threads) for kind in KINDS} for _ in range(rounds)
        ]
        best = {kind: together([run[kind] for run in runs]) for kind in KINDS}
        theirs = best["torch"]
        for kind, label in zip(KINDS, ("PyTorch", "MiniTorch", "captured"), strict=True):
            it = best[kind]
            yield (
                f"| {title} | {label} "
                f"| {1000 * it.wall:.2f} ms | {it.wall / theirs.wall:.2f} "
                f"| {1000 * it.processor:.2f} ms | {it.processor / theirs.processor:.2f} "
                f"| {it.memory / 2**20:.1f} MiB | {it.memory / theirs.memory:.2f} |"
            )


def together(runs: list[Figures]) -> Figures:
    """Return the best times and the median memory of several processes."""
    return Figures(
        min(run.wall for run in runs),
        min(run.processor for run in runs),
        int(median(run.memory for run in runs)),
    )


def main() -> None:
    """Print the table, or measure for whoever does."""
    if sys.argv[1:2] == ["--measure"]:
        kind, name, size = sys.argv[2:]
        print(json.dumps(vars(measure(kind, name, int(size)))))
        return
    rounds, threads = [*map(int, sys.argv[1:]), *(5, 2)[len(sys.argv) - 1 :]]
    for line in table(rounds, threads):
        print(line, flush=True)


if __name__ == "__main__":
    main()
