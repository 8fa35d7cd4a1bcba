"""Whole files embedded in a Word document as its text (``w:altChunk``): HTML, MHTML, plain text, Word."""

import email
from collections.abc import Callable
from typing import Any

from rag.errors import LoadError
from rag.formats import html
from rag.formats.archives import Archive
from rag.formats.word_elements import RELATIONS
from rag.formats.word_omissions import Omissions
from rag.loading.encodings import decode

_RTF = b"{\\rtf"
_ZIP = b"PK\x03\x04"
_HTML_ENDINGS = (".htm", ".html", ".xhtml", ".xht")
_MAIL_ENDINGS = (".mht", ".mhtml", ".eml")


def chunk_text(
    element: Any, part: str, archive: Archive, omissions: Omissions, read_word: Callable[[bytes], str] | None
) -> str:
    """The text of what a ``w:altChunk`` embeds; empty, and one more omission, where it cannot be read.

    Args:
        element: the ``w:altChunk``.
        part: the path of the part that it stands in.
        archive: the document.
        omissions: where what is left out is counted.
        read_word: reads an embedded Word document; None where the document is embedded itself.
    """
    relation = archive.relations(part).get(element.get(RELATIONS + "id", ""))
    if relation is None or not relation.target:
        omissions.count("unread parts" if relation is None else "outside")
        return ""
    kind, path = archive.content_type(relation.target), relation.target.lower()
    try:
        raw = archive.read(path)
        if raw.startswith(_ZIP):
            if read_word is None:
                omissions.count("deep parts")
                return ""
            return read_word(raw)
        if raw.lstrip()[: len(_RTF)] == _RTF:
            omissions.count("rich text")
            return ""
        if "rfc822" in kind or "mimearchive" in kind or "multipart" in kind or path.endswith(_MAIL_ENDINGS):
            return _mail_text(raw, path, omissions)
        if "html" in kind or path.endswith(_HTML_ENDINGS):
            return _page_text(raw, path, omissions)
        if kind == "text/plain" or path.endswith(".txt"):
            return "\n".join(decode(raw, path)[0].splitlines())
    except (LoadError, RecursionError):
        pass  # what the host says otherwise is still worth reading
    omissions.count("unread parts")
    return ""


def _page_text(raw: bytes, name: str, omissions: Omissions) -> str:
    extracted = html.extract(raw, name)
    omissions.add(extracted.left_out)
    return extracted.text


def _mail_text(raw: bytes, name: str, omissions: Omissions) -> str:
    """The text of the page that a web archive (MHTML) holds; its first plain text where it holds no page."""
    parts = [part for part in email.message_from_bytes(raw).walk() if not part.is_multipart()]
    for wanted in ("text/html", "application/xhtml+xml", "text/plain"):
        for part in parts:
            if part.get_content_type() != wanted:
                continue
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else b""
            content = _as_declared(content, str(part.get_content_charset() or ""))
            text = decode(content, name)[0] if wanted == "text/plain" else _page_text(content, name, omissions)
            return "\n".join(text.splitlines())
    return ""


def _as_declared(content: bytes, charset: str) -> bytes:
    """The content as UTF-8 with a byte-order mark, where the encoding that the archive declares decodes it."""
    try:
        return b"\xef\xbb\xbf" + content.decode(charset).removeprefix("\ufeff").encode()
    except (LookupError, ValueError):
        return content
