"""Run sections, print what they find, and keep it."""

import json
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from gpu_check.machine import described
from gpu_check.session import Row, Session


def run(session: Session, names: Sequence[str], out: Path) -> int:
    """Run the sections; return 1 if anything is wrong, else 0."""
    start = time.monotonic()
    machine = described(session.machine)
    for key, value in machine.items():
        print(f"{key:<14}{value}")
    found = {name: section(session, name) for name in names}
    seconds = time.monotonic() - start
    out.mkdir(parents=True, exist_ok=True)
    path = out / "gpu-check.json"
    rows = {name: [asdict(row) for row in rows] for name, rows in found.items()}
    result = {"machine": machine, "small": session.small, "seconds": seconds, "sections": rows}
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print_tables(found)
    wrong = [row for rows in found.values() for row in rows if row.wrong]
    print(f"\n{seconds:.0f} s; kept in {path}; {len(wrong) or 'nothing'} wrong")
    return int(bool(wrong))


def section(session: Session, name: str) -> list[Row]:
    """Run one section to its end, its first failure, or the deadline."""
    print(f"\n=== {name}", flush=True)
    rows: list[Row] = []
    try:
        for row in import_module(f"gpu_check.{name}").rows(session):
            print(row, flush=True)
            rows.append(row)
            if session.seconds_left < 0.0:
                rows.append(Row(f"the rest of {name}", {"left out": "the time is over"}))
                break
    except Exception as error:  # noqa: BLE001  whatever it is, the other sections still run
        traceback.print_exc()
        rows.append(Row(name, wrong=f"{type(error).__name__}: {error}"))
    return rows


def print_tables(found: dict[str, list[Row]]) -> None:
    """Print each section as a table of Markdown."""
    for name, rows in found.items():
        columns = list(dict.fromkeys(key for row in rows for key in row.values))
        print(f"\n| {' | '.join([name, *columns])} |")
        print(f"|{' --- |' * (1 + len(columns))}")
        for row in rows:
            cells = [_cell(row.values.get(column, "")) for column in columns]
            print(
                f"| {' | '.join([row.name, *cells])} |" + f" WRONG: {row.wrong}" * bool(row.wrong)
            )


def _cell(value: float | str) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
