"""The formats that can be loaded, by suffix, and what binary files begin with."""

import importlib
from dataclasses import dataclass
from typing import cast

from rag.loading.base import Drawer, Loader, Locator

OLE = "OLE (.doc/.xls)"
"""The kind of content in which old office programs, and new ones with a password, pack their files."""

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"\x7fELF", "ELF"),
    (b"\x89PNG\r\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"SQLite format 3\0", "SQLite"),
)
"""What binary files begin with, and what they are then. Only what no text begins with."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be loaded.

    Attributes:
        loader: 'module:function', imported when first used.
        content: what its files are by :data:`SIGNATURES`; nothing for text.
        becomes: the format that LibreOffice makes of it first, whose loader then reads it; empty for one that we read.
        drawer: 'module:function' of a format with pages, which draws one of them.
        locator: 'module:function' of a format whose characters have places on its pages, which tells these.
    """

    loader: str
    content: tuple[str, ...] = ()
    becomes: str = ""
    drawer: str = ""
    locator: str = ""


_UNCONVERTED = "rag.formats.unconverted:extract"  # tells why LibreOffice could not read a file
_PDF_PAGES, _PDF_PLACES = "rag.formats.drawing:draw_pdf", "rag.formats.pdf_places:places_in_pdf"
_PICTURES = "rag.formats.drawing:draw_image"

FORMATS: dict[str, Format] = {
    ".txt": Format("rag.formats.plain:extract"),
    ".text": Format("rag.formats.plain:extract"),
    ".md": Format("rag.formats.markdown:extract"),
    ".markdown": Format("rag.formats.markdown:extract"),
    ".html": Format("rag.formats.html:extract"),
    ".htm": Format("rag.formats.html:extract"),
    ".xhtml": Format("rag.formats.html:extract"),
    ".pdf": Format("rag.formats.pdf:extract", ("PDF",), drawer=_PDF_PAGES, locator=_PDF_PLACES),
    ".docx": Format("rag.formats.docx:extract", ("ZIP",)),
    ".xlsx": Format("rag.formats.workbooks:extract", ("ZIP",)),
    ".xlsm": Format("rag.formats.workbooks:extract", ("ZIP",)),
    ".csv": Format("rag.formats.delimited:extract"),
    ".tsv": Format("rag.formats.delimited:extract"),
    ".pptx": Format("rag.formats.slides:extract", ("ZIP",)),
    ".epub": Format("rag.formats.epub:extract", ("ZIP",)),
    ".eml": Format("rag.formats.mail:extract"),
    ".mhtml": Format("rag.formats.mail:extract_page"),
    ".mht": Format("rag.formats.mail:extract_page"),
    ".png": Format("rag.formats.images:extract", ("PNG",), drawer=_PICTURES),
    ".jpg": Format("rag.formats.images:extract", ("JPEG",), drawer=_PICTURES),
    ".jpeg": Format("rag.formats.images:extract", ("JPEG",), drawer=_PICTURES),
    ".tif": Format("rag.formats.images:extract", ("TIFF",), drawer=_PICTURES),
    ".tiff": Format("rag.formats.images:extract", ("TIFF",), drawer=_PICTURES),
    ".bmp": Format("rag.formats.images:extract", drawer=_PICTURES),
    ".webp": Format("rag.formats.images:extract", drawer=_PICTURES),
    ".doc": Format(_UNCONVERTED, (OLE,), ".docx"),
    ".wps": Format(_UNCONVERTED, (OLE,), ".docx"),
    ".rtf": Format(_UNCONVERTED, (), ".docx"),
    ".odt": Format(_UNCONVERTED, ("ZIP",), ".docx"),
    ".xls": Format(_UNCONVERTED, (OLE,), ".xlsx"),
    ".et": Format(_UNCONVERTED, (OLE,), ".xlsx"),
    ".ods": Format(_UNCONVERTED, ("ZIP",), ".xlsx"),
    ".ppt": Format(_UNCONVERTED, (OLE,), ".pptx"),
    ".dps": Format(_UNCONVERTED, (OLE,), ".pptx"),
    ".odp": Format(_UNCONVERTED, ("ZIP",), ".pptx"),
}
"""Suffix → format. One line adds one (docs/adding.md)."""

ARCHIVE = ".zip"
"""The suffix of archives, whose files are documents of their own."""

UNREADABLE: dict[str, tuple[str, str]] = {
    ".ofd": ("请在版式阅读器中打开，导出为 PDF 后再试。", "open it in a viewer, export it as PDF and try again."),
}
"""Formats of documents that are not read: what to do instead. A folder's file of such a format is named, not passed over."""

_LISTING = "rag.formats.zip_listing:extract"


def loader_for(suffix: str) -> Loader:
    """The loader of a format; importing it here, where files are read, keeps its libraries out of other processes."""
    return cast(Loader, _named(_LISTING if suffix == ARCHIVE else FORMATS[suffix].loader))


def drawer_for(suffix: str) -> Drawer:
    """What draws a page of a format that has pages; imported as a loader is."""
    return cast(Drawer, _named(FORMATS[suffix].drawer))


def locator_for(suffix: str) -> Locator:
    """What tells where on a page characters stand; imported as a loader is."""
    return cast(Locator, _named(FORMATS[suffix].locator))


def _named(place: str) -> object:
    module, _, function = place.partition(":")
    return getattr(importlib.import_module(module), function)
