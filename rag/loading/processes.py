"""Files are read in other processes, so that one that takes too much memory or time ends its reader, not the program.

Readers are started when the first file comes and used again for the next ones. One that ends over a file, takes too
long or grows too large is replaced; the file is refused with the reason.
"""

import atexit
import contextlib
import os
import threading
from collections.abc import Sequence
from typing import Any

from rag.loading import file_replies
from rag.loading.base import MOST_PICTURE_PIXELS, Extracted, PageProgress, Place
from rag.loading.file_limits import FileLimits
from rag.loading.file_process import EndedError, FileProcess
from rag.loading.formats import ARCHIVE
from rag.text.documents import Span

READERS = 2
"""Most processes that read files at once; whoever comes meanwhile waits. There is one more for what is quick: pages are
drawn and archives listed also while two scans are recognised, which takes long."""

_BYTES_OF_CHARACTER = 4  # at most, in UTF-8
LONGEST_PICTURE = 5 * MOST_PICTURE_PIXELS
"""Longest picture of a page taken, in bytes: three for a pixel, were there nothing to compress, and some to spare."""


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
    return file_replies.extracted(
        *_readers.ask(request, raw, longest, limits, progress, is_quick=suffix == ARCHIVE), name
    )


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
    return file_replies.places(_readers.ask(request, raw, 0, limits, is_quick=True)[0], name)


class _Readers:
    """The readers of this process."""

    def __init__(self) -> None:
        self._places, self._quick_place = threading.BoundedSemaphore(READERS), threading.BoundedSemaphore(1)
        self._lock = threading.Lock()
        self._idle: list[FileProcess] = []
        self._all: set[FileProcess] = set()

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
        """What comes of a file; see :meth:`FileProcess.ask`.

        Args:
            is_quick: what is asked for recognises nothing, and does not wait for what does.

        Raises:
            LoadError: it is refused.
        """
        with self._quick_place if is_quick else self._places:
            waiting = self._waiting(limits)
            if waiting:
                with contextlib.suppress(
                    file_replies.ExhaustedError
                ):  # perhaps not over this file: a new reader will tell
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
        self, reader: FileProcess, request: dict[str, Any], raw: bytes, longest: int, progress: PageProgress | None
    ) -> tuple[dict[str, Any], bytes]:
        """What comes of a file; the reader is kept for the next file unless something went wrong."""
        name = request["name"]
        try:
            header, body = reader.ask(request, raw, longest, progress)
        except EndedError:
            raise file_replies.ended(name, self._end(reader), reader.limits) from None
        except TimeoutError:
            self._end(reader)
            raise file_replies.slow(name, reader.limits) from None
        except BaseException:  # Ctrl-C: the answer to this question must not be taken for that to the next one
            self._end(reader)
            raise
        if header.get("last"):
            self._end(reader, at_once=False)
        else:
            with self._lock:
                self._idle.append(reader)
        file_replies.refuse(header, name, reader.limits)
        return header, body

    def _waiting(self, limits: FileLimits) -> FileProcess | None:
        """A reader that waits for a file."""
        while True:
            with self._lock:
                reader = self._idle.pop() if self._idle else None
            if reader is None or (reader.limits == limits and reader.is_alive()):
                return reader
            self._end(reader)

    def _started(self, name: str, limits: FileLimits) -> FileProcess:
        """A new reader."""
        try:
            reader = FileProcess(limits)
        except (OSError, TypeError, ValueError) as error:
            raise file_replies.not_started(name, str(error)) from error
        with self._lock:
            self._all.add(reader)
        try:
            reader.wait_until_ready()
        except (EndedError, TimeoutError):
            raise file_replies.not_started(name, f"exit code {self._end(reader)}") from None
        except BaseException:
            self._end(reader)
            raise
        return reader

    def _end(self, reader: FileProcess, *, at_once: bool = True) -> int:
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
