"""Threads of the process that reads files: started before it may start none, for work that several cores can share."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from embeddings.threads import cores

MOST = 4
"""Most threads: each takes memory of what a file may have."""

Item = TypeVar("Item")
Made = TypeVar("Made")

_pool: ThreadPoolExecutor | None = None


def start() -> int:
    """Starts a thread for each core, :data:`MOST` at most, unless there is one core only; returns how many work at once."""
    global _pool
    count = min(MOST, cores())
    if count == 1:
        return 1
    pool, together = ThreadPoolExecutor(count), threading.Barrier(count)
    try:
        for _ in range(count):
            pool.submit(together.wait)  # or the first thread would do all, and no other be started
    except RuntimeError:  # the system allows no more
        together.abort()
        return 1
    _pool = pool
    return count


def each(work: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """What becomes of each item, in their order; nothing is under way any more when this returns or raises.

    Raises:
        whatever ``work`` raises first.
    """
    if _pool is None:
        return [work(item) for item in items]
    futures = [_pool.submit(work, item) for item in items]
    for future in wait(futures, return_when=FIRST_EXCEPTION).not_done:
        future.cancel()
    wait(futures)
    return [future.result() for future in futures]
