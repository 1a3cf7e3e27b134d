"""Compiled kernels, found by what made them, and their numbers, prepared once for a layout."""

from collections.abc import Callable
from typing import Any

from mt_cuda.device import Device, Grid, Kernel, Launcher
from mt_tensor.tensor_data import TensorData

MOST_LAYOUTS = 4096
"""Layouts that are remembered; then all are forgotten."""


class Launchers:
    """The kernels of one device, each compiled when it is first asked for.

    Attributes:
        device: where they run.
    """

    __slots__ = ("_compiled", "_prepared", "device")

    def __init__(self, device: Device) -> None:
        """Compile nothing yet."""
        self.device = device
        self._compiled: dict[Any, Launcher] = {}
        self._prepared: dict[Any, Any] = {}

    def find(self, make: Callable[..., Kernel], *arguments: Any) -> Launcher:
        """Return the kernel that a function makes of these arguments."""
        key = (make, *arguments)
        launcher = self._compiled.get(key)
        if launcher is None:
            self._compiled[key] = launcher = self.device.compile(make(*arguments))
        return launcher

    def run(
        self, launcher: Launcher, grid: Grid, tensors: tuple[TensorData, ...], *numbers: Any
    ) -> None:
        """Launch a kernel on tensors, in its order; its numbers are sizes and strides."""
        key = launcher, numbers
        prepared = self._prepared.get(key)
        if prepared is None:
            if len(self._prepared) == MOST_LAYOUTS:
                self._prepared.clear()
            self._prepared[key] = prepared = launcher.prepare(*numbers)
        launcher.launch(grid, self._pointers(tensors), prepared)

    def run_with(
        self, launcher: Launcher, grid: Grid, tensors: tuple[TensorData, ...], *numbers: Any
    ) -> None:
        """Launch a kernel whose numbers are values, few of them, and others each time."""
        launcher.launch(grid, self._pointers(tensors), launcher.prepare(*numbers))

    def _pointers(self, tensors: tuple[TensorData, ...]) -> tuple[Any, ...]:
        pointer = self.device.pointer
        return tuple([pointer(t.storage, t.offset) for t in tensors])
