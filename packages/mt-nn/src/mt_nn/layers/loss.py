"""Losses as modules, where an object is wanted: each keeps options, and calls its function."""

from typing import Any

from mt_nn import functional
from mt_nn.functional.reduction import Reduction
from mt_operators import Buffer, Module
from mt_tensor import Tensor


class _Loss(Module):
    """A loss of an input and a target.

    Args:
        reduction: average over the elements, add them up, or keep them.
    """

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        """Keep how losses are reduced."""
        self.reduction = reduction

    def extra_repr(self) -> str:
        """Show the reduction."""
        return f"reduction={self.reduction!r}"


class _Weighted(_Loss):
    """A loss with a weight for each class or element.

    Args:
        weight: how much each counts; a buffer, so that it moves with the module.
        reduction: average over the elements, add them up, or keep them.
    """

    def __init__(self, weight: Tensor | None = None, *, reduction: Reduction = "mean") -> None:
        """Keep the weights."""
        super().__init__(reduction=reduction)
        self.weight = None if weight is None else Buffer(weight)

    def options(self) -> dict[str, Any]:
        """Return what the function is told beside input and target."""
        weight = None if self.weight is None else self.weight.value
        return {"weight": weight, "reduction": self.reduction}


class NLLLoss(_Weighted):
    """Negative log-likelihood of classes, from logarithms of probabilities.

    Args:
        weight: how much each class counts.
        ignore_index: a target that does not count.
        reduction: average over the samples, add them up, or keep them.

    Source: `torch.nn.NLLLoss`.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        """Keep the options."""
        super().__init__(weight, reduction=reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map (N, C, *) and (N, *) to the loss."""
        options = {"ignore_index": self.ignore_index, **self.options()}
        return functional.nll_loss(input, target, **options)


class CrossEntropyLoss(NLLLoss):
    """Cross-entropy of classes or probabilities, from scores of any size.

    Args:
        weight: how much each class counts.
        ignore_index: a target that does not count.
        reduction: average over the samples, add them up, or keep them.
        label_smoothing: the share of the target that is spread over all classes.

    Source: `torch.nn.CrossEntropyLoss`.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        """Keep the options."""
        super().__init__(weight, ignore_index=ignore_index, reduction=reduction)
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map (N, C, *) and (N, *), or (N, C, *), to the loss."""
        options = {"ignore_index": self.ignore_index, **self.options()}
        return functional.cross_entropy(
            input, target, label_smoothing=self.label_smoothing, **options
        )


class BCELoss(_Weighted):
    """Binary cross-entropy, from probabilities. Source: `torch.nn.BCELoss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map two of one shape to the loss."""
        return functional.binary_cross_entropy(input, target, **self.options())


class BCEWithLogitsLoss(_Weighted):
    """Binary cross-entropy, from scores of any size.

    Args:
        weight: how much each element counts.
        reduction: average over the elements, add them up, or keep them.
        pos_weight: how much more a positive target counts.

    Source: `torch.nn.BCEWithLogitsLoss`.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        reduction: Reduction = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        """Keep the options."""
        super().__init__(weight, reduction=reduction)
        self.pos_weight = None if pos_weight is None else Buffer(pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map two of one shape to the loss."""
        more = None if self.pos_weight is None else self.pos_weight.value
        return functional.binary_cross_entropy_with_logits(
            input, target, pos_weight=more, **self.options()
        )


class MSELoss(_Loss):
    """Squared error. Source: `torch.nn.MSELoss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map two of one shape to the loss."""
        return functional.mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    """Absolute error. Source: `torch.nn.L1Loss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map two of one shape to the loss."""
        return functional.l1_loss(input, target, self.reduction)


class HuberLoss(_Loss):
    """Squared error of small errors, absolute of large ones.

    Args:
        reduction: average over the elements, add them up, or keep them.
        delta: from where an error is large.

    Source: `torch.nn.HuberLoss`.
    """

    def __init__(self, *, reduction: Reduction = "mean", delta: float = 1.0) -> None:
        """Keep the options."""
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map two of one shape to the loss."""
        return functional.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """The Huber loss with slope 1 beyond `beta`.

    Args:
        reduction: average over the elements, add them up, or keep them.
        beta: from where an error is large.

    Source: `torch.nn.SmoothL1Loss`.
    """

    def __init__(self, *, reduction: Reduction = "mean", beta: float = 1.0) -> None:
        """Keep the options."""
        super().__init__(reduction=reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map two of one shape to the loss."""
        return functional.smooth_l1_loss(input, target, self.reduction, self.beta)


class HingeEmbeddingLoss(_Loss):
    """Hinge loss of a distance, for targets 1 and -1.

    Args:
        margin: the distance that is far enough.
        reduction: average over the elements, add them up, or keep them.

    Source: `torch.nn.HingeEmbeddingLoss`.
    """

    def __init__(self, margin: float = 1.0, *, reduction: Reduction = "mean") -> None:
        """Keep the options."""
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map two of one shape to the loss."""
        return functional.hinge_embedding_loss(input, target, self.margin, self.reduction)
