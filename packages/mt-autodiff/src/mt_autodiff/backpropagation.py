r"""Reverse-mode differentiation: one walk over the graph, from the result to the leaves.

The gradient of a variable is complete once every node that uses it has been visited. Variables
are numbered as they are made, and a result is made after its inputs, so *descending serial
number* is a topological order: no recursion, no depth limit, $O(n \log n)$ for $n$ nodes.

The engine adds up the gradients of a variable that is used more than once, and each variable
fits them to its own form (`Variable._fit`), so no rule has to think of broadcasting.
"""

from operator import attrgetter
from typing import Any

from mt_autodiff.errors import GradientError
from mt_autodiff.mode import no_grad
from mt_autodiff.variable import Variable


def topological_sort(variable: Variable) -> list[Variable]:
    """List the non-constant variables that `variable` depends on, itself first.

    Every variable comes before its inputs.
    """
    if variable.history is None:
        return []
    found = {variable.unique_id: variable}
    frontier = [variable]
    while frontier:
        for parent in frontier.pop().history.inputs:  # type: ignore[union-attr]  none is constant
            if parent.history is not None and parent.unique_id not in found:
                found[parent.unique_id] = parent
                frontier.append(parent)
    return sorted(found.values(), key=attrgetter("unique_id"), reverse=True)


def backpropagate(
    variable: Variable,
    grad_output: Any,  # noqa: ANN401  a float or a tensor
    *,
    retain_graph: bool = False,
) -> None:
    """Add to every leaf the derivative of `variable` by it, times `grad_output`.

    Args:
        variable: the result to differentiate.
        grad_output: the derivative of some final value by `variable`; of its form.
        retain_graph: keep the graph, so that it can be walked again. Otherwise each node lets go
            of its inputs as soon as it is done, and the memory of a step is free before the next.

    Raises:
        GradientError: `variable` is a constant, or its graph was freed.
    """
    if variable.history is None:
        message = f"backward: {variable!r} is a constant, no gradient was recorded for it"
        raise GradientError(message)
    pending = {variable.unique_id: grad_output}
    with no_grad():
        for node in topological_sort(variable):
            grad = pending.pop(node.unique_id, None)
            if grad is not None:
                _visit(node, grad, pending)
            if not retain_graph:
                _free(node)


def _visit(node: Variable, grad: Any, pending: dict[int, Any]) -> None:  # noqa: ANN401
    if node.is_leaf():
        node._accumulate(grad)  # noqa: SLF001  the protocol between engine and variable
        return
    for parent, contribution in node.chain_rule(grad):
        key = parent.unique_id
        pending[key] = pending[key] + contribution if key in pending else contribution


def _free(node: Variable) -> None:
    history = node.history
    if history is not None and history.last_fn is not None:
        history.ctx = None
        history.inputs = ()
