"""Fail the site's build if a page would load anything from another host: a hook of MkDocs.

Links that a reader follows may lead anywhere; what the browser loads by itself may not.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Protocol

LOADED = {
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}
HARMLESS = {"canonical", "license", "next", "prev"}
REMOTE = re.compile(r"(?:[a-z]+:)?//")
REMOTE_STYLE = re.compile(r"(?:url\(|@import\s+)[\"']?((?:https?:)?//[^\"')\s]+)")


class Config(Protocol):
    """The part of MkDocs' configuration that is used here."""

    site_dir: str


def on_post_build(config: Config) -> None:
    """Look through the whole site.

    Raises:
        SystemExit: something would be loaded from elsewhere; the message says what and where.
    """
    if found := list(remote_references(Path(config.site_dir))):
        raise SystemExit("loaded from another host:\n" + "\n".join(found))


def remote_references(site: Path) -> Iterator[str]:
    """Each `file: address` that a page or a style sheet of the site loads from another host."""
    for file in sorted(site.rglob("*")):
        if file.suffix in {".html", ".css"}:
            text = file.read_text(encoding="utf-8")
            scan = scan_page if file.suffix == ".html" else REMOTE_STYLE.findall
            yield from (f"{file.relative_to(site)}: {address}" for address in scan(text))


def scan_page(text: str) -> list[str]:
    """The remote addresses that an HTML page loads."""
    parser = Loads()
    parser.feed(text)
    return parser.remote


class Loads(HTMLParser):
    """Collects the remote addresses of a page.

    Attributes:
        remote: what was found so far.
    """

    def __init__(self) -> None:
        """Start with nothing found."""
        super().__init__()
        self.remote: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag would load."""
        values = {name: value or "" for name, value in attrs}
        address = values.get(LOADED.get(tag, ""), "")
        if REMOTE.match(address) and values.get("rel") not in HARMLESS:
            self.remote.append(address)
