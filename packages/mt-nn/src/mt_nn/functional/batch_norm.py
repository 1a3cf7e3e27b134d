"""Normalising the channels of a whole batch, and remembering their statistics."""

from mt_nn.functional.normalization import (
    Standardize,
    affine_channels,
    channels_of,
    check_channels,
)
from mt_tensor import ShapeError, Tensor, no_grad


def batch_norm(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,  # noqa: FBT001, FBT002
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel over the batch and all positions.

    Args:
        input: shape (N, C, *).
        running_mean: shape (C,); in training moved towards the mean of the batch, in place.
        running_var: shape (C,); likewise towards the unbiased variance.
        weight: shape (C,); scales.
        bias: shape (C,); shifts.
        training: normalise by the batch's own mean and variance; otherwise by the running ones.
        momentum: how far the running ones move.
        eps: added to the variance.

    Raises:
        ShapeError: fewer than 2 dimensions, a tensor does not fit, or one value for each channel in
            training.
        DTypeError: the dtypes differ.
        ValueError: not in training, and no running statistics.

    Source: `torch.nn.functional.batch_norm`; Ioffe and Szegedy, 2015.
    """
    running = {"running_mean": running_mean, "running_var": running_var}
    check_channels("batch_norm", input, **running, weight=weight, bias=bias)
    if training:
        _follow(input, running_mean, running_var, momentum)
        axes = (0, *range(2, input.ndim))
        normal: Tensor = Standardize.apply(input, axes=axes, eps=eps)
    elif running_mean is None or running_var is None:
        message = "batch_norm: without training it needs running_mean and running_var"
        raise ValueError(message)
    else:
        spread = (running_var.detach() + eps).sqrt()
        normal = (input - channels_of(running_mean.detach(), input)) / channels_of(spread, input)
    return affine_channels(normal, weight, bias)


def _follow(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, momentum: float
) -> None:
    """Move the running statistics towards those of the batch."""
    count = input.size // max(input.shape[1], 1)
    if count == 1:
        message = f"batch_norm: input is {input.shape}; a variance needs more than one value each"
        raise ShapeError(message)
    axes = (0, *range(2, input.ndim))
    with no_grad():
        for running, now in (
            (running_mean, input.detach().mean),
            (running_var, input.detach().var),
        ):
            if running is not None:
                running.mul_(1.0 - momentum).add_(now(axes).view(-1) * momentum)
