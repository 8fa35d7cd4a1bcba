"""Waiting for what has to happen, for as long as it takes: a busy machine may take its time.

Whoever waits in a test waits for the event itself. ``LONGEST`` is the last limit, in seconds, that only a hang reaches.
"""

import time
from collections.abc import Callable

LONGEST = 240.0


def until(holds: Callable[[], object]) -> None:
    """Waits until something holds; fails if it never comes to."""
    end = time.monotonic() + LONGEST
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.02)
