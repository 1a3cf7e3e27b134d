"""What a line of the table of targets is: our call, those of its peers, and what is aimed at."""

from collections.abc import Mapping
from dataclasses import dataclass

from timing import Call


@dataclass(frozen=True)
class Target:
    """One line of the table.

    Attributes:
        name: what is computed.
        ours: the call to mt-fast.
        peers: the calls to others, by their names; the fastest is the one to compare with.
        least: how many times as fast as the peer it must be; None where nothing is asked.
        aim: how many times as fast it should be.
        threads: of ours; for several, the time is that which passes.
    """

    name: str
    ours: Call
    peers: Mapping[str, Call]
    least: float | None
    aim: float | None
    threads: int = 1
