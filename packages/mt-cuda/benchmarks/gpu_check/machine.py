"""The GPU or the simulator: what is timed there, and how."""

import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from mt_cuda.backend import CudaBackend
from mt_cuda.device import SIMULATED
from mt_cuda.status import ask_driver

Call = Callable[[], Any]
PACKAGES = ("numba", "numba-cuda", "cuda-core", "cuda-bindings", "numpy", "torch", "cupy-cuda13x")


class Machine(Protocol):
    """Where kernels run."""

    backend: Any
    name: str

    def device_ms(self, call: Call, rounds: int) -> float:
        """Return the median time that the device takes for a call, in milliseconds."""

    def wall_ms(self, call: Call, rounds: int) -> float:
        """Return the time that passes for each of many calls, in milliseconds."""

    def copy(self, target: Any, source: Any) -> None:
        """Copy device memory to device memory, as the driver does."""


class Gpu:
    """The first GPU."""

    def __init__(self) -> None:
        """Open it."""
        driver = ask_driver()
        self.backend = CudaBackend()
        self.name = f"{driver.devices[0]}, CUDA {driver.version[0]}.{driver.version[1]}"
        self.device: Any = self.backend.device

    def device_ms(self, call: Call, rounds: int) -> float:
        """Time each call between two events of the stream."""
        from cuda.core import EventOptions  # noqa: PLC0415  absent where only the simulator is

        stream, timed = self.device.stream, EventOptions(timing_enabled=True)
        for _ in range(3):
            call()
        pairs = []
        for _ in range(rounds):
            first = stream.record(options=timed)
            call()
            pairs.append((first, stream.record(options=timed)))
        stream.sync()
        return statistics.median(last - first for first, last in pairs)

    def wall_ms(self, call: Call, rounds: int) -> float:
        """Time many calls and the wait for the last; the least of five."""
        for _ in range(3):
            call()
        times = []
        for _ in range(5):
            self.device.stream.sync()
            start = time.perf_counter()
            for _ in range(rounds):
                call()
            self.device.stream.sync()
            times.append(time.perf_counter() - start)
        return 1e3 * min(times) / rounds

    def copy(self, target: Any, source: Any) -> None:
        """Ask the driver."""
        from cuda.bindings import driver  # noqa: PLC0415  absent where only the simulator is

        pointers = (self.device.address(t.storage) for t in (target, source))
        nbytes = source.size * source.dtype.itemsize
        driver.cuMemcpyDtoDAsync(*pointers, nbytes, self.device.stream_handle)


class Rehearsal:
    """The simulator: a call is over when it returns, and its time means nothing."""

    def __init__(self) -> None:
        """Open it."""
        self.backend = CudaBackend()
        self.name = "simulator"

    def device_ms(self, call: Call, rounds: int) -> float:
        """Time one call."""
        return self.wall_ms(call, min(rounds, 1))

    def wall_ms(self, call: Call, rounds: int) -> float:
        """Time one call."""
        start = time.perf_counter()
        for _ in range(min(rounds, 1)):
            call()
        return 1e3 * (time.perf_counter() - start)

    def copy(self, target: Any, source: Any) -> None:
        """Copy the arrays that stand for the memory."""
        target.storage.memory.block[:] = source.storage.memory.block


def open_machine() -> Machine:
    """Open the GPU, or the simulator where that was chosen."""
    return Rehearsal() if SIMULATED else Gpu()


def described(machine: Machine) -> dict[str, str]:
    """Tell what the figures belong to."""
    installed = {"python": sys.version.split()[0], "system": platform.platform()}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            installed[package] = "absent"
    return {"device": machine.name, **installed}
