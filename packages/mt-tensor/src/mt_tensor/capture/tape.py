"""A recorded step: the calls of a backend in order, and what happens between them."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mt_tensor.capture.live import Live, resolved
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend

Run = Callable[[], "Sequence[Run] | None"]
"""Makes calls. It may return what makes the same calls faster from then on, and may rely on it."""


class Comparison(NamedTuple):
    """What compares words of memory.

    Attributes:
        unchanged: tells whether they are as they were learnt.
        learn: takes them as they are.
    """

    unchanged: Callable[[], bool]
    learn: Callable[[], None]


class Call(NamedTuple):
    """A call of a backend.

    Attributes:
        method: its name.
        args: its arguments; a `Live` stands for its value at the time.
        kwargs: its keyword arguments, likewise.
        place: the line of the caller's code, as `file:line`.
    """

    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: str

    def run(self, backend: "Backend") -> None:
        """Call the method with the current values."""
        kwargs = {name: resolved(value) for name, value in self.kwargs.items()}
        getattr(backend, self.method)(*map(resolved, self.args), **kwargs)

    @property
    def tensors(self) -> list[TensorData]:
        """The tensors among the arguments."""
        return [a for a in (*self.args, *self.kwargs.values()) if isinstance(a, TensorData)]

    @property
    def written(self) -> list[TensorData]:
        """The tensors that the call writes: the first, and what else its method writes.

        A step of an optimiser writes its state, and a gradient by kernels that by their bias.
        """
        tensors = self.tensors
        if self.method.endswith("_by_weight"):
            bias = self.kwargs.get("bias", *self.args[1:2])
            return tensors[:1] if bias is None else [*tensors[:1], bias]
        if self.method.endswith("_step"):
            return tensors[:1] + tensors[2:]
        return tensors[:1]

    @property
    def lives(self) -> list[Live[Any]]:
        """The values among the arguments that change from step to step."""
        return [a for a in (*self.args, *self.kwargs.values()) if isinstance(a, Live)]


class Check(NamedTuple):
    """A look at the elements of tensors, which may raise.

    Attributes:
        check: called with the elements as arrays.
        tensors: whose.
        place: as that of a call.
    """

    check: Callable[..., object]
    tensors: tuple[TensorData, ...]
    place: str

    def run(self, backend: "Backend") -> None:
        """Look at the elements as they are now."""
        self.check(*map(backend.to_array, self.tensors))


Entry = Call | Check | Live[Any]
"""A `Live` among the entries is the place where its value is computed."""

Part = Live[Any] | Run


def looped(backend: "Backend", calls: Sequence[Call]) -> Run:
    """Return a function that makes the calls one after the other."""

    def run() -> None:
        for call in calls:
            call.run(backend)

    return run


class Stretch(NamedTuple):
    """Calls that are one run, and what is done before and after it.

    A value is computed before the run that it belongs to: no call can tell the difference.

    Attributes:
        before: values and checks, in order.
        calls: in order.
        after: a check, or none.
    """

    before: list[Live[Any] | Check]
    calls: list[Call]
    after: list[Check]


class Tape:
    """What repeats a step: in order, the values to compute anew, and what makes calls and checks.

    Args:
        backend: makes the calls.
        entries: of the step.
        made: the `id` of each storage that the step has made itself.
        lost: of these, each that is set before it is read and that nobody looks at afterwards.
    """

    def __init__(
        self, backend: "Backend", entries: Sequence[Entry], made: set[int], lost: set[int]
    ) -> None:
        """Prepare the runs; nothing runs yet."""
        self._parts: list[Part] = []
        self._relied_on: list[Part] = []
        stretches = _stretches(entries, made)
        lookers: list[Sequence[Call | Check]] = [stretch.calls for stretch in stretches]
        lookers += [[entry] for entry in entries if isinstance(entry, Check)]
        met = Counter(key for looks in lookers for key in _touched(looks))
        for stretch in stretches:
            own = {key for key in _touched(stretch.calls) & lost if met[key] == 1}
            self._parts += [_part(early, backend) for early in stretch.before]
            self._parts += [backend.lowered(stretch.calls, own)] if stretch.calls else []
            self._parts += [_part(check, backend) for check in stretch.after]

    def repeat(self) -> None:
        """Repeat the step with the values of the last one; take what the runs return for them."""
        self._relied_on += self._parts
        self._parts = [
            later
            for part in self._parts
            for later in ([part] if isinstance(part, Live) else part() or [part])
        ]

    @property
    def parts(self) -> tuple[Part, ...]:
        """What takes the next step, in order: a `Live` is refreshed, anything else called."""
        return tuple(self._parts)


def _part(entry: Live[Any] | Check, backend: "Backend") -> Part:
    return entry if isinstance(entry, Live) else partial(entry.run, backend)


def _touched(looks: Sequence[Call | Check]) -> set[int]:
    """Return the `id` of each storage that calls or checks touch."""
    return {id(a.storage) for look in looks for a in look.tensors}


def _stretches(entries: Sequence[Entry], made: set[int]) -> list[Stretch]:
    """Cut the entries behind each check that has to wait for the calls before it."""
    stretches = [Stretch([], [], [])]
    for entry in entries:
        now = stretches[-1]
        if isinstance(entry, Call):
            now.calls.append(entry)
        elif isinstance(entry, Live) or _may_come_first(entry, now.calls, made):
            now.before.append(entry)
        else:
            now.after.append(entry)
            stretches.append(Stretch([], [], []))
    return stretches


def _may_come_first(check: Check, calls: Sequence[Call], made: set[int]) -> bool:
    """Whether nobody can tell that a check was made before some calls, even if it raises."""
    written = {id(a.storage) for call in calls for a in call.written}
    return written <= made and written.isdisjoint(id(a.storage) for a in check.tensors)
