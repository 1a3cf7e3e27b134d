"""Interactive sessions in docstrings, marked for Markdown.

A docstring shows an example as `>>>` lines among its text, which Markdown would take for nested
quotations. A session reaches from its first `>>>` to the next empty line, as for doctest.
"""

from collections.abc import Iterator

PROMPT = ">>> "


def fence_sessions(text: str) -> str:
    r"""The text with a fence around each session that has none yet.

    >>> fence_sessions("One:\n>>> 1\n1\n\nMore.")
    'One:\n\n```pycon\n>>> 1\n1\n```\n\nMore.'
    """
    return "\n".join(fenced_lines(text.splitlines()))


def fenced_lines(lines: list[str]) -> Iterator[str]:
    """The lines with a fence around each session, at the indentation of its first line."""
    in_fence, margin = False, None
    for line in lines:
        stripped = line.lstrip()
        in_fence ^= stripped.startswith("```")
        if margin is None and stripped.startswith(PROMPT) and not in_fence:
            margin = line.removesuffix(stripped)
            yield from ("", f"{margin}```pycon")
        elif margin is not None and not stripped:
            yield f"{margin}```"
            margin = None
        yield line
    if margin is not None:
        yield f"{margin}```"
