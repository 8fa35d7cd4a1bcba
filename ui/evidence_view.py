"""The evidence pane: for each turn the documents it rests on, with the exact spans marked and the text around them.

All turns of a conversation stand in the pane; style.css shows the latest, or the one a followed link leads to.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rag.assistant import EvidenceFound
from rag.errors import UsageError
from rag.text.documents import Document
from ui.conversations import Turn
from ui.html import Html, anchor, element
from ui.page_view import opening
from ui.source_view import Highlight, excerpt, whole
from ui.texts import Language, say, shown_day

OpenDocument = Callable[[str], Document]


def pane(
    turns: Sequence[Turn], open_document: OpenDocument, language: Language, found: Html | None = None
) -> list[Html]:
    """The sources of all turns, an element each, oldest first; where there are none, a line that says so.

    Args:
        turns: of one conversation.
        open_document: gives a document by its id, or raises UsageError where the index no longer has it.
        language: of the interface.
        found: the evidence of a turn whose answer is still being written (:func:`found`).
    """
    shown = [_sources(turn, open_document, language) for turn in turns if turn.answer]
    if found:
        shown.append(found)
    return shown or [element("p", say("pane_empty", language), class_="empty")]


def found(turn: Turn, evidence: EvidenceFound, language: Language) -> Html:
    """The evidence of a turn whose answer is still being written."""
    marks: dict[str, tuple[Document, list[str], list[Highlight]]] = {}
    for number, each in enumerate(evidence.evidence, 1):
        mark = Highlight(each.sentence.start, each.sentence.end, anchor("e", turn.id, number))
        _, speakers, highlights = marks.setdefault(each.document.id, (each.document, [], []))
        speakers.append(each.sentence.speaker)
        highlights.append(mark)
    cards = [
        _card(
            _header(_facts_of(document, speakers), [], language), excerpt(document, highlights, language=language), ""
        )
        for document, speakers, highlights in marks.values()
    ]
    return _section(turn, cards, language)


def reader(document: Document, highlights: Sequence[Highlight], language: Language) -> Html:
    """A document in full with its facts, marks and the way back to the sources."""
    return reader_of(document, whole(document, highlights, language), language)


def reader_of(document: Document, body: Html, language: Language) -> Html:
    """What is shown of a document in place of the sources, with its facts and the way back to them."""
    back = element("button", say("back_to_sources", language), type="button", data_action="sources")
    header = _header(_facts_of(document, document.speakers), [], language)
    return element("section", back, _card(header, body, ""), class_="sources reader")


def _sources(turn: Turn, open_document: OpenDocument, language: Language) -> Html:
    assert turn.answer is not None
    cited: dict[str, list[dict[str, Any]]] = {}
    for citation in turn.answer["citations"]:
        cited.setdefault(citation["document_id"], []).append(citation)
    cards = [_cited(turn, citations, open_document, language) for citations in cited.values()]
    if not cards:
        cards = [
            _near(turn, number, hit, open_document, language) for number, hit in enumerate(turn.answer["hits"][:3], 1)
        ]
    return _section(turn, cards, language)


def _section(turn: Turn, cards: Sequence[Html], language: Language) -> Html:
    title = element("h2", say("pane_of", language, question=turn.question))
    body = cards or [element("p", say("nothing_cited", language), class_="empty")]
    return element("section", title, *body, class_="sources", id=anchor("sources", turn.id))


def _cited(turn: Turn, citations: list[dict[str, Any]], open_document: OpenDocument, language: Language) -> Html:
    assert turn.answer is not None
    first = citations[0]
    claims = turn.answer["claims"]
    marks = []
    for citation in citations:
        number = citation["number"]
        claim = next((place for place, each in enumerate(claims, 1) if number in each["citations"]), 0)
        back = anchor("claim", turn.id, claim) if claim else ""
        label = say("back_to_claim", language, n=number)
        marks.append(
            Highlight(citation["start"], citation["end"], anchor("c", turn.id, number), str(number), back, label)
        )
    unsure = [each for citation in citations for each in citation.get("unsure", ())]
    speakers = _named(citation["speaker"] for citation in citations)
    header = _header(
        {**first, "speaker": speakers, "unsure": unsure}, [citation["number"] for citation in citations], language
    )
    document = _opened(open_document, first["document_id"])
    if document is None or any(document.text[each["start"] : each["end"]] != each["quote"] for each in citations):
        quotes = [
            element("p", element("mark", citation["quote"], id=mark.anchor, tabindex="-1"))
            for citation, mark in zip(citations, marks, strict=True)
        ]
        gone = element("p", say("document_gone", language), class_="notice")
        return _card(header, element("div", gone, *quotes, class_="excerpt"), "")
    spans = [(citation["start"], citation["end"]) for citation in citations]
    return _card(header, excerpt(document, marks, language=language), _footer(turn, document, spans, language))


def _near(turn: Turn, number: int, hit: dict[str, Any], open_document: OpenDocument, language: Language) -> Html:
    facts = {**hit, "speaker": _named(hit["speakers"])}
    mark = Highlight(hit["start"], hit["end"], anchor("h", turn.id, number))
    document = _opened(open_document, hit["document_id"])
    if document is None:
        body = element("div", element("p", hit["text"], id=mark.anchor), class_="excerpt near")
        return _card(_header(facts, [], language), body, "")
    body = element("div", excerpt(document, [mark], 120, language), class_="near")
    return _card(_header(facts, [], language), body, _footer(turn, document, [(hit["start"], hit["end"])], language))


def _opened(open_document: OpenDocument, document_id: str) -> Document | None:
    try:
        return open_document(document_id)
    except UsageError:
        return None


def _named(speakers: Iterable[str]) -> str:
    """Who speaks, each once; the narrator has no name."""
    return "、".join(filter(None, dict.fromkeys(speakers)))


def _facts_of(document: Document, speakers: Iterable[str]) -> dict[str, Any]:
    return {
        "title": document.title,
        "date": document.date,
        "date_is_guessed": document.date_is_guessed,
        "source": document.source,
        "speaker": _named(speakers),
        "heading": "",
        "page": None,
        "unsure": document.unsure,
        "reprints": [],
    }


def _header(facts: dict[str, Any], numbers: Sequence[int], language: Language) -> Html:
    title = [element("span", str(number), class_="number", aria_hidden="true") for number in numbers]
    page = say("page", language, page=facts["page"]) if facts.get("page") else ""
    day = shown_day(facts["date"], facts.get("date_is_guessed", False), language)
    shown = [day or say("undated", language), facts["source"], facts["speaker"], page]
    parts = [
        element("h3", *title, facts["title"]),
        element("p", *_separated([str(fact) for fact in shown if fact]), class_="facts"),
    ]
    if facts.get("heading"):
        parts.append(element("p", facts["heading"], class_="under"))
    if facts.get("unsure"):
        parts.append(element("p", say("unsure_quote", language), class_="doubt"))
    if facts.get("reprints"):
        titles = "、".join(f"《{other['title']}》" for other in facts["reprints"])
        parts.append(element("p", say("reprints", language, titles=titles), class_="reprints"))
    return element("header", *parts)


def _separated(facts: Sequence[str]) -> list[Html]:
    return [element("span", fact) for fact in facts]


def _footer(turn: Turn, document: Document, spans: Sequence[tuple[int, int]], language: Language) -> Html:
    start, end = spans[0]
    span = element("span", say("span", language, start=start, end=end))
    read = element(
        "button",
        say("read_all", language),
        type="button",
        data_action="read",
        data_document=document.id,
        data_start=str(start),
        data_end=str(end),
    )
    back = element("a", say("back", language), href=f"#{anchor('turn', turn.id)}", class_="back")
    return element("footer", span, back, element("span", *_pages(document, spans, language), read, class_="more"))


def _pages(document: Document, spans: Sequence[tuple[int, int]], language: Language) -> list[Html]:
    """A button for each page on which a span begins."""
    numbers = sorted({document.page(start) or 0 for start, _ in spans} - {0})
    if len(numbers) == 1:
        return [opening(document, numbers[0], say("original_page", language), spans)]
    return [opening(document, number, say("original_page_of", language, page=number), spans) for number in numbers]


def _card(header: Html, body: Html, footer: str) -> Html:
    return element("article", header, body, footer, class_="source")
