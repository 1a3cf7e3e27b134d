"""What a module keeps: parameters, which training changes, and buffers, which it does not.

Both are *holders*: a fixed place for a value that changes. An optimiser keeps the holder and
gives it a new value after each step; the module that owns the holder sees the new value.
"""

from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Holder(Generic[T]):
    """A place for a value of any type.

    Attributes:
        value: what it holds now; change it by `update`.
        name: the name it was given, if any.
    """

    __slots__ = ("__weakref__", "name", "value")

    value: T
    name: str | None

    def __init__(self, value: T, name: str | None = None) -> None:
        """Hold a value."""
        self.name = name
        self.update(value)

    def __repr__(self) -> str:
        """Show the kind and the value, as in `Parameter(0.5)`."""
        return f"{type(self).__name__}({self.value!r})"

    def update(self, value: T) -> None:
        """Hold another value from now on."""
        self.value = value


class Buffer(Holder[T]):
    """State that is saved with a module but not trained, such as a running mean.

    >>> mean = Buffer(0.0)
    >>> mean.update(0.5)
    >>> mean
    Buffer(0.5)
    """

    __slots__ = ()


class Parameter(Holder[T]):
    """A value that training changes.

    A value that can record gradients (one with a method `requires_grad_`, such as a tensor) is
    told to. Any other is held as it is: a float, a `Scalar`, None for "not there yet".

    >>> weight = Parameter(0.5, name="weight")
    >>> weight.update(weight.value - 0.1)
    >>> weight
    Parameter(0.4)
    """

    __slots__ = ()

    def update(self, value: T) -> None:
        """Hold another value from now on, and have it record gradients if it can."""
        record: Any = getattr(value, "requires_grad_", None)
        if record is not None:
            record(True)  # noqa: FBT003  PyTorch's signature
        super().update(value)
