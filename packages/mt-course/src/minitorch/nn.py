"""Module 4: pooling, maximum, softmax and dropout of the course's tensors."""

# ruff: noqa: A001, FBT001, FBT002  the course's names and signatures

from typing import Any

from minitorch import operators
from minitorch.fast_ops import FastOps
from minitorch.functions import Function
from minitorch.tensor import Tensor
from minitorch.tensor_functions import rand
from mt_autodiff import Context
from mt_nn import functional

max_reduce = FastOps.reduce(operators.max, -1e9)


def tile(input: Tensor, kernel: tuple[int, int]) -> tuple[Tensor, int, int]:
    """Cut images into tiles for pooling.

    Args:
        input: shape (B, C, H, W).
        kernel: height and width of a tile.

    Returns:
        Shape (B, C, H / kh, W / kw, kh * kw), and the new height and width.

    Raises:
        AssertionError: the tiles do not fill the images.
    """
    batch, channels, height, width = input.shape
    kh, kw = kernel
    if height % kh or width % kw:
        message = f"tile: images of {height} x {width} cannot be cut into tiles of {kh} x {kw}"
        raise AssertionError(message)
    new_height, new_width = height // kh, width // kw
    cut = input.contiguous().view(batch, channels, new_height, kh, new_width, kw)
    tiles = cut.permute(0, 1, 2, 4, 3, 5).contiguous()
    return tiles.view(batch, channels, new_height, new_width, kh * kw), new_height, new_width


def avgpool2d(input: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Average the tiles of images (B, C, H, W).

    Raises:
        AssertionError: the tiles do not fill the images.
    """
    tiles, height, width = tile(input, kernel)
    return tiles.mean(4).view(*input.shape[:2], height, width)


def maxpool2d(input: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Take the maximum of each tile of images (B, C, H, W).

    Raises:
        AssertionError: the tiles do not fill the images.
    """
    tiles, height, width = tile(input, kernel)
    return max(tiles, 4).view(*input.shape[:2], height, width)


def argmax(input: Tensor, dim: int) -> Tensor:
    """Return 1.0 where an element is the largest along `dim`, else 0.0; all that tie get 1.0."""
    largest: Tensor = input.f.max_reduce(input, dim)
    return input == largest


class Max(Function):
    """Maximum along a dimension; its gradient goes to every element that is one."""

    @staticmethod
    def forward(ctx: Context, input: Any, dim: Any) -> Any:
        """Return the maxima, with size 1 along the dimension."""
        axis = int(dim.item())
        ctx.save_for_backward(argmax(input, axis))
        return input.f.max_reduce(input, axis)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        """Pass the gradient to the maxima, and 0.0 to the dimension."""
        (largest,) = ctx.saved_values
        return grad_output * largest, 0.0


def max(input: Tensor, dim: int) -> Tensor:
    """Take the maximum along a dimension, which stays with size 1."""
    return Max.apply(input, input._ensure_tensor(dim))  # noqa: SLF001  the course's name


def softmax(input: Tensor, dim: int) -> Tensor:
    r"""$e^{x_i} / \sum_j e^{x_j}$ along a dimension."""
    out: Any = functional.softmax(input, dim)
    return out  # type: ignore[no-any-return]  # a tensor of the class of its input


def logsoftmax(input: Tensor, dim: int) -> Tensor:
    r"""$x_i - \ln \sum_j e^{x_j}$ along a dimension."""
    out: Any = functional.log_softmax(input, dim)
    return out  # type: ignore[no-any-return]  # a tensor of the class of its input


def dropout(input: Tensor, rate: float, ignore: bool = False) -> Tensor:
    """Set elements to 0 with a probability; the others stay as they are.

    Args:
        input: a tensor.
        rate: the probability.
        ignore: whether to change nothing.
    """
    if ignore:
        return input
    drawn = rand(input.shape, backend=input.backend).detach()
    return input * (1.0 - (drawn < rate))
