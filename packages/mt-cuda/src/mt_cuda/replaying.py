"""Replaying a step: the launches that its calls come down to, as one graph of the device.

`lowered` gets the calls of a recorded step. In its first run it makes them as ever and notes their
launches. From then on the launches are started again, without the calls: on a GPU as a CUDA graph,
which costs the host one call whatever it holds. Memory that a call has allocated for itself is kept
with the graph.

Two kinds of calls stay calls, between two graphs: those that read elements on the host, and those
that copy to the device what a kernel may write over. A call with a value that changes from step to
step, such as a learning rate, is noted again when that has changed, without running; its launches
take the place of those before.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from mt_cuda.journal import Journal, Launch
from mt_tensor.capture.tape import Call

if TYPE_CHECKING:
    from mt_cuda.backend import CudaBackend

Run = Callable[[], None]

TABLES = frozenset({"gather", "scatter", "scatter_add"})
"""Methods whose copies to the device are of their arguments, and which kernels only read."""


def lowered(backend: "CudaBackend", calls: Sequence[Call]) -> Run:
    """Return a function that makes calls: as ever in its first run, then by their launches."""
    prepared: list[Run] = []

    def run() -> None:
        if prepared:
            for piece in prepared:
                piece()
        else:
            prepared.extend(_pieces(backend, calls))

    return run


class Noted:
    """A call, with the launches that it comes down to now.

    Attributes:
        journal: of its last run.
        stale: whether a value among its arguments has changed since.
    """

    __slots__ = ("_backend", "_call", "journal", "stale")

    def __init__(self, backend: "CudaBackend", call: Call) -> None:
        """Make the call, and note it."""
        self._backend = backend
        self._call = call
        self.journal = Journal()
        self.stale = False
        with self.journal.opened():
            call.run(backend)
        for live in call.lives:
            live.watchers.append(self._age)

    @property
    def replayable(self) -> bool:
        """Whether its launches are all that it does."""
        copied = self.journal.uploads and (self._call.lives or self._call.method not in TABLES)
        return not (self.journal.downloads or copied)

    def note_again(self) -> None:
        """Note the launches for the present values, without running them."""
        self.journal = Journal(dry=True)
        with self.journal.opened():
            self._call.run(self._backend)
        self.stale = False

    def run(self) -> None:
        """Make the call."""
        self._call.run(self._backend)

    def _age(self) -> None:
        self.stale = True


class Piece:
    """Calls in a row that are replayed as one graph."""

    __slots__ = ("_calls", "_device", "_graph")

    def __init__(self, backend: "CudaBackend", calls: Sequence[Noted]) -> None:
        """Build the graph; nothing runs yet."""
        self._device = backend.device
        self._calls = calls
        self._graph = self._device.graph(self._launches())

    def __call__(self) -> None:
        """Start the launches, those of changed values anew."""
        if any(call.stale for call in self._calls):
            self._renew()
        self._graph.run()

    def _renew(self) -> None:
        before = self._launches()
        for call in self._calls:
            if call.stale:
                call.note_again()
        after = self._launches()
        if len(before) != len(after):
            self._graph = self._device.graph(after)
            return
        for i, (old, new) in enumerate(zip(before, after, strict=True)):
            if old is not new:
                self._graph.replace(i, new)

    def _launches(self) -> list[Launch]:
        return [launch for call in self._calls for launch in call.journal.launches]


def _pieces(backend: "CudaBackend", calls: Sequence[Call]) -> Iterator[Run]:
    """Make the calls, and yield what does the same again."""
    waiting: list[Noted] = []
    for call in calls:
        noted = Noted(backend, call)
        if noted.replayable:
            waiting.append(noted)
            continue
        if waiting:
            yield Piece(backend, waiting)
        waiting = []
        yield noted.run
    if waiting:
        yield Piece(backend, waiting)
