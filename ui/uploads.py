"""Files that come through the browser: each read, taken into the index or refused with a reason, and then deleted.

What was uploaded lives on in the index only. A file is known by its base name, one within an archive by its path from
there (``papers.zip/report.docx``); one of a name that the index holds already, but with another content, is kept beside
it as ``name (2).txt``.

Which file that is, the browser says, and a client can say anything: :func:`uploaded` takes what lies in this process's
own upload folder and nothing else.
"""

import atexit
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from rag.assistant import Assistant
from rag.errors import LoadError, UsageError, YoujuError
from rag.index.indexing import Report
from rag.index.store import Store
from rag.loading import MAX_BYTES, find_files, load
from rag.loading.base import PageProgress
from rag.loading.file_limits import whole_number
from rag.loading.file_names import is_hidden
from rag.text.documents import Document

UPLOAD_FOLDER_VARIABLE = "GRADIO_TEMP_DIR"
"""Where Gradio looks for the folder of what is uploaded."""

State = Literal["waiting", "reading", "added", "unchanged", "refused", "stopped"]

_LOOK_SECONDS = 0.5  # between two looks at how far the file is that is being read


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one upload may hold.

    Attributes:
        files: most files at once.
        file_bytes: largest file, in bytes.
    """

    files: int = 200
    file_bytes: int = MAX_BYTES

    @classmethod
    def from_environment(cls) -> "Limits":
        """The limits with what ``YOUJU_UPLOAD_FILES`` and ``YOUJU_UPLOAD_MB`` set.

        Raises:
            UsageError: one of them is no positive number.
        """
        files, megabytes = whole_number("YOUJU_UPLOAD_FILES", 1), whole_number("YOUJU_UPLOAD_MB", 1)
        return cls(files or cls().files, megabytes * 1_000_000 if megabytes else cls().file_bytes)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of an upload and what became of it.

    Attributes:
        name: its base name; of a file within an archive its path from there.
        state: how far it is.
        document_id: of the document it became.
        title: of that document.
        near: titles of documents with nearly the same text.
        shortened: whether it states more figures than are taken out of one document.
        left_out: what of the file is not in the text of the document, each a line in Chinese and in English.
        guessed_date: its day, where nothing but the name of the file tells it.
        error: why it was refused.
        page, pages: which of its pages is being recognised, and how many it has; 0 where none is.
    """

    name: str
    state: State = "waiting"
    document_id: str = ""
    title: str = ""
    near: tuple[str, ...] = ()
    shortened: bool = False
    left_out: tuple[tuple[str, str], ...] = ()
    guessed_date: str = ""
    error: YoujuError | None = None
    page: int = 0
    pages: int = 0


def base_name(path: str) -> str:
    """The last part of a path, whichever system wrote it; ``?`` where there is none."""
    name = PurePosixPath(path.replace("\\", "/")).name
    return name if name not in ("", ".", "..") else "?"


@cache
def upload_folder() -> Path:
    """This process's own folder for uploads, which Gradio is told to use; removed when the process ends.

    Gradio's default, ``gradio`` in the folder for temporary files, is shared by all processes of this machine. Within
    ours a file lies under a hash that nobody can guess who does not know what this installation mixes into it.
    """
    parent = os.environ.get(UPLOAD_FOLDER_VARIABLE) or tempfile.gettempdir()
    os.makedirs(parent, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="youju-", dir=parent)).resolve()
    os.environ[UPLOAD_FOLDER_VARIABLE] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def uploaded(path: Any) -> Path:
    """Where an uploaded file really lies.

    Args:
        path: what a client says; anything.

    Raises:
        UsageError: it is not, links followed, a regular file in the upload folder.
    """
    try:
        place = Path(path).resolve(strict=True)
        if place.is_relative_to(upload_folder()) and stat.S_ISREG(place.stat().st_mode):
            return place
    except (OSError, ValueError, TypeError, RuntimeError):  # too long, a zero byte, no text, links in a circle
        pass
    raise UsageError(
        zh="只接受通过本页上传的文件。请重新上传。",
        en="Only files uploaded through this page are taken; upload it again.",
    )


def take_in(
    assistant: Assistant, paths: Sequence[str], limits: Limits, stopped: threading.Event | None = None
) -> Generator[tuple[Upload, ...], None, None]:
    """Takes uploaded files into the index, one after the other, and deletes them, whatever happens.

    Hidden files and the locks that word processors leave beside open documents are passed over. An archive stands for the
    files within it, each of which counts. Whoever leaves off ends the reading of the file that is being read.

    Args:
        paths: where the browser's files were put; see :func:`uploaded`.
        limits: how many, and how large.
        stopped: set when no more is to be taken in; the file that is being read is given up.

    Yields:
        all files as they stand, again after each change, and twice a second while one is read.

    Raises:
        UsageError: there are more than the limit allows, or one is no upload; none is taken in.
    """
    paths = [str(uploaded(path)) for path in paths]
    try:
        wanted = [found for path in paths if not is_hidden(base_name(path)) for found in _found(path)]
        if len(wanted) > limits.files:
            raise UsageError(
                zh=f"一次最多上传 {limits.files} 份文件，这次有 {len(wanted)} 份。请分几次上传。",
                en=f"At most {limits.files} files can be uploaded at once; these are {len(wanted)}. Upload them in parts.",
            )
        uploads = [Upload(name) for _, name in wanted]
        yield tuple(uploads)
        for number, (path, name) in enumerate(wanted):
            with closing(_taken_in(assistant, path, name, limits, stopped or threading.Event())) as steps:
                for uploads[number] in steps:
                    yield tuple(uploads)
            _delete(path)
    finally:
        for given in paths:
            _delete(given)


def _found(path: str) -> list[tuple[Path, str]]:
    """The files that an uploaded one stands for, each with its name."""
    return [
        (file, f"{base_name(path)}/{file.relative_to(path).as_posix()}" if file != Path(path) else base_name(path))
        for file in find_files([path])
    ]


class _StoppedError(Exception):
    """The file that is being read is given up."""


def _taken_in(
    assistant: Assistant, path: Path, name: str, limits: Limits, stopped: threading.Event
) -> Generator[Upload, None, None]:
    """Takes a file in; yields how far it is, and at last what became of it."""
    report = Report()
    try:
        if stopped.is_set():
            raise _StoppedError
        yield Upload(name, "reading")
        document = _beside_others(assistant.store, (yield from _watched(path, name, limits.file_bytes, stopped)))
        assistant.add(document, report=report)
    except _StoppedError:
        yield Upload(name, "stopped")
    except YoujuError as error:
        yield Upload(name, "refused", error=error)
    else:
        yield _outcome(assistant, name, document, report)


def _outcome(assistant: Assistant, name: str, document: Document, report: Report) -> Upload:
    if report.failed:
        return Upload(name, "refused", error=report.failed[0].error)
    known = {entry.id: entry.title for entry in assistant.documents()} if report.duplicates else {}
    near = tuple(known[other] for other in report.duplicates.get(document.id, ()) if other in known)
    state: State = "unchanged" if report.unchanged else "added"
    told = (near, bool(report.shortened), document.left_out, report.guessed_dates.get(document.id, ""))
    return Upload(document.path, state, document.id, document.title, *told)


def _watched(path: Path, name: str, limit: int, stopped: threading.Event) -> Generator[Upload, None, Document]:
    """Reads an uploaded file on a thread of its own, so that it can be told meanwhile how far it is, and be given up.

    Raises:
        _StoppedError: it was given up.
        LoadError: it is refused.
    """
    at, left = (0, 0), threading.Event()

    def tell(page: int, pages: int) -> None:
        nonlocal at
        if stopped.is_set() or left.is_set():
            raise _StoppedError
        at = page, pages

    with ThreadPoolExecutor(1) as thread:
        document = thread.submit(_read, path, name, limit, tell)
        try:
            while not wait([document], _LOOK_SECONDS).done:
                yield Upload(name, "reading", page=at[0], pages=at[1])
        finally:
            left.set()
        return document.result()


def _read(path: Path, name: str, limit: int, progress: PageProgress) -> Document:
    """The document in an uploaded file; a reader that breaks down over it refuses it like any other damaged file."""
    try:
        return load(path, kept=name, max_bytes=limit, progress=progress)
    except (YoujuError, _StoppedError):
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}" if not isinstance(error, OSError) else error.strerror or ""
        raise LoadError(
            zh=f"无法读入 {name}：文件可能已损坏，读取时出错（{reason}）。",
            en=f"Cannot load {name}: reading it failed, it may be damaged ({reason}).",
        ) from error


def _beside_others(store: Store, document: Document) -> Document:
    """The document under a path that no other one has."""
    name, placed, number = PurePosixPath(document.path), document, 1
    while store.knows(placed.path) and not store.holds(placed):
        number += 1
        placed = replace(document, path=str(name.with_name(f"{name.stem} ({number}){name.suffix}")), id="")
    return placed


def _delete(path: str | Path) -> None:
    """Deletes an uploaded file, and the folder that was made for it."""
    with suppress(OSError):
        Path(path).unlink(missing_ok=True)
        Path(path).parent.rmdir()
