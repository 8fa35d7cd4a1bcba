"""What the process that read a file answers, checked like the file itself: a file may have taken its reader over.

And the refusals of files over which such a process breaks down, takes too long, or needs too much.
"""

import contextlib
import signal
from datetime import date
from typing import Any

from rag.errors import LoadError
from rag.loading.base import Extracted, Place, refusal
from rag.loading.file_limits import VARIABLES, FileLimits
from rag.text.documents import are_spans_of


class ExhaustedError(LoadError):
    """The file is refused because its reader broke down over it; one that has read other files may have had enough of them."""


def refuse(header: dict[str, Any], name: str, limits: FileLimits) -> None:
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


def extracted(header: dict[str, Any], text: bytes, name: str) -> Extracted:
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


def places(header: dict[str, Any], name: str) -> list[Place]:
    """What a reader's reply says of places on a page."""
    try:
        found = [
            (float(left), float(top), float(right), float(bottom)) for left, top, right, bottom in header["places"]
        ]
        if not all(0 <= left < right <= 1 and 0 <= top < bottom <= 1 for left, top, right, bottom in found):
            raise ValueError("places beside the page")
    except (KeyError, TypeError, ValueError) as error:
        raise _failed(name, type(error).__name__) from error
    return found


def _large(name: str, limits: FileLimits) -> LoadError:
    setting = VARIABLES["memory_mb"]
    error = refusal(
        name,
        f"读取它需要的内存超过上限 {limits.memory_mb} MB。请拆分后再试，或调高 {setting}。",
        f"reading it takes more memory than the limit of {limits.memory_mb} MB; split it, or raise {setting}.",
    )
    return ExhaustedError(error.zh, error.en)


def slow(name: str, limits: FileLimits) -> LoadError:
    """The refusal of a file that takes too long."""
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


def ended(name: str, status: int, limits: FileLimits) -> LoadError:
    """The refusal of a file whose reader ended over it."""
    if hasattr(signal, "SIGXCPU") and status == -signal.SIGXCPU:
        return slow(name, limits)
    setting, how = VARIABLES["memory_mb"], f"exit code {status}"
    with contextlib.suppress(ValueError):
        how = signal.Signals(-status).name
    error = refusal(
        name,
        f"读取它的进程意外终止（{how}）：文件可能已损坏，或需要的内存超过上限 {limits.memory_mb} MB（{setting}）。",
        f"the process that read it broke down ({how}): it may be damaged, or take more memory than the limit of "
        f"{limits.memory_mb} MB ({setting}).",
    )
    return ExhaustedError(error.zh, error.en)


def _failed(name: str, reason: str) -> LoadError:
    return refusal(
        name,
        f"文件可能已损坏，读取时出错（{reason}）。",
        f"reading it failed, it may be damaged ({reason}).",
    )


def not_started(name: str, reason: str) -> LoadError:
    """The refusal of a file that nothing can be started to read."""
    return refusal(
        name,
        f"无法启动读取文件的进程（{reason}）。请检查可用内存和进程数上限。",
        f"the process that reads files could not be started ({reason}); check free memory and the limit of processes.",
    )
