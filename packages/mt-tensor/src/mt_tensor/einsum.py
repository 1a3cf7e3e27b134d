r"""Sums of products by Einstein's notation, through permute, view and matmul.

`einsum("bik,bkj->bij", a, b)` names the dimensions of each operand, and of the result; a name that
the result lacks is summed over. Operands are joined two at a time. In a pair, every name has one
of four roles, and the pair is one batched matrix product:

- *batch*: in both, and needed later: a batch dimension;
- *contracted*: in both, and not needed later: the inner dimension;
- *left*, *right*: in one alone: rows, columns.
"""

from math import prod

from mt_tensor.errors import ShapeError
from mt_tensor.tensor import Tensor


def einsum(equation: str, *operands: Tensor) -> Tensor:
    """Sum products of tensors over the names that the result lacks.

    Args:
        equation: names of dimensions, one letter each: `"ij,jk->ik"`. Without `->` the result has
            every name that occurs once, in alphabetical order.
        operands: one tensor for each term on the left.

    Raises:
        ShapeError: the equation is malformed, its terms do not fit the operands, a name repeats
            within a term, or has two sizes.

    >>> from mt_tensor import ones
    >>> einsum("ij,jk->ki", ones(2, 3), ones(3, 4)).shape
    (4, 2)
    """
    terms, result = _parse(equation, operands)
    sizes = _sizes(equation, terms, operands)
    names, total = terms[0], operands[0]
    for i in range(1, len(operands)):
        later = set(result).union(*terms[i + 1 :])
        names, total = _join(names, total, terms[i], operands[i], later, sizes)
    summed = tuple(d for d, name in enumerate(names) if name not in result)
    if summed:
        total = total.sum(summed, keepdim=False)
        names = "".join(name for name in names if name in result)
    return total.permute(*(names.index(name) for name in result))


def _join(  # noqa: PLR0913, PLR0917  two operands with their names
    left_names: str,
    left: Tensor,
    right_names: str,
    right: Tensor,
    later: set[str],
    sizes: dict[str, int],
) -> tuple[str, Tensor]:
    shared = [name for name in left_names if name in right_names]
    batch = "".join(name for name in shared if name in later)
    contracted = "".join(name for name in shared if name not in later)
    rows = "".join(name for name in left_names if name not in shared)
    columns = "".join(name for name in right_names if name not in shared)
    a = _matrix(left_names, left, (batch, rows, contracted), sizes)
    b = _matrix(right_names, right, (batch, contracted, columns), sizes)
    names = batch + rows + columns
    return names, (a @ b).reshape(*(sizes[name] for name in names))


def _matrix(names: str, a: Tensor, groups: tuple[str, str, str], sizes: dict[str, int]) -> Tensor:
    """Order the dimensions by group, and join each group into one."""
    ordered = a.permute(*(names.index(name) for group in groups for name in group))
    return ordered.reshape(*(prod(sizes[name] for name in group) for group in groups))


def _parse(equation: str, operands: tuple[Tensor, ...]) -> tuple[list[str], str]:
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    names = "".join(terms)
    if not arrow:
        result = "".join(sorted(name for name in names if names.count(name) == 1))
    problem = None
    if len(terms) != len(operands):
        problem = f"has {len(terms)} terms for {len(operands)} operands"
    elif not all(name.isalpha() for name in names + result):
        problem = "may name dimensions by letters only"
    elif any(len(set(term)) < len(term) for term in (*terms, result)):
        problem = "repeats a name within a term"
    elif set(result) - set(names):
        problem = f"has {sorted(set(result) - set(names))} in the result only"
    if problem is not None:
        message = f"einsum: {equation!r} {problem}"
        raise ShapeError(message)
    return terms, result


def _sizes(equation: str, terms: list[str], operands: tuple[Tensor, ...]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for i, (term, a) in enumerate(zip(terms, operands, strict=True)):
        if len(term) != a.ndim:
            message = f"einsum: {equation!r}: term {term!r} has {len(term)} names for {a.shape}"
            raise ShapeError(message)
        for name, n in zip(term, a.shape, strict=True):
            if sizes.setdefault(name, n) != n:
                message = (
                    f"einsum: {equation!r}: {name!r} is {sizes[name]} and, in operand {i}, {n}"
                )
                raise ShapeError(message)
    return sizes
