"""How many threads run a model: one number for the whole process, whatever runs it."""

import os
import sys

_asked_for = 0


def limit_threads(count: int) -> None:
    """From now on models are opened for so many threads; torch, which has one number for all of them, takes it at once."""
    global _asked_for
    _asked_for = count
    if "torch" in sys.modules:  # it costs seconds to import; where it comes later, embeddings.local tells it
        import torch

        torch.set_num_threads(count)


def threads() -> int:
    """What was asked for, else what ``OMP_NUM_THREADS`` says, as for torch; else one for each core we may use."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return _asked_for or (int(said) if said.isdecimal() else 0) or cores()


def asked_for() -> int:
    """What :func:`limit_threads` was given; 0 for nothing."""
    return _asked_for


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
