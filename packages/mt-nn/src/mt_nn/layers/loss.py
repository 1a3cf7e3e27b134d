"""Losses as modules, where an object is wanted: each calls its function."""

from mt_nn.functional import cross_entropy, nll_loss
from mt_nn.functional.nll import Reduction
from mt_operators import Module
from mt_tensor import Tensor


class _Loss(Module):
    def __init__(self, reduction: Reduction = "mean") -> None:
        """Keep how losses are reduced."""
        self.reduction = reduction

    def extra_repr(self) -> str:
        """Show the reduction."""
        return f"reduction={self.reduction!r}"


class NLLLoss(_Loss):
    """Negative log-likelihood of classes, from logarithms of probabilities."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map (N, C) and (N,) to the loss."""
        return nll_loss(input, target, self.reduction)


class CrossEntropyLoss(_Loss):
    """Negative log-likelihood of classes, from scores of any size."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map (N, C) and (N,) to the loss."""
        return cross_entropy(input, target, self.reduction)
