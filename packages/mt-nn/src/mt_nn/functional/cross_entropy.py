"""Cross-entropy, from scores: how far a network's probabilities are from the true ones."""

from mt_nn.arguments import one_dtype, probability
from mt_nn.functional.nll import checked_classes, class_shares, counts_all, nll_loss
from mt_nn.functional.reduction import Reduction, reduced
from mt_nn.functional.softmax import log_softmax
from mt_tensor import ShapeError, Tensor, tensor


def cross_entropy(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""Return $-\sum_c w_c\, q_{nc} \ln \mathrm{softmax}(x)_{nc}$, from scores of any size.

    Args:
        input: scores, shape (N, C), (N, C, *), or (C,) for one sample.
        target: the true classes, as in `nll_loss`; or probabilities $q$, floats of the shape of
            `input`.
        weight: how much each class counts, shape (C,).
        ignore_index: a class that does not count at all.
        reduction: average over the samples, add them up, or keep them.
        label_smoothing: the share of $q$ that is spread over all classes.

    Returns:
        Shape (1,); with `"none"`, the shape of the target, of probabilities without the classes.

    Raises:
        ShapeError: the shapes do not fit.
        DTypeError: the dtypes differ.
        IndexingError: a class is neither from 0 to C - 1 nor `ignore_index`.
        ValueError: `reduction` is none of the three, or the smoothing is not between 0 and 1.

    Source: `torch.nn.functional.cross_entropy`.
    """
    probability("cross_entropy", "label_smoothing", label_smoothing)
    axis = _class_axis(input)
    if target.dtype.kind == "f":
        return _against_probabilities(input, target, weight, reduction, label_smoothing)
    logs = log_softmax(input, dim=axis)
    exact = nll_loss(logs, target, weight, ignore_index, reduction)
    if not label_smoothing:
        return exact
    spread = _spread(logs, target, weight, ignore_index, reduction)
    return exact * (1.0 - label_smoothing) + spread * (label_smoothing / input.shape[axis])


def _against_probabilities(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: Reduction,
    smoothing: float,
) -> Tensor:
    one_dtype("cross_entropy", input=input, target=target, weight=weight)
    if input.shape != target.shape:
        message = (
            f"cross_entropy: input is {input.shape} and target is {target.shape}; probabilities "
            "must have the shape of the input, classes must be integers"
        )
        raise ShapeError(message)
    axis = _class_axis(input)
    smooth = target * (1.0 - smoothing) + smoothing / input.shape[axis] if smoothing else target
    shares = smooth if weight is None else smooth * _aligned(weight, input)
    losses = -(log_softmax(input, dim=axis) * shares).sum(axis, keepdim=False)
    if reduction == "mean":
        return losses.sum() / float(max(losses.size, 1))
    return reduced("cross_entropy", losses, reduction)


def _spread(
    logs: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: Reduction
) -> Tensor:
    """Return the loss of a target that is spread over all classes, times their number."""
    if weight is None and counts_all("cross_entropy", logs, target, ignore_index):
        return reduced("cross_entropy", -logs.sum(_class_axis(logs), keepdim=False), reduction)
    classes = checked_classes("cross_entropy", logs, target, ignore_index)
    kept = classes != ignore_index
    weighted = logs if weight is None else logs * _aligned(weight, logs)
    counted = tensor(kept.reshape(target.shape), backend=logs.backend)
    losses = -weighted.sum(_class_axis(logs), keepdim=False).where(counted, 0.0)
    if reduction == "mean":
        return losses.sum() / float(class_shares(classes, kept, weight).sum())
    return reduced("cross_entropy", losses, reduction)


def _class_axis(input: Tensor) -> int:
    return 0 if input.ndim == 1 else 1


def _aligned(weight: Tensor, input: Tensor) -> Tensor:
    return weight.view(-1, *(1,) * max(input.ndim - 2, 0))
