"""The tables of what machine code shows: lines to watch, and Markdown for the documentation."""

from collections.abc import Sequence
from dataclasses import dataclass

from mt_cuda.check.findings import Findings

COLUMNS = "kernel", "arch", "regs", "shared", "local", "spills", "instr", "ld128", "fma", "f64"
ROW = "{:34} {:>5} {:>4} {:>6} {:>5} {:>6} {:>5} {:>5} {:>5} {:>3}"
HEADER = ROW.format(*COLUMNS)


@dataclass(frozen=True)
class Result:
    """What was found in a kernel.

    Attributes:
        label: which kernel.
        arch: for which kind of GPU.
        found: what its code shows; None if it cannot be compiled.
        problems: what is wrong with it, in words.
    """

    label: str
    arch: str
    found: Findings | None
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Show it in one line, under `HEADER`."""
        if self.found is None:
            return f"{self.label[:34]:34} {self.arch:>5}  failed"
        return ROW.format(self.label[:34], self.arch, *figures(self.found))


def figures(found: Findings) -> tuple[str, ...]:
    """Return what the columns show."""
    numbers = (found.registers, found.shared, found.stack, found.spills, found.instructions)
    share = f"{found.share:.1%}" if found.share else "-"
    return *map(str, numbers), str(found.vectors), share, str(found.doubles)


def markdown(results: Sequence[Result]) -> str:
    """Return a table with a line for each kernel, the figures of all architectures side by side."""
    labels = list(dict.fromkeys(result.label for result in results))
    lines = [f"| {' | '.join((COLUMNS[0], *COLUMNS[2:]))} |", "| --- |" + " --: |" * 8]
    for label in labels:
        found = [r.found for r in results if r.label == label and r.found is not None]
        columns = zip(*map(figures, found), strict=True)
        cells = [" / ".join(dict.fromkeys(column)) for column in columns]
        lines.append(f"| {' | '.join((label, *(cells or ['failed'])))} |")
    return "\n".join(lines)
