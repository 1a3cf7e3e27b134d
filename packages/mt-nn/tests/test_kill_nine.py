"""A run that is killed at any moment and goes on ends with the same bits.

The moments are random over the whole run: in a step, between two, while a checkpoint is written.
`python packages/mt-nn/tests/test_kill_nine.py 20` kills twenty runs and prints where; as a test,
there are `MT_KILLS` of them on each backend, 2 if that is not set.
"""

# ruff: noqa: T201  it is a program as well

import mmap
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import mt_tensor as mt
from mt_nn import (
    BatchNorm2d,
    Checkpoints,
    Conv2d,
    DataLoader,
    Dropout,
    Flatten,
    Linear,
    LogSoftmax,
    ReLU,
    Schedule,
    Sequential,
    TensorDataset,
    Trainer,
)
from mt_nn.checkpoint import load_tree
from mt_nn.optim import AdamW, lr_scheduler

EPOCHS, BATCHES, BATCH = 4, 6, 4
KILLS = int(os.environ.get("MT_KILLS", "2"))


class Marked(Checkpoints):
    """A checkpoint that leaves a mark in shared memory while it is being written."""

    def __init__(self, path, mark):
        super().__init__(path, every=1)
        self.mark = mark

    def write(self, state):
        self.mark[0] = 1
        super().write(state)
        self.mark[0] = 0


def network():
    generator = mt.Generator(1)
    return Sequential(
        Conv2d(1, 2, 3, generator=generator),
        BatchNorm2d(2),
        ReLU(),
        Flatten(),
        Dropout(0.4),
        Linear(32, 3, generator=generator),
        Dropout(0.1, generator=mt.Generator(2)),
        LogSoftmax(dim=1),
    )


def made(path, mark):
    """Make a run from nothing, as a program does each time it is started."""
    mt.manual_seed(9)
    model = network()
    rng = np.random.default_rng(2)
    x = rng.standard_normal((BATCHES * BATCH - 1, 1, 6, 6))
    data = TensorDataset(mt.tensor(x), mt.tensor(rng.integers(0, 3, len(x))))
    loader = DataLoader(data, BATCH, shuffle=True, generator=mt.Generator(3), num_workers=2)
    optimizer = AdamW(model.parameters(), lr=0.05)
    schedule = Schedule(lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * BATCHES), "step")
    checkpoints = Marked(path, mark)
    trainer = Trainer(model, optimizer, callbacks=[schedule], checkpoints=checkpoints)
    return trainer, loader, DataLoader(data, 8)


def run(folder):
    """Train in this process, going on with what is in the folder, and print what came out."""
    path = folder / "run.safetensors"
    with (folder / "mark").open("r+b") as file:
        mark = mmap.mmap(file.fileno(), 1)
    trainer, train, test = made(folder / "warm.safetensors", mark)
    trainer.fit(train, test)  # loads the kernels, so that no moment is one of loading
    trainer, train, test = made(path, mark)
    resume = path if path.exists() else None
    print(f"from {load_tree(path)['step'] if resume else 0}", flush=True)
    start = time.perf_counter()
    trainer.fit(train, test, epochs=EPOCHS, resume=resume)
    print(f"seconds {time.perf_counter() - start}")
    print(f"digest {digest([train.generator.state(), trainer])}")


def digest(node):
    """Return the SHA-256 of everything that a run ends with, to the last bit."""
    total = sha256()
    for part in parts(node):
        total.update(part)
    return total.hexdigest()


def parts(node):
    if isinstance(node, Trainer):
        generators = [getattr(m, "generator", None) for m in node.model.modules()]
        yield from parts(node.model.state())
        yield from parts(node.optimizer.state_dict())
        yield from parts([callback.state_dict() for callback in node.callbacks])
        yield from parts([g.state() for g in [mt.default_generator, *generators] if g])
        yield from parts(node.history.step_losses)
        yield from parts([[e.train.loss, e.test.loss] for e in node.history.epochs])
    elif isinstance(node, dict):
        yield from parts([list(pair) for pair in node.items()])
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from parts(value)
    elif isinstance(node, mt.Tensor):
        yield node.detach().numpy().tobytes()
    else:
        yield repr(node).encode()


@dataclass(frozen=True)
class Ended:
    """A whole run.

    Attributes:
        start: the step that it went on from.
        seconds: how long it trained.
        digest: of all that it ended with.
    """

    start: int
    seconds: float
    digest: str


def started(folder, backend):
    (folder / "mark").write_bytes(b"\0")
    return subprocess.Popen(
        [sys.executable, __file__, "--run", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"MT_BACKEND": backend},
    )


def ended(folder, backend):
    with started(folder, backend) as process:
        lines = dict(line.split() for line in process.communicate()[0].splitlines())
    assert process.returncode == 0
    return Ended(int(lines["from"]), float(lines["seconds"]), lines["digest"])


def kill(folder, backend, seconds):
    """Kill a run after some time of training; return whether it was writing, or None: too late."""
    with started(folder, backend) as process:
        assert process.stdout.readline().startswith("from")
        time.sleep(seconds)
        process.kill()
        process.communicate()
    writing = (folder / "mark").read_bytes() == b"\1"
    return None if process.returncode == 0 else writing


def moments(kills, backend, folder, rng):
    """Yield for each kill: when, whether a checkpoint was being written, and how it went on."""
    expected, repeated = (ended(empty(folder / name), backend) for name in ("whole", "again"))
    assert repeated.digest == expected.digest
    for i in range(kills):
        writing, tries = None, 0
        while writing is None:
            place = empty(folder / f"{i}-{tries}")
            seconds = rng.uniform(0.0, repeated.seconds)
            writing, tries = kill(place, backend, seconds), tries + 1
        after = ended(place, backend)
        yield seconds, writing, after.start, after.digest == expected.digest


def empty(folder):
    folder.mkdir()
    return folder


def test_it_ends_with_the_same_bits(backend, tmp_path):
    rng = np.random.default_rng()
    for seconds, writing, start, equal in moments(KILLS, backend, tmp_path, rng):
        assert equal, f"killed after {seconds} s, writing: {writing}; it went on from {start}"


def test_it_may_be_killed_again_and_again(tmp_path):
    backend = "simple"
    expected = ended(empty(tmp_path / "whole"), backend)
    folder = empty(tmp_path / "run")
    for seconds in np.random.default_rng().uniform(0.0, expected.seconds / 2, 3):
        kill(folder, backend, seconds)
    assert ended(folder, backend).digest == expected.digest


def main(kills, backend):
    print("| killed after | while | went on from step | same bits |")
    print("| --: | --- | --: | --- |")
    right = 0
    rng = np.random.default_rng()
    with TemporaryDirectory() as folder:
        for seconds, writing, start, equal in moments(kills, backend, Path(folder), rng):
            doing = "writing a checkpoint" if writing else "training"
            verdict = "yes" if equal else "no"
            print(f"| {1000 * seconds:.0f} ms | {doing} | {start} | {verdict} |", flush=True)
            right += equal
    print(f"\n{right} of {kills} runs of {EPOCHS * BATCHES} steps on {backend!r} the same")
    return int(right != kills)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(Path(sys.argv[2]))
    else:
        count, *named = sys.argv[1:] or ["20"]
        sys.exit(main(int(count), named[0] if named else mt.default_backend().name))
