"""The targets of single kernels: ours beside NumPy and PyTorch, float32 unless a name says else."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from against_numpy import BACKEND, Array, data, drawn, multiplied
from targets import Target

from mt_operators import add, exp, log, maximum, sigmoid, tanh

DOWN, ALONG = 0, -1
ONE = (1, 1)


def elementwise() -> Iterator[Target]:
    """Yield sums of two tensors in several layouts."""
    million = drawn(1 << 20)
    yield added("1M contiguous", million, million, 0.9, 1.0)
    yield added("128x64 + bias", drawn(128, 64), drawn(64), 1.3, 2.0)
    permuted = drawn(16, 28, 28, 4).transpose(0, 3, 1, 2)
    yield added("permuted 16x4x28x28", permuted, drawn(16, 4, 28, 28), 0.9, 1.1)
    yield added("[::2] of 200,000", drawn(200_000)[::2], drawn(200_000)[::2], 1.0, 1.3)


def added(name: str, x: Array, y: Array, least: float, aim: float) -> Target:
    """Describe a sum."""
    out = np.empty(x.shape, x.dtype)
    a, b, o = data(x), data(np.broadcast_to(y, x.shape)), data(out)
    s, t, u = torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(out)
    peers: dict[str, Any] = {
        "NumPy": lambda: np.add(x, y, out=out),
        "PyTorch": lambda: torch.add(s, t, out=u),
    }
    return Target(f"add, {name}", lambda: BACKEND.zip(add, o, a, b), peers, least, aim)


def functions() -> Iterator[Target]:
    """Yield exponentials and logarithms of 10,000 elements."""
    numpy = {
        exp: np.exp,
        log: np.log,
        sigmoid: lambda x, out: np.divide(1.0, 1.0 + np.exp(-x), out=out),
        tanh: np.tanh,
    }
    x = drawn(10_000)
    out = np.empty_like(x)
    a, o, s, u = data(x), data(out), torch.from_numpy(x), torch.from_numpy(out)
    for op, peer in numpy.items():
        theirs: Any = getattr(torch, op.name)
        yield Target(
            op.name,
            lambda op=op: BACKEND.map(op, o, a),
            {
                "NumPy": lambda peer=peer: peer(x, out=out),
                "PyTorch": lambda theirs=theirs: theirs(s, out=u),
            },
            0.8 if op is tanh else 1.3,
            2.0,
        )


def reductions() -> Iterator[Target]:
    """Yield sums and maxima of a matrix along each axis."""
    x = drawn(1000, 1000)
    a, s = data(x), torch.from_numpy(x)
    for axis in (ALONG, DOWN):
        out = np.empty((1000, 1) if axis else (1, 1000), x.dtype)
        o, u = data(out), torch.from_numpy(out)
        for op, peer, theirs in ((add, np.sum, torch.sum), (maximum, np.max, torch.amax)):
            yield Target(
                f"{peer.__name__}({axis}), 1000x1000",
                lambda op=op, o=o: BACKEND.reduce(op, o, a),
                {
                    "NumPy": lambda peer=peer, axis=axis, out=out: peer(
                        x, axis=axis, keepdims=True, out=out
                    ),
                    "PyTorch": lambda theirs=theirs, axis=axis, u=u: theirs(
                        s, axis, keepdim=True, out=u
                    ),
                },
                1.0,
                1.5,
            )


def products() -> Iterator[Target]:
    """Yield products of square matrices, and those of small networks."""
    for dtype, least, aim in (("float32", 1.6, 2.0), ("float64", 1.0, 1.3)):
        for n in (256, 512, 1024):
            square = drawn(n, n, dtype=dtype)
            yield product(f"{n}, {dtype}", square, square, least, aim)
        turned = drawn(512, 512, dtype=dtype).T
        yield product(
            f"512, a transposed, {dtype}", turned, drawn(512, 512, dtype=dtype), least, aim
        )
        yield product(
            f"512, b transposed, {dtype}", drawn(512, 512, dtype=dtype), turned, least, aim
        )


def small_products() -> Iterator[Target]:
    """Yield the products of small networks."""
    for m, k, n in ((16, 392, 64), (10, 100, 100), (16, 64, 10)):
        yield product(f"{m}x{k}x{n}", drawn(m, k), drawn(k, n), 1.0, 1.3)


def product(name: str, a: Array, b: Array, least: float, aim: float) -> Target:
    """Describe a product of two matrices."""
    row = multiplied(name, a, b)
    return Target(f"matmul, {name}", row.ours, {"NumPy": row.numpy}, least, aim)


def convolutions() -> Iterator[Target]:
    """Yield the second convolution of LeNet: 4 to 8 channels, 3 x 3, one zero around."""
    for n in (16, 128):
        x, weight = drawn(n, 4, 28, 28), drawn(8, 4, 3, 3)
        grad, dx, dw = drawn(n, 8, 28, 28), np.empty_like(x), np.empty_like(weight)
        a, w, g, da, dv = (data(each) for each in (x, weight, grad, dx, dw))
        out = data(np.empty_like(grad))
        s, v, h = (torch.from_numpy(each) for each in (x, weight, grad))

        def back(g: Any = g, w: Any = w, a: Any = a, da: Any = da, dv: Any = dv) -> None:
            BACKEND.conv2d_by_input(da, g, w, ONE, ONE)
            BACKEND.conv2d_by_weight(dv, None, g, a, ONE, ONE)

        def their_back(h: Any = h, s: Any = s, v: Any = v) -> Any:
            pads, wanted = ([1, 1],) * 3, [True, True, False]
            transposed = False
            return torch.ops.aten.convolution_backward(
                *(h, s, v, None, *pads, transposed), *([0, 0], 1, wanted)
            )

        yield Target(
            f"conv2d forward, {n} images",
            lambda out=out, a=a, w=w: BACKEND.conv2d(out, a, w, None, ONE, ONE),
            {"PyTorch": lambda s=s, v=v: torch.conv2d(s, v, padding=1)},
            2.0,
            3.0,
        )
        yield Target(f"conv2d backward, {n} images", back, {"PyTorch": their_back}, 3.0, 6.0)
