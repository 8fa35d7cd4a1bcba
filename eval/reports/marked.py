"""Text with marks: the pieces of an answer by claim, and of a document around what was cited and what should have been."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eval.questions import Span
from eval.rows import Row
from eval.runs import Source

AROUND = 60
"""Characters of context on either side of a mark."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to set off: characters ``start`` to ``end``, a class of the style sheet, a number to show or none."""

    start: int
    end: int
    kind: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text under the same marks.

    Attributes:
        text: the characters.
        kinds: classes of the marks over it, sorted.
        numbers: numbers of the marks that end with it.
    """

    text: str
    kinds: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a document around its marks; ``before`` and ``after`` tell whether the document goes on there."""

    source: Source
    start: int
    end: int
    pieces: tuple[Piece, ...]
    before: bool
    after: bool


def pieces(text: str, start: int, end: int, marks: Iterable[Mark]) -> tuple[Piece, ...]:
    """Characters ``start`` to ``end`` of a text, cut wherever a mark begins or ends."""
    inside = [mark for mark in marks if mark.start < end and mark.end > start]
    cuts = sorted({start, end} | {min(max(place, start), end) for mark in inside for place in (mark.start, mark.end)})
    cut = []
    for first, last in pairwise(cuts):
        over = [mark for mark in inside if mark.start <= first and mark.end >= last]
        numbers = tuple(mark.number for mark in over if mark.number is not None and min(mark.end, end) == last)
        cut.append(Piece(text[first:last], tuple(sorted({mark.kind for mark in over})), numbers))
    return tuple(cut)


def excerpts(row: Row, sources: Mapping[str, Source]) -> list[Excerpt]:
    """What was cited and what should have been, in context, document by document in the order of the text.

    Of a gold item with several places, the one that was cited is shown, else the first.
    """
    marks: dict[str, list[Mark]] = {}
    for number, citation in enumerate(row.citations, 1):
        marks.setdefault(citation.span.document, []).append(_mark(citation.span, "cited", number))
    for gold in row.question.gold:
        cited = [place for place in gold.spans if any(_meets(place, other.span) for other in row.citations)]
        place = (cited or list(gold.spans))[0]
        marks.setdefault(place.document, []).append(_mark(place, "gold"))
    return [
        _excerpt(sources[name], group)
        for name, own in marks.items()
        if name in sources
        for group in _near(sorted(own, key=lambda mark: (mark.start, mark.end)))
    ]


def _near(marks: Sequence[Mark]) -> list[list[Mark]]:
    """Marks in groups whose contexts touch."""
    groups: list[list[Mark]] = []
    reach = -1
    for mark in marks:
        if groups and mark.start - AROUND <= reach + AROUND:
            groups[-1].append(mark)
        else:
            groups.append([mark])
        reach = max(reach, mark.end) if len(groups[-1]) > 1 else mark.end
    return groups


def _excerpt(source: Source, marks: Sequence[Mark]) -> Excerpt:
    start = max(0, min(mark.start for mark in marks) - AROUND)
    end = min(len(source.text), max(mark.end for mark in marks) + AROUND)
    shown = pieces(source.text, start, end, marks)
    return Excerpt(source, start, end, shown, start > 0, end < len(source.text))


def _mark(span: Span, kind: str, number: int | None = None) -> Mark:
    return Mark(span.start, span.end, kind, number)


def _meets(one: Span, other: Span) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end
