"""The files within a .zip: where each lies in it, and why one is not read. Nothing is unpacked.

What is loaded of an archive is what would be loaded of a folder, and the same is passed over. The list is JSON, which
:mod:`rag.loading.archived_files` reads.
"""

import io
import json
import posixpath
import stat
import zipfile
from collections import Counter
from typing import Any

from rag.loading.base import MAX_UNPACKED_BYTES, Extracted, refusal
from rag.loading.file_names import LONGEST_PATH, SIDECAR_NAMES, is_hidden, stays_below
from rag.loading.formats import ARCHIVE, FORMATS, UNREADABLE

MOST_FILES = 5_000
"""Most files of an archive that are read."""

MOST_TOLD = 20
"""Most names that are told of those that cannot be used."""

_HIGHEST_RATIO, _LEAST_BOMB = (
    200,
    10_000_000,
)  # times, and bytes: text of this size packs to a tenth, tables to a fiftieth
_IN_UTF8, _ENCRYPTED = 0x800, 0x1  # flags of a member
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OF_DOCUMENTS = frozenset(
    {"[Content_Types].xml", "mimetype", "OFD.xml"}
)  # of .docx and the like; of .epub and .odt; of .ofd
_KNOWN = frozenset({*FORMATS, *UNREADABLE, ARCHIVE})


def extract(raw: bytes, name: str) -> Extracted:
    """The list as JSON in place of a text.

    Raises:
        LoadError: the file is no .zip, is damaged, or holds too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            names = _names(members)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise refusal(
            name,
            "压缩包已损坏，或不是 .zip。请重新下载或重新打包后再试。",
            "it is damaged or no .zip archive; download it again, or pack it again.",
        ) from error
    if _OF_DOCUMENTS.intersection(names):
        raise refusal(
            name,
            "内容不是普通压缩包，而是 Office 文档、电子书或版式文件。请把后缀改为它原来的（.docx、.epub 等）再试。",
            "it is no ordinary archive but an office document or a book; give it its own suffix (.docx, .epub, …).",
        )
    named = list(zip(names, members, strict=True))
    listed = [(path, member) for path, member in named if not member.is_dir() and _is_named(path)]
    times = Counter(path for path, _ in listed)
    rows = {path: _row(path, member, times[path]) for path, member in listed if stays_below(path)}
    if len(rows) > MOST_FILES or sum(row["size"] for row in rows.values() if not row["refused"]) > MAX_UNPACKED_BYTES:
        limit = MAX_UNPACKED_BYTES // 1_000_000
        raise refusal(
            name,
            f"压缩包里的文件太多或解压后过大（上限 {MOST_FILES} 份、共 {limit} MB）。请解压后加入文件夹。",
            f"it holds too many files, or unpacks to too much (limit {MOST_FILES} files, {limit} MB together); unpack it "
            "and add the folder.",
        )
    unusable = [path[:LONGEST_PATH] for path, _ in listed if not stays_below(path)]
    found = {"files": list(rows.values()), "unusable": unusable[:MOST_TOLD], "unusable_count": len(unusable)}
    return Extracted(text=json.dumps(found))


def _names(members: list[zipfile.ZipInfo]) -> list[str]:
    """The members' paths. Those that do not say that they are UTF-8 are so nevertheless, or GB18030, all of them alike."""
    given = [None if one.flag_bits & _IN_UTF8 else one.orig_filename.encode("cp437") for one in members]
    joined = b"\n".join(one for one in given if one is not None)
    encoding = next((each for each in ("utf-8", "gb18030") if _decodes(joined, each)), "cp437")
    decoded = (
        member.orig_filename if raw is None else raw.decode(encoding)
        for member, raw in zip(members, given, strict=True)
    )
    return [
        path.replace("\\", "/").removeprefix("./") for path in decoded
    ]  # the former as old programs of Windows write


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_named(path: str) -> bool:
    """Whether a file is told of, loaded or refused, or tells of others, rather than is passed over."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    hidden = any(is_hidden(part) for part in parts) or "__MACOSX" in parts[:1]
    return not hidden and (posixpath.splitext(path)[1].lower() in _KNOWN or posixpath.basename(path) in SIDECAR_NAMES)


def _row(path: str, member: zipfile.ZipInfo, times: int) -> dict[str, Any]:
    return {
        "path": path,
        "offset": member.header_offset,
        "packed": member.compress_size,
        "size": member.file_size,
        "checksum": member.CRC,
        "is_packed": member.compress_type == zipfile.ZIP_DEFLATED,
        "refused": _reason(path, member, times),
    }


def _reason(path: str, member: zipfile.ZipInfo, times: int) -> tuple[str, str] | None:
    """Why a file is not read; None for one that is."""
    if times > 1:
        return (
            "压缩包里有几份同名的文件，分不清是哪一份。请解压后再试。",
            "several files of the archive have this name; unpack it.",
        )
    if posixpath.splitext(path)[1].lower() == ARCHIVE:
        return (
            "压缩包里的压缩包不打开。请先解压，再加入其中的文件。",
            "an archive within an archive is not opened; unpack it and add its files.",
        )
    if member.flag_bits & _ENCRYPTED:
        return "文件已加密。请输入密码解压后再试。", "it is encrypted; unpack it with its password and try again."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "这是链接，不是文件。请解压后再试。", "it is a link, not a file; unpack the archive and try again."
    if member.compress_type not in _METHODS:
        return (
            "压缩方法不受支持。请解压后再试。",
            "it is packed by a method that is not supported; unpack it and try again.",
        )
    if member.file_size > _LEAST_BOMB and member.file_size > _HIGHEST_RATIO * member.compress_size:
        return (
            "解压后是压缩时的两百倍以上，可能是压缩炸弹。若确要读，请解压后再试。",
            "it unpacks to more than 200 times its packed size and may be a zip bomb; if it is to be read, unpack it.",
        )
    return None
