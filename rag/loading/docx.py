"""DOCX through python-docx: headings, paragraphs and tables as text, in the order of the document.

Headings become Markdown headings (``## …``, as many marks as their level), so that whoever reads the structure can
tell them from paragraphs. Cells of a table row are joined by `` | ``. Deleted text of tracked changes, comments,
footnotes and automatic numbering are left out; inserted text, text boxes and content controls are kept.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from rag.errors import LoadError
from rag.loading.base import (
    MAX_UNPACKED_BYTES,
    MAX_XML_BYTES,
    NO_MEMORY,
    Extracted,
    refusal,
)
from rag.text.surrogates import without_surrogates

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_MAX_HEADING_LEVEL = 6

# Elements whose content is not text of the document, or is its second copy.
_SKIPPED = frozenset({f"{_WORD}del", f"{_WORD}moveFrom", f"{_WORD}pPr", f"{_WORD}rPr", f"{_WORD}instrText", _FALLBACK})
_MARKS = {f"{_WORD}tab": "\t", f"{_WORD}br": "\n", f"{_WORD}cr": "\n", f"{_WORD}noBreakHyphen": "-"}


def extract(raw: bytes, name: str) -> Extracted:
    """The document's text, one paragraph or table row per line, with its title and day of making.

    Raises:
        LoadError: the file is damaged, encrypted, an old .doc, no .docx, or unpacks to too much.
    """
    if raw.startswith(_OLE_MAGIC):
        raise refusal(
            name,
            "文件设有密码，或是旧式 .doc。请在 Word 或 WPS 中解除密码，另存为 .docx 后再试。",
            "it is password-protected or an old .doc; remove the password, save it as .docx and try again.",
        )
    _check_archive(raw, name)
    from docx import Document

    try:
        document: Any = Document(io.BytesIO(raw))
        levels = _heading_levels(document)
        text = "\n".join(_blocks(document.element.body, levels))
        properties = document.core_properties
        title, made = properties.title or "", properties.created
    except MemoryError:
        raise
    except Exception as error:  # python-docx and lxml fail in many ways on a document that breaks the format's rules
        if getattr(error, "code", None) == NO_MEMORY:
            raise MemoryError from error
        raise _damaged(name) from error
    return Extracted(
        text=without_surrogates(text), title=title.strip(), date=made.date() if made else None, encoding="docx"
    )


def _check_archive(raw: bytes, name: str) -> None:
    """Refuse an archive that is damaged, encrypted or unpacks to too much, before anything parses it.

    The sizes that the archive declares bound what comes out of it, since :mod:`zipfile` never unpacks more of a
    member than declared; unpacking each once, in pieces, proves their checksums.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            if any(member.flag_bits & 1 for member in members):
                raise refusal(
                    name, "文件已加密。请解除密码后再试。", "it is encrypted; remove the password and try again."
                )
            xml_size = max((m.file_size for m in members if m.filename.endswith((".xml", ".rels"))), default=0)
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES or xml_size > MAX_XML_BYTES:
                limit = MAX_UNPACKED_BYTES // 1_000_000
                raise refusal(
                    name,
                    f"解压后过大（上限共 {limit} MB），可能是压缩炸弹。请拆成几份，或去掉大图后再试。",
                    f"it unpacks to too much (limit {limit} MB in all) and may be a zip bomb; "
                    "split it or remove large images.",
                )
            if archive.testzip() is not None:
                raise _damaged(name)
            if "[Content_Types].xml" not in archive.namelist():
                raise _damaged(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise _damaged(name) from error


def _heading_levels(document: Any) -> dict[str, int]:
    """Style id → level of heading, for the built-in headings (in every language of Word) and outline levels."""
    levels: dict[str, int] = {}
    for style in document.styles.element.iter(f"{_WORD}style"):
        named = style.find(f"{_WORD}name")
        words = named.get(f"{_WORD}val", "").lower().split() if named is not None else []
        outline = style.find(f"{_WORD}pPr/{_WORD}outlineLvl")
        level = None
        if words == ["title"]:
            level = 1
        elif len(words) == 2 and words[0] == "heading" and words[1].isdigit():
            level = int(words[1])
        elif outline is not None:
            level = _outline_level(outline)
        if level is not None:
            levels[style.get(f"{_WORD}styleId", "")] = min(level, _MAX_HEADING_LEVEL)
    return levels


def _outline_level(outline: Any) -> int | None:
    value = outline.get(f"{_WORD}val", "")
    return int(value) + 1 if value.isdigit() and int(value) < 9 else None  # 9 means body text


def _blocks(container: Any, levels: dict[str, int]) -> Iterator[str]:
    """Lines of the paragraphs and table rows in ``container``, in order, through content controls and insertions."""
    for child in container:
        if child.tag == f"{_WORD}p":
            yield _paragraph(child, levels)
        elif child.tag == f"{_WORD}tbl":
            yield from _rows(child)
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _blocks(child, levels)


def _paragraph(paragraph: Any, levels: dict[str, int]) -> str:
    text = "".join(_runs(paragraph))
    style = paragraph.find(f"{_WORD}pPr/{_WORD}pStyle")
    outline = paragraph.find(f"{_WORD}pPr/{_WORD}outlineLvl")
    level = _outline_level(outline) if outline is not None else None
    if level is None and style is not None:
        level = levels.get(style.get(f"{_WORD}val", ""))
    if level is None or not text.strip():
        return text
    return "#" * min(level, _MAX_HEADING_LEVEL) + " " + " ".join(text.split())


def _runs(element: Any) -> Iterator[str]:
    """The pieces of text under ``element``; a paragraph in a text box begins on a new line."""
    for child in element:
        if child.tag == f"{_WORD}t":
            yield child.text or ""
        elif child.tag in _MARKS:
            yield _MARKS[child.tag]
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            if child.tag == f"{_WORD}p":
                yield "\n"
            yield from _runs(child)


def _rows(table: Any) -> Iterator[str]:
    for row in table.iter(f"{_WORD}tr"):
        if next(row.iterancestors(f"{_WORD}tbl")) is not table:
            continue  # a row of a table inside a cell, which is part of that cell's text
        own = (cell for cell in row.iter(f"{_WORD}tc") if next(cell.iterancestors(f"{_WORD}tr")) is row)
        cells = [" ".join("".join(_runs(cell)).split()) for cell in own]
        if any(cells):
            yield " | ".join(cells)


def _damaged(name: str) -> LoadError:
    return refusal(
        name,
        "文件已损坏，或不是 DOCX 文档。请在 Word 或 WPS 中打开并另存一份后再试。",
        "it is damaged or no DOCX document; open it in a word processor, save a fresh copy and try again.",
    )
