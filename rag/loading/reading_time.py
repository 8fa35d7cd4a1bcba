"""How much time is left for the file that is being read: what can stop early keeps what it has instead of losing all.

A file has so many seconds. Where its pages are recognised, which takes seconds for each, every page has as many, as long
as the time for all pages together is not over.
"""

import math
from collections.abc import Callable
from time import monotonic

_KEPT = 0.25
"""Share of a file's time that is kept for what comes after the work that can stop early."""


class _Clock:
    """The time of one file; without limits where none has begun."""

    def __init__(
        self,
        seconds: float = math.inf,
        recognition_seconds: float = math.inf,
        tell: Callable[[int, int], None] = lambda page, pages: None,
    ) -> None:
        self.seconds = (1 - _KEPT) * seconds
        self.tell = tell
        self.end_of_page = monotonic() + self.seconds
        self.end_of_all = monotonic() + recognition_seconds


_clock = _Clock()


def begin(seconds: float, recognition_seconds: float, tell: Callable[[int, int], None]) -> None:
    """Begins a file.

    Args:
        seconds: how long reading it may take, and recognising each of its pages.
        recognition_seconds: how long recognising all its pages may take.
        tell: called with a page's number and the number of pages where the recognition of one begins.
    """
    global _clock
    _clock = _Clock(seconds, recognition_seconds, tell)


def begin_page(page: int, pages: int) -> None:
    """Begins the recognition of a page, from 1, of a file of so many."""
    _clock.tell(page, pages)
    _clock.end_of_page = monotonic() + _clock.seconds


def seconds_left() -> float:
    """Seconds until work that can stop early has to stop; infinite where no file has begun. Negative once they are over."""
    return min(_clock.end_of_page, _clock.end_of_all) - monotonic()


def shortest() -> str:
    """Which limit ends such work first: ``seconds`` or ``recognition_seconds``, as :class:`FileLimits` name them."""
    return "seconds" if _clock.end_of_page < _clock.end_of_all else "recognition_seconds"
