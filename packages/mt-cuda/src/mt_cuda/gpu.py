"""The device of a machine with an NVIDIA GPU.

Everything goes to one stream, in order. Numba only compiles: its own launches take 20 to 30 us on
the host, for each looks at the types of all arguments again. Here a kernel is found compiled, its
numbers are converted once for each layout, and `cuda.core` launches it in about 1 us.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from cuda.bindings import driver  # type: ignore[import-untyped]
from cuda.core import Device, LaunchConfig, ObjectCode, Stream, launch  # type: ignore[import-untyped]
from cuda.core import Kernel as LoadedKernel
from cuda.core.utils import StridedMemoryView  # type: ignore[import-untyped]
from numba import types

from mt_cuda.borrowing import Foreign
from mt_cuda.cache import cached
from mt_cuda.device import Array, Grid, Kernel, Memory
from mt_cuda.dlpack import CUDA
from mt_cuda.driver_errors import check
from mt_cuda.graph import CudaGraph
from mt_cuda.journal import Launch, active
from mt_cuda.pool import Pool, PooledMemory
from mt_cuda.storage import Storage
from mt_tensor.errors import BackendError
from mt_tensor.layout import contiguous_strides, extent


class DriverSource:
    """Device memory as the driver gives it."""

    def reserve(self, nbytes: int) -> int | None:
        """Return an address, or None if there is no room."""
        error, address = driver.cuMemAlloc(nbytes)
        if error == driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
            return None
        check(error, f"reserving {nbytes} bytes")
        return int(address)

    def release(self, block: int) -> None:
        """Give memory back to the driver."""
        (error,) = driver.cuMemFree(block)
        check(error, "releasing memory")

    def capacity(self) -> int:
        """Return how much memory the device has."""
        error, _, total = driver.cuMemGetInfo()
        check(error, "asking for the memory")
        return int(total)


class GpuDevice:
    """The first GPU, with one stream of its own."""

    def __init__(self) -> None:
        """Make its context the current one."""
        self.device = Device(0)
        self.device.set_current()
        self.stream = self.device.create_stream()
        self.pool = Pool(DriverSource())
        capability = self.device.compute_capability
        self._capability = (int(capability.major), int(capability.minor))

    def allocate(self, nbytes: int) -> PooledMemory:
        """Take memory from the pool."""
        memory = self.pool.allocate(nbytes)
        if active.journal:
            active.journal.memory.append(memory)
        return memory

    def upload(self, memory: Memory, array: Array) -> None:
        """Copy an array into memory.

        It may be changed as soon as this returns: the driver has copied it to pages of its own.
        """
        journal = active.journal
        if journal:
            journal.uploads += 1
        if array.nbytes and not (journal and journal.dry):
            handle = int(self.stream.handle)
            source = array.ctypes.data
            (error,) = driver.cuMemcpyHtoDAsync(memory.block, source, array.nbytes, handle)
            check(error, "copying to the device")

    def download(self, memory: Memory, array: Array) -> None:
        """Copy memory into an array, when the work before has been done."""
        if active.journal:
            active.journal.downloads += 1
        if array.nbytes:
            handle = int(self.stream.handle)
            target = array.ctypes.data
            (error,) = driver.cuMemcpyDtoHAsync(target, memory.block, array.nbytes, handle)
            check(error, "copying from the device")
            self.stream.sync()

    def pointer(self, storage: Storage, offset: int) -> int:
        """Return an address."""
        address: int = storage.memory.block + offset * storage.dtype.itemsize
        return address

    def compile(self, kernel: Kernel) -> "GpuLauncher":
        """Load the machine code of a kernel, compiled now or once before."""
        binary = cached(kernel, self._capability)
        loaded = ObjectCode.from_cubin(binary.code).get_kernel(binary.entry)
        return GpuLauncher(self.stream, loaded, kernel)

    def graph(self, launches: Sequence[Launch]) -> CudaGraph:
        """Make a CUDA graph of the launches."""
        return CudaGraph(self.stream, launches)

    @property
    def place(self) -> tuple[int, int]:
        """Be the first CUDA device, to DLPack."""
        return CUDA, 0

    @property
    def stream_handle(self) -> int:
        """Return the handle of the stream."""
        return int(self.stream.handle)

    def address(self, storage: Storage) -> int:
        """Return where a storage begins."""
        return self.pointer(storage, 0)

    def order(self, stream: int) -> None:
        """Let another stream wait for what is in this one now."""
        Stream.from_handle(stream).wait(self.stream)

    def foreign(self, source: Any) -> Foreign:
        """Describe an array of this device; our stream waits for what its library has asked for."""
        try:
            view = StridedMemoryView(source, stream_ptr=self.stream_handle)
        except (BufferError, RuntimeError, TypeError, AttributeError) as error:
            message = f"cuda: {type(source).__name__} cannot be shared: {error}"
            raise BackendError(message) from None
        if not view.is_device_accessible or view.device_id != self.device.device_id:
            message = f"cuda: {type(source).__name__} is not in the memory of this device"
            raise BackendError(message)
        strides = view.strides or contiguous_strides(tuple(view.shape))
        low, _ = extent(tuple(view.shape), tuple(strides), 0)
        address = view.ptr + low * view.dtype.itemsize
        return Foreign(address, address, tuple(view.shape), tuple(strides), view.dtype, view)


class GpuLauncher:
    """A kernel in device memory.

    Attributes:
        handle: what the driver knows it by.
        threads: of a block.
    """

    __slots__ = ("_configuration", "_kernel", "_kinds", "_stream", "handle", "threads")

    def __init__(self, stream: Any, loaded: LoadedKernel, kernel: Kernel) -> None:
        """Keep what every launch needs."""
        self._stream = stream
        self._kernel = loaded
        self._kinds = kernel.signature
        self.handle = loaded.handle
        self.threads = kernel.threads
        self._configuration = lru_cache(maxsize=1024)(
            lambda grid: LaunchConfig(grid=grid, block=kernel.threads)
        )

    def prepare(self, *numbers: Any) -> tuple[Any, ...]:
        """Flatten tuples, and give each number the width that the kernel expects."""
        expected = self._kinds[len(self._kinds) - len(numbers) :]
        return tuple(
            item
            for kind, value in zip(expected, numbers, strict=True)
            for item in _converted(kind, value)
        )

    def launch(self, grid: Grid, pointers: tuple[Any, ...], prepared: Any) -> None:
        """Put it into the stream."""
        if active.journal:
            active.journal.launches.append(Launch(self, grid, pointers, prepared))
            if active.journal.dry:
                return
        launch(self._stream, self._configuration(grid), self._kernel, *pointers, *prepared)


def open_device() -> GpuDevice:
    """Open the first GPU."""
    return GpuDevice()


CONVERTERS: dict[Any, Callable[[Any], Any]] = {
    types.int64: int,
    types.uint64: int,
    types.int32: np.int32,
    types.uint32: np.uint32,
    types.float32: np.float32,
    types.float64: np.float64,
}


def _converted(kind: Any, value: Any) -> Iterator[Any]:
    if isinstance(kind, types.BaseTuple):
        for item, part in zip(kind, value, strict=True):
            yield from _converted(item, part)
    else:
        yield CONVERTERS[kind](value)
