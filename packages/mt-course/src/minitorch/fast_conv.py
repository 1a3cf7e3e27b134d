"""Module 4: convolution that keeps the size, zeros beyond the right and the lower edge."""

# ruff: noqa: FBT001, PLR0913, PLR0917  the course's names and signatures

from typing import Any

from minitorch import tensor_data
from minitorch.functions import Function
from minitorch.jit import njit, parallel_jit, prange
from minitorch.tensor_methods import HOSTS
from mt_autodiff import Context
from mt_operators import identity
from mt_tensor import Backend, TensorData, float64, get_backend

to_index = njit(tensor_data.to_index)
index_to_position = njit(tensor_data.index_to_position)
broadcast_index = njit(tensor_data.broadcast_index)


def _tensor_conv1d(
    out: Any,
    out_shape: Any,
    out_strides: Any,
    out_size: int,
    input: Any,
    input_shape: Any,
    input_strides: Any,
    weight: Any,
    weight_shape: Any,
    weight_strides: Any,
    reverse: bool,
) -> None:
    r"""$out_{bow} = \sum_{ck} input_{b,c,w+k}\, weight_{ock}$; with `reverse`, $input_{b,c,w-k}$.

    Each iteration owns one element of `out`.
    """
    for ordinal in prange(out_size):
        w = ordinal % out_shape[2]
        o = ordinal // out_shape[2] % out_shape[1]
        b = ordinal // (out_shape[1] * out_shape[2])
        total = 0.0
        for c in range(input_shape[1]):
            for k in range(weight_shape[2]):
                at = w - k if reverse else w + k
                if 0 <= at < input_shape[2]:
                    x = b * input_strides[0] + c * input_strides[1] + at * input_strides[2]
                    y = o * weight_strides[0] + c * weight_strides[1] + k * weight_strides[2]
                    total += input[x] * weight[y]
        out[b * out_strides[0] + o * out_strides[1] + w * out_strides[2]] = total


def _tensor_conv2d(
    out: Any,
    out_shape: Any,
    out_strides: Any,
    out_size: int,
    input: Any,
    input_shape: Any,
    input_strides: Any,
    weight: Any,
    weight_shape: Any,
    weight_strides: Any,
    reverse: bool,
) -> None:
    r"""$out_{bohw} = \sum_{cij} input_{b,c,h+i,w+j}\, weight_{ocij}$; with `reverse`, minus.

    Each iteration owns one element of `out`.
    """
    sign = -1 if reverse else 1
    for ordinal in prange(out_size):
        w = ordinal % out_shape[3]
        h = ordinal // out_shape[3] % out_shape[2]
        o = ordinal // (out_shape[2] * out_shape[3]) % out_shape[1]
        b = ordinal // (out_shape[1] * out_shape[2] * out_shape[3])
        total = 0.0
        for c in range(input_shape[1]):
            source = b * input_strides[0] + c * input_strides[1]
            kernel = o * weight_strides[0] + c * weight_strides[1]
            for i in range(weight_shape[2]):
                y = h + sign * i
                if 0 <= y < input_shape[2]:
                    for j in range(weight_shape[3]):
                        x = w + sign * j
                        if 0 <= x < input_shape[3]:
                            pixel = source + y * input_strides[2] + x * input_strides[3]
                            tap = kernel + i * weight_strides[2] + j * weight_strides[3]
                            total += input[pixel] * weight[tap]
        position = b * out_strides[0] + o * out_strides[1]
        out[position + h * out_strides[2] + w * out_strides[3]] = total


tensor_conv1d = parallel_jit(_tensor_conv1d)
tensor_conv2d = parallel_jit(_tensor_conv2d, fastmath=True)


class Conv2dFun(Function):
    """Convolution of images that keeps their size, by the kernels of mt-fast or mt-cuda.

    The images get as many zeros at the right and at the bottom as a kernel reaches beyond.
    """

    @staticmethod
    def forward(ctx: Context, input: Any, weight: Any) -> Any:
        """Correlate images (B, Cin, H, W) with kernels (Cout, Cin, KH, KW).

        Raises:
            AssertionError: the two `Cin` differ.
        """
        _check_channels(input, weight)
        engine = _engine(input)
        padded = _padded(engine, input.data, weight.shape)
        ctx.save_for_backward(padded, weight, input.shape)
        out = engine.allocate((input.shape[0], weight.shape[0], *input.shape[2:]), float64)
        engine.conv2d(out, padded, weight.data, None, (1, 1), (0, 0))
        return input._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        """Return the gradients by images and kernels."""
        padded, weight, shape = ctx.saved_values
        engine, grad = _engine(grad_output), grad_output.data
        by_input = engine.allocate(padded.shape, float64)
        engine.conv2d_by_input(by_input, grad, weight.data, (1, 1), (0, 0))
        by_weight = engine.allocate(weight.shape, float64)
        engine.conv2d_by_weight(by_weight, None, grad, padded, (1, 1), (0, 0))
        return grad_output._new(_corner(by_input, shape)), grad_output._new(by_weight)


class Conv1dFun(Function):
    """Convolution of rows that keeps their length: that of images of one line."""

    @staticmethod
    def forward(ctx: Context, input: Any, weight: Any) -> Any:
        """Correlate rows (B, Cin, W) with kernels (Cout, Cin, K).

        Raises:
            AssertionError: the two `Cin` differ.
        """
        out = Conv2dFun.forward(ctx, _with_a_line(input), _with_a_line(weight))
        return _without_line(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        """Return the gradients by rows and kernels."""
        by_input, by_weight = Conv2dFun.backward(ctx, _with_a_line(grad_output))
        return _without_line(by_input), _without_line(by_weight)


conv1d = Conv1dFun.apply
conv2d = Conv2dFun.apply


def _engine(t: Any) -> Backend:
    """Choose kernels: compiled ones for whatever lies in the host's memory."""
    return get_backend("fast") if t.backend.engine.name in HOSTS else t.backend.engine


def _padded(engine: Backend, images: TensorData, kernels: tuple[int, ...]) -> TensorData:
    """Copy images (B, C, H, W) into larger ones, of zeros at the right and at the bottom."""
    *batch, height, width = images.shape
    shape = (*batch, height + kernels[2] - 1, width + kernels[3] - 1)
    out = engine.full(shape, 0.0, float64)
    engine.map(identity, _corner(out, images.shape), images)
    return out


def _corner(images: TensorData, shape: tuple[int, ...]) -> TensorData:
    """View the upper left corner of images (B, C, H, W)."""
    return images.narrow(2, 0, shape[2]).narrow(3, 0, shape[3])


def _with_a_line(rows: Any) -> Any:
    """Read rows (B, C, W) as images (B, C, 1, W)."""
    (b, c, w), (sb, sc, sw) = rows.shape, rows.data.strides
    return rows._new(rows.data.restrided((b, c, 1, w), (sb, sc, w, sw)))


def _without_line(images: Any) -> Any:
    """Read images (B, C, 1, W) as rows (B, C, W)."""
    (b, c, _, w), (sb, sc, _, sw) = images.shape, images.data.strides
    return images._new(images.data.restrided((b, c, w), (sb, sc, sw)))


def _check_channels(input: Any, weight: Any) -> None:
    if input.shape[1] != weight.shape[1]:
        message = (
            f"conv: input is {input.shape} and weight is {weight.shape}; "
            f"their channels {input.shape[1]} and {weight.shape[1]} must be equal"
        )
        raise AssertionError(message)
