"""Files are read in other processes, so that one that takes too much memory or time ends its reader, not the program.

Readers are started when the first file comes and used again for the next ones. One that ends over a file, takes too
long or grows too large is replaced; the file is refused with the reason.
"""

import atexit
import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.loading.base import MAX_PAGES, MOST_PICTURE_PIXELS, Extracted, PageProgress, Place, refusal
from rag.loading.file_limits import VARIABLES, FileLimits
from rag.loading.formats import ARCHIVE
from rag.loading.frames import FrameError, packed, received
from rag.text.documents import Span, are_spans_of

READERS = 2
"""Most processes that read files at once; whoever comes meanwhile waits. There is one more for what is quick: pages are
drawn and archives listed also while two scans are recognised, which takes long."""

LONGEST_PICTURE = 5 * MOST_PICTURE_PIXELS
"""Longest picture of a page taken, in bytes: three for a pixel, were there nothing to compress, and some to spare."""

_CAN_WAIT = hasattr(select, "poll")
_START_SECONDS = 60
_END_SECONDS = 2
_LOOK_SECONDS = 0.5  # between two calls of whoever is told how far a file is
_PIECE = 1 << 16  # bytes written or read at once: what a pipe holds
_BYTES_OF_CHARACTER = 4  # at most, in UTF-8
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


def read(raw: bytes, suffix: str, name: str, limits: FileLimits, progress: PageProgress | None = None) -> Extracted:
    """What a file holds, read in another process.

    Args:
        raw: the file's bytes.
        suffix: its format, a key of :data:`rag.loading.formats.FORMATS`.
        name: its name, for messages.
        limits: what reading it may take.
        progress: told how far the recognition of its pages is.

    Raises:
        LoadError: the file is refused by its format's loader, exceeds a limit, or its reader broke down over it.
    """
    longest = _BYTES_OF_CHARACTER * limits.characters
    request = {"suffix": suffix, "name": name}
    return _extracted(*_readers.ask(request, raw, longest, limits, progress, is_quick=suffix == ARCHIVE), name)


def draw(raw: bytes, suffix: str, name: str, page: int, limits: FileLimits) -> bytes:
    """A page of a file, drawn in another process. Whether it is a picture, whoever takes it has to see.

    Args:
        raw, suffix, name, limits: as for :func:`read`; the format has a drawer.
        page: its number, from 1.

    Raises:
        LoadError: as for :func:`read`, or there is no such page.
    """
    request = {"suffix": suffix, "name": name, "page": page}
    return _readers.ask(request, raw, LONGEST_PICTURE, limits, is_quick=True)[1]


def locate(
    raw: bytes, suffix: str, name: str, page: int, text: str, spans: Sequence[Span], limits: FileLimits
) -> list[Place]:
    """Where on a page of a file spans of its text stand, told by another process.

    Args:
        raw, suffix, name, page, limits: as for :func:`draw`; the format has a locator.
        text: what was read of that page.
        spans: in that text.

    Raises:
        LoadError: as for :func:`draw`.
    """
    request = {"suffix": suffix, "name": name, "page": page, "text": text, "spans": spans}
    return _places(_readers.ask(request, raw, 0, limits, is_quick=True)[0], name)


class _EndedError(Exception):
    """The process of a reader has ended, or sends what no reader does."""


class _ExhaustedError(LoadError):
    """The file is refused because its reader broke down over it; one that has read other files may have had enough of them."""


class _Reader:
    """One process that reads files. Not for several threads at once."""

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
            _EndedError: it has not.
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
            _EndedError: the process ended over it.
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
            raise _EndedError from None
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
            raise _EndedError from None

    def _exactly(self, count: int, deadline: float, meanwhile: Callable[[], None]) -> bytes:
        pieces = [self._read_ahead]
        missing = count - len(self._read_ahead)
        while missing > 0:
            _wait(self._replies, deadline, meanwhile)
            piece = os.read(self._replies, _PIECE)
            if not piece:
                raise _EndedError
            pieces.append(piece)
            missing -= len(piece)
        found = b"".join(pieces)
        self._read_ahead = found[count:]
        return found[:count]


def _later_page(header: dict[str, Any], before: tuple[int, int]) -> tuple[int, int]:
    """The page, and the number of pages, that a reader tells.

    Raises:
        _EndedError: no reader tells that: each page is recognised once, or a file could go on for ever.
    """
    page, pages = header.get("page"), header["pages"]
    if not (isinstance(page, int) and isinstance(pages, int) and before[0] < page <= pages <= MAX_PAGES):
        raise _EndedError
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


class _Readers:
    """The readers of this process."""

    def __init__(self) -> None:
        self._places, self._quick_place = threading.BoundedSemaphore(READERS), threading.BoundedSemaphore(1)
        self._lock = threading.Lock()
        self._idle: list[_Reader] = []
        self._all: set[_Reader] = set()

    def ask(
        self,
        request: dict[str, Any],
        raw: bytes,
        longest: int,
        limits: FileLimits,
        progress: PageProgress | None = None,
        *,
        is_quick: bool = False,
    ) -> tuple[dict[str, Any], bytes]:
        """What comes of a file; see :meth:`_Reader.ask`.

        Args:
            is_quick: what is asked for recognises nothing, and does not wait for what does.

        Raises:
            LoadError: it is refused.
        """
        with self._quick_place if is_quick else self._places:
            waiting = self._waiting(limits)
            if waiting:
                with contextlib.suppress(_ExhaustedError):  # perhaps not over this file: a new reader will tell
                    return self._ask(waiting, request, raw, longest, progress)
            return self._ask(self._started(request["name"], limits), request, raw, longest, progress)

    def end(self) -> None:
        """Ends all readers."""
        for reader in list(self._all):
            self._end(reader)

    def abandon(self) -> None:
        """Lets go of all readers without ending them."""
        for reader in self._all:
            reader.abandon()

    def _ask(
        self, reader: _Reader, request: dict[str, Any], raw: bytes, longest: int, progress: PageProgress | None
    ) -> tuple[dict[str, Any], bytes]:
        """What comes of a file; the reader is kept for the next file unless something went wrong."""
        name = request["name"]
        try:
            header, body = reader.ask(request, raw, longest, progress)
        except _EndedError:
            raise _ended(name, self._end(reader), reader.limits) from None
        except TimeoutError:
            self._end(reader)
            raise _slow(name, reader.limits) from None
        except BaseException:  # Ctrl-C: the answer to this question must not be taken for that to the next one
            self._end(reader)
            raise
        if header.get("last"):
            self._end(reader, at_once=False)
        else:
            with self._lock:
                self._idle.append(reader)
        _refuse(header, name, reader.limits)
        return header, body

    def _waiting(self, limits: FileLimits) -> _Reader | None:
        """A reader that waits for a file."""
        while True:
            with self._lock:
                reader = self._idle.pop() if self._idle else None
            if reader is None or (reader.limits == limits and reader.is_alive()):
                return reader
            self._end(reader)

    def _started(self, name: str, limits: FileLimits) -> _Reader:
        """A new reader."""
        try:
            reader = _Reader(limits)
        except (OSError, TypeError, ValueError) as error:
            raise _not_started(name, str(error)) from error
        with self._lock:
            self._all.add(reader)
        try:
            reader.wait_until_ready()
        except (_EndedError, TimeoutError):
            raise _not_started(name, f"exit code {self._end(reader)}") from None
        except BaseException:
            self._end(reader)
            raise
        return reader

    def _end(self, reader: _Reader, *, at_once: bool = True) -> int:
        with self._lock:
            self._all.discard(reader)
        return reader.end(at_once=at_once)


_readers = _Readers()


def _after_fork() -> None:
    """In a forked process: the readers belong to the process it was forked from."""
    global _readers
    before, _readers = _readers, _Readers()
    before.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(lambda: _readers.end())


# A reader's reply is checked like the file it came from: a file may have taken its reader over.


def _refuse(header: dict[str, Any], name: str, limits: FileLimits) -> None:
    """Raises what a reader's reply says against a file."""
    try:
        if "refused" in header:
            zh, en = map(str, header["refused"])
            raise LoadError(zh, en)
        if header.get("limit") == "memory":
            raise _large(name, limits)
        if header.get("limit") == "characters":
            raise _long(name, int(header["found"]), limits)
        if "failed" in header:
            raise _failed(name, str(header["failed"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _failed(name, type(error).__name__) from error


def _extracted(header: dict[str, Any], text: bytes, name: str) -> Extracted:
    """What a reader's reply says of a file's text."""
    try:
        decoded = text.decode("utf-8", "surrogatepass")
        unsure = tuple((int(begin), int(end)) for begin, end in header["unsure"])
        if not are_spans_of(decoded, unsure):
            raise ValueError("unsure characters do not stand in the text")
        return Extracted(
            text=decoded,
            title=str(header["title"]),
            date=date.fromisoformat(header["date"]) if header["date"] else None,
            source=str(header["source"]),
            page_starts=tuple(map(int, header["page_starts"])),
            encoding=str(header["encoding"]),
            left_out=tuple((str(zh), str(en)) for zh, en in header["left_out"]),
            unsure=unsure,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _failed(name, type(error).__name__) from error


def _places(header: dict[str, Any], name: str) -> list[Place]:
    """What a reader's reply says of places on a page."""
    try:
        places = [
            (float(left), float(top), float(right), float(bottom)) for left, top, right, bottom in header["places"]
        ]
        if not all(0 <= left < right <= 1 and 0 <= top < bottom <= 1 for left, top, right, bottom in places):
            raise ValueError("places beside the page")
    except (KeyError, TypeError, ValueError) as error:
        raise _failed(name, type(error).__name__) from error
    return places


def _large(name: str, limits: FileLimits) -> LoadError:
    setting = VARIABLES["memory_mb"]
    error = refusal(
        name,
        f"读取它需要的内存超过上限 {limits.memory_mb} MB。请拆分后再试，或调高 {setting}。",
        f"reading it takes more memory than the limit of {limits.memory_mb} MB; split it, or raise {setting}.",
    )
    return _ExhaustedError(error.zh, error.en)


def _slow(name: str, limits: FileLimits) -> LoadError:
    setting = VARIABLES["seconds"]
    return refusal(
        name,
        f"读取它花的时间超过上限 {limits.seconds} 秒。请拆分后再试，或调高 {setting}。",
        f"reading it takes longer than the limit of {limits.seconds} s; split it, or raise {setting}.",
    )


def _long(name: str, found: int, limits: FileLimits) -> LoadError:
    setting = VARIABLES["characters"]
    return refusal(
        name,
        f"其中的文字有 {found} 字，超过上限 {limits.characters} 字。请拆分后再试，或调高 {setting}。",
        f"its text has {found} characters, more than the limit of {limits.characters}; split it, or raise {setting}.",
    )


def _ended(name: str, status: int, limits: FileLimits) -> LoadError:
    """The refusal of a file whose reader ended over it."""
    if hasattr(signal, "SIGXCPU") and status == -signal.SIGXCPU:
        return _slow(name, limits)
    setting, how = VARIABLES["memory_mb"], f"exit code {status}"
    with contextlib.suppress(ValueError):
        how = signal.Signals(-status).name
    error = refusal(
        name,
        f"读取它的进程意外终止（{how}）：文件可能已损坏，或需要的内存超过上限 {limits.memory_mb} MB（{setting}）。",
        f"the process that read it broke down ({how}): it may be damaged, or take more memory than the limit of "
        f"{limits.memory_mb} MB ({setting}).",
    )
    return _ExhaustedError(error.zh, error.en)


def _failed(name: str, reason: str) -> LoadError:
    return refusal(
        name,
        f"文件可能已损坏，读取时出错（{reason}）。",
        f"reading it failed, it may be damaged ({reason}).",
    )


def _not_started(name: str, reason: str) -> LoadError:
    return refusal(
        name,
        f"无法启动读取文件的进程（{reason}）。请检查可用内存和进程数上限。",
        f"the process that reads files could not be started ({reason}); check free memory and the limit of processes.",
    )
