r"""Reverse-mode differentiation: one walk over the graph, from the result to the leaves.

The gradient of a variable is complete once every node that uses it has been visited. Variables
are numbered as they are made, and a result is made after its inputs, so *descending serial
number* is a topological order. The walk keeps the variables that it has reached in a heap and goes
on with the one that was made last: no recursion, no depth limit, $O(n \log w)$ for $n$ nodes of
which at most $w$ wait at a time.

The engine adds up the gradients of a variable that is used more than once, and each variable
fits them to its own form (`Variable._fit`), so no rule has to think of broadcasting.
"""

from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

from mt_autodiff.errors import GradientError
from mt_autodiff.mode import mode
from mt_autodiff.variable import Variable


def topological_sort(variable: Variable) -> list[Variable]:
    """List the non-constant variables that `variable` depends on, itself first.

    Every variable comes once, and before its inputs.
    """
    if variable.is_constant():
        return []
    found = {variable.unique_id: variable}
    frontier = [variable]
    while frontier:
        for parent in frontier.pop()._sources():
            if parent.unique_id not in found:
                found[parent.unique_id] = parent
                frontier.append(parent)
    return sorted(found.values(), key=attrgetter("unique_id"), reverse=True)


def gradients(variable: Variable, grad_output: Any) -> list[tuple[Variable, Any]]:
    """List each variable that `variable` depends on, with its complete gradient.

    The order is topological, `variable` itself first. A variable to which no gradient flows is
    left out. Nothing is accumulated and nothing freed.

    Args:
        variable: the result to differentiate.
        grad_output: the derivative of some final value by `variable`; of its form.

    Raises:
        GradientError: the graph was freed, or a backward broke its contract.
    """
    complete: dict[int, Any] = {variable.unique_id: grad_output}
    found = []
    for node in topological_sort(variable):
        if node.unique_id not in complete:
            continue
        grad = complete[node.unique_id]
        found.append((node, grad))
        for parent, share in () if node.is_leaf() else node.chain_rule(grad):
            key = parent.unique_id
            complete[key] = complete[key] + share if key in complete else share
    return found


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
    if variable.is_constant():
        message = f"backward: this {type(variable).__name__} is a constant: nothing was recorded"
        raise GradientError(message)
    recording, mode.recording = mode.recording, False
    try:
        _walk(variable, grad_output, retain_graph)
    finally:
        mode.recording = recording


def _walk(variable: Variable, grad: Any, retain_graph: bool) -> None:  # noqa: FBT001
    pending = {-variable.unique_id: (variable, grad)}
    waiting = [-variable.unique_id]  # a heap: the variable that was made last comes first
    while waiting:
        node, grad = pending.pop(heappop(waiting))
        for parent, share in node.pass_on(grad, retain_graph):
            key = -parent.unique_id
            if key in pending:
                pending[key] = parent, parent._sum(pending[key][1], share)
            else:
                pending[key] = parent, share
                heappush(waiting, key)
            del parent, share  # what comes next may write over a gradient that nobody else holds
