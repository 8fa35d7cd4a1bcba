"""Starts another program with less than this one may take: memory, time, size of files, and no network where that can be.

Run as a program: ``python confinement.py MEMORY_MB SECONDS FILE_MB PROGRAM ARGUMENT…``. It becomes the other program,
whose processes inherit the limits. It imports nothing of ours, so that it is quick.
"""

import contextlib
import ctypes
import os
import sys

_NEW_USER, _NEW_NETWORK = (
    0x10000000,
    0x40000000,
)  # of Linux; a user of its own may take a network of its own: an empty one


def main(memory_mb: int, seconds: int, file_mb: int, program: list[str]) -> None:
    """Confines this process and becomes the program.

    Args:
        memory_mb: address space of each of its processes, in MB.
        seconds: processor time of each.
        file_mb: largest file that they may write, in MB.
        program: its path and its arguments.
    """
    import resource  # Windows has none

    os.umask(0o077)
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": seconds,
        "RLIMIT_FSIZE": file_mb * 1_000_000,
        "RLIMIT_AS": memory_mb * 1_000_000,
    }
    for name, value in limits.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK)  # where it may not, it has the network
    os.execv(program[0], program)


if __name__ == "__main__":
    memory, time, file = map(int, sys.argv[1:4])
    main(memory, time, file, sys.argv[4:])
