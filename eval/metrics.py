"""Metrics: one function each, from rows to a number between 0 and 1, or None where no row counts.

A row that ended with an error counts as answered with nothing: no fact, no evidence, no citation, not silent.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from eval.questions import Gold, Span
from eval.rows import Row
from rag.figures import figures_in
from rag.lexical import fold

ENOUGH = 0.5
_DROPPED = re.compile(r"[\s,，]")
_DECLINES = re.compile(
    "(?:没有|未|并未)(?:直接|明确|具体)?(?:提到|提及|提供|给出|说明|包含|涉及|找到)|"
    "(?:无法|不能)(?:回答|确定|得知|判断)|"
    r"\b(?:do(?:es)? not|doesn't|don't|not) (?:mention|provide|contain|state|specif)|\bcannot (?:answer|determine)",
    re.IGNORECASE,
)


def fact_accuracy(rows: Sequence[Row]) -> float | None:
    """Share of answerable questions whose answer holds every required fact: |{all facts found}| / |answerable|."""
    return _mean(float(found_facts(row) == len(row.question.facts)) for row in _answerable(rows))


def fact_recall(rows: Sequence[Row]) -> float | None:
    """Mean over answerable questions of the share of required facts found: Σ (found / required) / |answerable|."""
    return _mean(found_facts(row) / len(row.question.facts) for row in _answerable(rows))


def evidence_recall(rows: Sequence[Row]) -> float | None:
    """Share of answerable questions all of whose gold quotes are covered by the evidence (by ≥ 50 % of characters)."""
    return _mean(float(_covers_all(row, row.evidence)) for row in _answerable(rows))


def recall_at_5(rows: Sequence[Row]) -> float | None:
    """Share of answerable questions all of whose gold quotes are covered (≥ 50 %) by the first 5 passages."""
    return _mean(float(_covers_all(row, row.hits[:5])) for row in _answerable(rows))


def recall_at_10(rows: Sequence[Row]) -> float | None:
    """Share of answerable questions all of whose gold quotes are covered (≥ 50 %) by the first 10 passages."""
    return _mean(float(_covers_all(row, row.hits[:10])) for row in _answerable(rows))


def citation_precision(rows: Sequence[Row]) -> float | None:
    """Mean over answered answerable questions of |citations on gold| / |citations|; 0 without citations.

    A citation is on gold when it shares half the characters of a gold span, or half its own.
    """
    return _mean(_citation_precision(row) for row in _answerable(rows) if not row.abstained)


def citation_recall(rows: Sequence[Row]) -> float | None:
    """Mean over answered answerable questions of |gold quotes that citations cover (≥ 50 %)| / |gold quotes|."""
    return _mean(
        fmean(float(covered(gold, _cited(row)) >= ENOUGH) for gold in row.question.gold)
        for row in _answerable(rows)
        if not row.abstained
    )


def exact_span_rate(rows: Sequence[Row]) -> float | None:
    """Share of all citations with ``document.text[start:end] == quote``. Anything but 1 is a defect."""
    return _mean(float(citation.exact) for row in rows for citation in row.citations)


def unsupported_claim_rate(rows: Sequence[Row]) -> float | None:
    """Share of all claims that fail one of their three checks (exists, facts agree, supports)."""
    return _mean(float(not supported) for row in rows for supported in row.claims)


def rejection_rate(rows: Sequence[Row]) -> float | None:
    """Share of unanswerable questions that are not answered: |abstained or declined| / |unanswerable|."""
    return _mean(float(is_silent(row)) for row in rows if not row.question.answerable)


def false_rejection_rate(rows: Sequence[Row]) -> float | None:
    """Share of answerable questions that are not answered: |abstained or declined, facts missing| / |answerable|."""
    return _mean(float(is_silent(row)) for row in _answerable(rows))


METRICS: dict[str, Callable[[Sequence[Row]], float | None]] = {
    function.__name__: function
    for function in (
        fact_accuracy,
        fact_recall,
        recall_at_5,
        recall_at_10,
        evidence_recall,
        citation_precision,
        citation_recall,
        exact_span_rate,
        unsupported_claim_rate,
        rejection_rate,
        false_rejection_rate,
    )
}


def found_facts(row: Row) -> int:
    """Number of the required facts that the answer holds."""
    return sum(any(stands_in(form, row.answer) for form in forms) for forms in row.question.facts)


def is_silent(row: Row) -> bool:
    """Whether the assistant abstained, or its model wrote that the documents do not say and gave not all the facts."""
    if row.abstained:
        return True
    knows = bool(row.question.facts) and found_facts(row) == len(row.question.facts)
    return bool(_DECLINES.search(row.answer)) and not knows


def stands_in(form: str, answer: str) -> bool:
    """Whether a written form of a fact stands in an answer, or the same figure written in another way.

    Width, case, script, spaces and commas do not count; ``1万`` does not stand in ``11万``, nor ``3%`` in
    ``5.3%``, nor ``62`` in ``62%``.
    """
    wanted, said = (_DROPPED.sub("", fold(text)) for text in (form, answer))
    before = r"(?<![\d.])" if wanted[0].isdigit() else ""
    after = r"(?!\d|\.\d|[%‰万亿千百十]|个百分点)" if wanted[-1].isdigit() else ""
    if re.search(before + re.escape(wanted) + after, said):
        return True
    figures = figures_in(form)
    is_figure = len(figures) == 1 and figures[0].written.strip() == form.strip()
    return is_figure and any(figure.key == figures[0].key for figure in figures_in(answer))


def covered(gold: Gold, spans: Iterable[Span]) -> float:
    """Largest share of the characters of one of the gold's places that the spans hold together."""
    shown = tuple(spans)
    return max(
        len({offset for span in shown if span.document == place.document for offset in _shared(place, span)})
        / (place.end - place.start)
        for place in gold.spans
    )


def _citation_precision(row: Row) -> float:
    places = [place for gold in row.question.gold for place in gold.spans]
    cited = _cited(row)
    return fmean(float(any(_touches(span, place) for place in places)) for span in cited) if cited else 0.0


def _touches(span: Span, place: Span) -> bool:
    if span.document != place.document:
        return False
    shorter = min(span.end - span.start, place.end - place.start)
    return len(_shared(span, place)) >= ENOUGH * shorter


def _shared(one: Span, other: Span) -> range:
    return range(max(one.start, other.start), min(one.end, other.end))


def _covers_all(row: Row, spans: Sequence[Span]) -> bool:
    return all(covered(gold, spans) >= ENOUGH for gold in row.question.gold)


def _cited(row: Row) -> list[Span]:
    return [citation.span for citation in row.citations]


def _answerable(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.question.answerable]


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return fmean(listed) if listed else None
