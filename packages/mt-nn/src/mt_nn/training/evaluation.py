"""Using a network: scoring it, and letting it predict."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from mt_nn.modes import evaluation_mode
from mt_nn.training.history import Score
from mt_nn.training.meter import Meter, Metric
from mt_operators import Module
from mt_tensor import Tensor, cat, no_grad


def evaluate(
    model: Module,
    batches: Iterable[tuple[Tensor, ...]],
    loss: Callable[[Tensor, Tensor], Tensor],
    metric: Metric | None,
) -> Score:
    """Score a network on batches of inputs and targets."""
    meter = Meter()
    with evaluating(model):
        for inputs, target in batches:
            output = model(inputs)
            measured = None if metric is None else metric(output, target)
            meter.add(loss(output, target).item(), measured, len(target))
    return meter.score


def predict(model: Module, batches: Iterable[tuple[Tensor, ...]]) -> Tensor:
    """Return a network's outputs for the inputs of batches, joined along the first dimension.

    Raises:
        ShapeError: there is no batch.
    """
    with evaluating(model):
        return cat([model(inputs) for inputs, *_ in batches])


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Put a network into evaluation mode without recording; each part is put back afterwards."""
    with evaluation_mode(model), no_grad():
        yield
