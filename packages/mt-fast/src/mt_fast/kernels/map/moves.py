"""Rectangles that are not dense, copied to dense ones and back: what `tiled` needs of odd layouts.

A loop over neighbours loads vectors. Elements that lie 2 to 8 apart are loaded with what is between
them, and sorted by shuffles. Where the elements of a column are neighbours, squares are
turned in registers. Everything else goes one by one. Only bits are moved, so that one compiled copy
serves all operators, and all types of one width.

Bound by the compiler: `BOTH`, the type of the elements, twice; `LANES`, of a vector of them.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ARG001, F821, PLR0913, PLR0917  templates: names are bound

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.pack import transpose_square
from mt_fast.kernels.intrinsics.sorting import FARTHEST, sort_vector


def bring(data, layout, first, last):
    """Copy rows to dense ones; a unit of work is a row.

    The storages are the target and the source. `layout` holds the columns, the stride along a row
    and the one between rows.
    """
    target, source = storages(data, 0, BOTH)
    to, at = positions(data, 2, BOTH)
    columns, right, down = layout[0], layout[1], layout[2]
    if 1 < right <= FARTHEST:
        sort(target, to, source, at, right, down, last, columns)
    elif down == 1:
        turn(target, to, source, at, right, last, columns)
    elif right == -1:
        reverse(target, to, source, at, down, last, columns)
    else:
        pick(target, to, source, at, right, down, last, columns)


def bring_any(data, layout, first, last):
    """Do the same for elements of which there are no vectors here."""
    target, source = storages(data, 0, BOTH)
    to, at = positions(data, 2, BOTH)
    pick(target, to, source, at, layout[1], layout[2], last, layout[0])


def send(data, layout, first, last):
    """Copy dense rows to where they belong; as `bring`, with the strides of the target."""
    target, source = storages(data, 0, BOTH)
    to, at = positions(data, 2, BOTH)
    columns, right, down = layout[0], layout[1], layout[2]
    for i in range(last):
        for j in range(columns):
            put(target, to + i * down + j * right, get(source, at + i * columns + j))


def pick(target, to, source, at, right, down, rows, columns):
    """Copy rows whose elements lie `right` apart, one by one."""
    for i in range(rows):
        for j in range(columns):
            put(target, to + i * columns + j, get(source, at + i * down + j * right))


def reverse(target, to, source, at, down, rows, columns):
    """Copy rows that run backwards."""
    for i in range(rows):
        for j in range(columns):
            put(target, to + i * columns + j, get(source, at + i * down - j))


def sort(target, to, source, at, right, down, rows, columns):
    """Copy rows whose elements lie 2 to 8 apart; a vector more must follow one that is sorted.

    So what is loaded between and after the elements lies in the row.
    """
    whole = (columns - 1) // LANES * LANES
    for i in range(rows):
        line, start = to + i * columns, at + i * down
        for j in range(0, whole, LANES):
            sort_vector(target, line + j, source, start + j * right, right)
        for j in range(whole, columns):
            put(target, line + j, get(source, start + j * right))


def turn(target, to, source, at, right, rows, columns):
    """Copy rows whose columns are dense, by squares."""
    height, width = rows - rows % LANES, columns - columns % LANES
    for i in range(0, height, LANES):
        for j in range(0, width, LANES):
            transpose_square(
                source, at + i + j * right, right, target, to + i * columns + j, columns
            )
        for j in range(width, columns):
            for k in range(i, i + LANES):
                put(target, to + k * columns + j, get(source, at + k + j * right))
    for i in range(height, rows):
        for j in range(columns):
            put(target, to + i * columns + j, get(source, at + i + j * right))
