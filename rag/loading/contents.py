"""Which format a file is in: what its beginning says, and the refusal where its suffix says something else."""

from dataclasses import dataclass
from pathlib import Path

from rag.errors import LoadError
from rag.loading.base import refusal
from rag.loading.formats import ARCHIVE, FORMATS, OLE, SIGNATURES, UNREADABLE

_BEGINNING = 1024
"""Within so many bytes a binary file must show what it is; some begin with a line of something else."""

_PACKED: tuple[tuple[bytes, str, str, str], ...] = (
    (b"word/document", "Word 文档（.docx）", "a Word document (.docx)", ".docx"),
    (b"xl/workbook.xml", "Excel 表格（.xlsx）", "an Excel workbook (.xlsx)", ".xlsx"),
    (b"xl/workbook.bin", "Excel 二进制表格（.xlsb）", "a binary Excel workbook (.xlsb)", ""),
    (b"ppt/presentation", "PowerPoint 演示文稿（.pptx）", "a PowerPoint presentation (.pptx)", ".pptx"),
    (b"visio/document.xml", "Visio 绘图（.vsdx）", "a Visio drawing (.vsdx)", ""),
    (b"application/epub+zip", "电子书（.epub）", "a book (.epub)", ".epub"),
    (b"application/vnd.oasis.opendocument.text", "OpenDocument 文档（.odt）", "an OpenDocument text (.odt)", ".odt"),
    (
        b"application/vnd.oasis.opendocument.spreadsheet",
        "OpenDocument 表格（.ods）",
        "an OpenDocument sheet (.ods)",
        ".ods",
    ),
    (
        b"application/vnd.oasis.opendocument.presentation",
        "OpenDocument 演示文稿（.odp）",
        "OpenDocument slides (.odp)",
        ".odp",
    ),
    (b"OFD.xml", "版式文件（.ofd）", "an OFD document (.ofd)", ".ofd"),
)
"""What stands uncompressed in packed formats: what they are then, and the suffix of our format for it."""

_OLD: tuple[tuple[str, str, str, str], ...] = (
    ("EncryptedPackage", "设有密码的 Office 文件", "an Office file with a password", ""),
    ("__nameid_version1.0", "Outlook 邮件（.msg）", "an Outlook message (.msg)", ""),
    ("Workbook", "旧式 .xls 表格", "an old .xls workbook", ".xls"),
    ("Book", "旧式 .xls 表格", "an old .xls workbook", ".xls"),
    ("PowerPoint Document", "旧式 .ppt 演示文稿", "an old .ppt presentation", ".ppt"),
    ("WordDocument", "旧式 .doc 文档", "an old .doc document", ".doc"),
)
"""Names of streams within OLE files: what such a file is, and the suffix of the format."""

_RTF = b"{\\rtf"
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<meta", b"<table")


@dataclass(frozen=True, slots=True)
class _Content:
    """What the content of a file gives away.

    Attributes:
        kind: by :data:`SIGNATURES`; empty for text.
        zh, en: the same in words, as closely as can be told.
        suffix: that of our format for it, else empty.
    """

    kind: str = ""
    zh: str = ""
    en: str = ""
    suffix: str = ""


def suffix_of(raw: bytes, name: str, path: str) -> str:
    """The suffix of the format that a file is in: its own, once its content has been seen to agree.

    A format that LibreOffice converts may stand under the suffix of another that becomes the same (an .rtf named .doc, what
    WPS writes); the suffix given back is that of the content.

    Args:
        raw: the whole file.
        name: its file name; without a suffix the content tells.
        path: what to call it in messages.

    Raises:
        LoadError: we do not load the format, or the content is something else.
    """
    given = Path(name).suffix.lower()
    own = FORMATS.get(given)
    content = _content(raw, own.becomes if own else "")
    if given == ARCHIVE:
        raise _archive(path)
    if content.kind == OLE and (given or not content.suffix) and not (own and OLE in own.content):
        raise _old(path, content)
    suffix = given or content.suffix or ("" if content.kind else ".txt")
    if suffix and suffix not in FORMATS:
        raise _unsupported(path, suffix, content.suffix)
    if own and own.becomes:
        return _to_convert(raw, path, suffix, content)
    expected = FORMATS[suffix].content if suffix else ()
    if content.kind and content.kind not in expected:
        raise _disagreement(path, suffix, content)
    packed_by = FORMATS[content.suffix].loader if content.suffix in FORMATS else ""
    if own and content.kind == "ZIP" and content.zh != "ZIP" and packed_by != own.loader:
        raise _disagreement(path, suffix, content)
    if raw and expected and not any(magic in raw[:_BEGINNING] for magic, kind in SIGNATURES if kind in expected):
        raise _no_signature(raw, path, suffix[1:].upper())
    return suffix


def _to_convert(raw: bytes, path: str, suffix: str, content: _Content) -> str:
    """The suffix of what LibreOffice is to read: it must become what a file of the given suffix becomes."""
    found = FORMATS.get(content.suffix)
    if found and found.becomes == FORMATS[suffix].becomes:
        return content.suffix
    if content.kind == OLE:
        raise _old(path, content)
    if content.kind:
        raise _disagreement(path, suffix, content)
    raise _no_signature(raw, path, suffix[1:].upper())


def _content(raw: bytes, becomes: str) -> _Content:
    """The content that a file's beginning gives away; ``becomes`` is what LibreOffice would make of its suffix."""
    for magic, kind in SIGNATURES:
        if raw.startswith(magic) and kind == "ZIP":
            return _packed(raw)
        if raw.startswith(magic) and kind == OLE:
            return _packed_before(raw, becomes)
        if raw.startswith(magic):
            suffix = next((suffix for suffix, known in FORMATS.items() if kind in known.content), "")
            return _Content(kind, kind, kind, suffix)
    begin = raw[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begin.startswith((b"<!doctype html", b"<html")):
        return _Content(suffix=".html")
    return _Content(suffix=".rtf") if begin.startswith(_RTF) else _Content()


def _packed(raw: bytes) -> _Content:
    """What an archive is by the names of its parts; files within it come behind its own first parts."""
    found = [(place, told) for mark, *told in _PACKED if (place := raw.find(mark)) >= 0]
    return _Content("ZIP", *min(found)[1]) if found else _Content("ZIP", "ZIP", "ZIP")


def _packed_before(raw: bytes, becomes: str) -> _Content:
    """What an OLE file is by the names of its streams, which stand in it in UTF-16.

    A file may lie within another and give its streams too: those that fit the file's suffix go before those that come first.
    """
    found = []
    for stream, *told in _OLD:
        place = raw.find((stream + "\0").encode("utf-16-le"))
        if place >= 0:
            known = FORMATS.get(told[2])
            found.append((not (known and known.becomes == becomes), place, told))
    return _Content(OLE, *min(found)[2]) if found else _Content(OLE)


def _archive(path: str) -> LoadError:
    return refusal(
        path,
        "压缩包只有自己作为文件加入时才打开；压缩包里的、从标准输入来的不打开。请先解压，再加入其中的文件。",
        "an archive is opened only where it is itself added as a file, not within another one or from standard input; "
        "unpack it and add its files.",
    )


def _unsupported(path: str, suffix: str, content_suffix: str) -> LoadError:
    listed = " ".join(sorted({*FORMATS, ARCHIVE}))
    if suffix in UNREADABLE:
        zh, en = UNREADABLE[suffix]
        return refusal(path, f"{suffix} 文件不能直接读。{zh}", f"{suffix} files cannot be read; {en}")
    if content_suffix in FORMATS:
        return refusal(
            path,
            f"不支持 {suffix} 格式，但内容像是 {content_suffix} 文件。请把后缀改为 {content_suffix} 再试。",
            f"{suffix} is not supported, but its content looks like {content_suffix}: rename it and try again.",
        )
    return refusal(
        path, f"不支持 {suffix} 格式（支持 {listed}）。请转换后再试。", f"{suffix} is not supported ({listed} are)."
    )


def _disagreement(path: str, suffix: str, content: _Content) -> LoadError:
    if content.suffix in UNREADABLE:
        zh, en = UNREADABLE[content.suffix]
        return refusal(
            path,
            f"内容是{_spaced(content.zh)}，这种文件不能直接读。{zh}",
            f"its content is {content.en}, which cannot be read; {en}",
        )
    if content.suffix:
        return refusal(
            path,
            f"后缀是 {suffix}，内容却是{_spaced(content.zh)}。若确是 {content.suffix} 文件，请改正后缀再试。",
            f"its suffix is {suffix} but its content is {content.en}; if it is a {content.suffix} file, rename it.",
        )
    return refusal(
        path,
        f"内容是{_spaced(content.zh)}，这种文件不能读。请换成文本、网页、PDF、Word、Excel、PowerPoint 等文件。",
        f"its content is {content.en}, which cannot be read; give a text, HTML, PDF, Word, Excel or PowerPoint file "
        "instead.",
    )


def _spaced(words: str) -> str:
    return f" {words}" if words[:1].isascii() else words


def _old(path: str, content: _Content) -> LoadError:
    """The refusal of an OLE file under a suffix that is not its own, or one that LibreOffice does not read."""
    if not content.zh:
        return refusal(
            path,
            "内容是旧式 Office 文件，或设有密码。请用 Office 或 WPS 解除密码，另存为 .docx、.xlsx 或 .pptx 后再试。",
            "its content is an old Office file, or one with a password; remove the password, save it as .docx, .xlsx or "
            ".pptx and try again.",
        )
    renamed_zh = f"把后缀改为 {content.suffix}，或" if content.suffix else ""
    renamed_en = f"rename it to {content.suffix}, or " if content.suffix else ""
    return refusal(
        path,
        f"内容是{content.zh}。请{renamed_zh}用 Office 或 WPS 打开，解除密码，另存为新格式（.docx、.xlsx、.pptx、.eml）后再试。",
        f"its content is {content.en}; {renamed_en}open it, remove any password, save it in the new format (.docx, .xlsx, "
        ".pptx, .eml) and try again.",
    )


def _no_signature(raw: bytes, path: str, kind: str) -> LoadError:
    """The refusal of a file that does not begin as its format must: with what it is, where it is text."""
    renamed: tuple[str, ...]
    begin = raw[:_BEGINNING].lstrip(b"\xef\xbb\xbf \t\r\n")
    is_text = b"\0" not in raw[:_BEGINNING] and not any(byte < 9 for byte in raw[:_BEGINNING])
    if begin.startswith(_RTF):
        zh, en, renamed = "RTF 文档（.rtf）", "an RTF document (.rtf)", ()
    elif begin.lower().startswith(_HTML):
        zh, en, renamed = "网页（HTML）", "a web page (HTML)", (".html",)
    elif begin.lower().startswith(b"mime-version:"):
        zh, en, renamed = "单个文件网页（MHTML）", "a web page in one file (MHTML)", (".mhtml",)
    elif begin.startswith(b"<?xml"):
        zh, en, renamed = "XML", "XML", ()
    elif begin and is_text:
        zh, en, renamed = "纯文本", "plain text", (".csv", ".txt")
    else:
        return refusal(
            path,
            f"文件已损坏，或不是 {kind}：开头没有 {kind} 的标志。请重新下载或另存一份后再试。",
            f"it is damaged or no {kind}: it does not begin like one; download or save it again.",
        )
    rename_zh = f"，或把后缀改为 {' 或 '.join(renamed)}" if renamed else ""
    rename_en = f", or rename it to {' or '.join(renamed)}" if renamed else ""
    return refusal(
        path,
        f"文件不是 {kind}，内容其实是{zh}。请用 Office 或 WPS 打开，另存为 {kind}{rename_zh}后再试。",
        f"it is no {kind}: its content is {en}; open it, save it as {kind}{rename_en}, and try again.",
    )
