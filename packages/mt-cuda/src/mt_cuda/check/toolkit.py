"""The tools that read machine code, from wheels or a toolkit."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mt_cuda.check.findings import Findings, examine
from mt_tensor.errors import BackendError

INSTALL = "pip install nvidia-cuda-cuobjdump nvidia-cuda-nvdisasm, or the CUDA toolkit"


def inspect(code: bytes) -> Findings:
    """Disassemble a cubin and read what is in it.

    Raises:
        BackendError: a tool is missing, or refuses the cubin.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.cubin"
        path.write_bytes(code)
        resources = _run("cuobjdump", "-res-usage", str(path))
        return examine(_run("nvdisasm", "-c", str(path)), resources)


def find(name: str) -> str:
    """Return the path of a tool.

    Raises:
        BackendError: it is nowhere.
    """
    wheels = (Path(entry).glob(f"nvidia/*/bin/{name}*") for entry in sys.path)
    home = os.environ.get("CUDA_HOME")
    places = [path for found in wheels for path in found]
    places += [Path(home) / "bin" / name] if home else []
    path = next((str(place) for place in places if place.is_file()), None) or shutil.which(name)
    if path is None:
        message = f"the tool {name} is missing; {INSTALL}"
        raise BackendError(message)
    return path


def _run(name: str, *arguments: str) -> str:
    command = [find(name), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        message = f"{name} failed: {run.stderr.strip() or run.stdout.strip()}"
        raise BackendError(message)
    return run.stdout + run.stderr
