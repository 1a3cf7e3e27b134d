r"""Convolution, as deep learning means it: cross-correlation of images with trained kernels.

$y_{n o h w} = b_o + \sum_{c i j} w_{o c i j}\, x_{n, c, h s_h + i d_h - p_h, w s_w + j d_w - p_w}$,
where $x$ is 0 outside of the image.
"""

from typing import Any

from mt_nn.arguments import Size
from mt_nn.functional.correlation import (
    Geometry,
    correlate,
    correlate_by_input,
    correlate_by_weight,
)
from mt_nn.functional.images import restored
from mt_nn.functional.operands import (
    Correlation,
    Padding,
    check_bias,
    check_channels,
    check_size,
    clearly_fit,
    pulled_back,
    read_geometry,
    read_operands,
    spelled_out,
)
from mt_tensor import Backend, Tensor, TensorData
from mt_tensor.functions.rule import DataRule, Shares, recorded


def conv2d(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    r"""Correlate images with kernels.

    Args:
        input: shape (N, C, H, W), or (C, H, W) for one image.
        weight: shape (O, C / groups, KH, KW).
        bias: shape (O,).
        stride: how far the kernel moves, one number or (down, right).
        padding: how many zeros surround the image, one number or (above and below, left and right);
            `"valid"` for none; `"same"` for a result of the size of the image, which needs stride 1
            and puts an odd zero below or right.
        dilation: how far apart the elements are that a kernel reads.
        groups: cut the channels into so many parts, and correlate each with kernels of its own.

    Returns:
        Shape (N, O, OH, OW) with `OH = (H + 2 PH - DH (KH - 1) - 1) // SH + 1`, in
        $2\, N\, O\, OH\, OW\, KH\, KW\, C / \text{groups}$ FLOPs.

    Raises:
        ShapeError: the shapes do not fit, or the kernel is larger than the padded image.
        DTypeError: the dtypes differ.
        ValueError: a size below 1, a padding below 0, or `"same"` with a stride.

    Source: `torch.nn.functional.conv2d`.
    """
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    images, kernels = input, weight
    if not clearly_fit(2, input, weight, bias, groups):
        images, kernels = read_operands("conv2d", "(O, C, KH, KW)", input, weight, bias, options)
        check_channels("conv2d", 2, input, weight, groups)
        check_bias("conv2d", bias, weight.shape[0])
    if isinstance(padding, str):
        images, options = spelled_out("conv2d", 2, images, weight, options)
    geometry = read_geometry("conv2d", 2, options)
    check_size("conv2d", input, images, weight, geometry)
    given = (images, kernels) if bias is None else (images, kernels, bias)
    result = _correlated(given, geometry)
    return result if images is input else restored(result, input, 2)


class Conv2d(DataRule):
    """Correlation of images with kernels, and the bias, as one node of the graph."""

    __name__ = "Conv2d"

    def shares(
        self, inputs: tuple[Any, ...], saved: Correlation, grad: TensorData, backend: Backend
    ) -> Shares:
        """Pull the gradient back to the images, the kernels and the bias, where wanted."""
        return pulled_back(inputs, saved, grad, backend, correlate_by_input, correlate_by_weight)


CONV2D = Conv2d()


def _correlated(given: tuple[Tensor, ...], geometry: Geometry) -> Tensor:
    given = given[0]._admit(given)
    backend, (x, weight, *bias) = given[0].backend, [v.data for v in given]
    size = geometry.output_size(x.shape[2:], weight.shape[2:])
    out = backend.allocate((x.shape[0], weight.shape[0], *size), x.storage.dtype)
    correlate(backend, out, x, weight, bias[0] if bias else None, geometry)
    return recorded(CONV2D, out, given, Correlation(x, weight, geometry))
