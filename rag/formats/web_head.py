"""What the head of a page says of it: title, day of publication, source."""

import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

from rag.loading.publication import day_of
from rag.text.surrogates import without_surrogates

_DATE_NAMES = (
    "article:published_time", "og:published_time", "datepublished", "pubdate", "publishdate", "publish-date",
    "publish_date", "publish_time", "dc.date.issued", "dc.date", "dcterms.issued", "date",
)  # fmt: skip
_SOURCE_NAMES = ("contentsource", "source", "og:site_name")
_TITLE_NAMES = ("articletitle", "og:title", "twitter:title")
_DATE_IN_SCRIPT = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_LONGEST_SCRIPT = 200_000  # characters
_LONGEST_TITLE = 500
_SEPARATORS = "-–—_|｜丨·•:：»«<>/"


def described(root: Any) -> tuple[str, datetime.date | None, str]:
    """The page's title, day of publication and source; empty or None where its head does not give them."""
    values = _meta_values(root)
    linked = list(_linked_data(root))
    source = next((values[key] for key in _SOURCE_NAMES if values.get(key)), "") or _publisher(linked)
    return _title(root, values), _date(root, values, linked), source


def _meta_values(root: Any) -> dict[str, str]:
    """The page's ``<meta>`` values by lower-case name; the first of a name counts."""
    values: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = meta.get("name") or meta.get("property") or meta.get("itemprop") or ""
        values.setdefault(name.strip().lower(), without_surrogates(meta.get("content", "")).strip())
    return values


def _title(root: Any, values: dict[str, str]) -> str:
    """The title without the site's name, where the page says elsewhere what the title is."""
    title = _words(root.findtext(".//title") or "")
    said = [_words(values.get(name, "")) for name in _TITLE_NAMES]
    said += [_words("".join(heading.itertext())) for heading in root.iter("h1")]
    for shorter in said:
        rest = title.replace(shorter, "", 1) if shorter and len(title) <= _LONGEST_TITLE else ""
        is_edge = title.startswith(shorter) or title.endswith(shorter)
        if rest and is_edge and (rest.strip()[:1] in _SEPARATORS or rest.strip()[-1:] in _SEPARATORS):
            return shorter
    return title or _words(values.get("og:title", ""))


def _words(text: str) -> str:
    return " ".join(without_surrogates(text).split())


def _linked_data(root: Any) -> Iterator[dict[str, Any]]:
    """The objects of the page's JSON-LD."""
    for script in root.iterfind(".//script[@type='application/ld+json']"):
        try:
            found = json.loads((script.text or "")[:_LONGEST_SCRIPT])
        except (ValueError, RecursionError):
            continue
        objects = found if isinstance(found, list) else [found]
        for one in objects:
            if isinstance(one, dict):
                graph = one.get("@graph")
                yield from (inner for inner in (graph if isinstance(graph, list) else [one]) if isinstance(inner, dict))


def _publisher(linked: list[dict[str, Any]]) -> str:
    for one in linked:
        publisher = one.get("publisher")
        name = publisher.get("name") if isinstance(publisher, dict) else publisher
        if isinstance(name, str) and name.strip():
            return _words(name)
    return ""


def _date(root: Any, values: dict[str, str], linked: list[dict[str, Any]]) -> datetime.date | None:
    for name in _DATE_NAMES:
        if day := day_of(values.get(name, "")):
            return day
    for one in linked:
        if isinstance(said := one.get("datePublished"), str) and (day := day_of(said)):
            return day
    for script in root.iterfind(".//script[@type='application/ld+json']"):  # also where it is no valid JSON
        if (found := _DATE_IN_SCRIPT.search(script.text or "")) and (day := day_of(found[1])):
            return day
    for time in root.iter("time"):
        if (time.get("itemprop") == "datePublished" or "pubdate" in time.attrib) and (
            day := day_of(time.get("datetime", ""))
        ):
            return day
    return None
