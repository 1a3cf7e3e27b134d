"""The loop: batch, loss, gradients, step; and again."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from typing import Protocol

from mt_nn.arguments import positive
from mt_nn.functional import nll_loss
from mt_nn.optim import Optimizer
from mt_nn.training.callback import Callback
from mt_nn.training.display import progress
from mt_nn.training.history import Epoch, History, Score
from mt_nn.training.interrupt import Interrupt
from mt_nn.training.meter import Meter, Metric, accuracy
from mt_operators import Module
from mt_tensor import Tensor, no_grad

Loss = Callable[[Tensor, Tensor], Tensor]


class Batches(Sized, Iterable[tuple[Tensor, ...]], Protocol):
    """Pairs of inputs and targets, as a `DataLoader` yields them; a new pass for each loop."""


class NonFiniteLossError(ArithmeticError):
    """The loss became nan or infinite; the parameters are those from before that step."""


class Trainer:
    """Trains a network.

    Args:
        model: the network.
        optimizer: moves its parameters.
        loss: a function of output and target, averaged over the batch.
        metric: a share of a batch that is right, of output and target; None to measure none.
        callbacks: told what happens; None for a progress display that suits the terminal.

    Attributes:
        history: the run so far; it stays when a run ends by an error.
        running: the means over the current epoch.
        epoch, epochs: the current epoch, counted from 1, and how many there will be.
        step, steps: steps taken in this run, and how many there will be.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        *,
        loss: Loss = nll_loss,
        metric: Metric | None = accuracy,
        callbacks: Sequence[Callback] | None = None,
    ) -> None:
        """Keep the parts."""
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        self.metric = metric
        self.callbacks = [progress()] if callbacks is None else list(callbacks)
        self.history = History()
        self.running = Meter()
        self.epoch = self.epochs = self.step = self.steps = 0
        self._stopped = False

    def fit(
        self,
        train: Batches,
        test: Batches | None = None,
        *,
        epochs: int = 1,
        max_steps: int | None = None,
    ) -> History:
        """Train, and return how it went.

        Ctrl-C ends the run after the current step: the history and the parameters are kept, and
        `history.interrupted` is True. A second Ctrl-C does not wait.

        Args:
            train: batches to learn from; a new pass for each epoch.
            test: batches to score after each epoch.
            epochs: how many passes.
            max_steps: end after so many steps.

        Raises:
            NonFiniteLossError: the loss is nan or infinite.
            ValueError: a count below 1, or there is no batch to learn from.
        """
        self._begin(len(train), epochs, max_steps)
        with self._telling(), Interrupt() as interrupt:
            while self.epoch < epochs and not self._stopped:
                self._run_epoch(train, test, interrupt)
        return self.history

    def evaluate(self, batches: Batches) -> Score:
        """Score the network on batches, in evaluation mode and without recording."""
        meter = Meter()
        with _evaluating(self.model):
            for inputs, target in batches:
                output = self.model(inputs)
                self._add(meter, self.loss(output, target).item(), output, target)
        return meter.score

    def stop(self) -> None:
        """End the run after the current step."""
        self._stopped = True

    def _begin(self, batches: int, epochs: int, max_steps: int | None) -> None:
        positive("Trainer.fit", epochs=epochs)
        if max_steps is not None:
            positive("Trainer.fit", max_steps=max_steps)
        if batches == 0:
            message = "Trainer.fit: there is no batch to learn from"
            raise ValueError(message)
        self.history = History()
        self.epoch, self.epochs, self.step = 0, epochs, 0
        self.steps = min(epochs * batches, max_steps or epochs * batches)
        self._stopped = False

    @contextmanager
    def _telling(self) -> Iterator[None]:
        for callback in self.callbacks:
            callback.on_fit_start(self)
        try:
            yield
        finally:
            for callback in self.callbacks:
                callback.on_fit_end(self)

    def _run_epoch(self, train: Batches, test: Batches | None, interrupt: Interrupt) -> None:
        self.epoch += 1
        self.running = Meter()
        self.model.train()
        for callback in self.callbacks:
            callback.on_epoch_start(self)
        start = time.perf_counter()
        for inputs, target in train:
            self._run_step(inputs, target)
            self.history.interrupted = interrupt.requested
            self._stopped |= interrupt.requested or self.step == self.steps
            if self._stopped:
                break
        seconds = time.perf_counter() - start
        score = None if test is None or interrupt.requested else self.evaluate(test)
        epoch = Epoch(self.epoch, self.running.score, score, seconds)
        self.history.epochs.append(epoch)
        for callback in self.callbacks:
            callback.on_epoch_end(self, epoch)

    def _run_step(self, inputs: Tensor, target: Tensor) -> None:
        self.optimizer.zero_grad()
        output = self.model(inputs)
        loss = self.loss(output, target)
        self._check(loss.item())
        loss.backward()
        self.optimizer.step()
        self.step += 1
        self.history.step_losses.append(loss.item())
        self._add(self.running, loss.item(), output, target)
        for callback in self.callbacks:
            callback.on_step_end(self)

    def _add(self, meter: Meter, loss: float, output: Tensor, target: Tensor) -> None:
        measured = None if self.metric is None else self.metric(output, target)
        meter.add(loss, measured, len(target))

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            message = (
                f"the loss is {loss} at step {self.step + 1} (epoch {self.epoch}); the parameters "
                "are those from before that step; a lower learning rate may help"
            )
            raise NonFiniteLossError(message)


@contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, mode in before:
            module.training = mode
