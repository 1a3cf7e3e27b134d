"""Read handwritten digits with the course's LeNet: 8,000 to learn from, 2,000 to be tested on.

With MNIST whole, those are 60,000 and 10,000.

Stochastic gradient descent with momentum; the rate falls on a line from its first value to 0,
which settles the weights at the end.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from minitorch.data import Digits, load_digits, load_mnist, standardise
from mt_course.figures import Classified
from mt_course.projects.options import MnistOptions
from mt_nn import Callback, DataLoader, Epoch, Module, NonFiniteLossError, TensorDataset, Trainer
from mt_nn.data import Source
from mt_nn.models import LeNet
from mt_nn.optim import SGD
from mt_tensor import Generator, no_grad, tensor

TEST_SIZE = 2000
TEST_BATCH = 500


@dataclass(frozen=True, slots=True)
class MnistRun:
    """What a run leaves.

    Attributes:
        model: the trained network.
        epochs: how it went; the last epoch may be cut short.
        test: the test digits, as the network reads them.
        seconds: how long it took in all, with reading, compiling and testing.
        source: where the digits come from, if that is known.
        interrupted: whether Ctrl-C ended it.
        failure: why it could not go on, or None.
    """

    model: Module
    epochs: list[Epoch]
    test: Classified
    seconds: float
    source: Source | None
    interrupted: bool
    failure: str | None


class LinearDecay(Callback):
    """Lowers the learning rate on a line that reaches 0 at the last step."""

    def on_fit_start(self, trainer: Trainer) -> None:
        """Remember the first rates."""
        self.first = [group["lr"] for group in trainer.optimizer.param_groups]

    def on_step_end(self, trainer: Trainer) -> None:
        """Set the rates of the next step."""
        left = 1.0 - trainer.step / trainer.steps
        for group, first in zip(trainer.optimizer.param_groups, self.first, strict=True):
            group["lr"] = first * left


def train_mnist(options: MnistOptions, callbacks: Sequence[Callback] = ()) -> MnistRun:
    """Train LeNet on the digits that ship with the course.

    Args:
        options: what to do. The same options give the same losses on every run.
        callbacks: are told how it goes.
    """
    start = time.perf_counter()
    stream = Generator(options.seed)
    train, test = digits_of(options)
    model = LeNet(backend=options.backend, dtype=options.dtype, generator=stream)
    optimizer = SGD(model.parameters(), lr=options.lr, momentum=options.momentum)
    trainer = Trainer(model, optimizer, callbacks=[LinearDecay(), *callbacks])
    batches = DataLoader(_samples(train, model), options.batch_size, shuffle=True, generator=stream)
    tests = DataLoader(_samples(test, model), TEST_BATCH)
    failure = None
    try:
        trainer.fit(batches, tests, epochs=options.epochs, max_steps=options.max_steps)
    except NonFiniteLossError as error:
        failure = str(error)
    return MnistRun(
        model=model,
        epochs=_all_tested(trainer, tests),
        test=read(model, test),
        seconds=time.perf_counter() - start,
        source=train.source,
        interrupted=trainer.history.interrupted,
        failure=failure,
    )


def digits_of(options: MnistOptions) -> tuple[Digits, Digits]:
    """Return the digits to learn from and those to test on."""
    return load_mnist() if options.digits == "all" else load_digits().split(TEST_SIZE)


def read(model: Module, digits: Digits) -> Classified:
    """Let a network read digits."""
    model.eval()
    with no_grad():
        batches = DataLoader(_samples(digits, model), TEST_BATCH)
        outputs = [model(images).numpy() for images, _ in batches]
    return Classified(digits.images, digits.labels, np.exp(np.concatenate(outputs)))


def _samples(digits: Digits, model: Module) -> TensorDataset:
    """Put digits where the parameters of a network are, and the pictures into their dtype."""
    like = model.parameters()[0].value
    images = tensor(standardise(digits.images), dtype=like.dtype, backend=like.backend)
    labels = tensor(digits.labels.astype(np.int64), backend=like.backend)
    return TensorDataset(images, labels)


def _all_tested(trainer: Trainer, tests: DataLoader) -> list[Epoch]:
    """List the epochs; one that Ctrl-C cut short is tested now."""
    epochs = trainer.history.epochs
    return [e if e.test else replace(e, test=trainer.evaluate(tests)) for e in epochs]
