"""Replaying a step: a list of launches, made from C, in place of calls from Python.

`lowered` gets the calls of a recorded step. In its first run it makes them as ever, and has each
launch of a kernel noted down: the address of the kernel, of the storages, of the layout, and the
units. From the second run on one compiled loop goes through the notes. A call that does its work
elsewhere (NumPy gathers and scatters) stays a call, between two such loops.

The notes hold addresses, so whatever lies there is kept: the storages of the calls, which belong
to the tape, and what a call allocates for itself. An address that is neither is not replayed.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from mt_fast.compiler import Entry, compile_entry
from mt_fast.kernels import words
from mt_fast.kernels.calling import NOTEBOOK
from mt_fast.kernels.intrinsics.instruction import EXAMINED
from mt_fast.launching import Array, Launch, Numbers, Pack, listeners, player
from mt_fast.threads import get_num_threads
from mt_tensor.capture.live import Live, resolved
from mt_tensor.capture.tape import Call, Comparison, Run
from mt_tensor.dtypes import DType

if TYPE_CHECKING:
    from mt_fast.backend import FastBackend

COMPILED = frozenset(
    {"map", "zip", "reduce", "matmul", "fill", "dropout", "sgd_step", "adam_step"}
    | {"conv1d", "conv1d_by_input", "conv1d_by_weight"}
    | {"conv2d", "conv2d_by_input", "conv2d_by_weight"}
    | {"avg_pool2d", "avg_pool2d_by_input", "max_pool2d", "max_pool2d_by_input"}
    | {"log_softmax", "log_softmax_by_input", "extremum_by_input"}
    | {"take_rows", "add_rows", "pick", "pick_by_input"}
)
"""Methods that do nothing but launch kernels."""

HEAD = 5
"""Words of a note before those of its data."""

ROOM = 1 << 16
"""Words of the notebook; a call makes a few launches, of some tens of words each."""

WORTH_SHARING = 8e-6
"""Seconds of a launch from which threads share it. A launch on two threads costs 1.3 us while the
cores are free. What one launch writes is in the cache of the core that has written it, so a step is
faster with neighbours shared as well: LeNet and 16 images 0.24 ms, from 3e-5 on 0.30. Single calls
ask for 1e-4, because one that has to wait for a core costs more."""

PATIENCE = 8
MOST_PATIENCE = 1024
"""Runs on one thread that follow one on several that took longer: at first, and at most."""


def lowered(backend: "FastBackend", calls: Sequence[Call]) -> Run:
    """Return a function that makes calls, the second time without Python."""
    prepared: list[Run] = []

    def run() -> list[Run]:
        if prepared:
            for step in prepared:
                step()
        else:
            prepared.extend(Preparation(backend).runs(calls))
        return prepared

    return run


def compared(rows: Array) -> Comparison:
    """Return compiled functions that compare words of memory with their contents, and learn them.

    Args:
        rows: as `mt_tensor.capture.words.table` makes them.
    """
    signature = numba.int64[:, ::1]
    unchanged: Any = compile_entry(words.unchanged, numba.boolean(signature))
    learn = compile_entry(words.learn, numba.void(signature))
    return Comparison(partial(unchanged, rows), partial(learn, rows))


class Preparation:
    """Makes calls, and notes their launches.

    Args:
        backend: whose calls; while one is made, its pool is this object, which keeps what it gives.
    """

    def __init__(self, backend: "FastBackend") -> None:
        """Note nothing yet."""
        self._backend = backend
        self._kept: list[Array] = []
        self._launches: list[Launch] = []
        self._packed: dict[Any, Numbers] = {}
        self._fresh = False
        self._call: Call | None = None
        self._notebook = np.zeros(ROOM, np.int64)

    def runs(self, calls: Sequence[Call]) -> Iterator[Run]:
        """Make the calls, and return what does the same again."""
        launches: list[Launch] = []
        for call in calls:
            noted = self._made(call)
            if noted is None:
                yield from self._piece(launches)
                launches = []
                yield _again(call, self._backend)
            else:
                launches += noted
        yield from self._piece(launches)

    def launched(self, launch: Launch) -> None:
        """Note a launch on several threads, after those on one that came before."""
        self._turn_page()
        self._launches.append(launch)

    def keep(self, array: Array) -> None:
        """Keep an array that a call has allocated."""
        self._kept.append(array)

    def take(self, size: int, dtype: DType) -> Array:
        """Allocate in place of the pool, for good."""
        array = np.empty(size, dtype)
        self.keep(array)
        return array

    def numbers(self, pack: Pack, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Numbers:
        """Pack numbers once for all calls that have the same, and again when they change."""
        assert self._call is not None, "numbers are packed by calls"  # noqa: S101
        self._fresh = True
        given = [a for a in self._call.args if isinstance(a, (Live, bool, int, float))]
        keywords = self._call.kwargs
        key = (pack, *map(_identity, given), *map(_identity, keywords.values()))
        if key not in self._packed:
            self._packed[key] = arrays = pack(*args, **kwargs)
            for array in arrays:
                self.keep(array)
            for live in self._call.lives:
                live.watchers.append(lambda: _pack_again(arrays, pack, given, keywords))
        return self._packed[key]

    def _made(self, call: Call) -> list[Launch] | None:
        """Make a call; return its launches, or None if it cannot be replayed by them.

        That is so where a launch uses memory that nobody keeps, or where the call has a value
        that changes and a kernel does not read it from an array of numbers.
        """
        if EXAMINED or call.method not in COMPILED:
            call.run(self._backend)
            return None
        self._call = call
        self._launches = []
        self._fresh = not call.lives
        with self._listening():
            call.run(self._backend)
            self._turn_page()
        known = {a.ctypes.data for a in (*(t.storage for t in call.tensors), *self._kept)}
        used = {int(word) for each in self._launches for word in each.data[: each.storages]}
        return self._launches if self._fresh and used <= known else None

    @contextmanager
    def _listening(self) -> Iterator[None]:
        pool = self._backend.pool
        self._notebook[0] = 1
        listeners.append(self)
        self._backend.pool = self  # type: ignore[assignment]  # it takes as a pool does
        NOTEBOOK[0] = self._notebook.ctypes.data
        try:
            yield
        finally:
            NOTEBOOK[0] = 0
            self._backend.pool = pool
            listeners.remove(self)

    def _turn_page(self) -> None:
        """Read the notes, and begin anew."""
        words, at = self._notebook, 1
        while at < words[0]:
            address, units, storages, count, size = (int(word) for word in words[at : at + HEAD])
            at += HEAD
            data, layout = words[at : at + count].copy(), words[at + count : at + count + size]
            launch = Launch(address, storages, data, layout.copy(), units, 0)
            self._launches.append(launch)
            at += count + size
        words[0] = 1

    def _piece(self, launches: Sequence[Launch]) -> Iterator[Run]:
        if launches:
            yield Piece(launches, self._kept)


class Piece:
    """A list of launches, and the memory that they use.

    The first run measures each launch, and those that take longer than `WORTH_SHARING` are shared
    from then on, where several threads may be used. Units of work are independent, so that changes
    no bit. A run that takes longer than on one thread, because other processes hold the cores, is
    followed by runs on one thread: eight, and twice as many each time it happens again.

    Args:
        launches: those that have a chunk are shared in any case.
        kept: memory that is to live as long.
    """

    __slots__ = ("_alone", "_memory", "_patience", "_pause", "_play", "_shared", "_table")

    def __init__(self, launches: Sequence[Launch], kept: list[Array]) -> None:
        """Write the launches down as the compiled loop reads them."""
        rows = [
            (each.address, each.data.ctypes.data, each.layout.ctypes.data, each.units, each.chunk)
            for each in launches
        ]
        self._table = np.array(rows, np.int64)
        self._memory = tuple(launches), kept
        self._play = player(parallel=False)
        self._shared: bool | None = None
        self._alone = 0.0
        self._pause, self._patience = 0, PATIENCE

    def __call__(self) -> list[Run] | None:
        """Launch them all, on as many threads as kernels use now.

        Returns:
            What does the same, if there is nothing to share.
        """
        if self._shared is None:
            self._measure()
            return None if self._shared else [partial(self._play, self._table)]
        threads = get_num_threads()
        if threads == 1 or not self._shared:
            self._play(self._table)
        elif self._pause:
            self._pause -= 1
            self._alone = min(self._alone, _seconds(self._play, self._table))
        else:
            self._share(threads)
        return None

    def _measure(self) -> None:
        """Launch them one by one, and choose which to share."""
        threads = numba.config.NUMBA_NUM_THREADS
        for i in range(len(self._table)):
            seconds = _seconds(self._play, self._table[i : i + 1])
            self._alone += seconds
            units, chunk = self._table[i, 3:]
            if chunk == 0 and units > 1 and seconds > WORTH_SHARING:
                self._table[i, 4] = -(-units // threads)
        self._shared = bool(self._table[:, 4].any())

    def _share(self, threads: int) -> None:
        """Launch them on several threads; if that was no use, not again for a while."""
        numba.set_num_threads(threads)
        if _seconds(player(parallel=True), self._table) < self._alone:
            self._patience = PATIENCE
        else:
            self._pause = self._patience
            self._patience = min(2 * self._patience, MOST_PATIENCE)


def _seconds(play: Entry, table: Array) -> float:
    """Play launches, and return how long it took."""
    begin = time.perf_counter()
    play(table)
    return time.perf_counter() - begin


def _again(call: Call, backend: "FastBackend") -> Run:
    return lambda: call.run(backend)


def _identity(value: Any) -> Any:
    """Return what tells a number from others: a value that changes is itself alone."""
    return id(value) if isinstance(value, Live) else value


def _pack_again(arrays: Numbers, pack: Pack, args: list[Any], kwargs: dict[str, Any]) -> None:
    values = {name: resolved(value) for name, value in kwargs.items()}
    for array, fresh in zip(arrays, pack(*map(resolved, args), **values), strict=True):
        array[:] = fresh
