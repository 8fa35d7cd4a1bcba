"""The files that documents came from: whether they are still there, and still the ones that were read."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BufferedReader
from pathlib import Path, PurePath

from rag.errors import LoadError, OriginalError
from rag.loading import archived_files
from rag.loading.base import MAX_BYTES, refusal
from rag.loading.file_names import file_of
from rag.loading.regular_files import identity_of
from rag.text.documents import Document

MOST_HASHED = 20 * MAX_BYTES
"""Largest file that is read to compare it, in bytes; a larger one is no longer the file that was added."""


def came_from_file(path: str, digest: str) -> bool:
    """Whether a document came from a file. Standard input, uploads and samples have a name in place of a path."""
    return bool(digest) and os.path.isabs(path)


def digest_of(file: Path) -> str:
    """SHA-256 of the bytes of a file, which may lie in an archive, hexadecimal; empty for one that is too large.

    A file that this process has read before is not read again, unless something suggests that it changed since.

    Raises:
        FileNotFoundError: there is no such file, or something else has taken its place.
        OSError: it cannot be read.
    """
    status = (archived_files.archive_of(file) or file).stat()
    if not stat.S_ISREG(status.st_mode):
        raise FileNotFoundError(file)
    return _digest(file, identity_of(status))


def check_original(document: Document) -> None:
    """Compares a document's file with what it was when it was read.

    Raises:
        OriginalError: the document came from no file that was kept, or the file is gone, has changed or cannot be read.
    """
    with _told(document) as file:
        if digest_of(file) != document.digest:
            raise _changed(document)


def original_of(document: Document) -> bytes:
    """The bytes of a document's file, the very ones that were read.

    Raises:
        OriginalError: as for :func:`check_original`.
        LoadError: the file is too large.
    """
    with _told(document) as file:
        raw = _bytes_of(file, MAX_BYTES)
    if len(raw) > MAX_BYTES:
        limit = f"{MAX_BYTES / 1_000_000:g} MB"
        raise refusal(_name(document), f"文件超过上限 {limit}。", f"it exceeds the limit of {limit}.")
    if hashlib.sha256(raw).hexdigest() != document.digest:
        raise _changed(document)
    return raw


@lru_cache(maxsize=50_000)
def _digest(file: Path, identity: tuple[int, ...]) -> str:
    """As :func:`digest_of`; ``identity`` makes a changed file, or archive of it, another entry of the cache."""
    if archived_files.archive_of(file):
        return hashlib.sha256(_bytes_of(file, MOST_HASHED)).hexdigest()
    with _opened(file) as stream:
        if os.fstat(stream.fileno()).st_size > MOST_HASHED:
            return ""
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _bytes_of(file: Path, most: int) -> bytes:
    """The bytes of a file, which may lie in an archive, and one more than ``most`` of a larger one.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be read.
    """
    archive = archived_files.archive_of(file)
    if not archive:
        with _opened(file) as stream:
            return stream.read(most + 1)
    try:
        if not archived_files.holds(archive, file):
            raise FileNotFoundError(file)
        return archived_files.read(archive, file, str(file), most)
    except LoadError as error:
        raise OSError(str(error)) from error


@contextmanager
def _opened(file: Path) -> Iterator[BufferedReader]:
    with open(file, "rb", opener=_without_waiting) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise FileNotFoundError(file)
        yield stream


def _without_waiting(path: str, flags: int) -> int:
    """Opens a file, or a pipe that has taken its place meanwhile, without waiting for somebody to write into it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


@contextmanager
def _told(document: Document) -> Iterator[Path]:
    """The document's file; why it cannot be read is told without its place, as others may see it."""
    name = _name(document)
    if not came_from_file(document.path, document.digest):
        raise OriginalError(
            zh=f"{name} 的原件没有保留：上传的文件、标准输入和示例只留下文字。",
            en=f"The original of {name} was not kept: of uploads, standard input and samples only the text is.",
        )
    try:
        yield file_of(document.path)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise OriginalError(
            zh=f"{name} 已不在加入时的位置，可能被移走或删除。文字仍是加入时的。",
            en=f"{name} is no longer where it was added from; it may have been moved or deleted. The text is still as added.",
        ) from error
    except OSError as error:
        raise OriginalError(
            zh=f"{name} 现在读不到，可能没有权限，或磁盘没有挂载。文字仍是加入时的。",
            en=f"{name} cannot be read now, for want of permission or of a disk. The text is still as added.",
        ) from error


def _changed(document: Document) -> OriginalError:
    name = _name(document)
    return OriginalError(
        zh=f"{name} 在加入之后改动过，已不是当时读的那一份。文字仍是加入时的；重新加入后可以对照。",
        en=f"{name} was changed after it was added and is no longer what was read. The text is still as added; add it "
        "again to compare.",
    )


def _name(document: Document) -> str:
    return PurePath(document.path.replace("\\", "/")).name
