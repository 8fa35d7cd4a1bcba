"""How much time is left for the file that is being read: what can stop early keeps what it has instead of losing all."""

import math
import time

_KEPT = 0.25
"""Share of a file's time that is kept for what comes after the work that can stop early."""

_end = math.inf


def begin(seconds: float) -> None:
    """Begins a file, whose reading may take so many seconds."""
    global _end
    _end = time.monotonic() + (1 - _KEPT) * seconds


def seconds_left() -> float:
    """Seconds until work that can stop early has to stop; infinite where no file has begun. Negative once they are over."""
    return _end - time.monotonic()
