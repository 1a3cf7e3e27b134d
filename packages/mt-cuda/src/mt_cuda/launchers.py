"""Compiled kernels, found by what made them."""

from collections.abc import Callable
from typing import Any

from mt_cuda.device import Device, Grid, Kernel, Launcher
from mt_tensor.tensor_data import TensorData


class Launchers:
    """The kernels of one device, each compiled when it is first asked for.

    Attributes:
        device: where they run.
    """

    __slots__ = ("_compiled", "device")

    def __init__(self, device: Device) -> None:
        """Compile nothing yet."""
        self.device = device
        self._compiled: dict[Any, Launcher] = {}

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
        """Launch a kernel on tensors, in its order."""
        pointers = tuple([self.device.pointer(t.storage, t.offset) for t in tensors])
        launcher.launch(grid, pointers, launcher.prepare(*numbers))
