"""Books (.epub): the chapters in the order in which they are read, each through the loader of web pages."""

import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any

from rag.formats.archives import Archive, resolved
from rag.formats.html import extract as extract_page
from rag.formats.lines import counted
from rag.loading.base import Extracted, refusal
from rag.loading.publication import day_of
from rag.text.surrogates import without_surrogates

_REMEDY = ("请重新下载，或在阅读软件中另存一份后再试。", "download it again, or save a fresh copy, and try again.")
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONTS_ONLY = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_PICTURES = ("img", "image", "svg")


def extract(raw: bytes, name: str) -> Extracted:
    """The book's text, with title, day of publication, and its authors, else its publisher, as source.

    Raises:
        LoadError: the file is damaged, protected against copying, or no book.
    """
    archive = Archive(raw, name, "EPUB", _REMEDY)
    _check_readable(archive)
    opened = archive.tree(_CONTAINER).find(".//{*}rootfile") if _CONTAINER in archive else None
    if opened is None:
        raise archive.damaged()
    main = opened.get("full-path", "")
    package = archive.tree(main)
    texts: list[str] = []
    pictures = contents = 0
    for path, is_contents in _spine(archive, main, package):
        if is_contents:
            contents += 1
            continue
        page, drawn = _page(archive, path)
        pictures += drawn
        if page:
            texts.append(extract_page(page, name).text)
    return Extracted(
        text="\n\n".join(text for text in texts if text.strip()),
        title=next(_values(package, "title"), ""),
        date=next((day for value in _values(package, "date") if (day := day_of(value))), None),
        source="、".join(_values(package, "creator")) or next(_values(package, "publisher"), ""),
        encoding="epub",
        left_out=(
            *counted(pictures, "图片 {} 张", "picture"),
            *counted(contents, "目录页 {} 页", "table of contents", "tables of contents"),
        ),
    )


def _check_readable(archive: Archive) -> None:
    """Refuse a protected book; fonts alone may be encrypted."""
    locked = "META-INF/rights.xml" in archive or "META-INF/license.lcpl" in archive
    if _ENCRYPTION in archive:
        methods = archive.tree(_ENCRYPTION).iterfind(".//{*}EncryptedData/{*}EncryptionMethod")
        locked |= any(method.get("Algorithm", "") not in _FONTS_ONLY for method in methods)
    if locked:
        raise refusal(
            archive.name,
            "这本电子书有版权保护（DRM），内容是加密的，无法读取。请换成没有版权保护的版本。",
            "this book is protected (DRM): its content is encrypted; give a copy without protection.",
        )


def _spine(archive: Archive, main: str, package: Any) -> Iterator[tuple[str, bool]]:
    """The paths of the pages in the order in which they are read, and whether each is the table of contents."""
    items = {item.get("id", ""): item for item in package.iterfind("{*}manifest/{*}item")}
    seen: set[str] = set()
    for reference in package.iterfind("{*}spine/{*}itemref"):
        item = items.get(reference.get("idref", ""))
        if item is None or item.get("media-type", "") not in _PAGES:
            continue
        path = resolved(main, item.get("href", ""))
        if path not in archive:
            raise archive.damaged()
        if path not in seen:
            seen.add(path)
            yield path, "nav" in item.get("properties", "").split()


def _page(archive: Archive, path: str) -> tuple[bytes, int]:
    """A page as HTML, empty where no text stands in it, and the number of its pictures.

    XHTML is read as XML, or an empty element (``<title/>``) would swallow what follows; one that breaks the rules of XML is
    HTML as it stands.
    """
    import lxml.etree

    raw = archive.read(path)
    try:
        page = _ENTITY.sub(_character, _DOCTYPE.sub("", raw.decode("utf-8-sig"), count=1))
        page = re.sub(r"^\s*<\?xml[^>]*\?>", "", page)
        parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = lxml.etree.fromstring(page, parser)
    except (UnicodeDecodeError, lxml.etree.XMLSyntaxError, ValueError):
        return raw, len(re.findall(rb"<(?:img|image|svg)\b", raw))
    for element in root.iter("{*}*"):
        element.tag = lxml.etree.QName(element).localname
    pictures = sum(1 for _ in root.iter(*_PICTURES))
    if not "".join(root.itertext()).strip():
        return b"", pictures
    return b"\xef\xbb\xbf" + lxml.etree.tostring(root, method="html", encoding="utf-8"), pictures


def _character(entity: re.Match[str]) -> str:
    return html5.get(f"{entity[1]};", entity[0])


def _values(package: Any, name: str) -> Iterator[str]:
    """The values of a field of the book's own metadata that hold something."""
    for element in package.iterfind(f"{{*}}metadata//{{*}}{name}"):
        if value := " ".join(without_surrogates("".join(element.itertext())).split()):
            yield value
