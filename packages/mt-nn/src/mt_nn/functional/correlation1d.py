"""Grouped and dilated correlation of sequences.

A backend has one kernel, `conv1d`, with stride and padding. Groups are views of the channels, as
in `correlation`. What is dilated is correlated as images of one row, whose phases are not.
"""

from mt_nn.functional.correlation import (
    UNDILATED,
    Geometry,
    correlate,
    correlate_by_input,
    correlate_by_weight,
    in_groups,
    of_group,
)
from mt_tensor import Backend, TensorData
from mt_tensor.defaults.convolution1d import as_rows


def correlate_sequences(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: Backend,
    out: TensorData,
    x: TensorData,
    weight: TensorData,
    bias: TensorData | None,
    how: Geometry,
) -> None:
    """Fill `out` (N, O, OL) from `x` (N, C, L), `weight` (O, C / groups, K) and `bias` (O,)."""
    if how.dilation != UNDILATED:
        correlate(backend, as_rows(out), as_rows(x), as_rows(weight), bias, how)
        return
    for g, (a, w, y) in enumerate(in_groups(x, weight, out, how.groups)):
        backend.conv1d(y, a, w, of_group(bias, g, how.groups), how.stride[1], how.padding[1])


def correlate_sequences_by_input(
    backend: Backend, out: TensorData, grad: TensorData, weight: TensorData, how: Geometry
) -> None:
    """Pull `grad` (N, O, OL) back to the sequences, `out` (N, C, L)."""
    if how.dilation != UNDILATED:
        correlate_by_input(backend, as_rows(out), as_rows(grad), as_rows(weight), how)
        return
    for a, w, y in in_groups(out, weight, grad, how.groups):
        backend.conv1d_by_input(a, y, w, how.stride[1], how.padding[1])


def correlate_sequences_by_weight(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: Backend,
    out: TensorData,
    bias: TensorData | None,
    grad: TensorData,
    x: TensorData,
    how: Geometry,
) -> None:
    """Pull `grad` (N, O, OL) back to the kernels, `out` (O, C / groups, K), and the bias (O,)."""
    if how.dilation != UNDILATED:
        correlate_by_weight(backend, as_rows(out), bias, as_rows(grad), as_rows(x), how)
        return
    for g, (a, w, y) in enumerate(in_groups(x, out, grad, how.groups)):
        own = of_group(bias, g, how.groups)
        backend.conv1d_by_weight(w, own, y, a, how.stride[1], how.padding[1])
