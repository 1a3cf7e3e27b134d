r"""Time the kernels of mt-fast and the same work in NumPy, one thread each.

    OPENBLAS_NUM_THREADS=1 python against_numpy.py [--rounds 15] [--only matmul] [--threads 1]

The two take turns, so that a busy machine slows both alike; a time is the median of the rounds,
each of which repeats the call for about 0.02 seconds. Both write into memory that is there
already. With one thread the time is that of the processor, without the time that other processes
take; with several it is the time that passes. Printed as a table of Markdown, with the machine.
"""

import argparse
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from timing import Call, machine, medians

from mt_fast import set_num_threads
from mt_fast.backend import FastBackend
from mt_operators import add, exp, log, maximum, mul, relu, sigmoid, tanh
from mt_tensor import TensorData

BACKEND = FastBackend()
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: what is computed; the first word is the group.
        ours: the call to mt-fast.
        numpy: the call to NumPy.
        flops: of one call, for rows that are told in GFLOP/s; else 0.
    """

    name: str
    ours: Call
    numpy: Call
    flops: float = 0.0


def drawn(*shape: int, dtype: str = "float32") -> Array:
    """Draw positive numbers."""
    return np.random.default_rng(0).uniform(0.5, 2.0, shape).astype(dtype)


def data(view: Array) -> TensorData:
    """Return the tensor over the storage of a view that starts where the storage does."""
    base = view
    while isinstance(base.base, np.ndarray):
        base = base.base
    strides = tuple(step // view.itemsize for step in view.strides)
    return TensorData(base.reshape(-1), view.shape, strides)


def overhead() -> Iterator[Row]:
    """Yield calls on ten elements: what is left is the way to the kernel."""
    a, b, out = drawn(10), drawn(10), np.empty(10, "float32")
    x, y, o = data(a), data(b), data(out)
    yield Row("call: zip, 10", lambda: BACKEND.zip(add, o, x, y), lambda: np.add(a, b, out=out))
    m, row, target = drawn(2, 5), drawn(5), np.empty((2, 5), "float32")
    w, r, t = data(m), data(row).expand((2, 5)), data(target)
    yield Row(
        "call: zip, 2x5 + 5", lambda: BACKEND.zip(add, t, w, r), lambda: np.add(m, row, out=target)
    )
    total = np.empty((1, 5), "float32")
    s = data(total)
    yield Row(
        "call: sum(0), 2x5",
        lambda: BACKEND.reduce(add, s, w),
        lambda: np.sum(m, axis=0, keepdims=True, out=total),
    )
    n, p = drawn(5, 2), np.empty((2, 2), "float32")
    right, product = data(n), data(p)
    yield Row(
        "call: matmul, 2x5x2",
        lambda: BACKEND.matmul(product, w, right),
        lambda: np.matmul(m, n, out=p),
    )


def elementwise() -> Iterator[Row]:
    """Yield functions of one operand, and sums in several layouts."""
    for size in (1000, 1 << 20):
        x, out = drawn(size), np.empty(size, "float32")
        yield zipped(f"add, {size:,}", x, x)
        a, o = data(x), data(out)
        yield Row(
            f"map: relu, {size:,}",
            lambda a=a, o=o: BACKEND.map(relu, o, a),
            lambda x=x, out=out: np.maximum(x, 0.0, out=out),
        )
    yield zipped("add, 128x64 + 64", drawn(128, 64), np.broadcast_to(drawn(64), (128, 64)))
    bias = np.broadcast_to(drawn(4, 1, 1), (16, 4, 28, 28))
    yield zipped("add, 16x4x28x28 + 4x1x1", drawn(16, 4, 28, 28), bias)
    column = np.broadcast_to(drawn(1000, 1), (1000, 1000))
    yield zipped("mul, 1000x1000 * 1000x1", drawn(1000, 1000), column, mul, np.multiply)
    yield zipped("add, A.T + B, 1000x1000", drawn(1000, 1000).T, drawn(1000, 1000))
    permuted = drawn(16, 28, 28, 4).transpose(0, 3, 1, 2)
    yield zipped("add, channels last + first", permuted, drawn(16, 4, 28, 28))
    yield zipped("add, [::2] + [::2], 100,000", drawn(200_000)[::2], drawn(200_000)[::2])


def zipped(name: str, x: Array, y: Array, op: Any = add, peer: Any = np.add) -> Row:
    """Compare `zip` of two arrays with NumPy's function."""
    out = np.empty(x.shape, x.dtype)
    a, b, o = data(x), data(y), data(out)
    return Row(f"zip: {name}", lambda: BACKEND.zip(op, o, a, b), lambda: peer(x, y, out=out))


def elementary() -> Iterator[Row]:
    """Yield exponentials and logarithms of 10,000 elements."""
    peers = {
        exp: np.exp,
        log: np.log,
        tanh: np.tanh,
        sigmoid: lambda x, out: np.divide(1.0, 1.0 + np.exp(-x), out=out),
    }
    for dtype in ("float32", "float64"):
        x = drawn(10_000, dtype=dtype)
        out = np.empty_like(x)
        a, o = data(x), data(out)
        for op, peer in peers.items():
            yield Row(
                f"map: {op.name}, {dtype}",
                lambda op=op, a=a, o=o: BACKEND.map(op, o, a),
                lambda peer=peer, x=x, out=out: peer(x, out=out),
            )


def reductions() -> Iterator[Row]:
    """Yield sums and maxima along each axis."""
    for shape in ((128, 64), (1000, 1000)):
        x = drawn(*shape)
        for axis in (-1, 0):
            kept = (shape[0], 1) if axis else (1, shape[1])
            for op, peer in ((add, np.sum), (maximum, np.max)):
                out = np.empty(kept, x.dtype)
                a, o = data(x), data(out)
                yield Row(
                    f"reduce: {peer.__name__}({axis}), {shape[0]}x{shape[1]}",
                    lambda op=op, o=o, a=a: BACKEND.reduce(op, o, a),
                    lambda peer=peer, x=x, axis=axis, out=out: peer(
                        x, axis=axis, keepdims=True, out=out
                    ),
                )


def products() -> Iterator[Row]:
    """Yield matrix products of the sizes of networks and of benchmarks, and transposed factors."""
    sizes = [(16, 392, 64), (10, 100, 100), (16, 64, 10), (128, 392, 64)]
    sizes += [(n, n, n) for n in (64, 256, 512, 1024)]
    for dtype in ("float32", "float64"):
        for m, k, n in sizes:
            yield multiplied(f"{m}x{k}x{n}", drawn(m, k, dtype=dtype), drawn(k, n, dtype=dtype))
        for m, k, n in ((10, 100, 100), (512, 512, 512)):
            a, b = drawn(m, k, dtype=dtype), drawn(n, k, dtype=dtype).T
            yield multiplied(f"{m}x{k}x{n}, b transposed", a, b)
            a, b = drawn(k, m, dtype=dtype).T, drawn(k, n, dtype=dtype)
            yield multiplied(f"{m}x{k}x{n}, a transposed", a, b)


def multiplied(name: str, a: Array, b: Array) -> Row:
    """Compare `matmul` of two arrays with NumPy's."""
    out = np.empty((a.shape[0], b.shape[1]), a.dtype)
    x, y, o = data(a), data(b), data(out)
    return Row(
        f"matmul: {name}, {a.dtype}",
        lambda: BACKEND.matmul(o, x, y),
        lambda: np.matmul(a, b, out=out),
        2.0 * a.size * b.shape[1],
    )


def convolutions() -> Iterator[Row]:
    """Yield the convolutions of LeNet; in NumPy, windows and a product (im2col)."""
    one = (1, 1)
    for n, c, o in ((16, 1, 4), (16, 4, 8), (128, 4, 8)):
        x, weight, out = drawn(n, c, 28, 28), drawn(o, c, 3, 3), np.empty((n, o, 28, 28), "float32")
        a, w, t = data(x), data(weight), data(out)
        yield Row(
            f"conv2d: {n} images, {c} -> {o}",
            lambda t=t, a=a, w=w: BACKEND.conv2d(t, a, w, None, one, one),
            lambda x=x, weight=weight: unfolded(x, weight),
            2.0 * out.size * c * 9,
        )


def unfolded(x: Array, weight: Array) -> Array:
    """Correlate with 3 x 3 kernels and one zero around, as one matrix product."""
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    view = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=(2, 3))
    n, c, h, w = view.shape[:4]
    columns = view.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, c * 9)
    rows = columns @ weight.reshape(len(weight), -1).T
    return np.ascontiguousarray(rows.reshape(n, h, w, -1).transpose(0, 3, 1, 2))


GROUPS = (overhead, elementwise, elementary, reductions, products, convolutions)


def shown(seconds: float, flops: float) -> str:
    """Tell a time in microseconds, with the rate where it is wanted."""
    rate = f" ({flops / seconds / 1e9:.0f} GF/s)" if flops else ""
    return f"{seconds * 1e6:.2f}{rate}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="print rows whose name begins so")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    set_num_threads(options.threads)
    clock = time.thread_time if options.threads == 1 else time.perf_counter
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(f"{machine()}; {versions}; {time.strftime('%Y-%m-%d')}\n")
    print("| | mt-fast, us | NumPy, us | NumPy / mt-fast |\n|---|---:|---:|---:|")
    for group in GROUPS:
        for row in group():
            if row.name.startswith(options.only):
                ours, peer = medians((row.ours, row.numpy), options.rounds, clock)
                flops = row.flops
                cells = (row.name, shown(ours, flops), shown(peer, flops), f"{peer / ours:.2f}")
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
