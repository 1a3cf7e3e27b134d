"""The gradient of an extremum along dense rows: count what is extremal, then share out.

`layout` holds the elements of a row; how many rows lie next to one another in the gradient; the
strides of the gradient, of one such row and of all of them.

Bound by the compiler: `ALL`, the types of the elements; `number`, that type.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821  templates: their names are bound, their types inferred

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import get
from mt_fast.kernels.intrinsics.lines import count_equal, put_where_equal


def share_out(data, layout, first, last):
    """Fill rows; a unit of work is one. The storages are out, gradient, operand and extrema.

    A row without an extremum, which has a nan, gets nan: its share is infinite, or nan itself.
    """
    out, grad, operand, best = storages(data, 0, ALL)
    at = positions(data, 4, ALL)
    columns, inner = layout[0], layout[1]
    outer, i = first // inner, first % inner
    for row in range(first, last):
        to, source, extremum = at[0] + row * columns, at[2] + row * columns, get(best, at[3] + row)
        count = count_equal(operand, source, columns, extremum)
        share = get(grad, at[1] + outer * layout[3] + i * layout[2]) / number(count)
        put_where_equal(out, to, operand, source, columns, extremum, share)
        i += 1
        if i == inner:
            outer, i = outer + 1, 0
