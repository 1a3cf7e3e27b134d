"""Whether a replay may run, as compiled expressions.

Looking at a hundred places one by one, each by a call, would take longer than a small step. An
expression names every container and value, so that Python's interpreter specialises each look; and
where the backend has compiled code that compares words of memory, that goes before most of it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from mt_tensor.backend import Backend
from mt_tensor.base import TensorBase
from mt_tensor.capture.guards import Guard, Watch
from mt_tensor.capture.inputs import Inputs
from mt_tensor.capture.words import CONTENT, UNKNOWN, readable, table, watchable

Condition = Callable[[tuple[Any, ...]], bool]
Gradient = tuple[TensorBase, TensorBase | None]
Attach = Callable[[], None]
Term = tuple[str, dict[str, Any]]


def condition(
    backend: Backend, inputs: Inputs, watch: Watch, needed: Sequence[Gradient], attach: Attach
) -> Condition:
    """Return whether arguments are of a kind, and all else is as it was.

    Args:
        backend: compares words of memory, if it can.
        inputs: the kind of the arguments.
        watch: what must be as it was.
        needed: tensors, with the gradients that they must have.
        attach: gives the tensors of `watch` the gradients that they have after a step. Those are
            among the words; so it is called where a word differs, and where nobody compares them.
    """
    kind = [(term, {"e": value}) for term, value in inputs.terms()]
    gradients = [("{c}.grad is {e}", {"c": tensor, "e": grad}) for tensor, grad in needed]
    steady = (guard for guard in watch.guards if id(guard.container) not in watch.loose)
    covered = [guard for guard in steady if watchable(guard)]
    known = {id(guard) for guard in covered}
    left = _terms(guard for guard in watch.guards if id(guard) not in known)
    look = _compiled([*_terms(covered), *gradients])
    rows = table(covered, [tensor for _, tensor in watch.tensors])
    words = backend.compared(rows) if readable() else None

    def looked(args: tuple[Any, ...]) -> bool:
        """Look at all that words tell of; where that is as it was, take the words for it.

        Once more after that: another thread may have changed it in between.
        """
        found = look(args)
        if found and words is not None:
            words.learn()
            found = look(args)
            if not found:
                rows[:, CONTENT] = UNKNOWN
        if found:
            attach()
        return found

    again = "{l}(a)" if words is None else "({u}() or {l}(a))"
    return _compiled([*kind, *left, (again, {"u": words and words.unchanged, "l": looked})])


def _terms(guards: Iterable[Guard]) -> Iterator[Term]:
    return ((g.term, {"c": g.container, "k": g.key, "e": g.expected}) for g in guards)


def _compiled(terms: Iterable[Term]) -> Condition:
    scope: dict[str, Any] = {}
    parts = []
    for i, (term, values) in enumerate(terms):
        scope.update({f"{name}{i}": value for name, value in values.items()})
        parts.append(term.format(**{name: f"{name}{i}" for name in values}))
    source = f"lambda a: {' and '.join(parts) or 'True'}"
    return eval(source, scope)  # type: ignore[no-any-return]  # noqa: S307  of names made here
