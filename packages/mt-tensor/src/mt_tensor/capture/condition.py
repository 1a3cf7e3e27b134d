"""Whether a replay may run, as one compiled expression.

Looking at a hundred places one by one, each by a call, would take longer than a small step. The
expression names every container and value, so that Python's interpreter specialises each look.
"""

from collections.abc import Callable, Iterable
from typing import Any

from mt_tensor.base import TensorBase
from mt_tensor.capture.guards import Guard, Watch
from mt_tensor.capture.inputs import Inputs

Condition = Callable[[tuple[Any, ...]], bool]
Gradient = tuple[TensorBase, TensorBase | None]


def condition(inputs: Inputs, watch: Watch, grads: Iterable[Gradient]) -> Condition:
    """Return whether arguments are of a kind, and all else is as it was.

    Args:
        inputs: the kind of the arguments.
        watch: what must be as it was.
        grads: tensors, with the gradients that they must have.
    """
    terms = [(term, {"e": value}) for term, value in inputs.terms()]
    terms += [(term, _named(guard)) for term, guard in watch.terms()]
    terms += [("{c}.grad is {e}", {"c": tensor, "e": grad}) for tensor, grad in grads]
    return _compiled(terms)


def _named(guard: Guard) -> dict[str, Any]:
    return {"c": guard.container, "k": guard.key, "e": guard.expected}


def _compiled(terms: list[tuple[str, dict[str, Any]]]) -> Condition:
    scope: dict[str, Any] = {}
    parts = []
    for i, (term, values) in enumerate(terms):
        scope.update({f"{name}{i}": value for name, value in values.items()})
        parts.append(term.format(**{name: f"{name}{i}" for name in values}))
    source = f"lambda a: {' and '.join(parts)}"
    return eval(source, scope)  # type: ignore[no-any-return]  # noqa: S307  of names made here
