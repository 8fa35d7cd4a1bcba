"""PDF through PDFium: the text layer as a person reads it.

PDFium gives each character with its place; what they form (lines, columns, tables, notes, paragraphs) is told from their
places by the modules that :mod:`rag.formats.pdf_layout` puts together. A page whose places cannot be used keeps PDFium's
own order.
"""

import contextlib
import math
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rag.errors import LoadError
from rag.formats.character_forms import usual_form
from rag.formats.pdf_glyphs import content_of
from rag.formats.pdf_layout import PageParts, parts_of, text_of_pages
from rag.formats.pdf_text import PAGE_BREAK
from rag.formats.recognition import EXTRA, MOST_PIXELS, is_installed
from rag.formats.scans import Scans, page_numbers
from rag.loading.base import MAX_PAGES, Extracted, refusal
from rag.text.surrogates import without_surrogates

if TYPE_CHECKING:
    from rag.formats.recognition import Picture

MOST_CHARACTERS = 800_000
"""Characters of a file whose places are looked at; what comes after them keeps PDFium's order, or it took too long."""

# PDFium keeps global state and allows one call at a time in a process.
_pdfium_lock = threading.Lock()

_PASSWORD_NEEDED = 4  # FPDF_ERR_PASSWORD, fpdfview.h
_SECURITY_UNSUPPORTED = 5  # FPDF_ERR_SECURITY
_DOTS = 200  # per inch, of a page that is recognised


@dataclass(slots=True)
class _Found:
    """What has been read of a file: its pages, its metadata, and what was left out, page numbers from 1."""

    pages: list[PageParts] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    beginning: str = ""
    unseen: int = 0
    unmapped: int = 0
    unmapped_on: list[int] = field(default_factory=list)
    scans: Scans = field(default_factory=Scans)


def extract(raw: bytes, name: str) -> Extracted:
    """The text of all pages, with the offset at which each begins.

    A file's own date is that of the file, not of what it says, and is not used.

    Raises:
        LoadError: the file is damaged, needs a password, has more than :data:`MAX_PAGES` pages, or no text layer.
    """
    with opened_pdf(raw, name) as document:
        found = _read(document)
    if not any(page.parts or page.tables or page.askew or page.plain.strip() for page in found.pages):
        raise _without_text(name, found)
    text, starts, heads = text_of_pages(found.pages)
    return Extracted(
        text=text,
        title=_title(found.metadata.get("Title", ""), found.beginning),
        page_starts=starts,
        encoding="pdf",
        left_out=tuple(_left_out(found, heads)),
        unsure=found.scans.unsure_in(text, starts),
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
        zh, en = page_numbers(found.unmapped_on)
        yield (
            f"文件没有说明是什么字的 {found.unmapped} 个字（{zh}）",
            f"characters that the file does not identify: {found.unmapped} ({en})",
        )
    yield from found.scans.told()


def _title(declared: str, beginning: str) -> str:
    """The declared title if the first two pages say it too: many are left over from templates or name other files."""
    title = " ".join(without_surrogates(declared).replace("\0", "").split())
    return title if "".join(title.split()) in "".join(beginning.split()) else ""


@contextlib.contextmanager
def opened_pdf(raw: bytes, name: str) -> Iterator[Any]:
    """PDFium's document, which nobody else in this process uses meanwhile.

    Raises:
        LoadError: the file is damaged, needs a password or has more than :data:`MAX_PAGES` pages.
    """
    import pypdfium2

    with _pdfium_lock:
        try:
            with contextlib.closing(pypdfium2.PdfDocument(raw)) as document:
                count = len(document)
                if count > MAX_PAGES:
                    raise refusal(
                        name,
                        f"共 {count} 页，超过上限 {MAX_PAGES} 页。请拆成几份后再试。",
                        f"it has {count} pages, more than the limit of {MAX_PAGES}; split it and try again.",
                    )
                if count == 0:
                    raise _unreadable(name, None)
                yield document
        except pypdfium2.PdfiumError as error:
            raise _unreadable(name, getattr(error, "err_code", None)) from error


def _read(document: Any) -> _Found:
    found = _Found(metadata=document.get_metadata_dict())
    characters, pages = 0, len(document)
    for number, page in enumerate(document, 1):
        characters += _add_page(found, page, number, pages, with_geometry=characters < MOST_CHARACTERS)
    return found


def _add_page(found: _Found, page: Any, number: int, pages: int, with_geometry: bool) -> int:
    """Reads a page of so many; returns how many characters PDFium finds on it."""
    try:
        content = content_of(page, with_geometry)
        given, content.plain = content.plain, _tidy(content.plain)
        parts = parts_of(content)
        if not content.plain.strip() and not content.unmapped and not content.drawing.is_blank:
            parts = _recognised(page, found.scans, number, pages) or parts
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


def _recognised(page: Any, scans: Scans, number: int, pages: int) -> PageParts | None:
    """What is recognised on a page without a text layer; None: nothing."""
    if not is_installed():
        scans.without_text.append(number)
        return None
    width, height = page.get_size()

    def draw() -> "Picture":
        scale = min(_DOTS / 72, math.sqrt(MOST_PIXELS / max(width * height, 1.0)))
        with contextlib.closing(page.render(scale=scale)) as bitmap:
            picture: Picture = bitmap.to_numpy()[:, :, :3].copy()
            return picture

    return scans.add(number, pages, draw, max(width, height))


def _without_text(name: str, found: _Found) -> LoadError:
    """The refusal of a file of which no page has text."""
    pages = len(found.pages)
    if found.scans.given_up:
        return found.scans.refused(name)
    if is_installed():
        return refusal(
            name,
            f"这份 PDF 共 {pages} 页，没有文字层，也没有识别出文字。请换一份更清晰的扫描件再试。",
            f"this PDF of {pages} page(s) has no text layer, and no text was recognised on it; try a clearer scan.",
        )
    return refusal(
        name,
        f"这份 PDF 共 {pages} 页，没有文字层，多半是扫描件。识别文字请先安装：{EXTRA}；"
        "也可以先用 OCR 软件转成带文字的 PDF。",
        f"this PDF of {pages} page(s) has no text layer, so it is probably a scan. To recognise its text, {EXTRA}, or run "
        "it through OCR software first.",
    )


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
