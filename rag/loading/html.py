"""HTML through lxml: the article's text, one block per line, without the page around it.

lxml is there for .docx already, and reads the same trees as Beautiful Soup would with lxml below it. Headings become
Markdown headings (``## …``), list items begin with ``- `` or their number, cells of a table row are joined by
`` | ``. ``<br>`` is a line end; ruby annotations are dropped, their base text stays; ``<pre>`` keeps its lines.
"""

import datetime
import re
from collections.abc import Iterator
from typing import Any

from rag.loading.base import NO_MEMORY, Extracted, refusal
from rag.loading.encodings import decode
from rag.loading.publication import day_of
from rag.text.surrogates import without_surrogates

_DROPPED = frozenset(
    re.findall(
        r"\w+",
        "script style noscript template nav header footer aside form head title rt rp svg math iframe object embed "
        "audio video canvas button select textarea input dialog",
    )
)
_DROPPED_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog"})
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article blockquote body caption center dd details div dl dt fieldset figcaption figure form h1 h2 h3 "
        "h4 h5 h6 header hgroup hr html li main menu ol p pre section summary table tbody td tfoot th thead tr ul",
    )
)
_BLOCKS_OF_LAYOUT = ("table", "h1", "h2", "h3", "article", "section", "ul", "ol", "form")
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}

_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_EAST_ASIAN = "\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef"
# A line end in the source between two Chinese characters is no space (CSS Text 3, segment breaks).
_BREAK_IN_CHINESE = re.compile(rf"(?<=[{_EAST_ASIAN}])[ \t]*[\r\n]\s*(?=[{_EAST_ASIAN}])")
_WHITE_SPACE = re.compile(r"[ \t\r\n\f]+")

_DATE_NAMES = (
    "article:published_time", "og:published_time", "datepublished", "pubdate", "publishdate", "publish-date",
    "publish_date", "publish_time", "dc.date.issued", "dc.date", "dcterms.issued", "date",
)  # fmt: skip
_SOURCE_NAMES = ("contentsource", "source", "og:site_name")
_DATE_IN_SCRIPT = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')


def extract(raw: bytes, name: str) -> Extracted:
    """The page's text, with title, day of publication and source where its ``<head>`` gives them.

    Raises:
        LoadError: the page decodes under no encoding, or cannot be parsed.
    """
    import lxml.etree
    import lxml.html

    declared = _META_CHARSET.search(raw[:4096])
    page, _ = decode(raw, name, declared[1].decode("ascii") if declared else "")
    page = _XML_DECLARATION.sub("", page).replace("\0", "")
    parser = lxml.html.HTMLParser(huge_tree=True)
    try:
        root: Any = lxml.html.document_fromstring(page, parser=parser)
        _check_complete(parser.error_log, name)
    except lxml.etree.XMLSyntaxError as error:  # it mends every page: only a lack of memory makes it give up
        raise MemoryError from error
    except (lxml.etree.ParserError, ValueError) as error:
        raise refusal(
            name,
            "网页内容为空或无法解析。请在浏览器中打开，另存一份后再试。",
            "the page is empty or cannot be parsed; open it in a browser, save a fresh copy and try again.",
        ) from error
    declared_values = _meta_values(root)
    title = root.findtext(".//title") or declared_values.get("og:title", "")
    return Extracted(
        text=without_surrogates(_text(root)),
        title=" ".join(without_surrogates(title).split()),
        date=_date(root, declared_values),
        source=next((declared_values[key] for key in _SOURCE_NAMES if declared_values.get(key)), ""),
        encoding="html",
    )


def _check_complete(error_log: Any, name: str) -> None:
    """Refuse a page of which the parser gave up a part; other errors of a page are mended and lose nothing."""
    fatal = [entry.type for entry in error_log if entry.level_name == "FATAL"]
    if NO_MEMORY in fatal:
        raise MemoryError
    if fatal:
        raise refusal(
            name,
            "网页嵌套过深，无法完整解析。请在浏览器中打开，把正文另存为文本后再试。",
            "its elements nest too deep to parse it completely; open it in a browser and save its text instead.",
        )


def _meta_values(root: Any) -> dict[str, str]:
    """The page's ``<meta>`` values by lower-case name; the first of a name counts."""
    values: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = meta.get("name") or meta.get("property") or meta.get("itemprop") or ""
        values.setdefault(name.strip().lower(), without_surrogates(meta.get("content", "")).strip())
    return values


def _date(root: Any, declared_values: dict[str, str]) -> datetime.date | None:
    for name in _DATE_NAMES:
        if day := day_of(declared_values.get(name, "")):
            return day
    for script in root.iterfind(".//script[@type='application/ld+json']"):
        if (found := _DATE_IN_SCRIPT.search(script.text or "")) and (day := day_of(found[1])):
            return day
    for time in root.iter("time"):
        if (time.get("itemprop") == "datePublished" or "pubdate" in time.attrib) and (
            day := day_of(time.get("datetime", ""))
        ):
            return day
    return None


# Marks that live between _pieces and _text only; both are noncharacters, which no page means.
_PRE = "\ufdd0"  # begins a line of <pre>, whose spaces stay
_ITEM = "\ufdd1"  # ends a bullet, which a line end must not part from its text


def _text(root: Any) -> str:
    page_length = len("".join(root.itertext()))
    pieces = "".join(_pieces(root, page_length))
    lines = re.sub(rf"{_ITEM}[\s{_PRE}]*", "", pieces).split("\n")
    tidy = (line if line.startswith(_PRE) else _WHITE_SPACE.sub(" ", line).strip() for line in lines)
    return "\n".join(line.removeprefix(_PRE) for line in tidy if line.strip(_PRE + " \t\xa0\u3000"))


def _pieces(root: Any, page_length: int, *, in_line: bool = False) -> Iterator[str]:
    """The text in pieces, with a newline where a line ends; walks without recursion, since pages nest as deep as they like.

    Args:
        root: the element to begin with.
        page_length: length of all text of the page, in characters.
        in_line: whether the text will be one line, so that headings and rows within it are text like any other.
    """
    numbers: dict[Any, int] = {}
    stack: list[Any] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
            continue
        tail = _collapsed(item.tail)
        if not isinstance(item.tag, str) or _is_dropped(item, page_length):
            stack.append(tail)
            continue
        tag = item.tag
        if tag == "br":
            stack.append("\n" + tail)
        elif tag == "pre":
            lines = _unmarked("".join(item.itertext())).replace("\r\n", "\n").split("\n")
            stack.append("\n" + "\n".join(_PRE + line for line in lines) + "\n" + tail)
        elif tag in _HEADINGS and not in_line:
            line = _line(item, page_length)
            stack.append("\n" + (_HEADINGS[tag] + line if line else "") + "\n" + tail)
        elif tag == "tr" and not in_line and not _is_layout(item):
            cells = (_line(cell, page_length) for cell in item.iterchildren("td", "th"))
            row = " | ".join(cells)
            stack.append("\n" + (row if row.strip(" |") else "") + "\n" + tail)
        else:
            edge = "\n" if tag in _BLOCKS else ""
            stack.extend((tail, edge, *reversed(list(item)), edge + _opening(item, numbers) + _collapsed(item.text)))


def _line(element: Any, page_length: int) -> str:
    """A table cell or a heading as one line, blocks within it separated by spaces."""
    pieces = [_collapsed(element.text)]
    for child in element:
        pieces.extend(_pieces(child, page_length, in_line=True))
    return _WHITE_SPACE.sub(" ", _unmarked("".join(pieces))).strip()


def _opening(element: Any, numbers: dict[Any, int]) -> str:
    """What stands before an element's text on its line: the bullet or the number of a list's item.

    ``numbers`` keeps the number last given in each list.
    """
    if element.tag != "li":
        return ""
    parent = element.getparent()
    if parent is None or parent.tag != "ol":
        return f"- {_ITEM}"
    start = parent.get("start", "1")
    numbers[parent] = numbers[parent] + 1 if parent in numbers else int(start) if start.isdecimal() else 1
    return f"{numbers[parent]}. {_ITEM}"


def _is_dropped(element: Any, page_length: int) -> bool:
    tag = element.tag
    if tag == "header":
        return not any(True for _ in element.iterancestors("article", "main"))  # an article's own holds its headline
    if tag == "form":
        return 2 * len("".join(element.itertext())) < page_length  # ASP.NET wraps whole pages in one form
    if tag in _DROPPED:
        return True
    if "hidden" in element.attrib or element.get("aria-hidden") == "true":
        return bool(tag != "body")
    return str(element.get("role")) in _DROPPED_ROLES or bool(_HIDING_STYLE.search(str(element.get("style", ""))))


def _is_layout(row: Any) -> bool:
    """Whether a table row arranges the page, as on old sites, rather than holding data."""
    return next(row.iterdescendants(*_BLOCKS_OF_LAYOUT), None) is not None


def _collapsed(text: str | None) -> str:
    """An element's text without the source's line ends, which mean nothing in HTML."""
    if not text:
        return ""
    return _WHITE_SPACE.sub(" ", _BREAK_IN_CHINESE.sub("", _unmarked(text)))


def _unmarked(text: str) -> str:
    return text.replace(_PRE, "").replace(_ITEM, "")
