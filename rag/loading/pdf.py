"""PDF through PDFium: the text layer, page by page.

Pages are joined by a form feed, the character that plain text has for it, so that a page's end is never mistaken for
a paragraph's. Line ends stay where the page has them, as newlines.
"""

import re
import threading
from collections.abc import Iterator
from typing import Any

from rag.errors import LoadError
from rag.loading.base import MAX_PAGES, Extracted, refusal
from rag.loading.publication import day_of
from rag.text.surrogates import without_surrogates

PAGE_BREAK = "\f"

# PDFium keeps global state and allows one call at a time in a process.
_pdfium_lock = threading.Lock()

_PASSWORD_NEEDED = 4  # FPDF_ERR_PASSWORD, fpdfview.h
_SECURITY_UNSUPPORTED = 5  # FPDF_ERR_SECURITY


def extract(raw: bytes, name: str) -> Extracted:
    """The text of all pages, with the offset at which each begins.

    Raises:
        LoadError: the file is damaged, needs a password, has more than :data:`MAX_PAGES` pages, or no text layer.
    """
    with _pdfium_lock:
        pages, metadata = _read(raw, name)
    if not any(page.strip() for page in pages):
        raise refusal(
            name,
            f"这份 PDF 共 {len(pages)} 页，没有文字层，多半是扫描件；本程序不做文字识别。"
            "请先用 OCR 软件转成带文字的 PDF。",
            f"this PDF of {len(pages)} page(s) has no text layer, so it is probably a scan; text is not recognised "
            "here. Run it through OCR software first.",
        )
    starts, offset = [], 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + len(PAGE_BREAK)
    return Extracted(
        text=PAGE_BREAK.join(pages),
        title=_title(metadata.get("Title", ""), pages),
        date=day_of(metadata.get("CreationDate", "")),
        page_starts=tuple(starts),
        encoding="pdf",
    )


def _title(declared: str, pages: list[str]) -> str:
    """The declared title if the first two pages say it too: many are left over from templates or name other files."""
    title = " ".join(without_surrogates(declared).replace("\0", "").split())
    squeezed = "".join("".join(pages[:2]).split())
    return title if "".join(title.split()) in squeezed else ""


def _read(raw: bytes, name: str) -> tuple[list[str], dict[str, str]]:
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
        return list(_page_texts(document)), document.get_metadata_dict()
    except pypdfium2.PdfiumError as error:
        raise _unreadable(name, getattr(error, "err_code", None)) from error
    finally:
        document.close()


def _page_texts(document: Any) -> Iterator[str]:
    for page in document:
        text_page = page.get_textpage()
        try:
            yield _tidy(text_page.get_text_range())
        finally:
            text_page.close()
            page.close()


def _tidy(text: str) -> str:
    """A page as plain text: one kind of line end, no form feed of its own, none of PDFium's hyphen marks."""
    text = without_surrogates(text).replace("\r\n", "\n").replace("\r", "\n").replace(PAGE_BREAK, "\n")
    text = re.sub("[\ufffe\x02]", "-", text)  # PDFium's marks for a hyphen at the end of a line
    return text.replace("\0", "").replace("\uffff", "")


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
