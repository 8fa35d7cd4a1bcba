"""A report as one web page that needs nothing else, prints well, and runs nothing.

It is put together as a tree, in which text can be nothing but text; its links lead to places on the page only.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.exports.report import Exchange, Passage, Report, Source
from rag.exports.wording import say

STYLE_FILE = Path(__file__).with_name("report.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def web_page(report: Report) -> str:
    """The report as the text of an .html file."""
    from lxml import html

    head = _element(
        "head",
        _element("meta", charset="utf-8"),
        _element("meta", content=_POLICY, http_equiv="Content-Security-Policy"),
        _element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _element("title", report.title),
        _element("style", STYLE_FILE.read_text("utf-8")),
    )
    body = _element("body", _element("main", *_blocks(report)))
    page = _element("html", head, body, lang="zh-CN" if report.language == "zh" else "en")
    return html.tostring(page, doctype="<!DOCTYPE html>", encoding="unicode") + "\n"


def _element(kind: str, *children: Any, **attributes: str) -> Any:
    """An element; of its children, strings are text."""
    from lxml.html import builder

    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return builder.E(kind, *children, named)


def _blocks(report: Report) -> Iterator[Any]:
    language = report.language
    yield _element("h1", report.title)
    for place, exchange in enumerate(report.exchanges):
        yield _element("section", _element("h2", report.heading(place)), *_exchange(exchange, report))
    yield _element("h2", say("sources", language))
    if not report.sources:
        yield _element("p", say("nothing_cited", language))
        return
    yield _element("ol", *map(_source, report.sources), class_="sources")
    yield _element("h2", say("references", language))
    for original in report.originals:
        yield _element("p", f"[{original.numbers}] {original.reference}", class_="reference")
    for note in report.reference_notes:
        yield _element("p", note, class_="note")
    yield _element("h2", say("verification", language))
    yield _element("p", say("by_hand", language))
    for original in report.originals:
        lines = (_element("li", line) for line in original.details)
        yield _element("section", _element("h3", original.name), _element("ul", *lines), class_="original")
    yield _element("p", say("by_program", language))
    yield _element("ul", *(_element("li", record) for record in report.records), class_="records")


def _exchange(exchange: Exchange, report: Report) -> Iterator[Any]:
    for note in exchange.notes:
        yield _element("p", note, class_="note")
    for line in exchange.lines:
        yield _element("p", *(part for passage in line for part in _passage(passage)), class_="answer")
    if exchange.withheld:
        yield _element("p", say("withheld", report.language))
        yield _element("ul", *(_element("li", each) for each in exchange.withheld))
    for note in filter(None, [exchange.outcome, exchange.made]):
        yield _element("p", note, class_="note")


def _passage(passage: Passage) -> Iterator[Any]:
    yield passage.text if passage.supported else _element("span", passage.text, class_="unsupported")
    if passage.numbers:
        links: list[Any] = []
        for number in passage.numbers:
            links += [", ", _element("a", str(number), href=f"#source-{number}")]
        yield _element("sup", "[", *links[1:], "]")
    for remark in passage.remarks:
        yield _element("span", remark, class_="remark")


def _source(source: Source) -> Any:
    parts = [
        _element("p", _element("strong", source.title), f" · {source.facts}"),
        _element("blockquote", source.quote),
    ]
    if source.remark:
        parts.append(_element("p", source.remark, class_="remark"))
    return _element("li", *parts, id=f"source-{source.number}", value=str(source.number))
