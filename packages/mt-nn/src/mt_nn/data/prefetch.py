"""Reading ahead: threads load the next batches while a network computes on this one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def read_ahead(
    load: Callable[[A], B], places: Iterable[A], workers: int, ahead: int
) -> Iterator[B]:
    """Yield `load(place)` for each place, in order, loaded by threads.

    At most `workers * ahead` results wait at a time, which bounds the memory. An error in a thread
    is raised where its result would have been yielded.

    Args:
        load: what to call.
        places: its arguments.
        workers: how many threads.
        ahead: how many results each may have waiting.
    """
    remaining = iter(places)
    waiting: deque[Future[B]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="mt-nn-loader")
    try:
        for place in islice(remaining, workers * ahead):
            waiting.append(pool.submit(load, place))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(load, place) for place in islice(remaining, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)
