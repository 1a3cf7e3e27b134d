"""Evaluation mode for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from mt_operators import Module


@contextmanager
def evaluation_mode(model: Module) -> Iterator[None]:
    """Put a network into evaluation mode; each part is put back afterwards."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in before:
            module.training = mode
