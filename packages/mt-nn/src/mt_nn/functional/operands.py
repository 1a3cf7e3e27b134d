"""What a convolution is given, in either direction: read once, and checked before any kernel."""

from functools import lru_cache
from typing import Any, Literal, NamedTuple

from mt_nn.arguments import Pair, Size, one_dtype, positive, sizes
from mt_nn.functional.correlation import Geometry
from mt_nn.functional.images import as_images, restored, with_rows
from mt_nn.functional.padding import pad
from mt_tensor import Backend, ShapeError, Tensor, TensorData
from mt_tensor.defaults.convolution import sum_to_bias
from mt_tensor.functions.rule import Shares
from mt_tensor.layout import Shape

Padding = Size | Literal["same", "valid"]


def read_operands(  # noqa: PLR0913, PLR0917
    operator: str,
    layout: str,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    options: dict[str, Any],
) -> tuple[Tensor, Tensor]:
    """Read what is convolved, in either direction, as images (N, C, H, W) and their kernels.

    Args:
        operator: who asks.
        layout: what the weight must be, such as `"(O, C, KH, KW)"`.
        input: images, or sequences.
        weight: the kernels.
        bias: or None.
        options: with `"groups"`.

    Raises:
        ShapeError: another number of dimensions.
        DTypeError: the dtypes differ, or are no floats.
        ValueError: the number of groups is not a positive integer.
    """
    images = as_images(operator, input, layout.count(",") - 1)
    check_kernels(operator, layout, input, weight, bias, options["groups"])
    return images, with_rows(weight)


def check_kernels(  # noqa: PLR0913, PLR0917
    operator: str,
    layout: str,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    groups: int,
) -> None:
    """Refuse kernels that are not laid out as `layout`, other dtypes, and groups that are none.

    Raises:
        ShapeError: another number of dimensions.
        DTypeError: the dtypes differ, or are no floats.
        ValueError: the number of groups is not a positive integer.
    """
    count = layout.count(",") - 1
    if weight.ndim != count + 2:
        message = (
            f"{operator}: input is {input.shape} and weight is {weight.shape}; weight must have "
            f"{count + 2} dimensions, as {layout}"
        )
        raise ShapeError(message)
    positive(operator, groups=groups)
    one_dtype(operator, input=input, weight=weight, bias=bias)


def shifted(result: Tensor, bias: Tensor | None, input: Tensor, count: int) -> Tensor:
    """Add a bias (O,) to images (N, O, H, W), and give them the dimensions that `input` has."""
    return restored(result if bias is None else result + bias.view(-1, 1, 1), input, count)


class Correlation(NamedTuple):
    """What the gradients of a convolution depend on: images or sequences, kernels, and how."""

    x: TensorData
    weight: TensorData
    geometry: Geometry


def pulled_back(  # noqa: PLR0913, PLR0917  what a rule is given, and how
    inputs: tuple[Any, ...],
    saved: Correlation,
    grad: TensorData,
    backend: Backend,
    by_input: Any,
    by_weight: Any,
) -> Shares:
    """Return the shares of what a convolution was given, where they are wanted.

    Args:
        inputs: the images or sequences, the kernels, and the bias if there is one.
        saved: their data, and how they lie.
        grad: the gradient of the result.
        backend: where it lives.
        by_input: `by_input(backend, out, grad, weight, geometry)` fills that of the images.
        by_weight: `by_weight(backend, out, bias, grad, x, geometry)` fills that of the kernels,
            and of the bias if there is one.
    """
    x, weight, how = saved
    outs = [
        None if v.history is None else backend.allocate(v.data.shape, grad.storage.dtype)
        for v in inputs
    ]
    images, kernels, bias = (*outs, None)[:3]
    if images is not None:
        by_input(backend, images, grad, weight, how)
    if kernels is not None:
        by_weight(backend, kernels, bias, grad, x, how)
    else:
        sum_to_bias(backend, bias, grad)
    return [(v, out) for v, out in zip(inputs, outs, strict=True) if out is not None]


def clearly_fit(
    count: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int
) -> bool:
    """Whether there is clearly nothing to refuse but a size: a batch, one group, one float dtype.

    The common case, in few looks. Where it is False, the functions below find the reason, if any.
    """
    x, kernels = input.data, weight.data
    dtype = x.storage.dtype
    return (
        len(x.shape) == len(kernels.shape) == count + 2
        and x.shape[1] == kernels.shape[1]
        and type(groups) is int
        and groups == 1
        and dtype.kind == "f"
        and kernels.storage.dtype is dtype
        and (
            bias is None
            or (bias.data.shape == kernels.shape[:1] and bias.data.storage.dtype is dtype)
        )
    )


def read_geometry(operator: str, count: int, options: dict[str, Any]) -> Geometry:
    """Read stride, padding, dilation and groups for `count` spatial dimensions.

    Raises:
        ValueError: one of them is out of range.
    """
    positive(operator, groups=options["groups"])
    stride = sizes(operator, "stride", options["stride"], count)
    padding = sizes(operator, "padding", options["padding"], count, least=0)
    dilation = sizes(operator, "dilation", options["dilation"], count)
    return _geometry(stride, padding, dilation, options["groups"])


@lru_cache(maxsize=1024)
def _geometry(stride: Shape, padding: Shape, dilation: Shape, groups: int) -> Geometry:
    """Return sizes that have been read for images, of one row if they are for sequences."""
    if len(stride) == 1:
        stride, padding, dilation = (1, *stride), (0, *padding), (1, *dilation)
    return Geometry(_pair(stride), _pair(padding), _pair(dilation), groups)


def check_bias(operator: str, bias: Tensor | None, channels: int) -> None:
    """Refuse a bias that is not one number for each output channel.

    Raises:
        ShapeError: it is not.
    """
    if bias is not None and bias.shape != (channels,):
        message = f"{operator}: bias is {bias.shape}; for {channels} channels it is ({channels},)"
        raise ShapeError(message)


def check_named_padding(operator: str, padding: str, stride: tuple[int, ...]) -> None:
    """Refuse a name that is no padding, or `"same"` with a stride.

    Raises:
        ValueError: it is one of them.
    """
    if padding not in ("same", "valid"):
        message = f"{operator}: padding must be a size, 'same' or 'valid', not {padding!r}"
        raise ValueError(message)
    if padding == "same" and any(s != 1 for s in stride):
        message = f"{operator}: padding 'same' needs stride 1, not {stride}"
        raise ValueError(message)


def spelled_out(
    operator: str, count: int, images: Tensor, weight: Tensor, options: dict[str, Any]
) -> tuple[Tensor, dict[str, Any]]:
    """Pad for `"same"`, and say the padding that is left as a number.

    Raises:
        ValueError: a name that is no padding, or `"same"` with a stride.
    """
    name, stride = options["padding"], sizes(operator, "stride", options["stride"], count)
    check_named_padding(operator, name, stride)
    if name == "valid":
        return images, options | {"padding": 0}
    dilation = sizes(operator, "dilation", options["dilation"], count)
    totals = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    odd = [total % 2 for total in totals]
    if any(odd):
        images = pad(images, [n for extra in reversed(odd) for n in (0, extra)])
    return images, options | {"padding": tuple(total // 2 for total in totals)}


def check_channels(operator: str, count: int, input: Tensor, weight: Tensor, groups: int) -> None:
    """Refuse an input with other channels than the kernels read.

    Raises:
        ShapeError: it has them, or the groups do not divide the kernels.
    """
    if weight.shape[0] % groups or input.shape[-count - 1] != weight.shape[1] * groups:
        parts = "" if groups == 1 else f" in {groups} groups"
        message = (
            f"{operator}: input is {input.shape} and weight is {weight.shape}{parts}; "
            f"input.shape[{-count - 1}] = {input.shape[-count - 1]} must equal "
            f"weight.shape[1] = {weight.shape[1]}"
            + ("" if groups == 1 else f" times {groups}, which must divide {weight.shape[0]}")
        )
        raise ShapeError(message)


def check_size(
    operator: str, input: Tensor, images: Tensor, weight: Tensor, geometry: Geometry
) -> None:
    """Refuse kernels that are larger than the padded input.

    Raises:
        ShapeError: one dimension of them is.
    """
    if not _covers(images.data.shape[2:], weight.data.shape[2:], geometry):
        _refuse_size(operator, input, images, weight, geometry)


@lru_cache(maxsize=1024)
def _covers(image: Shape, kernel: Shape, geometry: Geometry) -> bool:
    """Whether the padded image is as large as the kernel; both may be of sequences."""
    sizes = zip(
        image[::-1], kernel[::-1], geometry.padding[::-1], geometry.dilation[::-1], strict=False
    )
    return all(d * (k - 1) + 1 <= n + 2 * p for n, k, p, d in sizes)


def _refuse_size(
    operator: str, input: Tensor, images: Tensor, weight: Tensor, geometry: Geometry
) -> None:
    for axis in range(2 - weight.ndim, 0):
        n, k = images.shape[axis], weight.shape[axis]
        p, d = geometry.padding[axis], geometry.dilation[axis]
        if d * (k - 1) + 1 > n + 2 * p:
            reach = f"{k}" if d == 1 else f"{k}, dilated {d * (k - 1) + 1},"
            message = (
                f"{operator}: input is {input.shape} and weight is {weight.shape}; "
                f"weight.shape[{axis}] = {reach} is larger than the padded input, {n} + 2 * {p}"
            )
            raise ShapeError(message)


def _pair(values: tuple[int, ...]) -> Pair:
    down, right = values
    return down, right
