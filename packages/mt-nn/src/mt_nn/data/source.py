"""Where data come from: a loader hands it out with them, so that nobody has to guess."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where data come from.

    Attributes:
        name: what they are.
        origin: which file they were read from, or what they were made of.
        licence: how they may be used.
        citation: whom to name.
    """

    name: str
    origin: str
    licence: str
    citation: str

    def __str__(self) -> str:
        """Show it as a line of text."""
        return f"{self.name}, from {self.origin}; licence: {self.licence}; {self.citation}"
