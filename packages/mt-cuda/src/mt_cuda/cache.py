"""Compiled kernels on disk, so that only the first process that needs one compiles it.

The name of a file is a digest of everything that decides the code: the source of this package, the
versions of the compilers, and what the kernel was made for. A file is written beside its place and
moved there, so that processes never see half of one.

`MT_CUDA_CACHE` names another folder; the empty string turns the cache off.
"""

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mt_cuda.compiler import Binary, Capability, compile_kernel
from mt_cuda.device import Kernel

VARIABLE = "MT_CUDA_CACHE"


def cached(kernel: Kernel, capability: Capability) -> Binary:
    """Return the code of a kernel: from disk if it is there, else compiled and kept."""
    path = _path(kernel, capability)
    if path is None:
        return compile_kernel(kernel, capability)
    with suppress(OSError):
        entry, _, code = path.read_bytes().partition(b"\0")
        return Binary(entry.decode(), code)
    binary = compile_kernel(kernel, capability)
    with suppress(OSError):
        _write(path, binary.entry.encode() + b"\0" + binary.code)
    return binary


def folder() -> Path | None:
    """Return where compiled kernels are kept, or None if nowhere."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mt_cuda"


def _path(kernel: Kernel, capability: Capability) -> Path | None:
    place = folder()
    if place is None or kernel.identity is None:
        return None
    parts = (kernel.name, kernel.identity, kernel.signature, kernel.threads, kernel.blocks)
    text = "\n".join(map(str, (_toolchain(), capability, *parts)))
    return place / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.cubin"


@cache
def _toolchain() -> str:
    """Identify the compilers and this version of the kernels."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("numba", "numba-cuda", "nvidia-nvvm", "nvidia-nvjitlink"):
        with suppress(PackageNotFoundError):
            digest.update(f"{name} {version(name)}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
