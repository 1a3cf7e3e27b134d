"""Tables of Markdown, and where they go: between two markers of a page."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
README = ROOT / "packages" / "mt-fast" / "README.md"
PAGE = ROOT / "docs" / "fast.md"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first column is text, the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(page: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- measured: NAME -->` and `<!-- end: NAME -->`.

    Raises:
        LookupError: the page lacks one of the two.
    """
    before = page.read_text(encoding="utf-8")
    begin, end = f"<!-- measured: {name} -->", f"<!-- end: {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    after, count = pattern.subn(lambda _: f"{begin}\n\n{text}\n\n{end}", before)
    if count != 1:
        message = f"{page}: {count} places for the table {name!r}, not 1"
        raise LookupError(message)
    page.write_text(after, encoding="utf-8")
