"""Padding: surrounding a tensor with one value."""

from collections.abc import Sequence
from typing import Any, Literal

from mt_operators import identity
from mt_tensor import Context, Function, ShapeError, Tensor, TensorData

Widths = tuple[tuple[int, int], ...]


def pad(
    input: Tensor,
    pad: Sequence[int],
    mode: Literal["constant"] = "constant",
    value: float = 0.0,
) -> Tensor:
    """Surround a tensor with a value.

    Args:
        input: any shape.
        pad: how many before and after, from the last dimension backwards:
            `(left, right, above, below)` for an image.
        mode: there is only the one.
        value: what to put there.

    Returns:
        Each dimension larger by its two numbers.

    Raises:
        ShapeError: an odd count of numbers, more than the dimensions have, or one below 0.
        ValueError: another mode.

    Source: `torch.nn.functional.pad`, in its constant mode.
    """
    if mode != "constant":
        message = f"pad: mode must be 'constant', not {mode!r}"
        raise ValueError(message)
    if len(pad) % 2 or len(pad) > 2 * input.ndim or any(n < 0 for n in pad):
        message = (
            f"pad: {tuple(pad)} for an input of {input.shape}; it must be pairs of numbers from 0, "
            f"for at most {input.ndim} dimension(s)"
        )
        raise ShapeError(message)
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    widths = ((0, 0),) * (input.ndim - len(pairs)) + tuple(reversed(pairs))
    return Pad.apply(input, widths=widths, value=value)  # type: ignore[no-any-return]


class Pad(Function):
    """Copy into the middle of a constant; its adjoint is the view of the middle."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, *, widths: Widths, value: float) -> Any:
        """Fill, and copy."""
        ctx.widths = widths
        shape = tuple(n + a + b for n, (a, b) in zip(x.shape, widths, strict=True))
        out = x.backend.full(shape, value, x.dtype)
        x.backend.map(identity, _middle(out, widths), x.data)
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Leave the surroundings out."""
        return grad_output._new(_middle(grad_output.data, ctx.widths))


def _middle(data: TensorData, widths: Widths) -> TensorData:
    for axis, (before, after) in enumerate(widths):
        data = data.narrow(axis, before, data.shape[axis] - before - after)
    return data
