"""What spans share: whether gold quotes are covered, and whether a citation is on gold."""

from collections.abc import Iterable, Sequence

from eval.questions import Gold, Span
from eval.rows import Row

ENOUGH = 0.5
"""Share of the characters of a gold quote from which on it counts as covered."""


def covered(gold: Gold, spans: Iterable[Span]) -> float:
    """Largest share of the characters of one of the gold's places that the spans hold together."""
    shown = tuple(spans)
    return max(
        len({offset for span in shown if span.document == place.document for offset in _shared(place, span)})
        / (place.end - place.start)
        for place in gold.spans
    )


def covers_all(row: Row, spans: Sequence[Span]) -> bool:
    """Whether the spans cover every gold quote of the row's question."""
    return all(covered(gold, spans) >= ENOUGH for gold in row.question.gold)


def is_on_gold(span: Span, question_gold: Iterable[Gold]) -> bool:
    """Whether a span shares half the characters of a gold place, or half its own."""
    return any(_touches(span, place) for gold in question_gold for place in gold.spans)


def _touches(span: Span, place: Span) -> bool:
    if span.document != place.document:
        return False
    shorter = min(span.end - span.start, place.end - place.start)
    return len(_shared(span, place)) >= ENOUGH * shorter


def _shared(one: Span, other: Span) -> range:
    return range(max(one.start, other.start), min(one.end, other.end))
