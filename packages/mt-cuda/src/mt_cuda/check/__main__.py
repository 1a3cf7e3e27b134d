"""Compile every kernel, and tell what its machine code shows: `python -m mt_cuda.check`.

Needs the toolkit, and no GPU. Ends with 1 if a kernel has lost something.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the kernels that were asked for; return 1 if any has lost something."""
    parser = argparse.ArgumentParser(prog="python -m mt_cuda.check", description=__doc__)
    parser.add_argument("--arch", nargs="+", default=["80", "90"], help="compute capabilities")
    parser.add_argument("--only", default="", help="kernels whose label contains this")
    parser.add_argument("--markdown", type=Path, help="where to write the table as Markdown")
    options = parser.parse_args(arguments)
    # Before Numba is imported, here and in the processes that compile.
    os.environ["NUMBA_ENABLE_CUDASIM"] = "0"
    catalogue = import_module("mt_cuda.check.catalogue").catalogue
    labels = [entry.label for entry in catalogue() if options.only in entry.label]
    if not labels:
        parser.error(f"no kernel's label contains {options.only!r}")
    capabilities = [(int(arch) // 10, int(arch) % 10) for arch in options.arch]
    results = import_module("mt_cuda.check.gate").check(labels, capabilities)
    if options.markdown:
        text = import_module("mt_cuda.check.table").markdown(results)
        options.markdown.write_text(text + "\n", encoding="utf-8")
    return int(any(result.problems for result in results))


if __name__ == "__main__":
    sys.exit(main())
