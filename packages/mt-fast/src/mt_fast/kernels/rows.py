"""Rows of a table by number, and one element of each row: reading, adding, writing.

`layout` holds the columns and the strides, in the order in which the kernels name the matrices.
Dense rows have a loop of their own, which LLVM widens: 520 rows of 50 float32 take 4 us, not 28.

Bound by the compiler: `ALL`, the types of the elements, of which the last is that of the numbers;
`number`, the type of the others.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821  templates: their names are bound, their types inferred

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import get, put


def take_rows(data, layout, first, last):
    """Read rows; a unit of work is one of them. The storages are out, table, index."""
    out, table, index = storages(data, 0, ALL)
    at = positions(data, 3, ALL)
    for i in range(first, last):
        to = at[0] + i * layout[1]
        source = at[1] + get(index, at[2] + i * layout[5]) * layout[3]
        if layout[2] == 1 and layout[4] == 1:
            for j in range(layout[0]):
                put(out, to + j, get(table, source + j))
        else:
            for j in range(layout[0]):
                put(out, to + j * layout[2], get(table, source + j * layout[4]))


def add_rows(data, layout, first, last):
    """Add rows in their order; a unit of work is a column. The storages are out, added, index.

    `layout` ends with the number of rows.
    """
    out, added, index = storages(data, 0, ALL)
    at = positions(data, 3, ALL)
    for i in range(layout[6]):
        to = at[0] + get(index, at[2] + i * layout[5]) * layout[1]
        source = at[1] + i * layout[3]
        if layout[2] == 1 and layout[4] == 1:
            for j in range(first, last):
                put(out, to + j, get(out, to + j) + get(added, source + j))
        else:
            for j in range(first, last):
                place = to + j * layout[2]
                put(out, place, get(out, place) + get(added, source + j * layout[4]))


def pick(data, layout, first, last):
    """Read an element of each row; a unit of work is one. The storages are out, matrix, index."""
    out, matrix, index = storages(data, 0, ALL)
    at = positions(data, 3, ALL)
    for i in range(first, last):
        column = get(index, at[2] + i * layout[5])
        source = at[1] + i * layout[3] + column * layout[4]
        put(out, at[0] + i * layout[1], get(matrix, source))


def pick_gradient(data, layout, first, last):
    """Write an element of each row, and zeros; the storages are out, gradient, index."""
    out, gradient, index = storages(data, 0, ALL)
    at = positions(data, 3, ALL)
    for i in range(first, last):
        to = at[0] + i * layout[1]
        for j in range(layout[0]):
            put(out, to + j * layout[2], number(0.0))
        column = get(index, at[2] + i * layout[5])
        put(out, to + column * layout[2], get(gradient, at[1] + i * layout[3]))
