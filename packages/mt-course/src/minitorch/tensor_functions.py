"""Module 2: tensors to begin with, and a check of gradients by differences.

The functions themselves are in `functions`; the course has them here as well.
"""

# ruff: noqa: FBT001, FBT002, S311, SLF001  the course's signatures; samples, not secrets

import random
from typing import Any

import numpy as np

from minitorch.functions import (
    EQ,
    LT,
    Add,
    All,
    Copy,
    Exp,
    Function,
    Inv,
    IsClose,
    Log,
    MatMul,
    Mul,
    Neg,
    Permute,
    ReLU,
    Sigmoid,
    Sum,
    View,
    wrap_tuple,
)
from minitorch.operators import prod
from minitorch.tensor import Tensor
from minitorch.tensor_data import UserIndex, UserShape
from minitorch.tensor_ops import SimpleBackend, TensorBackend
from mt_autodiff import LEAF

__all__ = [
    "EQ",
    "LT",
    "Add",
    "All",
    "Copy",
    "Exp",
    "Function",
    "Inv",
    "IsClose",
    "Log",
    "MatMul",
    "Mul",
    "Neg",
    "Permute",
    "ReLU",
    "Sigmoid",
    "Sum",
    "View",
    "grad_central_difference",
    "grad_check",
    "rand",
    "tensor",
    "wrap_tuple",
    "zeros",
]

SAMPLE_SEED = 10
TOLERANCE = 1e-2


def zeros(shape: UserShape, backend: TensorBackend = SimpleBackend) -> Tensor:
    """Make a constant of zeros."""
    return Tensor.make([0.0] * int(prod(shape)), tuple(shape), backend=backend)


def rand(
    shape: UserShape,
    backend: TensorBackend = SimpleBackend,
    requires_grad: bool = False,
) -> Tensor:
    """Make a leaf of numbers from 0 to 1, drawn as Python's `random` does.

    >>> rand((3, 4, 5)).mean(1).shape
    (3, 1, 5)
    """
    drawn = [random.random() for _ in range(int(prod(shape)))]
    return _tensor(drawn, shape, backend, requires_grad)


def _tensor(
    ls: Any,
    shape: UserShape,
    backend: TensorBackend = SimpleBackend,
    requires_grad: bool = False,  # noqa: ARG001
) -> Tensor:
    """Make a leaf of a flat list. In the course it is one, whatever `requires_grad` says."""
    made = Tensor.make(ls, tuple(shape), backend=backend)
    made.history = LEAF
    return made


def tensor(
    ls: Any,
    backend: TensorBackend = SimpleBackend,
    requires_grad: bool = False,
) -> Tensor:
    """Make a leaf of a number, or of nested lists of numbers.

    Raises:
        ValueError: the lists do not have one shape.

    >>> tensor([[1, 2], [3, 4]])[1, 0]
    3.0
    """
    array = np.array(ls, np.float64)
    return _tensor(array.reshape(-1), array.shape, backend, requires_grad)


def grad_central_difference(
    f: Any,
    *vals: Tensor,
    arg: int = 0,
    epsilon: float = 1e-6,
    ind: UserIndex,
) -> float:
    """Approximate the derivative of `f(...).sum()` by one element of one input.

    Args:
        f: a function of tensors.
        vals: where.
        arg: which input.
        epsilon: the step.
        ind: the index of the element.
    """
    step = zeros(vals[arg].shape)
    step[ind] = epsilon
    up = [x + step if j == arg else x for j, x in enumerate(vals)]
    down = [x - step if j == arg else x for j, x in enumerate(vals)]
    difference: float = (f(*up).sum() - f(*down).sum())[0]
    return difference / (2.0 * epsilon)


def grad_check(f: Any, *vals: Tensor) -> None:
    """Compare the gradient that `backward` finds with a difference, to a hundredth.

    It looks at one element of each input, drawn at random, the same ones each time.

    Args:
        f: a function of tensors.
        vals: where; they become leaves.

    Raises:
        AssertionError: one differs; the message has the function, the element and both values.
    """
    for x in vals:
        x.requires_grad_()
        x.zero_grad_()
    random.seed(SAMPLE_SEED)
    f(*vals).sum().backward()
    for i, x in enumerate(vals):
        ind = x._tensor.sample()
        check = grad_central_difference(f, *vals, arg=i, ind=ind)
        found = 0.0 if x.grad is None else x.grad[ind]
        if not abs(found - check) <= TOLERANCE + TOLERANCE * abs(check):
            name = getattr(f, "__name__", f)
            message = (
                f"{name}: backward gives {found} by element {ind} of argument {i}, "
                f"a central difference {check}"
            )
            raise AssertionError(message)
