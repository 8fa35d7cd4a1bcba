"""Loading: files of several formats become :class:`~rag.text.documents.Document`, each once, or are refused with a reason.

``load`` reads a file, ``load_bytes`` takes bytes that came another way (stdin), ``find_files`` turns files, folders and
archives into files. What is refused raises :class:`~rag.errors.LoadError`, one error per file.

No file is parsed in this process: :mod:`rag.loading.processes` hands its bytes to another one, which may take only so much
memory and time, and gives back text. Formats of other office programs go through LibreOffice first.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from rag.errors import LoadError
from rag.loading import archived_files, office_conversion, processes, regular_files
from rag.loading.base import MAX_BYTES, Extracted, PageProgress, refusal
from rag.loading.contents import suffix_of
from rag.loading.encodings import encode_back
from rag.loading.file_limits import FileLimits
from rag.loading.file_names import path_of
from rag.loading.folders import files_among
from rag.loading.formats import ARCHIVE, FORMATS, UNREADABLE
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

SUFFIXES = frozenset({*FORMATS, ARCHIVE})
"""The suffixes of what is loaded of a folder."""


def load(
    path: str | Path,
    *,
    kept: str | None = None,
    max_bytes: int = MAX_BYTES,
    limits: FileLimits | None = None,
    progress: PageProgress | None = None,
) -> Document:
    """The document in a file.

    What its folder's ``documents.toml`` or ``seeds.toml`` says wins over the file's own metadata, and that over what
    the text says. A day in the file's name comes last and is a guess (``Document.date_is_guessed``). The file's
    modification time says nothing about the document and is not used.

    Args:
        path: the file, which may lie in an archive (``papers.zip/report.docx``).
        kept: what to keep as the document's path, and to call it in messages; its own absolute path unless given.
        max_bytes: largest file taken in, in bytes.
        limits: what reading it may take; those of the environment unless given.
        progress: told twice a second, in this thread, which page is being recognised and how many there are, zeros
            before the first; what it raises ends the reading.

    Raises:
        LoadError: the file cannot be read, is none we load, exceeds a limit, or holds no text.
        UsageError: the environment sets a limit that is no number.
    """
    absolute = Path(os.path.abspath(os.path.expanduser(path)))
    kept = kept or path_of(absolute)
    archive = archived_files.archive_of(absolute)
    if archive:
        raw = archived_files.read(archive, absolute, kept, max_bytes)
    elif archived_files.is_archive(absolute):
        raise archived_files.problem(absolute, kept)
    else:
        raw = regular_files.read(absolute, kept, max_bytes)
    return _document(raw, Path(kept).name, kept, metadata_of(absolute, kept), max_bytes, limits, progress)


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
    that links lead to again is entered once. A document's file that cannot be read (.ofd) is among them, so that it is
    refused by name rather than missed. An archive stands for the files within it, as a folder does, and, where not all
    of them can be taken, for itself too: ``load`` says why.

    Raises:
        LoadError: a path does not exist, a folder holds nothing loadable, or parts of it cannot be opened (after all
            its other files). It is raised when the path's turn comes; call once per path to go on after it.
    """
    return files_among(paths, SUFFIXES.union(UNREADABLE))


def _document(
    raw: bytes,
    name: str,
    path: str,
    metadata: Metadata,
    max_bytes: int,
    limits: FileLimits | None,
    progress: PageProgress | None = None,
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
    extracted = _extracted(raw, suffix_of(raw, name, path), path, limits or FileLimits.from_environment(), progress)
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


def _extracted(raw: bytes, suffix: str, path: str, limits: FileLimits, progress: PageProgress | None) -> Extracted:
    """What a file holds, converted first where its format needs that; what could not be is told by its own loader."""
    becomes = FORMATS[suffix].becomes if suffix else ""
    made = office_conversion.converted(raw, suffix, path, limits) if becomes else None
    if made is None:
        return processes.read(raw, suffix, path, limits, progress)
    read = processes.read(made, becomes, path, limits, progress)
    return replace(read, encoding=suffix[1:], left_out=(office_conversion.told(suffix), *read.left_out))


def _empty(path: str) -> LoadError:
    return refusal(path, "文件是空的，没有文字。", "it is empty: there is no text in it.")
