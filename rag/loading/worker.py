"""The process that reads files: bytes come in, text or a picture goes out, and no file can take more than it may.

:mod:`rag.loading.processes` starts it and speaks with it in frames over its standard input and output. It needs neither
network nor files; what it may use is restricted before it looks at the first file.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import LoadError
from rag.loading import reading_threads, reading_time
from rag.loading.base import Extracted, Loader
from rag.loading.formats import drawer_for, loader_for, locator_for
from rag.loading.frames import packed, received

KEPT_MEMORY = 150_000_000
"""Memory in bytes beyond which this process ends after a file, to give it back."""

LONGEST_NAME = 500
"""Longest title or source that a file's own metadata may give, and longest line about what is left out, in characters.

What is longer is cut."""

MOST_LEFT_OUT = 50
"""Most lines about what of a file is not in its text; of more it is told how many there are."""

MOST_UNSURE = 100_000
"""Most spans of unsure characters that are told apart; where there are more, the last of them goes to the end of the text."""

MOST_PLACES = 2_000
"""Most places on a page that are told."""

_OPEN_FILES = 64
_SECONDS_BETWEEN_LOOKS = 1.0
_QUICK_SECONDS = 0.02  # what takes less takes little memory
_NO_LIMIT = 1 << 62


def main(memory_mb: int, seconds: int, characters: int, recognition_seconds: int) -> None:
    """Reads files until the other side closes, or this process has grown too large.

    Args:
        memory_mb: memory that a file may take, in MB beyond what this process takes when it starts.
        seconds: time that a file may take, and the recognition of each of its pages.
        characters: most characters of a text.
        recognition_seconds: time that the recognition of all its pages may take.
    """
    requests, replies = _own_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    processor_seconds = seconds * reading_threads.start()
    _confine(memory_mb)

    def tell(page: int, pages: int) -> None:
        _limit_time(processor_seconds)
        _send(replies, {"page": page, "pages": pages})

    with contextlib.suppress(BrokenPipeError, EOFError):
        _send(replies, {"ready": True})
        while True:
            header, raw = received(lambda count: _exactly(requests, count), _NO_LIMIT)
            _limit_time(processor_seconds)
            reading_time.begin(seconds, recognition_seconds, tell)
            began = time.monotonic()
            reply, body = _done(header, raw, characters)
            del raw
            was_large = time.monotonic() - began > _QUICK_SECONDS and _memory() > KEPT_MEMORY
            reply["last"] = was_large or reply.get("limit") == "memory"
            _send(replies, reply, body)
            if reply["last"]:
                break
    os._exit(0)  # without taking apart what is left, which may be large


def _done(request: dict[str, Any], raw: bytes, characters: int) -> tuple[dict[str, Any], bytes]:
    """What came of a file: its text with what is known about it or a page of it, where on a page spans stand, a refusal, a limit, or a failure."""
    suffix, name = request["suffix"], request["name"]
    try:
        if "spans" in request:
            places = locator_for(suffix)(raw, name, request["page"], request["text"], request["spans"])
            return {"places": places[:MOST_PLACES]}, b""
        if "page" in request:
            return {}, drawer_for(suffix)(raw, name, request["page"])
        loader: Loader = loader_for(suffix)
        extracted = loader(raw, name)
        if len(extracted.text) > characters:
            return {"limit": "characters", "found": len(extracted.text)}, b""
        return _described(extracted), extracted.text.encode("utf-8", "surrogatepass")
    except LoadError as error:
        return {"refused": [error.zh, error.en]}, b""
    except MemoryError:
        return {"limit": "memory"}, b""
    except Exception as error:  # noqa: BLE001 - whatever breaks down over a file costs only that file
        return {"failed": f"{type(error).__name__}: {error}"[:LONGEST_NAME]}, b""


def _described(extracted: Extracted) -> dict[str, Any]:
    return {
        "title": extracted.title[:LONGEST_NAME],
        "date": extracted.date.isoformat() if extracted.date else "",
        "source": extracted.source[:LONGEST_NAME],
        "page_starts": extracted.page_starts,
        "encoding": extracted.encoding,
        "unsure": _unsure(extracted),
        "left_out": list(_told(extracted.left_out)),
    }


def _unsure(extracted: Extracted) -> tuple[tuple[int, int], ...]:
    if len(extracted.unsure) <= MOST_UNSURE:
        return extracted.unsure
    *told, (begin, _) = extracted.unsure[:MOST_UNSURE]
    return (*told, (begin, len(extracted.text)))


def _told(left_out: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """The lines about what is left out, with what is not shown of them."""
    for zh, en in left_out[:MOST_LEFT_OUT]:
        more_zh, more_en = len(zh) - LONGEST_NAME, len(en) - LONGEST_NAME
        yield (
            f"{zh[:LONGEST_NAME]}……（另有 {more_zh} 字）" if more_zh > 0 else zh,
            f"{en[:LONGEST_NAME]}… (more characters: {more_en})" if more_en > 0 else en,
        )
    if (more := len(left_out) - MOST_LEFT_OUT) > 0:
        yield f"另有 {more} 处", f"and {more} more"


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the other side; what a library prints goes nowhere."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return requests, replies


def _send(replies: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    rest = memoryview(packed(header, body))
    while rest:
        rest = rest[replies.write(rest) :]


def _exactly(requests: BinaryIO, count: int) -> bytes:
    found = requests.read(count)
    if len(found) < count:
        raise EOFError
    return found


def _end_with(parent: int) -> None:
    """Ends this process when the one that started it has ended, also while a file is read."""
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(0)


def _confine(memory_mb: int) -> None:
    """Takes away what reading files does not need, where the system can: Windows cannot, macOS not the memory."""
    os.umask(0o077)
    try:
        import resource
    except ImportError:
        return
    limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0, "RLIMIT_NPROC": 0, "RLIMIT_NOFILE": _OPEN_FILES}
    if size := _memory("size"):
        limits["RLIMIT_AS"] = size + memory_mb * 1_000_000
    for name, value in limits.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def _limit_time(seconds: int) -> None:
    """Lets the system end this process when it takes more processor time than ``seconds`` from now on."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds + 1, hard))


def _memory(kind: str = "resident") -> int:
    """Memory of this process in bytes, resident or the size of its address space; 0 where the system does not tell."""
    try:
        size, resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[:2]
        return int(size if kind == "size" else resident) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
