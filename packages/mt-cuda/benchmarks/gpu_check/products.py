"""Matrix products beside cuBLAS, with the error of both against float64."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gpu_check.session import Row, Session, Values

SIZES = (1024, 2048, 4096, 8192)
ROUNDS = 10
CHECKED = 64
"""Rows of the product that are compared: float64 on the host is slow."""

Array = np.ndarray[Any, Any]


def rows(session: Session) -> Iterator[Row]:
    """Yield square products, one of float64, and the layouts that a backward asks for."""
    for n in (32,) if session.small else SIZES:
        yield compared(session, f"float32, {n}", drawn(n, n), drawn(n, n))
    n = 32 if session.small else SIZES[-2]
    yield compared(session, f"float32, {n}, a transposed", drawn(n, n).T, drawn(n, n))
    yield compared(session, f"float32, {n}, b transposed", drawn(n, n), drawn(n, n).T)
    wide = (16, 24, 12) if session.small else (128, 392, 64)
    yield compared(session, f"float32, {wide}", drawn(*wide[:2]), drawn(*wide[1:]))
    half = n // 2
    yield compared(session, f"float64, {half}", drawn(half, half, "f8"), drawn(half, half, "f8"))


def compared(session: Session, name: str, a: Array, b: Array) -> Row:
    """Multiply with ours and with cuBLAS, where that is."""
    backend = session.backend
    left, right = placed(backend, a), placed(backend, b)
    out = backend.allocate((a.shape[0], b.shape[1]), a.dtype)
    flops = 2.0 * a.shape[0] * a.shape[1] * b.shape[1]
    ms = session.machine.device_ms(lambda: backend.matmul(out, left, right), ROUNDS)
    exact = a[:CHECKED].astype(np.float64) @ b.astype(np.float64)
    found = error(backend.to_array(out), exact)
    values: Values = {"ms": ms, "TFLOP/s": flops / ms / 1e9, "relative error": found}
    values |= peer(session, a, b, exact, ms)
    wrong = f"relative error {found:.1e}" if found > limit(a) else ""
    return Row(name, values, wrong)


def peer(session: Session, a: Array, b: Array, exact: Array, ms: float) -> Values:
    """Time cuBLAS, through whoever calls it."""
    who, multiply, fetch = session.peers.cublas(a, b)
    if not who:
        return {"cuBLAS": "absent: " + ", ".join(session.peers.absent)}
    theirs = session.machine.device_ms(multiply, ROUNDS)
    share = 100.0 * theirs / ms
    return {"cuBLAS, ms": theirs, "of cuBLAS, %": share, "its error": error(fetch(), exact)}


def drawn(rows_: int, columns: int, dtype: str = "f4") -> Array:
    """Draw a matrix of normal numbers: the power that a GPU takes depends on the bits."""
    generator = np.random.default_rng((rows_, columns))
    return generator.standard_normal((rows_, columns)).astype(dtype)


def placed(backend: Any, view: Array) -> Any:
    """Copy a matrix to the device, in its layout."""
    if view.flags.c_contiguous:
        return backend.from_array(view)
    data = backend.from_array(view.T)
    return data.restrided(view.shape, data.strides[::-1])


def error(product: Array, exact: Array) -> float:
    """Return the norm of the difference in the first rows, relative to that of the product."""
    difference = product[: len(exact)].astype(np.float64) - exact
    return float(np.linalg.norm(difference) / np.linalg.norm(exact))


def limit(a: Array) -> float:
    """Return what rounding may come to: the root of K is typical, ten times that is wrong."""
    return 10.0 * float(np.finfo(a.dtype).eps) * float(np.sqrt(a.shape[1]))
