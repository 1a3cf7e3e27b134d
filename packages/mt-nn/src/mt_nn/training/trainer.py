"""The loop: batch, loss, gradients, step; and again."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from mt_nn.arguments import positive
from mt_nn.checkpoint import load_tree
from mt_nn.functional import nll_loss
from mt_nn.optim import Optimizer
from mt_nn.training.callback import Callback
from mt_nn.training.checkpoints import Checkpoints
from mt_nn.training.diagnosis import first_nonfinite
from mt_nn.training.display import progress
from mt_nn.training.evaluation import evaluate, predict
from mt_nn.training.history import Epoch, History, Score
from mt_nn.training.interrupt import Interrupt
from mt_nn.training.meter import Meter, Metric, accuracy
from mt_nn.training.run_state import restore_run, run_state
from mt_nn.training.step import Loss, NonFiniteLossError, TrainingStep
from mt_operators import Module
from mt_tensor import Tensor, capture

Batch = tuple[Tensor, ...]


class Batches(Sized, Iterable[Batch], Protocol):
    """Pairs of inputs and targets, as a `DataLoader` yields them; a new pass for each loop."""


class Trainer:
    """Trains a network.

    Args:
        model: the network.
        optimizer: moves its parameters.
        loss: a function of output and target, averaged over the batch.
        metric: a share of a batch that is right, of output and target; None to measure none.
        callbacks: told what happens; None for a progress display that suits the terminal.
        accumulate: how many batches make a step; their gradients are averaged.
        clip_norm: the largest norm of all gradients together; None for no limit.
        checkpoints: where and how often to keep the run; None for nowhere.
        capture: replay the steps from the fourth on, which gives the same bits in less time; see
            `mt_tensor.capture`. A step that cannot be replayed raises `CaptureError`.

    Attributes:
        history: the run so far; it stays when a run ends by an error.
        running: the means over the current epoch.
        epoch, epochs: the current epoch, counted from 1, and how many there will be.
        step, steps: steps taken in this run, and how many there will be.
        batch: how many batches of the current epoch are done.
        stopped: whether `stop()` was called.
        take_step: what takes a step, from the beginning of a run on; if it is captured, it counts
            in `eager` and `replayed`.
        over: whether that was after an epoch, so that the run is not to be gone on with.

    Raises:
        ValueError: `accumulate` is not a positive integer, or the norm of the gradients is to be
            looked at in a captured step.
    """

    def __init__(  # noqa: PLR0913
        self,
        model: Module,
        optimizer: Optimizer,
        *,
        loss: Loss = nll_loss,
        metric: Metric | None = accuracy,
        callbacks: Sequence[Callback] | None = None,
        accumulate: int = 1,
        clip_norm: float | None = None,
        checkpoints: Checkpoints | None = None,
        capture: bool = False,
    ) -> None:
        """Keep the parts."""
        positive("Trainer", accumulate=accumulate)
        if capture and clip_norm is not None:
            message = "Trainer: clip_norm looks at the gradients, which a captured step cannot"
            raise ValueError(message)
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        self.metric = metric
        self.callbacks = [progress()] if callbacks is None else list(callbacks)
        self.accumulate = accumulate
        self.clip_norm = clip_norm
        self.capture = capture
        self.take_step: Callable[..., list[Tensor]]
        self.checkpoints = checkpoints
        self.history = History()
        self.running = Meter()
        self.epoch = self.epochs = self.step = self.steps = self.batch = 0
        self.stopped = self.over = False

    def fit(
        self,
        train: Batches,
        test: Batches | None = None,
        *,
        epochs: int = 1,
        max_steps: int | None = None,
        resume: str | Path | None = None,
    ) -> History:
        """Train, and return how it went.

        Ctrl-C ends the run after the current step: the history and the parameters are kept, and
        `history.interrupted` is True. A second Ctrl-C does not wait.

        Args:
            train: batches to learn from; a new pass for each epoch.
            test: batches to score after each epoch.
            epochs: how many passes in all.
            max_steps: end after so many steps in all.
            resume: the file of a run to go on with. The trainer, its callbacks and the data must
                be made as for that run; the result is then the same, bit for bit, as if it had
                never stopped.

        Raises:
            NonFiniteLossError: the loss is nan or infinite.
            ValueError: a count below 1, or there is no batch to learn from.
            CheckpointError: the file is truncated, foreign, or of another run.
        """
        self._begin(len(train), epochs, max_steps)
        kept = None if resume is None else load_tree(resume)
        if kept is not None:
            restore_run(self, train, kept, str(resume))
        with self._telling(kept), Interrupt() as interrupt:
            while self.batch or (self.epoch < epochs and not self._finished()):
                self._run_epoch(train, test, interrupt)
        return self.history

    def evaluate(self, batches: Batches) -> Score:
        """Score the network on batches, in evaluation mode and without recording."""
        return evaluate(self.model, batches, self.loss, self.metric)

    def predict(self, batches: Batches) -> Tensor:
        """Return the network's outputs for batches, joined, in evaluation mode."""
        return predict(self.model, batches)

    def stop(self) -> None:
        """End the run after the current step.

        Called in `on_epoch_end`, it says that the run is over: a checkpoint of it does not go on.
        """
        self.stopped = True

    def _begin(self, batches: int, epochs: int, max_steps: int | None) -> None:
        positive("Trainer.fit", epochs=epochs)
        if max_steps is not None:
            positive("Trainer.fit", max_steps=max_steps)
        if batches == 0:
            message = "Trainer.fit: there is no batch to learn from"
            raise ValueError(message)
        step = TrainingStep(self.model, self.optimizer, self.loss, self.clip_norm)
        self.take_step = capture(step) if self.capture else step
        self.history = History()
        self.running = Meter()
        self.epoch, self.epochs, self.step, self.batch = 0, epochs, 0, 0
        whole = epochs * -(-batches // self.accumulate)
        self.steps = min(whole, max_steps or whole)
        self.stopped = self.over = False

    @contextmanager
    def _telling(self, kept: dict[str, Any] | None) -> Iterator[None]:
        self._tell("on_fit_start")
        if kept is not None:
            for callback, state in zip(self.callbacks, kept["callbacks"], strict=True):
                callback.load_state_dict(state)
        try:
            yield
        finally:
            self._tell("on_fit_end")

    def _run_epoch(self, train: Batches, test: Batches | None, interrupt: Interrupt) -> None:
        if not self.batch:
            self.epoch += 1
            self.running = Meter()
        self.model.train()
        self._tell("on_epoch_start")
        start = time.perf_counter()
        for batches in self._grouped(train):
            self._run_step(batches)
            self.history.interrupted = interrupt.requested
            self.stopped |= interrupt.requested
            if self.checkpoints and (self._finished() or self.checkpoints.due(self.step)):
                self.checkpoints.write(run_state(self, train))
        complete = self.batch == len(train)
        seconds = time.perf_counter() - start
        score = None if test is None or interrupt.requested else self.evaluate(test)
        epoch = Epoch(self.epoch, self.running.score, score, seconds)
        self.history.epochs.append(epoch)
        self.batch = 0
        before = self.stopped
        self._tell("on_epoch_end", epoch)
        self.over = self.stopped and not before
        if self.checkpoints and complete:
            self.checkpoints.write(run_state(self, train))

    def _grouped(self, train: Batches) -> Iterator[list[Batch]]:
        """Yield the batches of each step, from where the epoch is until the run is finished."""
        done = 0 if hasattr(train, "load_state_dict") else self.batch
        remaining = islice(train, done, None)
        while not self._finished() and (batches := list(islice(remaining, self.accumulate))):
            self.batch += len(batches)
            yield batches

    def _run_step(self, batches: list[Batch]) -> None:
        try:
            results = self.take_step(*(tensor for batch in batches for tensor in batch))
        except NonFiniteLossError as error:
            loss, ordinal = error.args
            raise NonFiniteLossError(self._where(loss, batches[ordinal][0])) from None
        mean, total = 0.0, sum(len(target) for _, target in batches)
        for (_, target), loss, output in zip(batches, results[::2], results[1::2], strict=True):
            value, samples = loss.item(), len(target)
            mean += (samples / total if total else 1.0) * value
            measured = None if self.metric is None else self.metric(output, target)
            self.running.add(value, measured, samples)
        self.step += 1
        self.history.step_losses.append(mean)
        self._tell("on_step_end")

    def _finished(self) -> bool:
        return self.stopped or self.step >= self.steps

    def _tell(self, hook: str, *facts: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(self, *facts)

    def _where(self, loss: float, inputs: Tensor) -> str:
        kept = f"; {self.checkpoints}" if self.checkpoints else ""
        return (
            f"the loss is {loss} at step {self.step + 1} (epoch {self.epoch}); "
            f"{first_nonfinite(self.model, inputs)}; the parameters are those from before that "
            f"step; a lower learning rate may help{kept}"
        )
