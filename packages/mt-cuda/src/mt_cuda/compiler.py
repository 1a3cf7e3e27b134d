"""From a kernel to machine code for one kind of GPU.

Numba and libNVVM compile to PTX, nvJitLink assembles it. Neither needs a GPU or a driver, so that
the kernels can be compiled, and looked at, on any machine with the toolkit.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace

from cuda.core import Linker, LinkerOptions, ObjectCode  # type: ignore[import-untyped]
from numba import cuda, types
from numba.core.errors import NumbaError
from numba.cuda import dispatcher

from mt_cuda.device import Kernel
from mt_tensor.errors import BackendError

Capability = tuple[int, int]

TOOLKIT_HINT = "install the CUDA toolkit, or pip install 'mt-tensor[cuda13]'"


@dataclass(frozen=True)
class Binary:
    """Machine code of one kernel.

    Attributes:
        entry: its name in the code.
        code: a cubin.
    """

    entry: str
    code: bytes


def compile_kernel(kernel: Kernel, capability: Capability) -> Binary:
    """Compile a kernel for GPUs of a compute capability, such as `(9, 0)`.

    Raises:
        BackendError: the kernel cannot be compiled, or the toolkit is missing.
    """
    ptx = to_ptx(kernel, capability)
    found = re.search(r"\.visible \.entry (\w+)", ptx)
    assert found, f"no entry in the PTX of {kernel.name}"  # noqa: S101
    return Binary(found[1], assemble(ptx, capability))


def to_ptx(kernel: Kernel, capability: Capability) -> str:
    """Compile a kernel to PTX, the portable assembly."""
    with _compiling_for(capability):
        try:
            ptx, _ = cuda.compile(
                kernel.function,
                types.void(*kernel.signature),
                device=False,
                abi="numba",
                cc=capability,
                launch_bounds=(prod(kernel.threads), kernel.blocks),
            )
        except NumbaError as error:
            raise _explained(kernel, error) from None
        except (OSError, RuntimeError) as error:
            message = f"cuda: the compiler libNVVM cannot be loaded ({error}); {TOOLKIT_HINT}"
            raise BackendError(message) from None
    return ptx.decode() if isinstance(ptx, bytes) else str(ptx)


def assemble(ptx: str, capability: Capability) -> bytes:
    """Turn PTX into the machine code of one kind of GPU."""
    options = LinkerOptions(arch="sm_{}{}".format(*capability))
    return bytes(Linker(ObjectCode.from_ptx(ptx.encode()), options=options).link("cubin").code)


@contextmanager
def _compiling_for(capability: Capability) -> Iterator[None]:
    """Let the functions that a kernel calls be compiled for this capability as well.

    Numba asks the current device for it, which may be another one, or none.
    """
    original = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    try:
        yield
    finally:
        dispatcher.get_current_device = original


def _explained(kernel: Kernel, error: NumbaError) -> BackendError:
    """Make one line of it, for the one who wrote the operator."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = next((line for line in lines if not line.startswith("Failed in")), "unknown reason")
    return BackendError(f"cuda: {kernel.name} cannot be compiled: {reason}")
