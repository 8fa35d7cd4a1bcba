"""Markdown: the text is decoded and never changed; only its front matter is read for title, date and source.

Front matter stands at the very beginning, YAML between lines ``---`` or TOML between lines ``+++``. Of YAML only what
every writer of notes and pages uses is read: flat lines ``key: value``. Whatever else stands there is passed over.
"""

import datetime
import re
from typing import Any

from rag.loading.base import Extracted
from rag.loading.encodings import decode
from rag.loading.publication import day_of
from rag.loading.titles import title_in_text

_LONGEST = 20_000
"""Characters within which front matter must end."""

_FENCED = re.compile(
    r"(?P<fence>---|\+\+\+)[ \t]*\r?\n(?P<inside>.*?)^(?:(?P=fence)|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE
)
_LINE = re.compile(r"(?P<key>[A-Za-z_\u4e00-\u9fff][\w \u4e00-\u9fff-]{0,40}?)[ \t]*:(?:[ \t]+(?P<value>.*?))?[ \t]*")
_ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>.*?)[ \t]*")
_COMMENT = re.compile(r"(?:^|[ \t])#.*$")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "n": " ", "t": " ", "r": ""}
_ESCAPE = re.compile(r"\\(.)")

_TITLES = ("title", "标题", "题目")
_DATES = ("date", "published", "publishdate", "pubdate", "date_published", "created", "日期", "发布日期", "发布时间")
_SOURCES = ("source", "publisher", "author", "authors", "来源", "发布机构", "作者")


def extract(raw: bytes, name: str) -> Extracted:
    """The file's text exactly as its bytes spell it, with what its front matter says of it.

    Raises:
        LoadError: the file decodes under no supported encoding, or is binary.
    """
    text, encoding = decode(raw, name)
    said, end = front_matter(text)
    title = _first(said, _TITLES) or (
        title_in_text(text[end:]) if end else ""
    )  # without, the text's own is taken anyway
    date = next((day for key in _DATES if (day := day_of(said.get(key, "")))), None)
    return Extracted(text=text, title=title, date=date, source=_first(said, _SOURCES), encoding=encoding)


def front_matter(text: str) -> tuple[dict[str, str], int]:
    """What a text's front matter says, by lower-case key, of a list its first entry; and where it ends, 0 without any."""
    found = _FENCED.match(text[:_LONGEST])
    if found is None:
        return {}, 0
    said = _toml(found["inside"]) if found["fence"] == "+++" else _yaml(found["inside"])
    return said, found.end() if said else 0


def _first(said: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((said[key] for key in keys if said.get(key)), "")


def _toml(inside: str) -> dict[str, str]:
    import tomllib

    try:
        values = tomllib.loads(inside.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return {}
    return {key.lower(): said for key, value in values.items() if (said := _as_text(value))}


def _as_text(value: Any) -> str:
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return " ".join(value.split()) if isinstance(value, str) else ""


def _yaml(inside: str) -> dict[str, str]:
    """Flat ``key: value`` lines and the first entry of a list; what is indented below a key is of no use here."""
    said: dict[str, str] = {}
    open_key = ""  # a key whose value may follow as a list
    for line in inside.splitlines():
        entry = _ITEM.fullmatch(line)
        if open_key and entry:
            said.setdefault(open_key, _scalar(entry["value"]))
        pair = _LINE.fullmatch(line)
        if pair:
            key, value = pair["key"].lower(), _scalar(pair["value"] or "")
            open_key = "" if value else key
            if value:
                said.setdefault(key, value)
        elif line.strip() and not entry:
            open_key = ""
    return {key: value for key, value in said.items() if value}


def _scalar(value: str) -> str:
    """A value on one line without its quotation marks; empty for what is no text (block, alias, mapping)."""
    if value.startswith("[") and value.endswith("]"):
        value = value[1:-1].split(",")[0].strip()
    if value.startswith('"') and (found := re.match(r'"((?:[^"\\]|\\.)*)"', value)):
        return " ".join(_ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[0]), found[1]).split())
    if value.startswith("'") and (found := re.match(r"'((?:[^']|'')*)'", value)):
        return " ".join(found[1].replace("''", "'").split())
    value = _COMMENT.sub("", value).strip()
    return "" if not value or value[0] in "|>&*{!%@`" or value in ("~", "null") else value
