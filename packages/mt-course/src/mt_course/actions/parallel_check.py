"""What `minitorch parallel-check` shows: what Numba makes parallel of the course's own loops."""

from typing import Any

import click
import numpy as np

from minitorch import fast_ops, operators


def parallel_check() -> None:
    """Compile map, zip, reduce and matmul, and print Numba's diagnostics of each."""
    a = _matrix(2, 3)
    for name, kernel, arguments in (
        ("MAP", fast_ops.tensor_map(operators.id), (_matrix(2, 3), a)),
        ("ZIP", fast_ops.tensor_zip(operators.eq), (_matrix(2, 3), a, a)),
        ("REDUCE", fast_ops.tensor_reduce(operators.add), (_matrix(1, 3), a, 0)),
        ("MATRIX MULTIPLY", fast_ops.tensor_matrix_multiply, _product()),
    ):
        click.echo(name)
        kernel(*_flat(arguments))
        kernel.parallel_diagnostics(level=3)


def _matrix(*shape: int) -> tuple[Any, Any, Any]:
    zeros = np.zeros(shape)
    strides = np.array(zeros.strides) // zeros.itemsize
    return zeros.reshape(-1), np.array(shape), strides


def _product() -> tuple[Any, ...]:
    return _matrix(1, 2, 2), _matrix(1, 2, 3), _matrix(1, 3, 2)


def _flat(arguments: tuple[Any, ...]) -> list[Any]:
    """Pass storage, shape and strides of each tensor one by one."""
    parts = (part if isinstance(part, tuple) else (part,) for part in arguments)
    return [item for part in parts for item in part]
