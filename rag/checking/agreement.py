"""Agreement: whether the figures and dates of a claim are those of the spans it cites.

Each must stand in a cited span, in any way of writing, with its unit and bound; and where the span says another figure or
date in the same surroundings (``2018年`` for ``2023年``), the claim disagrees, even if its own stands elsewhere in the span.
What else a claim says is for the reader to check (:mod:`rag.checking.verification`): rules for direction, rank, negation,
plans, names and subjects added nothing beside it (docs/notebook.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers import Citation
from rag.checking.compared_texts import Span, Text, compared, sources_of, widest
from rag.checking.date_agreement import wrong_dates
from rag.checking.figure_agreement import Figures, unknown_designations
from rag.checking.substitutions import substituted
from rag.reading.times import Told
from rag.text.numerals import in_digits
from rag.text.terms import fold

_OF_DATES = ("年", "月", "季度")
"""Parts of dates that a right claim may tell though its source does not, by counting or by the day of publication."""
_EDGE = " \t\n。，；、！？.,;!?：:\"'“”‘’（）()《》「」"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether the facts of a claim are those of its sources.

    Attributes:
        missing: the facts that its sources do not bear out, as the claim writes them.
        resolved: dates that only the day of publication bears out, such as
            ``3月底＝2023-03-31（资料发布于2023-04-21）``.
    """

    missing: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()


def disagreements(claim: str, citations: tuple[Citation, ...]) -> Agreement:
    """The figures and dates of a claim that the spans it cites do not bear out; none where it repeats a span word for word.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites; without any, nothing is compared.
    """
    if not citations:
        return Agreement()
    sources = sources_of(citations)
    if any(claim.strip() in citation.quote for citation in citations):
        return Agreement()
    if any(_repeats(claim, source.text) for source in sources):
        return Agreement()
    said = compared(claim)
    figures = Figures(said, sources)
    dates, resolved = wrong_dates(said, sources, figures)
    missing = figures.missing() | dates | substituted(said, sources) | unknown_designations(said, sources)
    return Agreement(_written(said, missing), tuple(dict.fromkeys(resolved)))


def quantities_nowhere(claim: str, citations: tuple[Citation, ...]) -> tuple[str, ...]:
    """The quantities of a claim whose number stands in no span that it cites, however it is written and of whatever.

    Years, months and quarters are none, and neither is one (``一家渔具厂`` counts nothing).

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites.
    """
    said = compared(claim)
    sources = sources_of(citations)
    figures = Figures(said, sources)
    known = {figure.value for source in sources for figure in source.figures}
    nowhere = [
        figure
        for figure in figures.values
        if figure.value not in known
        and figure.value != 1
        and figure.kind not in _OF_DATES
        and figure.start not in figures.converted
        and not _is_numeral_of(said.as_given(figure.start, figure.end), sources)
    ]
    return _written(said, {(figure.start, figure.end) for figure in nowhere})


def in_figures_of_sources(claim: str, citations: tuple[Citation, ...]) -> Told:
    """A claim with each figure that its sources have written as they write it: ``45.6万吨`` as ``四十五万六千吨``.

    So is as much in another unit: ``9000米`` as ``9公里``.
    What compares texts word for word takes another way of writing for another figure.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites.
    """
    said = compared(claim)
    figures = Figures(said, sources_of(citations))
    pieces: list[str] = []
    spans: list[Span] = []
    end = 0
    for figure in sorted(figures.values, key=lambda figure: figure.start):
        start, after = said.given_span(figure.start, figure.end)
        found = figures.found[figure.start]
        theirs = [source.as_given(other.start, other.end) for source, other in found if other.kind == figure.kind]
        if not theirs and (same := figures.converted.get(figure.start)):
            after = said.places[figures.amounts[figure.start].end]
            theirs = [source.as_given(other.figure.start, other.end) for source, other in same]
        if start < end or not theirs or claim[start:after] in theirs:
            continue
        pieces += [claim[end:start], theirs[0]]
        spans += [(place, place + 1) for place in range(end, start)] + [(start, after)] * len(theirs[0])
        end = after
    spans += [(place, place + 1) for place in range(end, len(claim))]
    return Told("".join([*pieces, claim[end:]]), tuple(spans))


def _is_numeral_of(written: str, sources: Sequence[Text]) -> bool:
    """Whether a numeral in characters stands so in a source, which may count with it what has no unit (``两村``)."""
    return not any(character.isascii() for character in written) and any(written in source.given for source in sources)


def _repeats(claim: str, text: str) -> bool:
    """Whether a text has a claim word for word, but for spaces."""
    said = "".join(fold(in_digits(claim.strip(_EDGE))).split())
    return bool(said) and said in "".join(text.split())


def _written(said: Text, spans: set[Span]) -> tuple[str, ...]:
    """How the facts at some spans of a claim are written, in their order, none twice and none inside another."""
    written = (said.as_given(*span).strip() for span in widest(spans))
    return tuple(dict.fromkeys(fact for fact in written if fact))
