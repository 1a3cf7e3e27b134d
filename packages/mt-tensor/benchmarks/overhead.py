"""What an operation costs beyond its arithmetic: microseconds on tensors of ten elements.

    python packages/mt-tensor/benchmarks/overhead.py

At ten elements the kernel's own time is a fraction of a microsecond, so what is measured is the
library: shapes, dispatch, allocation, the record for the backward. NumPy and, where it is
installed, PyTorch run in the same process, one after another in each of many rounds, on one
thread; the figure of each is its best round, and the ratio is to PyTorch.
"""

import sys
import timeit
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

import mt_tensor as mt

ROUNDS = 30
CALLS = 1000
Case = Callable[[], object]


def minitorch_cases() -> dict[str, Case]:
    """Return the operations on the default backend, float32."""
    a, b = mt.rand(10, dtype="float32"), mt.rand(10, dtype="float32")
    matrix, one = mt.rand(10, 10, dtype="float32"), mt.ones(10, dtype="float32")
    x, y = (mt.rand(10, dtype="float32", requires_grad=True) for _ in range(2))

    def there_and_back() -> None:
        (x * y).backward(one)
        x.grad = y.grad = None

    kernel, out = a.backend, a.backend.allocate((10,), a.dtype)
    return {
        "the kernel of a + b": lambda: kernel.zip(mt.add, out, a.data, b.data),
        "a + b": lambda: a + b,
        "a * b, recorded": lambda: x * y,
        "a * b and its backward": there_and_back,
        "a * 2.0": lambda: a * 2.0,
        "matrix + row": lambda: matrix + a,
        "matrix @ matrix": lambda: matrix @ matrix,
        "sum over rows": lambda: matrix.sum(0),
        "view": lambda: matrix.view(100),
        "permute": lambda: matrix.permute(1, 0),
    }


def numpy_cases() -> dict[str, Case]:
    """Return the operations that NumPy has."""
    a, b = np.random.default_rng(0).random((2, 10), np.float32)
    matrix = np.ones((10, 10), np.float32)
    return {
        "a + b": lambda: a + b,
        "a * 2.0": lambda: a * 2.0,
        "matrix + row": lambda: matrix + a,
        "matrix @ matrix": lambda: matrix @ matrix,
        "sum over rows": lambda: matrix.sum(0, keepdims=True),
        "view": lambda: matrix.reshape(100),
        "permute": lambda: matrix.transpose(1, 0),
    }


def torch_cases() -> dict[str, Case]:
    """Return the operations of PyTorch, or none if it is not installed."""
    if find_spec("torch") is None:
        return {}
    import torch  # noqa: PLC0415  a peer that may be missing

    torch.set_num_threads(1)
    a, b = torch.rand(10), torch.rand(10)
    matrix, one = torch.rand(10, 10), torch.ones(10)
    x, y = (torch.rand(10, requires_grad=True) for _ in range(2))

    def there_and_back() -> None:
        (x * y).backward(one)
        x.grad = y.grad = None

    return {
        "a + b": lambda: a + b,
        "a * b, recorded": lambda: x * y,
        "a * b and its backward": there_and_back,
        "a * 2.0": lambda: a * 2.0,
        "matrix + row": lambda: matrix + a,
        "matrix @ matrix": lambda: matrix @ matrix,
        "sum over rows": lambda: matrix.sum(0, keepdim=True),
        "view": lambda: matrix.view(100),
        "permute": lambda: matrix.permute(1, 0),
    }


def measure(cases: dict[str, dict[str, Case]]) -> dict[tuple[str, str], float]:
    """Return microseconds for each (library, operation): the best of interleaved rounds."""
    best: dict[tuple[str, str], float] = {}
    for _ in range(ROUNDS):
        for library, operations in cases.items():
            for name, call in operations.items():
                seconds = timeit.timeit(call, number=CALLS)
                key = library, name
                best[key] = min(best.get(key, float("inf")), seconds / CALLS * 1e6)
    return best


def main() -> None:
    """Print the table."""
    cases = {"MiniTorch": minitorch_cases(), "NumPy": numpy_cases(), "PyTorch": torch_cases()}
    best = measure(cases)
    rows = [
        f"| microseconds | {' | '.join(cases)} | to PyTorch |",
        "| --- | --: | --: | --: | --: |",
    ]
    for name in cases["MiniTorch"]:
        figures = [best.get((library, name)) for library in cases]
        ours, _, peer = figures
        ratio = f"{ours / peer:.2f}" if ours and peer else ""
        cells = " | ".join("" if f is None else f"{f:.2f}" for f in figures)
        rows.append(f"| {name} | {cells} | {ratio} |")
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
