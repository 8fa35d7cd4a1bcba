"""One process in which files are read: how it is started, asked, waited for and ended.

It is given as little as possible: no environment, no terminal, the paths of modules by hand.
"""

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.loading.base import MAX_PAGES, PageProgress
from rag.loading.file_limits import FileLimits
from rag.loading.frames import FrameError, packed, received

_CAN_WAIT = hasattr(select, "poll")
_START_SECONDS = 60
_END_SECONDS = 2
_LOOK_SECONDS = 0.5  # between two calls of whoever is told how far a file is
_PIECE = 1 << 16  # bytes written or read at once: what a pipe holds
_ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import sys; limits, sys.path[:] = sys.argv[1:5], sys.argv[5:]; from rag.loading.worker import main;"
    " main(*map(int, limits))"
)
# The environment holds keys, which a file has no business with; only what finds shared libraries is passed on.
_PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_SET = {
    "MALLOC_ARENA_MAX": "1",
    # What recognition needs for a moment goes back to the system: kept, page after page, it would take up all memory.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 23),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 29),
    "OPENBLAS_NUM_THREADS": "1",  # no threads may be started where files are read
    "OMP_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime, from 1.29 on
}


class EndedError(Exception):
    """The process of a reader has ended, or sends what no reader does."""


class FileProcess:
    """One process that reads files. Not for several threads at once.

    Args:
        limits: what reading a file may take there.

    Raises:
        OSError, TypeError, ValueError: it cannot be started.
    """

    def __init__(self, limits: FileLimits) -> None:
        self.limits = limits
        self._read_ahead = b""
        paths = [str(_ROOT), *(os.path.abspath(path) for path in sys.path if path)]
        numbers = map(str, (limits.memory_mb, limits.seconds, limits.characters, limits.recognition_seconds))
        self.process = subprocess.Popen(
            # Neither the site's start-up files nor PYTHON… variables: the paths of this process are handed over.
            [sys.executable, "-I", "-S", "-c", _START, *numbers, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=os.sep,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _SET,
            start_new_session=True,  # Ctrl-C in a terminal is for this process alone
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._requests, self._replies = self.process.stdin.fileno(), self.process.stdout.fileno()
        if _CAN_WAIT:
            os.set_blocking(self._requests, False)

    def wait_until_ready(self) -> None:
        """Waits until the process has started.

        Raises:
            EndedError: it has not.
            TimeoutError: it takes too long.
        """
        self._receive(time.monotonic() + _START_SECONDS, 0)

    def ask(
        self, request: dict[str, Any], raw: bytes, longest: int, progress: PageProgress | None = None
    ) -> tuple[dict[str, Any], bytes]:
        """What comes of a file. Its time begins anew with each page that is recognised, until that for all is over.

        Args:
            request: what is wanted of it.
            raw: its bytes.
            longest: longest text or picture taken, in bytes.
            progress: told how far the recognition of its pages is.

        Raises:
            EndedError: the process ended over it.
            TimeoutError: it took too long.
        """
        deadline = time.monotonic() + self.limits.seconds
        last = deadline + self.limits.recognition_seconds
        at = (0, 0)

        def meanwhile() -> None:
            if progress:
                progress(*at)

        rest = memoryview(packed(request, raw))
        try:
            while rest:
                try:
                    rest = rest[os.write(self._requests, rest[:_PIECE]) :]
                except BlockingIOError:
                    _wait(self._requests, deadline, meanwhile, writing=True)
        except BrokenPipeError:
            raise EndedError from None
        while True:
            header, body = self._receive(deadline, longest, meanwhile)
            if "pages" not in header:
                return header, body
            at = _later_page(header, at)
            deadline = min(time.monotonic() + self.limits.seconds, last)
            meanwhile()

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def end(self, *, at_once: bool = True) -> int:
        """Ends the process, its pipes and what the system keeps of it; returns its exit status."""
        with self.process:  # closes the pipes, which tells it to end
            if at_once:
                self.process.kill()
            else:
                self._close_requests()
                try:
                    self.process.wait(_END_SECONDS)
                except subprocess.TimeoutExpired:
                    self.process.kill()
        return self.process.returncode

    def abandon(self) -> None:
        """Closes this process's side only: after a fork, the reader is the other process's."""
        self.process.returncode = 0  # nothing to wait for here
        with self.process:
            pass

    def _close_requests(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def _receive(
        self, deadline: float, longest: int, meanwhile: Callable[[], None] = lambda: None
    ) -> tuple[dict[str, Any], bytes]:
        try:
            return received(lambda count: self._exactly(count, deadline, meanwhile), longest)
        except FrameError:
            raise EndedError from None

    def _exactly(self, count: int, deadline: float, meanwhile: Callable[[], None]) -> bytes:
        pieces = [self._read_ahead]
        missing = count - len(self._read_ahead)
        while missing > 0:
            _wait(self._replies, deadline, meanwhile)
            piece = os.read(self._replies, _PIECE)
            if not piece:
                raise EndedError
            pieces.append(piece)
            missing -= len(piece)
        found = b"".join(pieces)
        self._read_ahead = found[count:]
        return found[:count]


def _later_page(header: dict[str, Any], before: tuple[int, int]) -> tuple[int, int]:
    """The page, and the number of pages, that a reader tells.

    Raises:
        EndedError: no reader tells that: each page is recognised once, or a file could go on for ever.
    """
    page, pages = header.get("page"), header["pages"]
    if not (isinstance(page, int) and isinstance(pages, int) and before[0] < page <= pages <= MAX_PAGES):
        raise EndedError
    return page, pages


def _wait(pipe: int, deadline: float, meanwhile: Callable[[], None], *, writing: bool = False) -> None:
    """Waits until a pipe can be read from or written to; ``meanwhile`` is called again and again.

    Raises:
        TimeoutError: the deadline has passed. On Windows, where no pipe can be waited for, the next call may block.
    """
    if not _CAN_WAIT:
        return
    waiting = select.poll()
    waiting.register(pipe, select.POLLOUT if writing else select.POLLIN)
    while not waiting.poll(max(0.0, min(_LOOK_SECONDS, deadline - time.monotonic())) * 1000):
        if time.monotonic() >= deadline:
            raise TimeoutError
        meanwhile()
