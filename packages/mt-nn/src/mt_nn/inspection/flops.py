"""Counting the floating-point operations of products, which are nearly all there are.

A multiplication and the addition of its product count as two. Matrix products and convolutions
count, as `torch.utils.flop_counter` has it; what touches each number once does not.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from mt_nn.functional.convolution import CONV2D
from mt_nn.functional.convolution1d import CONV1D
from mt_nn.functional.linear import LINEAR
from mt_nn.functional.transposed import ConvTranspose2d
from mt_tensor import Tensor
from mt_tensor.functions.matmul import MATMUL

RULES: dict[Any, Callable[[Tensor, Tensor, Tensor], int]] = {
    MATMUL: lambda result, a, _: 2 * result.size * a.shape[-1],
    LINEAR: lambda result, x, _: 2 * result.size * x.shape[-1],
    CONV1D: lambda result, _, weight: 2 * result.size * prod(weight.shape[1:]),
    CONV2D: lambda result, _, weight: 2 * result.size * prod(weight.shape[1:]),
    ConvTranspose2d: lambda _, x, weight: 2 * x.size * prod(weight.shape[1:]),
}


def flops(result: Tensor) -> int:
    """Return how many operations made a result of its inputs."""
    if result.history is None or result.history.last_fn not in RULES:
        return 0
    a, b = result.history.inputs[:2]
    return RULES[result.history.last_fn](result, a, b)  # type: ignore[arg-type]  # tensors
