"""How much memory the elementwise kernels and the folds move, as a share of the driver's copy."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gpu_check.session import Row, Session
from mt_operators import add, maximum, relu

GIB_ELEMENTS = 1 << 28
"""Of float32, a GiB: many times what a cache holds."""

ROUNDS = 20
float32 = np.dtype(np.float32)


def rows(session: Session) -> Iterator[Row]:
    """Yield the copy first, then each kernel with the least that it must move."""
    length = 1 << (4 if session.small else 13)
    count = (1 << 8 if session.small else GIB_ELEMENTS) // length
    matrix = (count, length)
    backend, generator = session.backend, np.random.default_rng(0)
    a, b = (backend.from_array(generator.random(matrix, np.float32)) for _ in range(2))
    out = backend.allocate(matrix, float32)
    limit = measured(session, lambda: session.machine.copy(out, a), 2 * a.size)
    yield Row("copy", {"GB/s": limit})
    for name, call, elements in calls(backend, out, (a, b)):
        rate = measured(session, call, elements)
        yield Row(name, {"GB/s": rate, "of copy, %": 100.0 * rate / limit})


def calls(backend: Any, out: Any, operands: tuple[Any, Any]) -> Iterator[tuple[str, Any, int]]:
    """Yield each call with how many elements it reads and writes at least."""
    a, b = operands
    size, (count, length) = a.size, a.shape
    bias = backend.from_array(np.ones((1, length), np.float32)).expand(a.shape)
    row_sums, column_sums, total = (
        backend.allocate(shape, float32) for shape in ((count, 1), (1, length), (1, 1))
    )
    yield "map: relu", lambda: backend.map(relu, out, a), 2 * size
    yield "zip: add", lambda: backend.zip(add, out, a, b), 3 * size
    yield "zip: add a row", lambda: backend.zip(add, out, a, bias), 2 * size
    yield "reduce: sum of all", lambda: backend.reduce(add, total, a), size
    yield "reduce: sums of rows", lambda: backend.reduce(add, row_sums, a), size
    yield "reduce: maxima of rows", lambda: backend.reduce(maximum, row_sums, a), size
    yield "reduce: sums of columns", lambda: backend.reduce(add, column_sums, a), size
    yield "log softmax", lambda: backend.log_softmax(out, a, 1), 2 * size
    yield "log softmax back", lambda: backend.log_softmax_by_input(out, a, b, 1), 3 * size
    yield "dropout", lambda: backend.dropout(out, a, 0.25, 1), 2 * size
    rates = {"momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
    yield "step with momentum", lambda: backend.sgd_step(out, a, b, lr=1e-3, **rates), 5 * size


def measured(session: Session, call: Any, elements: int) -> float:
    """Return the rate in GB/s, of 1e9 bytes."""
    ms = session.machine.device_ms(call, ROUNDS)
    return elements * float32.itemsize / ms / 1e6
