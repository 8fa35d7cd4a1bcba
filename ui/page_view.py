"""A page of a document as it looks, beside its text as the assistant read it, so that a reader can compare them."""

import re
from collections.abc import Mapping, Sequence

from rag.errors import YoujuError
from rag.loading.pictures import size_of
from rag.text.documents import Document
from ui.html import Html, element, join, page_picture
from ui.pictures import Drawn, address_of
from ui.source_view import Highlight, between
from ui.texts import Language, say

ALL_LISTED = 7
"""Most pages of which each has a button; of more there are steps of ten and of a hundred."""

_SPANS = re.compile(r"\d{1,9}-\d{1,9}(?:,\d{1,9}-\d{1,9}){0,99}", re.ASCII)

Span = tuple[int, int]


def opening(document: Document, number: int, label: str, spans: Sequence[Span] = (), **attributes: str | None) -> Html:
    """A button that opens a page, with spans to mark; :func:`requested` reads what it sends."""
    return element(
        "button",
        label,
        type="button",
        data_action="page",
        data_document=document.id,
        data_page=str(number),
        data_spans=",".join(f"{start}-{end}" for start, end in spans) or None,
        **attributes,
    )


def requested(data: Mapping[str, str], document: Document) -> tuple[int, list[Span]]:
    """The page that a button wants opened, one that the document has, and the spans to mark."""
    wanted = str(data.get("page", ""))
    number = int(wanted) if re.fullmatch(r"[0-9]{1,6}", wanted) else 1
    given = str(data.get("spans", ""))
    spans = [tuple(map(int, span.split("-"))) for span in given.split(",")] if _SPANS.fullmatch(given) else []
    return max(1, min(number, len(document.page_starts))), [(start, end) for start, end in spans if start < end]


def pages(
    document: Document,
    number: int,
    spans: Sequence[Span],
    drawn: Drawn | YoujuError,
    language: Language,
    back: Html | None = None,
) -> Html:
    """A page of a document and its text.

    Args:
        document: one with pages.
        number: of the page, from 1.
        spans: those to mark, in the document's text.
        drawn: the page as a picture, or why there is none.
        back: a button that leads to where the reader came from.
    """
    starts = (*document.page_starts, len(document.text))
    is_cited = any(start < starts[number] and starts[number - 1] < end for start, end in spans)
    marks = [Highlight(start, end, "page-mark" if not place else "") for place, (start, end) in enumerate(spans)]
    text = between(document, starts[number - 1], starts[number], marks, language)
    if not document.text[starts[number - 1] : starts[number]].strip():
        text = element("p", say("page_without_text", language), class_="page-missing")
    return element(
        "section",
        _turner(document, number, spans, language, back or Html("")),
        element(
            "div",
            element("div", _caption("page_looks", language), _picture(document, number, drawn, is_cited, language)),
            element("div", _caption("page_reads", language), text),
            class_="page-pair",
        ),
        class_="pages",
        tabindex="-1",
        aria_label=say("original_page", language),
    )


def _caption(key: str, language: Language) -> Html:
    return element("p", say(key, language), class_="page-caption")


def _picture(document: Document, number: int, drawn: Drawn | YoujuError, is_cited: bool, language: Language) -> Html:
    if isinstance(drawn, YoujuError):
        return element("p", drawn.zh if language == "zh" else drawn.en, class_="page-missing", role="status")
    words = say("page_picture", language, title=document.title, page=number)
    shown = page_picture(address_of(document, number), words, *size_of(drawn.picture), drawn.places)
    framed = element("div", shown, class_="page-drawing")
    picture = element("div", framed, class_="page-picture", tabindex="0", role="group", aria_label=words)
    if is_cited and not drawn.places:
        return join([element("p", say("page_unmarked", language), class_="page-note"), picture])
    return picture


def _turner(document: Document, number: int, spans: Sequence[Span], language: Language, back: Html) -> Html:
    count = len(document.page_starts)

    def step(key: str, to: int) -> Html:
        if 1 <= to <= count:
            return opening(document, to, say(key, language), spans, data_step=key)
        return element("button", say(key, language), type="button", data_step=key, aria_disabled="true")

    numbers = [
        opening(
            document,
            each,
            str(each),
            spans,
            data_step=f"to-{each}",
            aria_label=say("page", language, page=each),
            aria_current="page" if each == number else None,
        )
        for each in _listed(number, count)
    ]
    said = say("page_of", language, page=number, n=count)
    return element(
        "nav",
        back,
        step("page_before", number - 1),
        element("span", said, class_="page-number", role="status"),
        step("page_after", number + 1),
        element("span", join(numbers), class_="page-numbers") if count > 1 else Html(""),
        element("button", say("enlarge", language), type="button", data_action="enlarge", aria_pressed="false"),
        class_="page-turner",
        aria_label=say("page_turner", language),
    )


def _listed(number: int, count: int) -> list[int]:
    """The pages that have a button: all of a few, else those from which any other is a few steps away."""
    if count <= ALL_LISTED:
        return list(range(1, count + 1))
    near = {number + sign * step for step in (0, 1, 10, 100, 1000) for sign in (1, -1)}
    return sorted({1, count} | {each for each in near if 1 <= each <= count})
