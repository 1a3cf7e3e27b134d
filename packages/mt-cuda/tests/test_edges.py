"""Every operator at the edges of the number line, on the device as in Python."""

import numpy as np
import pytest

from mt_operators.testing import EDGES, same


@pytest.mark.parametrize("operator", EDGES, ids=lambda operator: operator.name)
def test_the_edges_are_those_of_the_table(backend, operator):
    inputs, expected = zip(*EDGES[operator], strict=True)
    operands = [backend.from_array(np.array(column)) for column in zip(*inputs, strict=True)]
    out = backend.allocate((len(expected),), np.dtype("float64"))
    kernel = backend.map if len(operands) == 1 else backend.zip
    kernel(operator, out, *operands)
    for place, value, wanted in zip(inputs, backend.to_array(out), expected, strict=True):
        assert same(float(value), wanted), f"{operator.name}{place} is {value}, not {wanted}"
