"""One step of training as a function of its batches, so that it can be captured.

It knows the network, the optimiser and the loss, and nothing of the run around it: what a captured
step can reach must not change from step to step.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from mt_nn.clipping import clip_grad_norm_
from mt_nn.optim import Optimizer
from mt_operators import Module
from mt_tensor import Tensor, each_time

Loss = Callable[[Tensor, Tensor], Tensor]


class NonFiniteLossError(ArithmeticError):
    """The loss became nan or infinite; the parameters are those from before that step."""


class TrainingStep:
    """Forgets the gradients, adds those of some batches, and moves the parameters.

    Args:
        model: the network.
        optimizer: moves its parameters.
        loss: a function of output and target, averaged over the batch.
        clip_norm: the largest norm of all gradients together; None for no limit.
    """

    def __init__(
        self, model: Module, optimizer: Optimizer, loss: Loss, clip_norm: float | None
    ) -> None:
        """Keep the parts."""
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        self.clip_norm = clip_norm

    def __call__(self, *tensors: Tensor) -> list[Tensor]:
        """Take the step.

        Args:
            tensors: inputs and target of each batch, one after the other.

        Returns:
            Loss and output of each batch, one after the other.

        Raises:
            NonFiniteLossError: a loss is nan or infinite; it has that loss, and which batch it is.
        """
        self.optimizer.zero_grad()
        total = sum(len(target) for target in tensors[1::2])
        results: list[Tensor] = []
        for i in range(0, len(tensors), 2):
            share = len(tensors[i + 1]) / total if total else 1.0
            results += self._add_gradients(i // 2, tensors[i], tensors[i + 1], share)
        if self.clip_norm is not None:
            clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.optimizer.step()
        return results

    def _add_gradients(
        self, ordinal: int, inputs: Tensor, target: Tensor, share: float
    ) -> list[Tensor]:
        """Add a batch's share to the gradients, and return loss and output."""
        output = self.model(inputs)
        loss = self.loss(output, target)
        each_time(partial(_check_finite, ordinal), loss)
        (loss if share == 1.0 else loss * share).backward()
        return [loss, _detached(output)]


def _detached(output: Any) -> Any:
    """Return an output, or the parts of one, without the graph."""
    if isinstance(output, (tuple, list)):
        return type(output)(map(_detached, output))
    return output.detach() if isinstance(output, Tensor) else output


def _check_finite(ordinal: int, loss: Any) -> None:
    if not math.isfinite(loss.item()):
        raise NonFiniteLossError(loss.item(), ordinal)
