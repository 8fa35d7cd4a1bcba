"""Whether bytes are a Word document that can be opened safely, and if not what they are."""

import io
import re
import struct
import zipfile
import zlib

from rag.errors import LoadError
from rag.loading.base import MAX_UNPACKED_BYTES, MAX_XML_BYTES, refusal

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENTRY = 128  # bytes of an entry of an OLE file's directory, which begins with its name
_ZIP_END = b"PK\x05\x06"
_TYPES = "[Content_Types].xml"

_OLE_KINDS = (
    ("Workbook", "旧式 Excel 表格（.xls）", "an old Excel workbook (.xls)"),
    ("Book", "旧式 Excel 表格（.xls）", "an old Excel workbook (.xls)"),
    ("PowerPoint Document", "旧式 PowerPoint 演示文稿（.ppt）", "an old PowerPoint presentation (.ppt)"),
)
_WORD_TYPE = rb"(?:wordprocessingml|ms-word)[^\"']*main\+xml"
_TYPE_KINDS = (
    (rb"(?:spreadsheetml|ms-excel)[^\"']*main\+xml", "Excel 表格（.xlsx）", "an Excel workbook (.xlsx)"),
    (rb"(?:presentationml|ms-powerpoint)[^\"']*main\+xml", "PowerPoint 演示文稿（.pptx）", "a PowerPoint presentation (.pptx)"),
    (rb"ms-visio[^\"']*main\+xml", "Visio 绘图（.vsdx）", "a Visio drawing (.vsdx)"),
)  # fmt: skip
_MIME_KINDS = (
    (b"application/vnd.oasis.opendocument.text", "OpenDocument 文档（.odt）", "an OpenDocument text (.odt)"),
    (b"application/vnd.oasis.opendocument", "OpenDocument 文件", "an OpenDocument file"),
    (b"application/epub+zip", "电子书（.epub）", "an e-book (.epub)"),
)


def check(raw: bytes, name: str) -> None:
    """Refuse what is no .docx, is encrypted or damaged, or unpacks to too much, before anything parses it.

    The sizes that the archive declares bound what comes out of it, since :mod:`zipfile` never unpacks more of a
    member than declared; unpacking each once, in pieces, proves their checksums.

    Raises:
        LoadError: for each of these, with what the file is.
    """
    if not raw:
        raise refusal(
            name, "文件是空的（0 字节）。请重新下载后再试。", "it is empty (0 bytes); download it again and try again."
        )
    if raw.startswith(_OLE_MAGIC):
        raise _old_or_encrypted(raw, name)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_archive(archive, name)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ArithmeticError, NotImplementedError, OSError, ValueError) as error:  # fmt: skip
        raise damaged(name) if _ZIP_END in raw else _cut_off(name) from error


def _check_archive(archive: zipfile.ZipFile, name: str) -> None:
    members = archive.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise refusal(name, "文件已加密。请解除密码后再试。", "it is encrypted; remove the password and try again.")
    xml_size = max((m.file_size for m in members if m.filename.lower().endswith((".xml", ".rels"))), default=0)
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES or xml_size > MAX_XML_BYTES:
        raise too_large(name)
    if archive.testzip() is not None:
        raise damaged(name)
    by_name = {member.filename.lower(): member for member in members}
    types = by_name.get(_TYPES.lower())
    if types is None:
        raise _other_archive(archive, name)
    declared = archive.read(types)
    if re.search(_WORD_TYPE, declared):
        return
    for pattern, zh, en in _TYPE_KINDS:
        if re.search(pattern, declared):
            raise _is_other(name, zh, en)


def _other_archive(archive: zipfile.ZipFile, name: str) -> LoadError:
    names = archive.namelist()
    mime = archive.read("mimetype") if "mimetype" in names else b""
    for beginning, zh, en in _MIME_KINDS:
        if mime.startswith(beginning):
            return _is_other(name, zh, en)
    if "OFD.xml" in names:
        return _is_other(name, "版式文件（.ofd）", "a fixed-layout document (.ofd)")
    if any(member.startswith("word/") for member in names):
        return damaged(name)
    return _is_other(name, "普通压缩包（.zip）", "an ordinary archive (.zip)")


def _old_or_encrypted(raw: bytes, name: str) -> LoadError:
    """What an OLE file is, by the names in its directory."""
    if _has_entry(raw, "EncryptedPackage"):
        return refusal(
            name,
            "文档设有打开密码。请在 Word 或 WPS 中解除密码，重新保存后再试。",
            "it is encrypted with a password; open it in a word processor, remove the password and save it again.",
        )
    if _has_entry(raw, "WordDocument"):
        return refusal(
            name,
            "文件其实是旧式 .doc 或 .wps 文档，只是后缀改成了 .docx。请在 Word 或 WPS 中打开，另存为 .docx 后再试。",
            "it is really an old .doc or .wps document under a wrong suffix; open it in a word processor and save it "
            "as .docx.",
        )
    for entry, zh, en in _OLE_KINDS:
        if _has_entry(raw, entry):
            return _is_other(name, zh, en)
    return refusal(
        name,
        "文件设有密码，或是旧式 .doc/.wps。请在 Word 或 WPS 中解除密码，另存为 .docx 后再试。",
        "it is password-protected or an old .doc or .wps; remove the password, save it as .docx and try again.",
    )


def _has_entry(raw: bytes, entry: str) -> bool:
    written = entry.encode("utf-16-le") + b"\0\0"
    at = raw.find(written)
    while at >= 0 and at % _OLE_ENTRY:
        at = raw.find(written, at + 1)
    return at >= 0


def _is_other(name: str, zh: str, en: str) -> LoadError:
    return refusal(
        name,
        f"文件其实是{zh}，不是 Word 文档。请改正后缀，或另存为支持的格式后再试。",
        f"it is really {en}, no Word document; correct its suffix, or save it in a format that is supported.",
    )


def too_large(name: str) -> LoadError:
    """The refusal of what unpacks to too much."""
    limit = MAX_UNPACKED_BYTES // 1_000_000
    return refusal(
        name,
        f"解压后过大（上限共 {limit} MB），可能是压缩炸弹。请拆成几份，或去掉大图后再试。",
        f"it unpacks to too much (limit {limit} MB in all) and may be a zip bomb; split it or remove large images.",
    )


def _cut_off(name: str) -> LoadError:
    return refusal(
        name,
        "文件不完整，末尾缺失，多半没有下载完。请重新下载或重新复制后再试。",
        "it is cut off: its end is missing, so the download was probably not complete; download or copy it again.",
    )


def damaged(name: str) -> LoadError:
    """The refusal of what breaks the format's rules."""
    return refusal(
        name,
        "文件已损坏，或不是 DOCX 文档。请在 Word 或 WPS 中打开并另存一份后再试。",
        "it is damaged or no DOCX document; open it in a word processor, save a fresh copy and try again.",
    )
