"""Loading: files of several formats become :class:`~rag.text.documents.Document`, each once, or are refused with a reason.

``load`` reads a file, ``load_bytes`` takes bytes that came another way (stdin, an upload), ``find_files`` turns files
and folders into files. What is refused raises :class:`~rag.errors.LoadError`, one error per file.

No file is parsed in this process: :mod:`rag.loading.processes` hands its bytes to another one, which may take only so much
memory and time, and gives back text.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from rag.errors import LoadError
from rag.loading import processes
from rag.loading.base import MAX_BYTES, Extracted, refusal
from rag.loading.contents import suffix_of
from rag.loading.encodings import encode_back
from rag.loading.file_limits import FileLimits
from rag.loading.file_names import path_of
from rag.loading.folders import files_among
from rag.loading.formats import FORMATS
from rag.loading.publication import date_in_text, day_without_metadata, source_in_text
from rag.loading.sidecar import Metadata, metadata_of
from rag.loading.titles import title_in_text
from rag.text.documents import Document

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "SUFFIXES",
    "Extracted",
    "Metadata",
    "date_in_text",
    "day_without_metadata",
    "encode_back",
    "find_files",
    "load",
    "load_bytes",
    "metadata_of",
    "title_in_text",
]

SUFFIXES = frozenset(FORMATS)


def load(path: str | Path, *, max_bytes: int = MAX_BYTES, limits: FileLimits | None = None) -> Document:
    """The document in a file.

    What its folder's ``documents.toml`` or ``seeds.toml`` says wins over the file's own metadata, and that over what
    the text says. A day in the file's name comes last and is a guess (``Document.date_is_guessed``). The file's
    modification time says nothing about the document and is not used.

    Args:
        path: the file.
        max_bytes: largest file taken in, in bytes.
        limits: what reading it may take; those of the environment unless given.

    Raises:
        LoadError: the file cannot be read, is none we load, exceeds a limit, or holds no text.
        UsageError: the environment sets a limit that is no number.
    """
    absolute = Path(os.path.abspath(os.path.expanduser(path)))
    raw = _read(absolute, max_bytes)
    kept = path_of(absolute)
    return _document(raw, Path(kept).name, kept, metadata_of(absolute), max_bytes, limits)


def load_bytes(
    raw: bytes, name: str, path: str = "", *, max_bytes: int = MAX_BYTES, limits: FileLimits | None = None
) -> Document:
    """The document in bytes that came another way than from a file.

    Args:
        raw: the bytes of the whole document.
        name: its file name; without a suffix (``stdin``) the content tells the format.
        path: what to keep as the document's path; the name, unless given.
        max_bytes: largest document taken in, in bytes.
        limits: as for :func:`load`.

    Raises:
        LoadError, UsageError: as for :func:`load`.
    """
    return _document(raw, name, path or name, Metadata(), max_bytes, limits)


def find_files(paths: Iterable[str | Path]) -> Iterator[Path]:
    """The files that ``paths`` mean, as absolute paths, each once.

    A file stands for itself, whatever its suffix (``load`` may refuse it). A folder stands for the files below it
    whose suffix is in :data:`SUFFIXES`, in order of their names; hidden files and folders are left out, and a folder
    that links lead to again is entered once.

    Raises:
        LoadError: a path does not exist, a folder holds nothing loadable, or parts of it cannot be opened (after all
            its other files). It is raised when the path's turn comes; call once per path to go on after it.
    """
    return files_among(paths, SUFFIXES)


def _read(path: Path, max_bytes: int) -> bytes:
    """The file's bytes. Only regular files are opened: a pipe would block, a device never end."""
    name = str(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind_zh, kind_en = ("文件夹", "a folder") if path.is_dir() else ("设备、管道等特殊文件", "a special file")
            raise refusal(name, f"这是{kind_zh}，不是普通文件。请给出文件。", f"it is {kind_en}, not a regular file.")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise refusal(name, "文件不存在，可能已被移走。", "there is no such file; it may have been moved.") from error
    except PermissionError as error:
        raise refusal(name, "没有读取权限。请检查文件权限。", "permission denied; check its permissions.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(name, f"读取失败（{reason}）。请检查磁盘和路径。", f"reading failed ({reason}).") from error


def _document(
    raw: bytes, name: str, path: str, metadata: Metadata, max_bytes: int, limits: FileLimits | None
) -> Document:
    if len(raw) > max_bytes:
        limit = f"{max_bytes / 1_000_000:g} MB"
        raise refusal(
            path,
            f"文件超过上限 {limit}。请拆分后再试，或调高上限。",
            f"it exceeds the limit of {limit}; split it or raise the limit.",
        )
    if not raw:
        raise _empty(path)
    extracted = processes.read(raw, suffix_of(raw, name, path), path, limits or FileLimits.from_environment())
    if not extracted.text.strip("\ufeff \t\r\n\v\f\x85\xa0\u3000\u200b"):
        raise _empty(path)
    date, is_guessed = metadata.date or extracted.date, False
    if date is None:
        date, is_guessed = day_without_metadata(extracted.text, name)
    return Document(
        text=extracted.text,
        path=path,
        title=metadata.title or extracted.title or title_in_text(extracted.text) or Path(name).stem,
        date=date,
        date_is_guessed=is_guessed,
        source=metadata.source or extracted.source or source_in_text(extracted.text),
        event=metadata.event,
        speakers=metadata.speakers,
        page_starts=extracted.page_starts,
        encoding=extracted.encoding,
        digest=hashlib.sha256(raw).hexdigest(),
        left_out=extracted.left_out,
        unsure=extracted.unsure,
    )


def _empty(path: str) -> LoadError:
    return refusal(path, "文件是空的，没有文字。", "it is empty: there is no text in it.")
