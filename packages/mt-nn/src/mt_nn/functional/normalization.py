r"""Normalisation: shifting and scaling a signal to mean 0 and variance 1, over some dimensions.

All of them compute $\hat x = (x - \mu)/\sqrt{\sigma^2 + \epsilon}$, then $\gamma \hat x + \beta$;
they differ in what $\mu$ and $\sigma^2$ are taken over: a sample (`layer_norm`), a group of
channels of a sample (`group_norm`), or a channel of the whole batch (`batch_norm`). `rms_norm`
leaves out $\mu$.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from mt_nn.arguments import one_dtype, positive
from mt_tensor import Context, Function, ShapeError, Tensor


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each sample over its last dimensions.

    Args:
        input: shape (*, *normalized_shape).
        normalized_shape: the sizes of the dimensions to normalise over.
        weight: of that shape; scales.
        bias: of that shape; shifts.
        eps: added to the variance.

    Raises:
        ShapeError: the input does not end in `normalized_shape`, or a parameter has another shape.
        DTypeError: the dtypes differ.

    Source: `torch.nn.functional.layer_norm`; Ba et al., 2016.
    """
    axes = _last_axes("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    return _affine(Standardize.apply(input, axes=axes, eps=eps), weight, bias)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    r"""Divide each sample by its root mean square over the last dimensions, $x/\sqrt{\bar{x^2}}$.

    Args:
        input: shape (*, *normalized_shape).
        normalized_shape: the sizes of the dimensions to average over.
        weight: of that shape; scales.
        eps: added to the mean square; the machine precision of the dtype if None.

    Raises:
        ShapeError: the input does not end in `normalized_shape`, or the weight has another shape.
        DTypeError: the dtypes differ.

    Source: `torch.nn.functional.rms_norm`; Zhang and Sennrich, 2019.
    """
    axes = _last_axes("rms_norm", input, normalized_shape, weight=weight)
    least = float(np.finfo(input.dtype).eps) if eps is None else eps
    scaled: Tensor = Standardize.apply(input, axes=axes, eps=least, centred=False)
    return _affine(scaled, weight, None)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each sample over groups of channels and over all positions.

    Args:
        input: shape (N, C, *).
        num_groups: how many groups; divides C.
        weight: shape (C,); scales.
        bias: shape (C,); shifts.
        eps: added to the variance.

    Raises:
        ShapeError: fewer than 2 dimensions, or a parameter does not fit.
        DTypeError: the dtypes differ.
        ValueError: the groups do not divide the channels.

    Source: `torch.nn.functional.group_norm`; Wu and He, 2018.
    """
    check_channels("group_norm", input, weight=weight, bias=bias)
    positive("group_norm", num_groups=num_groups)
    if input.shape[1] % num_groups:
        message = (
            f"group_norm: input is {input.shape}; num_groups = {num_groups} must divide "
            f"input.shape[1] = {input.shape[1]}"
        )
        raise ValueError(message)
    groups = input.reshape(input.shape[0], num_groups, -1)
    normal: Tensor = Standardize.apply(groups, axes=(2,), eps=eps)
    return affine_channels(normal.view(*input.shape), weight, bias)


class Standardize(Function):
    r"""Shift to mean 0 and scale to variance 1, over axes.

    With $r = 1/\sqrt{\sigma^2 + \epsilon}$ and means over the axes,
    $\bar x = r\,(g - \overline{g} - \hat x\, \overline{g \hat x})$.
    """

    @staticmethod
    def forward(
        ctx: Context, x: Tensor, *, axes: tuple[int, ...], eps: float, centred: bool = True
    ) -> Any:
        """Normalise; without centring, by the root mean square."""
        centre = x - x.mean(axes) if centred else x
        inverse = ((centre * centre).mean(axes) + eps).sqrt().reciprocal()
        result = centre * inverse
        ctx.save_for_backward(result, inverse)
        ctx.axes, ctx.eps, ctx.centred = axes, eps, centred
        return result

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Leave out of the gradient what would change the mean and the variance."""
        normal, inverse = ctx.saved_values
        grad = grad_output - normal * (grad_output * normal).mean(ctx.axes)
        return inverse * (grad - grad_output.mean(ctx.axes) if ctx.centred else grad)


def _affine(normal: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    scaled = normal if weight is None else normal * weight
    return scaled if bias is None else scaled + bias


def affine_channels(normal: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Scale and shift (N, C, *) by a number for each channel."""
    aligned = [None if p is None else channels_of(p, normal) for p in (weight, bias)]
    return _affine(normal, *aligned)


def channels_of(parameter: Tensor, like: Tensor) -> Tensor:
    """Return a view of (C,) that broadcasts against (N, C, *)."""
    return parameter.view(-1, *(1,) * (like.ndim - 2))


def _last_axes(
    operator: str, input: Tensor, shape: Sequence[int], **parameters: Tensor | None
) -> tuple[int, ...]:
    one_dtype(operator, input=input, **parameters)
    wanted = tuple(shape)
    if not wanted or input.shape[-len(wanted) :] != wanted or not prod(wanted):
        message = f"{operator}: input is {input.shape}; it must end in normalized_shape = {wanted}"
        raise ShapeError(message)
    _check_parameters(operator, wanted, parameters)
    return tuple(range(input.ndim - len(wanted), input.ndim))


def check_channels(operator: str, input: Tensor, **parameters: Tensor | None) -> None:
    """Refuse an input that is not (N, C, *), or parameters that are not (C,) in its dtype.

    Raises:
        ShapeError: a shape is another.
        DTypeError: the dtypes differ.
    """
    one_dtype(operator, input=input, **parameters)
    if input.ndim < 2:  # noqa: PLR2004
        message = f"{operator}: input is {input.shape}; it must be (N, C, *)"
        raise ShapeError(message)
    _check_parameters(operator, input.shape[1:2], parameters)


def _check_parameters(
    operator: str, shape: tuple[int, ...], parameters: dict[str, Tensor | None]
) -> None:
    for name, parameter in parameters.items():
        if parameter is not None and parameter.shape != shape:
            message = f"{operator}: {name} is {parameter.shape}; it must be {shape}"
            raise ShapeError(message)
