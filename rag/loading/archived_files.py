"""Files within archives (.zip), as if the archive were a folder: ``papers.zip/2023/report.docx``.

Nothing is unpacked onto the disk. Which files an archive holds, the process tells in which files are read
(:mod:`rag.formats.zip_listing`); here the bytes of one are taken out of it, never more than it declares.
"""

import contextlib
import json
import os
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from rag.errors import LoadError
from rag.loading import processes, regular_files
from rag.loading.base import MAX_UNPACKED_BYTES, refusal
from rag.loading.file_limits import FileLimits
from rag.loading.file_names import SIDECAR_NAMES, path_of, stays_below
from rag.loading.formats import ARCHIVE

_HEAD = struct.Struct(
    "<4s22xHH"
)  # before a file's bytes: signature, lengths of its name and of what else is said of it
_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class _ArchivedFile:
    """Where a file lies in an archive.

    Attributes:
        offset: of its head.
        packed, size: its length in the archive and by itself, in bytes.
        checksum: CRC-32 of its bytes.
        is_packed: whether it is deflated rather than stored.
        refused: why it is not read, in Chinese and English; None for one that is.
    """

    offset: int
    packed: int
    size: int
    checksum: int
    is_packed: bool
    refused: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class _Listing:
    """The files of an archive by their paths within it, and the paths that cannot be used (not all, where there are many).

    What is known of the files stands in sidecars, which are no documents themselves.
    """

    files: dict[str, _ArchivedFile]
    sidecars: dict[str, _ArchivedFile]
    unusable: tuple[str, ...]
    unusable_count: int


def is_archive(path: Path) -> bool:
    """Whether a path is that of an archive."""
    return path.suffix.lower() == ARCHIVE and os.path.isfile(path)


def archive_of(path: Path) -> Path | None:
    """The archive that a path leads into; None for one of a file by itself."""
    return next((folder for folder in path.parents if is_archive(folder)), None)


def paths_in(archive: Path) -> list[Path]:
    """The paths of an archive's files; its own too where not all of them can be taken, which :func:`problem` explains."""
    try:
        listing = _listing(archive, path_of(archive))
    except LoadError:
        return [archive]
    paths = [archive / path for path in sorted(listing.files)]
    return [*paths, archive] if listing.unusable or not paths else paths


def problem(archive: Path, name: str) -> LoadError:
    """Why an archive, or a part of it, cannot be taken in."""
    try:
        listing = _listing(archive, name)
    except LoadError as error:
        return error
    if listing.unusable:
        named = [ascii(path)[1:-1] if not path.isprintable() else path for path in listing.unusable]
        zh_more, en_more = ("等", ", …") if listing.unusable_count > len(named) else ("", "")
        return refusal(
            name,
            f"其中 {listing.unusable_count} 个文件的路径不能用（指向压缩包之外，或有控制字符），没有读入："
            f"{'、'.join(named)}{zh_more}。",
            f"the paths of {listing.unusable_count} of its files cannot be used (they lead out of it, or hold control "
            f"characters); these were not read: {', '.join(named)}{en_more}.",
        )
    if listing.files:
        return refusal(
            name,
            "压缩包不是一份文档；其中的文件各是一份（find_files 给出它们的路径）。",
            "an archive is no document; each of its files is one (find_files gives their paths).",
        )
    return refusal(
        name,
        "压缩包里没有可读入的文档（隐藏文件不算）。请换一个文件。",
        "the archive holds no loadable documents (hidden files do not count); give another file.",
    )


def holds(archive: Path, path: Path) -> bool:
    """Whether an archive has a file of this path.

    Raises:
        LoadError: the archive cannot be read.
    """
    return _within(archive, path) in _listing(archive, path_of(archive)).files


def holds_sidecar(archive: Path, path: Path) -> bool:
    """Whether an archive has a sidecar of this path.

    Raises:
        LoadError: the archive cannot be read.
    """
    return _within(archive, path) in _listing(archive, path_of(archive)).sidecars


def read(archive: Path, path: Path, name: str, most: int) -> bytes:
    """The bytes of a file within an archive, and one more than ``most`` of a larger one.

    Args:
        archive: the archive.
        path: the file, as :func:`paths_in` gives it, or a sidecar.
        name: what to call it in messages.
        most: largest file read whole, in bytes.

    Raises:
        LoadError: the archive cannot be read, does not hold the file, or the file is encrypted, damaged or a bomb.
    """
    listing, within = _listing(archive, path_of(archive)), _within(archive, path)
    file = listing.files.get(within) or listing.sidecars.get(within)
    if file is None:
        raise refusal(name, "压缩包里没有这个文件。", "there is no such file in the archive.")
    if file.refused:
        raise refusal(name, *file.refused)
    try:
        with archive.open("rb") as opened:
            return _unpacked(opened, file, most)
    except (OSError, zlib.error, struct.error, ValueError) as error:
        raise refusal(
            name,
            "它在压缩包里的数据已损坏。请重新下载或重新打包后再试。",
            "its data in the archive are damaged; download the archive again, or pack it again.",
        ) from error


def _within(archive: Path, path: Path) -> str:
    return path.relative_to(archive).as_posix()


def _unpacked(opened: BinaryIO, file: _ArchivedFile, most: int) -> bytes:
    """A file's bytes.

    Raises:
        ValueError: they are not what the archive says of them.
    """
    opened.seek(file.offset)
    signature, name_length, extra_length = _HEAD.unpack(opened.read(_HEAD.size))
    opened.seek(name_length + extra_length, os.SEEK_CUR)
    wanted = min(file.size, most) + 1
    if file.is_packed:
        raw = zlib.decompressobj(-zlib.MAX_WBITS).decompress(opened.read(file.packed), wanted)
    else:
        raw = opened.read(min(file.packed, wanted))
    is_whole = len(raw) == file.size and zlib.crc32(raw) == file.checksum
    if signature != _SIGNATURE or (len(raw) <= most and not is_whole):
        raise ValueError(f"{len(raw)} bytes of {file.size}")
    return raw


def _listing(archive: Path, name: str) -> _Listing:
    """The files of an archive; read anew only where it may have changed."""
    identity: tuple[int, ...] = ()
    with contextlib.suppress(OSError):  # it cannot be read either, which tells why
        identity = regular_files.identity_of(archive.stat())
    return _listed(archive, name, identity)


@lru_cache(maxsize=16)
def _listed(archive: Path, name: str, identity: tuple[int, ...]) -> _Listing:
    """As :func:`_listing`; ``identity`` makes a changed archive another entry of the cache."""
    raw = regular_files.read(archive, name, MAX_UNPACKED_BYTES)
    if len(raw) > MAX_UNPACKED_BYTES:
        limit = f"{MAX_UNPACKED_BYTES / 1_000_000:g} MB"
        raise refusal(
            name,
            f"压缩包超过上限 {limit}。请解压后加入文件夹。",
            f"the archive exceeds the limit of {limit}; unpack it and add the folder.",
        )
    found = processes.read(raw, ARCHIVE, name, FileLimits.from_environment()).text
    try:
        return _parsed(json.loads(found))
    except (KeyError, TypeError, ValueError) as error:
        raise refusal(
            name, "压缩包已损坏，列不出其中的文件。", "the archive is damaged: its files cannot be listed."
        ) from error


def _parsed(found: dict[str, Any]) -> _Listing:
    """The list as the other process gives it, checked like what comes from a file.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    files: dict[str, _ArchivedFile] = {}
    sidecars: dict[str, _ArchivedFile] = {}
    for row in found["files"]:
        path, refused = str(row["path"]), row["refused"]
        offset, packed, size, checksum = (int(row[key]) for key in ("offset", "packed", "size", "checksum"))
        if not stays_below(path) or min(offset, packed, size) < 0:
            raise ValueError(path)
        reason = (str(refused[0]), str(refused[1])) if refused else None
        held = sidecars if PurePosixPath(path).name in SIDECAR_NAMES else files
        held[path] = _ArchivedFile(offset, packed, size, checksum, bool(row["is_packed"]), reason)
    return _Listing(files, sidecars, tuple(map(str, found["unusable"])), int(found["unusable_count"]))
