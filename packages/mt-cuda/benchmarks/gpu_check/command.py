"""Run the sections in order, the most valuable first, until all are done or the time is over.

    python packages/mt-cuda/benchmarks/gpu_check [--out FOLDER] [--minutes 9] [--only SECTION]

What a section finds is printed at once, and kept as JSON in the end. PyTorch and CuPy are compared
with where they are installed, and named as absent where they are not. Ends with 1 if a result is
wrong, a section failed, or the sanitizer found something.

`--small` takes sizes of a few seconds. `--rehearse` takes them in the simulator, on a machine
without a GPU: everything runs but what only a GPU has, and no time means anything.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

SECTIONS = ("correctness", "bandwidth", "products", "training", "sanitizer", "conformance")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections that were asked for; return 1 if anything is wrong, 2 without a device."""
    options = parse(arguments)
    # Numba reads it when it is first imported: nothing above has done that.
    os.environ["NUMBA_ENABLE_CUDASIM"] = "1" if options.rehearse else "0"
    report = import_module("mt_cuda.status").status()
    if not report.ready:
        print(f"{report!r}; --rehearse runs the check in the simulator")
        return 2
    machine = import_module("gpu_check.machine").open_machine()
    small = options.small or options.rehearse
    deadline = time.monotonic() + 60.0 * options.minutes
    session = import_module("gpu_check.session").Session(machine, small, deadline)
    names = [name for name in SECTIONS if options.only in {None, name}]
    return int(import_module("gpu_check.run").run(session, names, options.out))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="gpu_check", description=summary)
    parser.add_argument("--out", type=Path, default=Path("gpu-check"), help="for the results")
    parser.add_argument("--minutes", type=float, default=9.0, help="when to start nothing more")
    parser.add_argument("--only", choices=SECTIONS, help="one section")
    parser.add_argument("--small", action="store_true", help="sizes of a few seconds")
    parser.add_argument("--rehearse", action="store_true", help="in the simulator, without a GPU")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
