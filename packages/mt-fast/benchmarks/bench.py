"""Measure every target of mt-fast beside its peers, and write the table into docs/fast.md.

    hatch run bench [--row matmul] [--rounds 15] [--no-write]

One interleaved run: in each round our call and those of the peers take turns, for about 0.02 s
each. A time is the median of the rounds: of processor time where one thread works, of the time that
passes where several do. One row at a time is printed; the page is written when all are measured.
"""

import argparse
import platform
import time
from importlib.metadata import version

import torch
from tables import PAGE, table, write
from target_kernels import (
    convolutions,
    elementwise,
    functions,
    products,
    reductions,
    small_products,
)
from target_steps import lenet_steps, sentence_steps, xor_steps
from targets import Target
from timing import machine, medians

import mt_tensor as mt
from mt_fast import set_num_threads

ROWS = {
    "xor": xor_steps,
    "lenet": lenet_steps,
    "sentence": sentence_steps,
    "matmul": products,
    "small-matmul": small_products,
    "conv2d": convolutions,
    "elementwise": elementwise,
    "functions": functions,
    "reductions": reductions,
}
HEAD = ("", "mt-fast, us", "peer, us", "peer", "times as fast", "at least", "aim", "")


def measured(target: Target, rounds: int) -> list[str]:
    """Return a row of the table."""
    set_num_threads(target.threads)
    clock = time.process_time if target.threads == 1 else time.perf_counter
    ours, *times = medians((target.ours, *target.peers.values()), rounds, clock)
    seconds, peer = min(zip(times, target.peers, strict=True))
    ratio = seconds / ours
    figures = [shown(ours), shown(seconds), peer, f"{ratio:.2f}"]
    return [target.name, *figures, *judged(ratio, target)]


def judged(ratio: float, target: Target) -> list[str]:
    """Say what is asked, and whether a ratio meets it."""
    if target.least is None or target.aim is None:
        return ["—", "—", ""]
    met = "aim" if ratio >= target.aim else "met" if ratio >= target.least else "short"
    return [f"{target.least:g}", f"{target.aim:g}", met]


def shown(seconds: float) -> str:
    """Tell a time in microseconds."""
    return f"{1e6 * seconds:,.{0 if seconds > 1e-4 else 2}f}"  # noqa: PLR2004  100 us


def provenance(rounds: int) -> str:
    """Name the machine, the libraries and the day."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "torch", "jax"))
    python = platform.python_version()
    return (
        f"{machine()}; Python {python}, {libraries}; medians of {rounds} rounds; "
        f"{time.strftime('%Y-%m-%d')}"
    )


def main() -> None:
    """Print the table, and write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--row", choices=ROWS, help="measure this one, and write nothing")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    mt.set_default_backend("fast")
    print(provenance(options.rounds), end="\n\n")
    rows = []
    for name in [options.row] if options.row else ROWS:
        for target in ROWS[name]():
            rows.append(measured(target, options.rounds))
            print(" | ".join(rows[-1]), flush=True)
    text = table(HEAD, rows)
    print(f"\n{text}")
    if not (options.row or options.no_write):
        write(PAGE, "targets", f"{text}\n\n{provenance(options.rounds)}.")


if __name__ == "__main__":
    main()
