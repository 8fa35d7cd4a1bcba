"""HTML through lxml: the article's text, one block per line, without the page around it.

lxml is there for .docx already, and reads the same trees as Beautiful Soup would with lxml below it.
:mod:`rag.formats.web_surroundings` tells what of the page is not its text, :mod:`rag.formats.web_blocks` writes the rest
down, and :mod:`rag.formats.web_head` reads what the page says of itself.
"""

import re
from typing import Any

from rag.errors import LoadError
from rag.formats import web_surroundings as surroundings
from rag.formats.web_blocks import FORMULAS, PICTURES, PageText
from rag.formats.web_head import described
from rag.loading.base import NO_MEMORY, Extracted, refusal
from rag.loading.encodings import decode
from rag.text.surrogates import without_surrogates

_DECLARATIONS = (
    re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE),
    re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE),
)
_DECLARED_WITHIN = 4096  # bytes
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_UNDECODABLE = "\ufffd"
_MOST_UNDECODABLE = 1_000  # one character in so many may be undecodable in a page that declares its encoding

_LEFT_OUT = {
    surroundings.AROUND: ("导航、页脚等 {} 处", "navigation, footers and the like: {}"),
    surroundings.HIDDEN: ("不显示的文字 {} 处", "text that is not shown: {}"),
    surroundings.STRUCK: ("划去的文字 {} 处", "struck-out text: {}"),
    surroundings.READING: ("注音 {} 处", "readings beside characters: {}"),
    surroundings.CONTROL: ("表单控件 {} 个", "form controls: {}"),
    surroundings.MEDIA: ("音频、视频等嵌入内容 {} 处", "sound, video and other embedded content: {}"),
    PICTURES: ("图片 {} 张", "pictures: {}"),
    FORMULAS: ("无法写成一行的公式 {} 个", "formulas that make no line of text: {}"),
}


def extract(raw: bytes, name: str) -> Extracted:
    """The page's text, with title, day of publication and source where its ``<head>`` gives them.

    Raises:
        LoadError: the page decodes under no encoding, or cannot be parsed.
    """
    page, undecodable = _decoded(raw, name)
    root = _parsed(_XML_DECLARATION.sub("", page).replace("\0", ""), name)
    title, date, source = described(root)
    reading = PageText(root)
    text = without_surrogates(reading.text())
    left_out = [
        (zh.format(count), en.format(count))
        for kind, (zh, en) in _LEFT_OUT.items()
        if (count := reading.left_out[kind])
    ]
    if undecodable:
        left_out.append((f"无法解码的字节 {undecodable} 处", f"bytes that cannot be decoded: {undecodable}"))
    return Extracted(text=text, title=title, date=date, source=source, encoding="html", left_out=tuple(left_out))


def _decoded(raw: bytes, name: str) -> tuple[str, int]:
    """The page, and how many places of it could not be decoded.

    Sites cut texts off within a character and leave null bytes; browsers show such pages nevertheless.
    """
    if 0 < 100 * raw.count(0) < len(raw) and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.replace(b"\0", b"")
    found = next((match for one in _DECLARATIONS if (match := one.search(raw[:_DECLARED_WITHIN]))), None)
    declared = found[1].decode("ascii") if found else ""
    try:
        return decode(raw, name, declared)[0], 0
    except LoadError:
        codec = {"gb2312": "gb18030", "gbk": "gb18030"}.get(declared.lower(), declared)
        if codec.lower() not in ("utf-8", "utf8", "gb18030", "big5"):
            raise
        page = raw.decode(codec, "replace")
        undecodable = page.count(_UNDECODABLE)
        if not 0 < undecodable * _MOST_UNDECODABLE <= len(page):
            raise
        return page.replace(_UNDECODABLE, ""), undecodable


def _parsed(page: str, name: str) -> Any:
    import lxml.etree

    parser = lxml.etree.HTMLParser(huge_tree=True)
    try:
        root: Any = lxml.etree.fromstring(page, parser)
        _check_complete(parser.error_log, name)
    except lxml.etree.XMLSyntaxError as error:  # it mends every page: only a lack of memory makes it give up
        raise MemoryError from error
    if root is None:
        raise refusal(
            name,
            "网页内容为空或无法解析。请在浏览器中打开，另存一份后再试。",
            "the page is empty or cannot be parsed; open it in a browser, save a fresh copy and try again.",
        )
    return root


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
