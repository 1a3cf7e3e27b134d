"""Reading what a user passed to a function or a layer, with one clear line where it is wrong."""

from collections.abc import Sequence

from mt_tensor import DTypeError, ShapeError, Tensor

Size = int | Sequence[int]
Pair = tuple[int, int]


def sizes(operator: str, name: str, value: Size, count: int, least: int = 1) -> tuple[int, ...]:
    """Read a size that may be one number for all of `count` dimensions, or one for each.

    Raises:
        ValueError: it is not one integer or `count` of them, or one is less than `least`.

    >>> sizes("conv2d", "stride", 2, count=2)
    (2, 2)
    """
    listed: tuple[int, ...]
    if type(value) is tuple:  # first: isinstance of an abstract class takes several times as long
        listed = value
    else:
        listed = tuple(value) if isinstance(value, Sequence) else (value,) * count
    fits = len(listed) == count
    for n in listed:
        fits = fits and isinstance(n, int) and n >= least
    if not fits:
        wanted = "one integer" if count == 1 else f"one integer or {count}"
        message = f"{operator}: {name} must be {wanted}, at least {least}, not {value!r}"
        raise ValueError(message)
    return listed


def pair(operator: str, name: str, value: Size, least: int = 1) -> Pair:
    """Read a size for two dimensions, as `sizes`.

    Raises:
        ValueError: as `sizes`.
    """
    down, right = sizes(operator, name, value, 2, least)
    return down, right


def positive(operator: str, **sizes: int) -> None:
    """Refuse a size that is not a positive integer.

    Raises:
        ValueError: the first such, by name.
    """
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            message = f"{operator}: {name} must be a positive integer, not {size!r}"
            raise ValueError(message)


def probability(operator: str, name: str, value: float) -> None:
    """Refuse a number outside of [0, 1].

    Raises:
        ValueError: it is, or is nan.
    """
    if not 0.0 <= value <= 1.0:
        message = f"{operator}: {name} must lie between 0 and 1, not {value!r}"
        raise ValueError(message)


def one_dtype(operator: str, **tensors: Tensor | None) -> None:
    """Refuse tensors that are not of one float dtype: a kernel computes in one.

    Raises:
        DTypeError: the first is no float, or another differs from it.
    """
    dtypes = {t.data.storage.dtype for t in tensors.values() if t is not None}
    if len(dtypes) == 1 and dtypes.pop().kind == "f":
        return
    given = [(name, t) for name, t in tensors.items() if t is not None]
    first, home = given[0]
    if home.dtype.kind != "f":
        message = f"{operator}: {first} is {home.dtype}; only floats compute: .to('float32')"
        raise DTypeError(message)
    for name, t in given[1:]:
        if t.dtype != home.dtype:
            message = (
                f"{operator}: {first} is {home.dtype} and {name} is {t.dtype}; "
                f"move one: .to({str(t.dtype)!r})"
            )
            raise DTypeError(message)


def dimensions(operator: str, input: Tensor, allowed: tuple[int, ...], layout: str) -> None:
    """Refuse an input with another number of dimensions.

    Raises:
        ShapeError: it has none of the `allowed` numbers.
    """
    if input.ndim not in allowed:
        counts = " or ".join(map(str, allowed))
        message = (
            f"{operator}: input is {input.shape}, of {input.ndim} dimension(s); it must have "
            f"{counts}, as {layout}"
        )
        raise ShapeError(message)
