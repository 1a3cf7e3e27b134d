"""Bringing a panel of a matrix to shared memory.

A panel is `extent` rows of `a`, or columns of `b`, of which a block needs `depth` entries a time.
Both matrices of a product are alike when a panel is seen as `depth` steps along K, each with
`extent` entries side by side, and that is how it lies in shared memory, whatever its layout was.
Rows there are `PAD` elements longer than they need be, so that the threads of a warp that write
down a column meet different banks.

The threads share the loads, neighbours in memory to neighbouring threads. A thread works out where
its first load is, once; its others are at constant distances from that one.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numba import int32

from mt_cuda.device import inline, lifted
from mt_cuda.intrinsics import LANES, load4, shared_array, store4
from mt_cuda.kernels.types import number
from mt_tensor.dtypes import DType

PAD = LANES


@dataclass(frozen=True)
class Panel:
    """How the threads of a block divide a panel.

    Attributes:
        extent: entries side by side.
        depth: steps along K.
        threads: of the block.
        along: whether neighbours in memory are neighbours along K, not side by side.
        lanes: entries of a load, 1 or 4.
        dtype: of the entries.
    """

    extent: int
    depth: int
    threads: int
    along: bool
    lanes: int
    dtype: DType

    def __post_init__(self) -> None:
        """Refuse a division that leaves threads without a load of their own.

        Raises:
            ValueError: the loads of a row do not divide the threads, or the threads all the loads.
        """
        if self.threads % self.row or self.extent * self.depth % (self.threads * self.lanes):
            message = (
                f"{self.threads} threads cannot share a panel of {self.extent} by {self.depth}: "
                f"a row of it is {self.row} loads"
            )
            raise ValueError(message)

    @property
    def pitch(self) -> int:
        """How many elements its rows are apart in shared memory."""
        return self.extent + PAD

    @property
    def size(self) -> int:
        """How many elements it takes in shared memory."""
        return self.depth * self.pitch

    @cached_property
    def loads(self) -> int:
        """How many loads each thread does."""
        return self.extent * self.depth // (self.threads * self.lanes)

    @cached_property
    def row(self) -> int:
        """How many loads make a row of neighbours."""
        return (self.depth if self.along else self.extent) // self.lanes

    @cached_property
    def steps(self) -> tuple[int, int]:
        """How far each load of a thread is from the one before: side by side, and along K."""
        rows = self.threads // self.row
        return (rows, 0) if self.along else (0, rows)

    def shared(self, copies: int) -> Any:
        """Make a function that returns shared memory for so many panels."""
        return shared_array(copies * self.size, self.dtype)

    def functions(self) -> tuple[Any, Any, Any]:
        """Make what a kernel needs.

        - `enter(thread, start, first, strides, sizes)` returns a cursor: where the thread's loads
          are in the panel that begins `first` entries to the side, in a matrix of `sizes`, (side by
          side, along K), which begins at `start`.
        - `fetch(registers, matrix, cursor, k)` loads the thread's part of the panel that begins `k`
          steps along, 0 beyond an edge.
        - `put(shared, start, registers, cursor)` stores it in the panel at `start`.
        """
        if self.lanes == 1:
            return self._enter(), self._fetch(), self._put()
        return self._enter(), self._fetch_vectors(), self._put_vectors()

    def _enter(self) -> Any:
        row, lanes, along, pitch = self.row, self.lanes, self.along, self.pitch
        aside, deeper = self.steps

        @inline
        def enter(thread: Any, start: Any, first: Any, strides: Any, sizes: Any) -> Any:
            outer, inner = int32(thread // row), int32(thread % row * lanes)
            side, k = (outer, inner) if along else (inner, outer)
            position = start + (first + side) * strides[0] + k * strides[1]
            jump = aside * strides[0] + deeper * strides[1]
            room, left = int32(sizes[0] - first - side), int32(sizes[1] - k)
            return position, jump, strides[1], room, left, k * pitch + side

        return enter

    def _fetch(self) -> Any:
        zero, loads, (aside, deeper) = number(self.dtype)(0), self.loads, self.steps

        def fetch(staged: Any, source: Any, cursor: Any, k: Any) -> None:
            position, jump, stride, room, left, _ = cursor
            for i in range(loads):
                inside = room > i * aside and left - k > i * deeper
                staged[i] = source[position + k * stride + i * jump] if inside else zero

        return lifted(fetch)

    def _fetch_vectors(self) -> Any:
        zero, loads, (aside, deeper) = number(self.dtype)(0), self.loads, self.steps

        def fetch(staged: Any, source: Any, cursor: Any, k: Any) -> None:
            position, jump, stride, room, left, _ = cursor
            for i in range(loads):
                w, x, y, z = zero, zero, zero, zero
                if room > i * aside and left - k > i * deeper:
                    w, x, y, z = load4(source, position + k * stride + i * jump)
                staged[4 * i], staged[4 * i + 1] = w, x
                staged[4 * i + 2], staged[4 * i + 3] = y, z

        return lifted(fetch)

    def _put(self) -> Any:
        loads, step = self.loads, self.steps[0] + self.steps[1] * self.pitch

        def put(panel: Any, start: Any, staged: Any, cursor: Any) -> None:
            for i in range(loads):
                panel[start + cursor[5] + i * step] = staged[i]

        return lifted(put)

    def _put_vectors(self) -> Any:
        loads, pitch, along = self.loads, self.pitch, self.along
        step = self.steps[0] + self.steps[1] * self.pitch

        def put(panel: Any, start: Any, staged: Any, cursor: Any) -> None:
            for i in range(loads):
                place = start + cursor[5] + i * step
                w, x, y, z = staged[4 * i], staged[4 * i + 1], staged[4 * i + 2], staged[4 * i + 3]
                if along:
                    panel[place], panel[place + pitch] = w, x
                    panel[place + 2 * pitch], panel[place + 3 * pitch] = y, z
                else:
                    store4(panel, place, (w, x, y, z))

        return lifted(put)
