"""Matrix multiplication, plain: for each row of the product, add up multiples of rows of b."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, PLR0913  templates: names are bound, types inferred

from mt_fast.kernels.intrinsics import get, put


def plain(out, a, b, start, batch, batch_strides, strides, M, N, K):
    """Multiply each pair of matrices of the batch."""
    count = 1
    for d in range(batch.size):
        count *= batch[d]
    for ordinal in range(count):
        o, p, q = start
        outer = ordinal
        for d in range(batch.size - 1, -1, -1):
            i = outer % batch[d]
            outer //= batch[d]
            o += i * batch_strides[d, 0]
            p += i * batch_strides[d, 1]
            q += i * batch_strides[d, 2]
        for i in range(M):
            row = o + i * strides[0, 0]
            for j in range(N):
                put(out, row + j * strides[1, 0], 0.0)
            for k in range(K):
                x = get(a, p + i * strides[0, 1] + k * strides[1, 1])
                line = q + k * strides[0, 2]
                for j in range(N):
                    at = row + j * strides[1, 0]
                    put(out, at, get(out, at) + x * get(b, line + j * strides[1, 2]))
