"""Functions to check operators, variables and tensors with: one set for all of them.

`MathTest` computes with numbers, by the functions of `minitorch.operators`; `MathTestVariable`
computes the same by the operators and methods that variables and tensors have. A name that ends in
`2` takes two inputs, one that ends in `red` a list of them; any other takes one.
"""

# ruff: noqa: D102, N802  the name of a function here is all that there is to say; the course's

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from minitorch import operators

A = TypeVar("A")
Named = tuple[str, Callable[..., Any]]
Pair = tuple[str, Callable[..., Any], Callable[..., Any]]


class MathTest(Generic[A]):
    """Functions of numbers."""

    @staticmethod
    def neg(a: Any) -> Any:
        return -a

    @staticmethod
    def addConstant(a: Any) -> Any:
        return 5 + a

    @staticmethod
    def subConstant(a: Any) -> Any:
        return a - 5

    @staticmethod
    def multConstant(a: Any) -> Any:
        return 5 * a

    @staticmethod
    def div(a: Any) -> Any:
        return a / 5

    @staticmethod
    def square(a: Any) -> Any:
        return a * a

    @staticmethod
    def cube(a: Any) -> Any:
        return a * a * a

    @staticmethod
    def inv(a: Any) -> Any:
        return operators.inv(a + 3.5)

    @staticmethod
    def sig(a: Any) -> Any:
        return operators.sigmoid(a)

    @staticmethod
    def log(a: Any) -> Any:
        return operators.log(a + 100000)

    @staticmethod
    def relu(a: Any) -> Any:
        return operators.relu(a + 5.5)

    @staticmethod
    def exp(a: Any) -> Any:
        return operators.exp(a - 200)

    @staticmethod
    def explog(a: Any) -> Any:
        return operators.log(a + 100000) + operators.exp(a - 200)

    @staticmethod
    def complex(a: Any) -> Any:
        inner = operators.relu(operators.relu(a * 10 + 7) * 6 + 5) * 10
        return operators.log(operators.sigmoid(inner)) / 50

    @staticmethod
    def add2(a: Any, b: Any) -> Any:
        return a + b

    @staticmethod
    def mul2(a: Any, b: Any) -> Any:
        return a * b

    @staticmethod
    def div2(a: Any, b: Any) -> Any:
        return a / (b + 5.5)

    @staticmethod
    def lt2(a: Any, b: Any) -> Any:
        return operators.lt(a + 1.2, b)

    @staticmethod
    def gt2(a: Any, b: Any) -> Any:
        return operators.lt(b, a + 1.2)

    @staticmethod
    def eq2(a: Any, b: Any) -> Any:
        return operators.eq(a, b + 5.5)

    @staticmethod
    def sum_red(a: Iterable[Any]) -> Any:
        return operators.sum(a)

    @staticmethod
    def mean_red(a: Iterable[Any]) -> Any:
        items = list(a)
        return operators.sum(items) / float(len(items))

    @staticmethod
    def mean_full_red(a: Iterable[Any]) -> Any:
        return MathTest.mean_red(a)

    @classmethod
    def _tests(cls) -> tuple[list[Named], list[Named], list[Named]]:
        """List the functions by what they take: one input, two, or a list."""
        names = [name for name in dir(cls) if not name.startswith("_")]
        two = [name for name in names if name.endswith("2")]
        red = [name for name in names if name.endswith("red")]
        one = [name for name in names if name not in (*two, *red)]
        found = [[(name, getattr(cls, name)) for name in group] for group in (one, two, red)]
        return found[0], found[1], found[2]

    @classmethod
    def _comp_testing(cls) -> tuple[list[Pair], list[Pair], list[Pair]]:
        """List the functions in the same groups, each with the one of numbers before it."""
        groups = zip(MathTest._tests(), cls._tests(), strict=True)
        found = [
            [(name, base, own) for (name, base), (_, own) in zip(numbers, owns, strict=True)]
            for numbers, owns in groups
        ]
        return found[0], found[1], found[2]


class MathTestVariable(MathTest[Any]):
    """The same functions of variables and tensors."""

    @staticmethod
    def inv(a: Any) -> Any:
        return 1.0 / (a + 3.5)

    @staticmethod
    def sig(x: Any) -> Any:
        return x.sigmoid()

    @staticmethod
    def log(x: Any) -> Any:
        return (x + 100000).log()

    @staticmethod
    def relu(x: Any) -> Any:
        return (x + 5.5).relu()

    @staticmethod
    def exp(a: Any) -> Any:
        return (a - 200).exp()

    @staticmethod
    def explog(a: Any) -> Any:
        return (a + 100000).log() + (a - 200).exp()

    @staticmethod
    def complex(a: Any) -> Any:
        return (((a * 10 + 7).relu() * 6 + 5).relu() * 10).sigmoid().log() / 50

    @staticmethod
    def lt2(a: Any, b: Any) -> Any:
        return a + 1.2 < b

    @staticmethod
    def gt2(a: Any, b: Any) -> Any:
        return a + 1.2 > b

    @staticmethod
    def eq2(a: Any, b: Any) -> Any:
        return a == (b + 5.5)

    @staticmethod
    def sum_red(a: Any) -> Any:
        return a.sum(0)

    @staticmethod
    def mean_red(a: Any) -> Any:
        return a.mean(0)

    @staticmethod
    def mean_full_red(a: Any) -> Any:
        return a.mean()
