"""Convolution of sequences: that of images of one row."""

from typing import TYPE_CHECKING

from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend


def conv1d(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: "Backend",
    out: TensorData,
    x: TensorData,
    weight: TensorData,
    bias: TensorData | None,
    stride: int,
    padding: int,
) -> None:
    """Correlate: `x` is (N, C, L), `weight` is (O, C, K), `bias` is (O,), `out` is (N, O, OL).

    `OL = (L + 2 P - K) // S + 1`. In `2 N O OL C K` FLOPs.
    """
    backend.conv2d(as_rows(out), as_rows(x), as_rows(weight), bias, (1, stride), (0, padding))


def conv1d_by_input(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: "Backend",
    out: TensorData,
    grad: TensorData,
    weight: TensorData,
    stride: int,
    padding: int,
) -> None:
    """Pull `grad` (N, O, OL) back to the sequences, `out` (N, C, L)."""
    rows = as_rows(out), as_rows(grad), as_rows(weight)
    backend.conv2d_by_input(*rows, (1, stride), (0, padding))


def conv1d_by_weight(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: "Backend",
    out: TensorData,
    bias: TensorData | None,
    grad: TensorData,
    x: TensorData,
    stride: int,
    padding: int,
) -> None:
    """Pull `grad` (N, O, OL) back to the kernels, `out` (O, C, K), and to the bias (O,)."""
    rows = as_rows(grad), as_rows(x)
    backend.conv2d_by_weight(as_rows(out), bias, *rows, (1, stride), (0, padding))


def as_rows(a: TensorData) -> TensorData:
    """Return the view (N, C, 1, L) of sequences (N, C, L)."""
    n, c, length = a.shape
    by_n, by_c, step = a.strides
    return a.restrided((n, c, 1, length), (by_n, by_c, length * step, step))
