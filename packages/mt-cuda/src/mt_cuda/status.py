"""What this machine offers: a GPU, the simulator, or what is missing for either.

Asked at every `mt_tensor.backends()`, so nothing here imports Numba: the driver's library answers
by ctypes, and packages are looked for without being loaded.
"""

import ctypes
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mt_tensor.registry import BackendStatus

SIMULATOR_VARIABLE = "NUMBA_ENABLE_CUDASIM"
DRIVER_LIBRARIES = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1",)
SIMULATE = f"set {SIMULATOR_VARIABLE}=1 before Python starts to run kernels in the simulator"
INSTALL_TOOLKIT = "pip install 'mt-tensor[cuda13]', or 'mt-tensor[cuda12]' for an older driver"
SYSTEM_TOOLKIT = Path("/usr/local/cuda")
COMPILERS = (
    "*/lib/libnvvm*",
    "*/nvvm/lib64/libnvvm*",
    "nvvm/lib64/libnvvm*",
    "*/bin/**/nvvm*.dll",
    "nvvm/bin/**/nvvm*.dll",
)
"""Where libNVVM lies below `site-packages/nvidia` or a toolkit."""

NAME_BYTES = 256


@dataclass(frozen=True)
class Driver:
    """What the CUDA driver says.

    Attributes:
        version: the newest CUDA that it supports, `(13, 0)`.
        devices: the name of each device.
        problem: why there is none, or `""`.
    """

    version: tuple[int, int] = (0, 0)
    devices: tuple[str, ...] = ()
    problem: str = ""


def status() -> BackendStatus:
    """Tell whether kernels can run here, on what, and what to install if they cannot."""
    if simulator_wanted():
        return BackendStatus(ready=True, detail="the CUDA simulator, slow and for tests", needs="")
    if sys.platform == "darwin":
        return BackendStatus(ready=False, detail="CUDA does not run on macOS", needs=SIMULATE)
    driver = ask_driver()
    if driver.problem:
        return BackendStatus(ready=False, detail=driver.problem, needs=SIMULATE)
    detail = f"{driver.devices[0]}, CUDA {driver.version[0]}.{driver.version[1]}"
    if len(driver.devices) > 1:
        detail += f", the first of {len(driver.devices)} devices"
    if find_spec("numba_cuda") is None:
        return BackendStatus(ready=False, detail=detail, needs="pip install 'mt-tensor[cuda]'")
    return BackendStatus(ready=True, detail=detail, needs="" if has_toolkit() else INSTALL_TOOLKIT)


def simulator_wanted() -> bool:
    """Whether the environment asks for the simulator, read as Numba reads it."""
    value = os.environ.get(SIMULATOR_VARIABLE, "").strip()
    return value.isdigit() and int(value) != 0


def ask_driver(libraries: tuple[str, ...] = DRIVER_LIBRARIES) -> Driver:
    """Ask the driver's library for its devices, without making a context on any."""
    library = _load(libraries)
    if library is None:
        return Driver(problem=f"no NVIDIA driver ({' or '.join(libraries)} cannot be loaded)")
    code = library.cuInit(0)
    if code:
        return Driver(problem=f"the NVIDIA driver does not start (cuInit gives error {code})")
    names = tuple(_name(library, i) for i in range(_integer(library.cuDeviceGetCount)))
    if not names:
        return Driver(problem="the NVIDIA driver finds no device")
    version = _integer(library.cuDriverGetVersion)
    return Driver(version=(version // 1000, version % 1000 // 10), devices=names)


def has_toolkit() -> bool:
    """Whether the compiler library libNVVM is in a wheel, an environment or the system."""
    wheels = [Path(entry) / "nvidia" for entry in sys.path]
    named = (os.environ.get(name) for name in ("CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX"))
    roots = [*wheels, *(Path(value) for value in named if value), SYSTEM_TOOLKIT]
    return any(next(root.glob(pattern), None) for root in roots for pattern in COMPILERS)


def _load(libraries: tuple[str, ...]) -> ctypes.CDLL | None:
    for name in libraries:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _integer(function: Any) -> int:
    value = ctypes.c_int()
    function(ctypes.byref(value))
    return value.value


def _name(library: ctypes.CDLL, ordinal: int) -> str:
    device = ctypes.c_int()
    library.cuDeviceGet(ctypes.byref(device), ordinal)
    name = ctypes.create_string_buffer(NAME_BYTES)
    library.cuDeviceGetName(name, NAME_BYTES, device)
    return name.value.decode()
