r"""Reverse-mode differentiation: one walk over the graph, from the result to the leaves.

The gradient of a variable is complete once every node that uses it has been visited. Variables
are numbered as they are made, and a result is made after its inputs, so *descending serial
number* is a topological order: no recursion, no depth limit, $O(n \log n)$ for $n$ nodes.

The engine adds up the gradients of a variable that is used more than once, and each variable
fits them to its own form (`Variable._fit`), so no rule has to think of broadcasting.
"""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from mt_autodiff.errors import GradientError
from mt_autodiff.history import History
from mt_autodiff.mode import no_grad
from mt_autodiff.variable import Variable


def topological_sort(variable: Variable) -> list[Variable]:
    """List the non-constant variables that `variable` depends on, itself first.

    Every variable comes once, and before its inputs.
    """
    if variable.history is None:
        return []
    found = {variable.unique_id: variable}
    frontier = [variable]
    while frontier:
        for parent in frontier.pop().history.inputs:  # type: ignore[union-attr]  # none is constant
            if parent.unique_id not in found and parent.history is not None:
                found[parent.unique_id] = parent
                frontier.append(parent)
    return sorted(found.values(), key=attrgetter("unique_id"), reverse=True)


def gradients(variable: Variable, grad_output: Any) -> Iterator[tuple[Variable, Any]]:
    """Yield each variable that `variable` depends on, with its complete gradient.

    The order is topological, `variable` itself first. A variable to which no gradient flows is
    left out. Nothing is accumulated and nothing freed; a consumer may free what it was given.

    Args:
        variable: the result to differentiate.
        grad_output: the derivative of some final value by `variable`; of its form.

    Raises:
        GradientError: the graph was freed, or a backward broke its contract.
    """
    pending = {variable.unique_id: grad_output}
    waiting = topological_sort(variable)[::-1]
    while waiting:  # a node that is done is let go, and its memory with it
        node = waiting.pop()
        grad = pending.pop(node.unique_id, None)
        if grad is None:
            continue
        if not node.is_leaf():
            for parent, contribution in node.chain_rule(grad):
                key = parent.unique_id
                pending[key] = pending[key] + contribution if key in pending else contribution
        yield node, grad


def backpropagate(
    variable: Variable,
    grad_output: Any,
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> None:
    """Add to every leaf the derivative of `variable` by it, times `grad_output`.

    Args:
        variable: the result to differentiate.
        grad_output: the derivative of some final value by `variable`; of its form.
        retain_graph: keep the graph, so that it can be walked again. Otherwise each node lets go
            of its inputs as soon as it is done, and the memory of a step is free before the next.
        create_graph: refused. A partial is a plain function of floats and leaves no graph behind,
            so there are first derivatives only.

    Raises:
        GradientError: `variable` is a constant, its graph was freed, or `create_graph` is asked.
    """
    if create_graph:
        message = (
            "backward: create_graph=True, but derivatives are numbers without a history, so there "
            "is no second derivative; central_difference of the first one approximates it"
        )
        raise GradientError(message)
    if variable.history is None:
        message = f"backward: this {type(variable).__name__} is a constant: nothing was recorded"
        raise GradientError(message)
    with no_grad():
        for node, grad in gradients(variable, grad_output):
            if node.is_leaf():
                node._accumulate(grad)
            elif not retain_graph:
                _free(node.history)  # type: ignore[arg-type]  # no constant has a gradient


def _free(history: History) -> None:
    history.ctx = None
    history.inputs = ()
