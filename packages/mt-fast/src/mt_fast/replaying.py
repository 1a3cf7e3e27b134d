"""Replaying a step: a list of launches, made from C, in place of calls from Python.

`lowered` gets the calls of a recorded step. In its first run it makes them as ever, and has each
launch of a kernel noted down: the address of the kernel, of the storages, of the layout, and the
units. From the second run on one compiled loop goes through the notes. A call that does its work
elsewhere (NumPy gathers and scatters) stays a call, between two such loops.

The notes hold addresses, so whatever lies there is kept: the storages of the calls, which belong
to the tape, and what a call allocates for itself. An address that is neither is not replayed.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from mt_fast.chains import Task, task_of
from mt_fast.compiler import Entry, compile_entry
from mt_fast.kernels import playing, words
from mt_fast.kernels.calling import NOTEBOOK
from mt_fast.kernels.intrinsics.borrowed import Borrowed
from mt_fast.kernels.intrinsics.instruction import EXAMINED
from mt_fast.launching import Array, Launch, Numbers, Pack, listeners
from mt_fast.stages import score
from mt_fast.threads import get_num_threads
from mt_tensor.capture.live import Live, resolved
from mt_tensor.capture.tape import Call, Comparison, Run
from mt_tensor.dtypes import DType

if TYPE_CHECKING:
    from mt_fast.backend import FastBackend
    from mt_fast.pads import Pads

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
"""Seconds of a launch from which threads share it. With 3e-6 LeNet and 16 images take as long.
Single calls ask for 1e-4, because one that has to start threads, or wait for a core, costs more."""

PATIENCE = 8
MOST_PATIENCE = 32
"""Runs on one thread that follow one on several that took longer: at first, and at most. Where
another process keeps the other cores, one run in 33 tries in vain, which costs a few per cent.
Where it has let go of them, as PyTorch's threads do some milliseconds after their work, they are
soon used again."""


def lowered(backend: "FastBackend", calls: Sequence[Call], own: Collection[int] = ()) -> Run:
    """Return a function that makes calls, the second time without Python.

    Args:
        backend: whose calls.
        calls: what to do.
        own: the `id` of each storage where nobody else looks, and that they set before they read.
    """
    prepared: list[Run] = []

    def run() -> list[Run]:
        if prepared:
            for step in prepared:
                step()
        else:
            prepared.extend(Preparation(backend).runs(calls, own))
        return prepared

    return run


def compared(rows: Array) -> Comparison:
    """Return compiled functions that compare words of memory with their contents, and learn them.

    Args:
        rows: as `mt_tensor.capture.words.table` makes them.
    """
    table = Borrowed(2)
    unchanged: Any = compile_entry(words.unchanged, numba.boolean(table))
    learn = compile_entry(words.learn, numba.void(table))
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

    def runs(self, calls: Sequence[Call], own: Collection[int] = ()) -> Iterator[Run]:
        """Make the calls, and return what does the same again.

        Where a call cannot be noted, those before it and behind it look at the same memory.
        """
        tasks: list[Task] = []
        alone = True
        for call in calls:
            noted = self.made(call)
            if noted is None:
                yield from self._piece(tasks, ())
                tasks, alone = [], False
                yield _again(call, self._backend)
            else:
                tasks += noted
        storages = [a.storage for call in calls for a in call.tensors if alone]
        yield from self._piece(tasks, {s.ctypes.data for s in storages if id(s) in own})

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

    def made(self, call: Call) -> list[Task] | None:
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
        known = (*(t.storage for t in call.tensors), *self._kept)
        sizes = {a.ctypes.data: a.nbytes for a in known}
        used = {int(word) for each in self._launches for word in each.data[: each.storages]}
        if not self._fresh or not used <= sizes.keys():
            return None
        alone = len(self._launches) == 1
        return [task_of(call, each, sizes, alone=alone) for each in self._launches]

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

    def _piece(self, tasks: Sequence[Task], own: Collection[int]) -> Iterator[Run]:
        if tasks:
            yield Piece(tasks, self._kept, own)


class Piece:
    """A list of launches, and the memory that they use.

    The first run measures each launch, and arranges them (`mt_fast.stages`): from then on those
    that take longer than `WORTH_SHARING` are cut into parts, for the cache and for the threads that
    may be used. Units of work are independent, so that changes no bit. A run that takes longer than
    on one thread, because other processes hold the cores, is followed by runs on one thread: eight,
    and twice as many each time it happens again.

    Args:
        tasks: the launches.
        kept: memory that is to live as long.
        own: the addresses of memory where nobody else looks, and that is set before it is read.
    """

    __slots__ = ("_alone", "_memory", "_own", "_pads", "_patience", "_pause", "_score", "_tasks")

    def __init__(self, tasks: Sequence[Task], kept: list[Array], own: Collection[int] = ()) -> None:
        """Keep the memory; nothing is arranged yet."""
        self._tasks = tasks
        self._memory, self._own = kept, own
        self._pads: Pads | None = None
        self._score: tuple[Array, ...] = ()
        self._alone = 0.0
        self._pause, self._patience = 0, PATIENCE

    def __call__(self) -> list[Run] | None:
        """Launch them all, on as many threads as kernels use now.

        Returns:
            What does the same, if there is nothing to share.
        """
        if not self._score:
            return None if self._measure() else [partial(player(), self._score[0])]
        threads = get_num_threads()
        if threads == 1:
            player()(self._score[0])
        elif self._pause:
            self._pause -= 1
            self._alone = min(self._alone, _seconds(player(), self._score[0]))
        else:
            self._share(threads)
        return None

    def _measure(self) -> bool:
        """Launch them one by one, and arrange them; return whether there is anything to share."""
        play, seconds = player(), []
        for kernel, _, data, layout, units, _ in (task.launch for task in self._tasks):
            row = kernel, layout.ctypes.data, 0, units, data.ctypes.data
            seconds.append(_seconds(play, np.array([row], np.int64)))
        heavy = [each > WORTH_SHARING for each in seconds]
        self._alone = sum(seconds)
        threads = numba.config.NUMBA_NUM_THREADS
        told, self._pads = score(self._tasks, heavy, threads, self._own)
        self._score = *told, np.zeros(len(told.parts) + len(told.stages), np.int64)
        return any(heavy)

    def _share(self, threads: int) -> None:
        """Launch them on several threads; if that was no use, not again for a while."""
        numba.set_num_threads(threads)
        if _seconds(shared_player(), *self._score, threads) < self._alone:
            self._patience = PATIENCE
        else:
            self._pause = self._patience
            self._patience = min(2 * self._patience, MOST_PATIENCE)


@cache
def player() -> Entry:
    """Return `playing.play`, called with the calls of a score."""
    return compile_entry(playing.play, numba.void(Borrowed(2)))


@cache
def shared_player() -> Entry:
    """Return `playing.play_together`, called with a score, room for marks, and threads."""
    words = numba.int64[::1]
    signature = numba.void(numba.int64[:, ::1], words, words, words, numba.int64)
    return compile_entry(playing.play_together, signature, parallel=True)


def _seconds(play: Entry, *tables: Any) -> float:
    """Play launches, and return how long it took."""
    begin = time.perf_counter()
    play(*tables)
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
