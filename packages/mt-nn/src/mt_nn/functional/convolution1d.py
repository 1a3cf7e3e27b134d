r"""Convolution of sequences.

$y_{n o l} = b_o + \sum_{c k} w_{o c k}\, x_{n, c, l s + k d - p}$, where $x$ is 0 outside of the
sequence.
"""

from typing import Any

from mt_nn.arguments import Size, dimensions
from mt_nn.functional.correlation import Geometry
from mt_nn.functional.correlation1d import (
    correlate_sequences,
    correlate_sequences_by_input,
    correlate_sequences_by_weight,
)
from mt_nn.functional.images import LAYOUTS
from mt_nn.functional.operands import (
    Correlation,
    Padding,
    check_bias,
    check_channels,
    check_kernels,
    check_size,
    clearly_fit,
    pulled_back,
    read_geometry,
    spelled_out,
)
from mt_tensor import Backend, Tensor, TensorData
from mt_tensor.functions.rule import DataRule, Shares, recorded


def conv1d(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    r"""Correlate sequences with kernels.

    Args:
        input: shape (N, C, L), or (C, L) for one sequence.
        weight: shape (O, C / groups, K).
        bias: shape (O,).
        stride: as in `conv2d`.
        padding: as in `conv2d`.
        dilation: as in `conv2d`.
        groups: as in `conv2d`.

    Returns:
        Shape (N, O, OL) with `OL = (L + 2 P - D (K - 1) - 1) // S + 1`, in
        $2\, N\, O\, OL\, K\, C / \text{groups}$ FLOPs.

    Raises:
        ShapeError: as in `conv2d`.
        DTypeError: as in `conv2d`.
        ValueError: as in `conv2d`.

    Source: `torch.nn.functional.conv1d`.
    """
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if not clearly_fit(1, input, weight, bias, groups):
        dimensions("conv1d", input, (2, 3), LAYOUTS[1])
        check_kernels("conv1d", "(O, C, K)", input, weight, bias, groups)
        check_channels("conv1d", 1, input, weight, groups)
        check_bias("conv1d", bias, weight.shape[0])
    lines = input if input.ndim == 3 else input.unsqueeze(0)  # noqa: PLR2004
    if isinstance(padding, str):
        lines, options = spelled_out("conv1d", 1, lines, weight, options)
    geometry = read_geometry("conv1d", 1, options)
    check_size("conv1d", input, lines, weight, geometry)
    given = (lines, weight) if bias is None else (lines, weight, bias)
    result = _correlated(given, geometry)
    return result if input.ndim == 3 else result.squeeze(0)  # noqa: PLR2004


class Conv1d(DataRule):
    """Correlation of sequences with kernels, and the bias, as one node of the graph."""

    __name__ = "Conv1d"

    def shares(
        self, inputs: tuple[Any, ...], saved: Correlation, grad: TensorData, backend: Backend
    ) -> Shares:
        """Pull the gradient back to the sequences, the kernels and the bias, where wanted."""
        back = correlate_sequences_by_input, correlate_sequences_by_weight
        return pulled_back(inputs, saved, grad, backend, *back)


CONV1D = Conv1d()


def _correlated(given: tuple[Tensor, ...], geometry: Geometry) -> Tensor:
    given = given[0]._admit(given)
    backend, (x, weight, *bias) = given[0].backend, [v.data for v in given]
    _, length = geometry.output_size((1, x.shape[2]), (1, weight.shape[2]))
    out = backend.allocate((x.shape[0], weight.shape[0], length), x.storage.dtype)
    correlate_sequences(backend, out, x, weight, bias[0] if bias else None, geometry)
    return recorded(CONV1D, out, given, Correlation(x, weight, geometry))
