"""Memory that is asked for once and used again.

Reserving device memory costs the driver up to a millisecond and waits for all work on the device,
so that a tensor must not do it for each result. The pool keeps what is given back, in lists by
size, and hands it out again. That is safe without waiting: all work goes to one stream, so that
whatever used the block before comes first.

Sizes are rounded up to 512 bytes, and beyond 8 KiB to an eighth of the power of two below: few
lists serve all, and at most an eighth is wasted.
"""

from collections import defaultdict
from typing import Any, Protocol

from mt_tensor.errors import BackendError

SMALLEST = 512
"""Bytes to which the driver aligns, and which any access may rely on."""


class Source(Protocol):
    """Where blocks come from: the driver, or NumPy in the simulator."""

    def reserve(self, nbytes: int) -> Any | None:
        """Return a block of that many bytes, or None if there is no room."""

    def release(self, block: Any) -> None:
        """Take a block back for good."""

    def capacity(self) -> int:
        """Return how many bytes there are in all."""


class PooledMemory:
    """A block that goes back to its pool when nothing refers to it.

    Attributes:
        block: what the source returned.
        nbytes: how many bytes may be used.
    """

    __slots__ = ("__weakref__", "_pool", "block", "nbytes")

    def __init__(self, pool: "Pool", block: Any, nbytes: int) -> None:
        """Hold a block."""
        self._pool = pool
        self.block = block
        self.nbytes = nbytes

    def __del__(self) -> None:
        """Give the block back."""
        self._pool.give_back(self)


class Pool:
    """Blocks of one device, by size."""

    def __init__(self, source: Source) -> None:
        """Hold nothing yet."""
        self._source = source
        self._idle: defaultdict[int, list[Any]] = defaultdict(list)
        self.in_use = 0
        self.idle = 0

    def allocate(self, nbytes: int) -> PooledMemory:
        """Return memory of at least that many bytes, with any content.

        Raises:
            BackendError: there is not enough, even when all that is idle has been released.
        """
        size = rounded(nbytes)
        blocks = self._idle[size]
        if blocks:
            block = blocks.pop()
            self.idle -= size
        else:
            block = self._reserve(size)
        self.in_use += size
        return PooledMemory(self, block, size)

    def give_back(self, memory: PooledMemory) -> None:
        """Keep a block for the next one who asks for its size."""
        self._idle[memory.nbytes].append(memory.block)
        self.in_use -= memory.nbytes
        self.idle += memory.nbytes

    def trim(self) -> None:
        """Release all idle blocks."""
        for blocks in self._idle.values():
            while blocks:
                self._source.release(blocks.pop())
        self.idle = 0

    def _reserve(self, size: int) -> Any:
        block = self._source.reserve(size)
        if block is None:
            self.trim()
            block = self._source.reserve(size)
        if block is None:
            message = (
                f"cuda: out of memory: {readable(size)} asked, {readable(self.in_use)} held by "
                f"tensors, {readable(self._source.capacity())} on the device"
            )
            raise BackendError(message)
        return block


def rounded(nbytes: int) -> int:
    """Return the size of the block for so many bytes.

    >>> [rounded(n) for n in (0, 1, 512, 513, 5000, 1 << 20, (1 << 20) + 1)]
    [512, 512, 512, 1024, 5120, 1048576, 1179648]
    """
    step = max(SMALLEST, (1 << nbytes.bit_length()) >> 4)
    return max(-(-nbytes // step) * step, SMALLEST)


def readable(nbytes: int) -> str:
    """Return a number of bytes as people write it.

    >>> readable(3 << 29)
    '1.5 GiB'
    """
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if nbytes >= size:
            return f"{nbytes / size:.1f} {unit}"
    return f"{nbytes} B"
