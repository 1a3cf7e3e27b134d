"""The networks in mt-nn, on the backend."""

from functools import partial
from typing import Any

import mt_nn
import mt_tensor as mt
from gpu_check.training import RATE, Array

Step = partial[Any]


def lenet(backend: Any, images: Array, classes: Array) -> Step:
    """Return a step of LeNet."""
    generator = mt.Generator(0)
    network = mt_nn.models.LeNet(backend=backend, dtype="float32", generator=generator)
    return stepper(backend, network, mt_nn.functional.nll_loss, images, classes)


def xor(backend: Any, x: Array, y: Array, hidden: int) -> Step:
    """Return a step of the course's network for points."""
    home = {"backend": backend, "dtype": "float32", "generator": mt.Generator(0)}
    network = mt_nn.Sequential(
        *(mt_nn.Linear(2, hidden, **home), mt_nn.ReLU()),
        *(mt_nn.Linear(hidden, hidden, **home), mt_nn.ReLU()),
        mt_nn.Linear(hidden, 1, **home),
    )
    return stepper(backend, network, mt_nn.functional.binary_cross_entropy_with_logits, x, y)


def stepper(backend: Any, network: Any, loss: Any, inputs: Array, targets: Array) -> Step:
    """Return a step of gradient descent, with its batch."""
    optimizer = mt_nn.optim.SGD(network.parameters(), lr=RATE, momentum=0.9)

    def step(x: mt.Tensor, y: mt.Tensor) -> None:
        optimizer.zero_grad()
        loss(network(x), y).backward()
        optimizer.step()

    return partial(step, *(mt.tensor(array, backend=backend) for array in (inputs, targets)))


def captured(step: Step) -> Step:
    """Return a step that is replayed once it has been recorded, on a copy of its batch."""
    return partial(mt.capture(step.func), *step.args)
