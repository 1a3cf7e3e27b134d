r"""Convolution as one matrix product, by unfolding the images into columns.

$y_{n o h w} = b_o + \sum_{c i j} w_{o c i j}\, x_{n, c, h s_h + i - p_h, w s_w + j - p_w}$

`unfold` writes the window that each output element reads as a column of a matrix, so that the sum
is $W U$, with $W$ of (O, C KH KW) and $U$ of (C KH KW, N OH OW). Both gradients are products
as well: $\bar W = \bar Y U^\top$ and $\bar U = W^\top \bar Y$, which `fold`, the adjoint of
`unfold`, adds up over the windows. This spends KH KW times the memory of the images to have all
the arithmetic in `matmul`.

Source: cross-correlation as in `torch.nn.functional.conv2d`.
"""

from typing import TYPE_CHECKING

from mt_operators import add, identity
from mt_tensor.defaults.windows import copied, interior, padded, reshaped, taps, windows
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend, Pair


def conv2d(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: "Backend",
    out: TensorData,
    x: TensorData,
    weight: TensorData,
    bias: TensorData | None,
    stride: "Pair",
    padding: "Pair",
) -> None:
    """Correlate: `x` is (N, C, H, W), `weight` is (O, C, KH, KW), `out` is (N, O, OH, OW).

    `OH = (H + 2 PH - KH) // SH + 1`. In `2 N O OH OW C KH KW` FLOPs. The bias, (O,), is added.
    """
    columns = unfold(backend, x, weight, stride, padding)
    product = backend.allocate((weight.shape[0], columns.shape[1]), out.dtype)
    backend.matmul(product, _rows(backend, weight), columns)
    channels_first = out.permute((1, 0, 2, 3))
    backend.map(identity, channels_first, reshaped(product, channels_first.shape))
    add_bias(backend, out, bias)


def add_bias(backend: "Backend", out: TensorData, bias: TensorData | None) -> None:
    """Add to each channel of images, (N, O, H, W), its number of a bias, (O,), if there is one."""
    if bias is not None:
        column = bias.restrided((*bias.shape, 1, 1), (*bias.strides, 1, 1))
        backend.zip(add, out, out, column.expand(out.shape))


def conv2d_by_input(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: "Backend",
    out: TensorData,
    grad: TensorData,
    weight: TensorData,
    stride: "Pair",
    padding: "Pair",
) -> None:
    """Pull `grad` (N, O, OH, OW) back to the images, `out` (N, C, H, W)."""
    rows, per_channel = _rows(backend, weight), _channels(backend, grad)
    columns = backend.allocate((rows.shape[1], per_channel.shape[1]), out.dtype)
    backend.matmul(columns, rows.transpose(), per_channel)
    n, _, oh, ow = grad.shape
    fold(backend, out, reshaped(columns, (*weight.shape[1:], n, oh, ow)), stride, padding)


def conv2d_by_weight(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: "Backend",
    out: TensorData,
    bias: TensorData | None,
    grad: TensorData,
    x: TensorData,
    stride: "Pair",
    padding: "Pair",
) -> None:
    """Pull `grad` (N, O, OH, OW) back to the kernels, `out` (O, C, KH, KW), and the bias (O,)."""
    sum_to_bias(backend, bias, grad)
    columns = unfold(backend, x, out, stride, padding)
    product = backend.allocate((out.shape[0], columns.shape[0]), out.dtype)
    backend.matmul(product, _channels(backend, grad), columns.transpose())
    backend.map(identity, out, reshaped(product, out.shape))


def sum_to_bias(backend: "Backend", bias: TensorData | None, grad: TensorData) -> None:
    """Sum `grad`, (N, O, ...), to the gradient of a bias, (O,), if there is one."""
    if bias is not None:
        backend.reduce(add, as_channels(bias, grad), grad)


def as_channels(bias: TensorData, grad: TensorData) -> TensorData:
    """Return the view (1, O, 1, ...) of a bias, (O,), with the dimensions of (N, O, ...)."""
    ones = (1,) * (len(grad.shape) - 2)
    return bias.restrided((1, *bias.shape, *ones), (1, *bias.strides, *ones))


def unfold(
    backend: "Backend", x: TensorData, weight: TensorData, stride: "Pair", padding: "Pair"
) -> TensorData:
    """Copy the windows of the images into the columns of a matrix (C KH KW, N OH OW)."""
    _, _, kh, kw = weight.shape
    view = windows(padded(backend, x, padding), (kh, kw), stride)
    n, c, oh, ow, _, _ = view.shape
    columns = copied(backend, view.permute((1, 4, 5, 0, 2, 3)))
    return reshaped(columns, (c * kh * kw, n * oh * ow))


def fold(
    backend: "Backend", out: TensorData, columns: TensorData, stride: "Pair", padding: "Pair"
) -> None:
    """Add columns (C, KH, KW, N, OH, OW) up where their windows lie in images (N, C, H, W)."""
    *lead, height, width = out.shape
    _, kh, kw, *_ = columns.shape
    wide = backend.full((*lead, height + 2 * padding[0], width + 2 * padding[1]), 0.0, out.dtype)
    sources = taps(columns.permute((3, 0, 4, 5, 1, 2)))
    for source, target in zip(sources, taps(windows(wide, (kh, kw), stride)), strict=True):
        backend.zip(add, target, target, source)
    backend.map(identity, out, interior(wide, padding))


def _rows(backend: "Backend", weight: TensorData) -> TensorData:
    o, c, kh, kw = weight.shape
    flat = weight.view((o, c * kh * kw))
    return reshaped(copied(backend, weight), (o, c * kh * kw)) if flat is None else flat


def _channels(backend: "Backend", grad: TensorData) -> TensorData:
    n, o, oh, ow = grad.shape
    return reshaped(copied(backend, grad.permute((1, 0, 2, 3))), (o, n * oh * ow))
