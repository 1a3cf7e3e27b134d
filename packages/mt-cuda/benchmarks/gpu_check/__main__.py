"""Start the check: `python packages/mt-cuda/benchmarks/gpu_check --help`.

Packages that are not installed are read from the sources of this workspace: a machine that has a
GPU may have no way to install anything.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
PACKAGES = BENCHMARKS.parent.parent


def missing() -> list[str]:
    """Return where the packages lie that are not installed."""
    return [
        str(source)
        for source in sorted(PACKAGES.glob("mt-*/src"))
        if any(find_spec(name.name) is None for name in source.glob("mt_*"))
    ]


if __name__ == "__main__":
    sys.path[:0] = [str(BENCHMARKS), *missing()]
    sys.exit(import_module("gpu_check.command").main())
