"""PyTorch and CuPy, on the stream of the backend, so that one clock times all."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from gpu_check.machine import Machine, Rehearsal


class Peers:
    """What is installed and sees the GPU.

    Attributes:
        torch: PyTorch, or None.
        cupy: CuPy, or None.
        absent: what is not there, and why.
    """

    def __init__(self, machine: Machine) -> None:
        """Import what there is."""
        self.absent: dict[str, str] = {}
        self.torch: Any = self._find("torch", machine)
        self.cupy: Any = self._find("cupy", machine)
        if self.torch:
            self.torch.backends.cuda.matmul.allow_tf32 = False
            self.torch.backends.cudnn.allow_tf32 = False

    def _find(self, name: str, machine: Machine) -> Any:
        if isinstance(machine, Rehearsal):
            self.absent[name] = "a rehearsal has no GPU"
        elif find_spec(name) is None:
            self.absent[name] = "not installed"
        else:
            try:
                return self._opened(name, int(machine.backend.device.stream_handle))
            except Exception as error:  # noqa: BLE001  a peer that fails is a peer less
                self.absent[name] = f"{type(error).__name__}: {error}"
        return None

    @staticmethod
    def _opened(name: str, stream: int) -> Any:
        module = import_module(name)
        if name == "torch":
            module.cuda.set_stream(module.cuda.ExternalStream(stream))
        else:
            module.cuda.ExternalStream(stream).use()
        return module

    def cublas(self, a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> tuple[str, Any, Any]:
        """Return who multiplies, what does it once, and what brings the product to the host.

        The name is "" where nobody does.
        """
        if self.torch:
            left, right = (self.torch.from_numpy(x).cuda() for x in (a, b))
            out = self.torch.empty(a.shape[0], b.shape[1], dtype=left.dtype, device="cuda")
            multiply = self.torch.matmul
            return "PyTorch", lambda: multiply(left, right, out=out), lambda: out.cpu().numpy()
        if self.cupy:
            left, right = self.cupy.asarray(a), self.cupy.asarray(b)
            out = self.cupy.empty((a.shape[0], b.shape[1]), a.dtype)
            multiply = self.cupy.matmul
            return "CuPy", lambda: multiply(left, right, out=out), lambda: self.cupy.asnumpy(out)
        return "", None, None
