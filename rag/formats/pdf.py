"""PDF through PDFium: the text layer as a person reads it.

PDFium gives each character with its place; what they form (lines, columns, tables, notes, paragraphs) is told from their
places by the modules that :mod:`rag.formats.pdf_layout` puts together. A page whose places cannot be used keeps PDFium's
own order.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rag.errors import LoadError
from rag.formats.character_forms import usual_form
from rag.formats.pdf_glyphs import content_of
from rag.formats.pdf_layout import PageParts, laid_out, parts_of, type_of_text
from rag.formats.pdf_text import PAGE_BREAK, whole_text
from rag.formats.running_heads import without_repeated, without_running_heads
from rag.loading.base import MAX_PAGES, Extracted, refusal
from rag.text.surrogates import without_surrogates

MOST_CHARACTERS = 800_000
"""Characters of a file whose places are looked at; what comes after them keeps PDFium's order, or it took too long."""

# PDFium keeps global state and allows one call at a time in a process.
_pdfium_lock = threading.Lock()

_PASSWORD_NEEDED = 4  # FPDF_ERR_PASSWORD, fpdfview.h
_SECURITY_UNSUPPORTED = 5  # FPDF_ERR_SECURITY
_MOST_NUMBERS = 20  # page numbers named one by one


@dataclass(slots=True)
class _Found:
    """What has been read of a file: its pages, its metadata, and what was left out, page numbers from 1."""

    pages: list[PageParts] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    beginning: str = ""
    unseen: int = 0
    unmapped: int = 0
    unmapped_on: list[int] = field(default_factory=list)
    without_text: list[int] = field(default_factory=list)


def extract(raw: bytes, name: str) -> Extracted:
    """The text of all pages, with the offset at which each begins.

    A file's own date is that of the file, not of what it says, and is not used.

    Raises:
        LoadError: the file is damaged, needs a password, has more than :data:`MAX_PAGES` pages, or no text layer.
    """
    with _pdfium_lock:
        found = _read(raw, name)
    if not any(page.parts or page.tables or page.askew or page.plain.strip() for page in found.pages):
        raise refusal(
            name,
            f"这份 PDF 共 {len(found.pages)} 页，没有文字层，多半是扫描件；本程序不做文字识别。"
            "请先用 OCR 软件转成带文字的 PDF。",
            f"this PDF of {len(found.pages)} page(s) has no text layer, so it is probably a scan; text is not recognised "
            "here. Run it through OCR software first.",
        )
    kept, dropped = without_running_heads(
        [(page.parts, page.box, bool(page.tables or page.has_image)) for page in found.pages]
    )
    askew, marks = without_repeated([page.askew for page in found.pages])
    for page, parts, texts in zip(found.pages, kept, askew, strict=True):
        page.parts, page.askew = parts, texts
    body = type_of_text(found.pages)
    text, starts = whole_text([laid_out(page, body) for page in found.pages])
    return Extracted(
        text=text,
        title=_title(found.metadata.get("Title", ""), found.beginning),
        page_starts=starts,
        encoding="pdf",
        left_out=tuple(_left_out(found, dropped + marks)),
    )


def _left_out(found: _Found, heads: int) -> Iterator[tuple[str, str]]:
    if heads:
        yield f"页眉、页脚和页码 {heads} 行", f"running heads, footers and page numbers: {heads}"
    if found.unseen:
        yield (
            f"看不见的文字 {found.unseen} 个字（白字或在页面之外）",
            f"characters that nobody sees (white, or beside the page): {found.unseen}",
        )
    if found.unmapped:
        zh, en = _numbers(found.unmapped_on)
        yield (
            f"文件没有说明是什么字的 {found.unmapped} 个字（{zh}）",
            f"characters that the file does not identify: {found.unmapped} ({en})",
        )
    if found.without_text:
        zh, en = _numbers(found.without_text)
        count = len(found.without_text)
        yield f"没有文字层的页 {count} 页（{zh}）", f"pages without a text layer: {count} ({en})"


def _numbers(pages: Sequence[int]) -> tuple[str, str]:
    """Page numbers as text, the first of them if there are many."""
    listed = list(map(str, pages[:_MOST_NUMBERS]))
    more = len(pages) > _MOST_NUMBERS
    return (
        f"第 {'、'.join(listed)} {'等' if more else ''}页",
        f"page {', '.join(listed)}{' and others' if more else ''}",
    )


def _title(declared: str, beginning: str) -> str:
    """The declared title if the first two pages say it too: many are left over from templates or name other files."""
    title = " ".join(without_surrogates(declared).replace("\0", "").split())
    return title if "".join(title.split()) in "".join(beginning.split()) else ""


def _read(raw: bytes, name: str) -> _Found:
    import pypdfium2

    try:
        document: Any = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        raise _unreadable(name, getattr(error, "err_code", None)) from error
    try:
        count = len(document)
        if count > MAX_PAGES:
            raise refusal(
                name,
                f"共 {count} 页，超过上限 {MAX_PAGES} 页。请拆成几份后再试。",
                f"it has {count} pages, more than the limit of {MAX_PAGES}; split it and try again.",
            )
        if count == 0:
            raise _unreadable(name, None)
        found = _Found(metadata=document.get_metadata_dict())
        characters = 0
        for number, page in enumerate(document, 1):
            characters += _add_page(found, page, number, with_geometry=characters < MOST_CHARACTERS)
        return found
    except pypdfium2.PdfiumError as error:
        raise _unreadable(name, getattr(error, "err_code", None)) from error
    finally:
        document.close()


def _add_page(found: _Found, page: Any, number: int, with_geometry: bool) -> int:
    """Reads a page; returns how many characters PDFium finds on it."""
    try:
        content = content_of(page, with_geometry)
        given, content.plain = content.plain, _tidy(content.plain)
        parts = parts_of(content)
        if not content.plain.strip() and not content.unmapped and not content.drawing.is_blank:
            parts.plain = text_of_image(page) or ""
            if not parts.plain:
                found.without_text.append(number)
    finally:
        page.close()
    if number <= 2:
        found.beginning += content.plain
    unmapped = (
        content.unmapped if content.in_order else len("".join(given.split())) - len("".join(content.plain.split()))
    )
    if unmapped > 0:
        found.unmapped += unmapped
        found.unmapped_on.append(number)
    found.unseen += content.unseen
    found.pages.append(parts)
    return len(given)


def text_of_image(page: Any) -> str | None:
    """The text that can be recognised on pypdfium2's page, which has no text layer; None: nothing recognises it yet."""
    return None


def _tidy(text: str) -> str:
    """A page as plain text: one kind of line end, no form feed of its own, none of PDFium's hyphen marks."""
    text = without_surrogates(text).replace("\r\n", "\n").replace("\r", "\n").replace(PAGE_BREAK, "\n")
    text = re.sub("[\ufffe\x02]", "-", text)  # PDFium's marks for a hyphen at the end of a line
    return "".join(character if character in "\n\t" else usual_form(character) for character in text)


def _unreadable(name: str, code: int | None) -> LoadError:
    if code in (_PASSWORD_NEEDED, _SECURITY_UNSUPPORTED):
        return refusal(
            name,
            "这份 PDF 已加密，需要密码才能打开。请先解除密码再试。",
            "this PDF is encrypted and needs a password; remove the password and try again.",
        )
    return refusal(
        name,
        "PDF 已损坏，无法打开。请重新下载，或用阅读器打开后另存一份再试。",
        "this PDF is damaged and cannot be opened; download it again, or open it in a viewer and save a fresh copy.",
    )
