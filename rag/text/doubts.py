"""Doubts: what of a text was recognised on an image and may be something else, and which figures rest on it."""

from collections.abc import Iterable

from rag.text.documents import Document
from rag.text.figures import Figure, figures_in
from rag.text.view import places_of, readable


def doubtful_figures(text: str, spans: Iterable[tuple[Document, int, int]]) -> tuple[str, ...]:
    """The figures of a text, as it writes them, that spans of documents have in unsure characters only.

    Args:
        text: what rests on the spans.
        spans: each with its document.
    """
    spans = list(spans)
    if not any(document.unsure_within(start, end) for document, start, end in spans):
        return ()
    found = [pair for span in spans for pair in _figures(*span)]
    doubtful = []
    for figure in figures_in(text):
        doubts = [is_doubtful for other, is_doubtful in found if figure.may_be(other, text)]
        if doubts and all(doubts):
            doubtful.append(figure.written)
    return tuple(dict.fromkeys(doubtful))


def _figures(document: Document, start: int, end: int) -> list[tuple[Figure, bool]]:
    """The figures of a span as it reads, and whether a character of each is unsure."""
    shown = readable(document.text[start:end])
    places = places_of(shown, document.text, start, end)
    found = []
    for figure in figures_in(shown):
        place = (places[figure.start], places[figure.end - 1] + 1) if places else (start, end)
        found.append((figure, bool(document.unsure_within(*place))))
    return found
