"""What every optimiser has: groups of parameters with their options, and state for each parameter.

An optimiser changes the elements of a parameter's tensor in place, so whoever holds the tensor
sees the new values, and no memory is allocated for them.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from mt_operators import Parameter
from mt_tensor import Backend, BackendError, Tensor, TensorData, tensor

Parameters = Iterable[Parameter[Any]] | Iterable[dict[str, Any]]
Group = dict[str, Any]
State = dict[str, Any]
Move = tuple[Tensor, TensorData, State]
"""What `Optimizer.update` gets of a parameter: its tensor, its gradient, what is remembered."""
Batches = dict[tuple[Backend, float], list[Any]]
"""What one call of a backend can move: by the backend, and by a number that is not the group's."""


class Optimizer(ABC):
    """Moves parameters down their gradients. Subclass it with `check` and `update`.

    Args:
        params: parameters, or groups: dictionaries with `"params"` and options of their own.
        defaults: the options of groups that do not have them.

    Attributes:
        param_groups: the groups, each a dictionary with `"params"` and every option; a schedule
            changes `"lr"` there.
        state: what is remembered of each parameter from step to step.

    Raises:
        ValueError: there is no parameter, one is listed twice, or an option is unknown or out of
            range.
        TypeError: something else is listed as a parameter.
    """

    def __init__(self, params: Parameters, **defaults: Any) -> None:
        """Read the groups."""
        self.param_groups: list[Group] = []
        self.state: dict[Parameter[Any], State] = {}
        listed: list[Any] = list(params)
        groups = listed if listed and isinstance(listed[0], dict) else [{"params": listed}]
        for group in groups:
            self._add(group, defaults)

    def __init_subclass__(cls, **options: Any) -> None:
        """See that a rule for one parameter is not passed over for an older one for all."""
        super().__init_subclass__(**options)
        latest = next(c for c in cls.__mro__ if vars(c).keys() & {"update", "update_all"})
        if "update_all" not in vars(latest):
            cls.update_all = Optimizer.update_all  # type: ignore[method-assign]  # on purpose

    @abstractmethod
    def update(self, value: Tensor, grad: TensorData, state: State, group: Group) -> None:
        """Move one parameter.

        Args:
            value: the parameter's tensor; its elements are to be changed in place.
            grad: its gradient; not to be changed.
            state: what this optimiser remembers of it; empty at first.
            group: the options.
        """

    def update_all(self, moves: list[Move], group: Group) -> None:
        """Move the parameters of a group: by `update`, unless a rule has a quicker way.

        Args:
            moves: what `update` gets of each parameter.
            group: the options.
        """
        for move in moves:
            self.update(*move, group)

    @abstractmethod
    def check(self, group: Group) -> None:
        """Refuse options that are out of range.

        Raises:
            ValueError: the first that is.
        """

    def step(self) -> None:
        """Move every parameter that has a gradient.

        Raises:
            BackendError: a parameter has moved to another backend or dtype since its last step.
        """
        for group in self.param_groups:
            moves = self._moves(group["params"])
            try:
                self.update_all(moves, group)
            finally:
                for value, _, _ in moves:
                    value.data.stamp()

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.value is not None:
                    parameter.value.grad = None

    def state_dict(self) -> State:
        """Return options and state as a tree of tensors and plain values.

        Parameters are counted through all groups; what is remembered of each is under its number.

        Returns:
            `{"state": {number: ...}, "param_groups": [...]}`, as in PyTorch.
        """
        number = {p: i for i, p in enumerate(self._parameters())}
        groups = [
            {**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups
        ]
        state = {number[p]: dict(kept) for p, kept in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: State) -> None:
        """Go on from where `state_dict()` was taken, with copies of its tensors.

        Raises:
            ValueError: it has other groups, another number of parameters, or a tensor of another
                shape than its parameter.
        """
        parameters = self._parameters()
        self._check_state(state_dict, parameters)
        for group, saved in zip(self.param_groups, state_dict["param_groups"], strict=True):
            group.update({k: _plain(v) for k, v in saved.items() if k != "params"})
        self.state = {
            parameters[int(i)]: {name: _placed(v, parameters[int(i)]) for name, v in kept.items()}
            for i, kept in state_dict["state"].items()
        }

    def _moves(self, parameters: list[Parameter[Any]]) -> list[Move]:
        """List what is to be moved; nothing has moved yet when one cannot be."""
        known, moves = self.state, []
        for parameter in parameters:
            value = parameter.value
            if value is None or value.grad is None:
                continue
            state = known.get(parameter)
            if state is None:
                state = known[parameter] = {}
            elif state:
                _check_home(value, state)
            moves.append((value, value.grad.data, state))
        return moves

    def _parameters(self) -> list[Parameter[Any]]:
        return [p for group in self.param_groups for p in group["params"]]

    def _check_state(self, saved: State, parameters: list[Parameter[Any]]) -> None:
        name = type(self).__name__
        here = [len(group["params"]) for group in self.param_groups]
        there = [len(group["params"]) for group in saved["param_groups"]]
        if here != there:
            message = f"{name}: groups of {here} parameters cannot load a state for {there}"
            raise ValueError(message)
        for i, kept in saved["state"].items():
            shape = parameters[int(i)].value.shape
            for key, value in kept.items():
                if isinstance(value, (Tensor, np.ndarray)) and value.shape != shape:
                    message = f"{name}: {key} of parameter {i} is {value.shape}, not {shape}"
                    raise ValueError(message)

    def __repr__(self) -> str:
        """Show the options of each group."""
        groups = (
            ", ".join(f"{name}={value!r}" for name, value in group.items() if name != "params")
            for group in self.param_groups
        )
        return f"{type(self).__name__}({'; '.join(groups)})"

    def _add(self, group: Group, defaults: dict[str, Any]) -> None:
        name = type(self).__name__
        params = list(group["params"])
        _check_parameters(name, params, [p for g in self.param_groups for p in g["params"]])
        unknown = sorted(group.keys() - defaults.keys() - {"params"})
        if unknown:
            message = f"{name}: unknown option {unknown[0]!r}; there are {', '.join(defaults)}"
            raise ValueError(message)
        whole = defaults | group | {"params": params}
        self.check(whole)
        self.param_groups.append(whole)


def zeros_like(value: Tensor) -> Tensor:
    """Return a constant of zeros with the shape, dtype and backend of a parameter."""
    return value._new(value.backend.full(value.shape, 0.0, value.dtype))


def _placed(value: Any, parameter: Parameter[Any]) -> Any:
    """Return a copy of a tensor or array where the parameter lives; anything else as it is."""
    if not isinstance(value, (Tensor, np.ndarray)):
        return value
    return tensor(value, dtype=parameter.value.dtype, backend=parameter.value.backend)


def _plain(value: Any) -> Any:
    """Return an option as it was before a file made a list of a tuple."""
    return tuple(value) if isinstance(value, list) else value


def at_least(name: str, group: Group, least: float, *options: str) -> None:
    """Refuse options below `least`, or nan.

    Raises:
        ValueError: the first such.
    """
    for option in options:
        if not group[option] >= least:
            message = f"{name}: {option} must be at least {least}, not {group[option]!r}"
            raise ValueError(message)


def check_betas(name: str, group: Group) -> None:
    """Refuse betas that are not two shares below 1.

    Raises:
        ValueError: they are not.
    """
    if len(group["betas"]) != 2 or not all(0.0 <= b < 1.0 for b in group["betas"]):  # noqa: PLR2004
        message = f"{name}: betas must be two numbers from 0 to below 1, not {group['betas']!r}"
        raise ValueError(message)


def _check_parameters(name: str, params: list[Any], taken: list[Any]) -> None:
    if not params:
        message = f"{name}: there is no parameter to optimise"
        raise ValueError(message)
    seen = {id(p) for p in taken}
    for i, parameter in enumerate(params):
        if not isinstance(parameter, Parameter):
            message = f"{name}: parameter {i} is a {type(parameter).__name__}, not a Parameter"
            raise TypeError(message)
        if id(parameter) in seen:
            message = f"{name}: parameter {i} is listed twice"
            raise ValueError(message)
        seen.add(id(parameter))


def _check_home(value: Tensor, state: State) -> None:
    backend, dtype = value.backend, value.data.storage.dtype
    for name, kept in state.items():
        if type(kept) is int or not isinstance(kept, Tensor):
            continue
        if kept.backend is not backend or kept.data.storage.dtype is not dtype != kept.dtype:
            message = (
                f"a parameter is {dtype} on {backend.name!r} now, but its {name} is {kept.dtype} "
                f"on {kept.backend.name!r}; make the optimiser after moving the module"
            )
            raise BackendError(message)
