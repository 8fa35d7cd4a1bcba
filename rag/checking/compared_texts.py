"""Claims and what they cite, in the form in which they are compared, with the figures and dates in them."""

import datetime
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import pairwise

from rag.answers import Citation
from rag.text.bounds import bound_of
from rag.text.dates import dates_in
from rag.text.figures import Figure, figures_in
from rag.text.mentions import DateMention
from rag.text.numerals import in_digits_with_places
from rag.text.periods import Period
from rag.text.terms import fold

Span = tuple[int, int]

_CLAUSE_ENDS = re.compile(r"[，。；！？;!?\n]|,(?!\d{3}(?!\d))|:(?=\s)|：")
_PART_ENDS = re.compile(r"[。；！？;!?\n]")
_NEIGHBOURS = 6


@dataclass(frozen=True, slots=True)
class PlacedFact:
    """A figure or date and what stands on either side of it.

    Attributes:
        key: what two ways of writing it have in common: value and kind of a figure, the days of a date.
        start, end: where it stands.
        before, after: the characters next to it, the nearest first, without spaces and punctuation; six at most.
    """

    key: tuple[Decimal, str] | Period
    start: int
    end: int
    before: str
    after: str


@dataclass(frozen=True)
class Text:
    """A claim, or what is cited of one document, in the form in which it is compared.

    Attributes:
        cased: simplified and half-width, Chinese numerals in digits; capitals tell May from may and 64K from 64k.
        published: day of publication; None for a claim.
        given: the text as it was given.
        places: where each character of ``cased`` stands in ``given``, and one place more (its end).
    """

    cased: str
    published: datetime.date | None
    given: str
    places: tuple[int, ...]

    @cached_property
    def text(self) -> str:
        """As :attr:`cased`, in lower case; as long."""
        return fold(self.cased)

    @cached_property
    def figures(self) -> list[Figure]:
        """Its figures in their order, those of dates too."""
        return figures_in(self.cased)

    @cached_property
    def dates(self) -> list[DateMention]:
        """The dates of cited spans, each span read alone and after those before it, which may name its year."""
        return _dates_by_span(self.cased, self.published)

    def dates_beside(self, source: "Text") -> list[DateMention]:
        """Dates of a claim as they read beside a source: 今年 is the year in which the source was published."""
        return _dates_in(self.cased, source.published)

    @cached_property
    def facts(self) -> list[PlacedFact]:
        """Its dates, and its figures that are no part of one."""
        return self.facts_beside(self)

    def facts_beside(self, source: "Text") -> list[PlacedFact]:
        """As :attr:`facts`, its dates as they read beside a source."""
        dates = _dates_by_span(self.cased, source.published)
        figures = [
            figure
            for figure in self.figures
            if not any(is_within((figure.start, figure.end), (date.start, date.end)) for date in dates)
        ]
        return [self._placed(date.period, date.start, date.end) for date in dates] + [
            self._placed(figure.key, figure.start, figure.end) for figure in figures
        ]

    def _placed(self, key: tuple[Decimal, str] | Period, start: int, end: int) -> PlacedFact:
        before = self.text[max(0, start - 3 * _NEIGHBOURS) : start][::-1]
        return PlacedFact(key, start, end, _bare(before), _bare(self.text[end : end + 3 * _NEIGHBOURS]))

    def given_span(self, start: int, end: int) -> Span:
        """Where characters of :attr:`cased` stand in :attr:`given`."""
        return self.places[start], self.places[end]

    def as_given(self, start: int, end: int) -> str:
        """Characters of :attr:`cased` as they were given."""
        return self.given[slice(*self.given_span(start, end))]

    @cached_property
    def _clause_starts(self) -> list[int]:
        return [0, *(match.end() for match in _CLAUSE_ENDS.finditer(self.text)), len(self.text) + 1]

    @cached_property
    def _part_starts(self) -> list[int]:
        return [0, *(match.end() for match in _PART_ENDS.finditer(self.text)), len(self.text) + 1]

    def clause(self, place: int) -> Span:
        """Span of the clause that a place lies in."""
        return _enclosing(self._clause_starts, place)

    def part(self, place: int) -> Span:
        """Span of what stands between full stops or semicolons around a place."""
        return _enclosing(self._part_starts, place)

    def bound(self, figure: Figure) -> int:
        """How a figure bounds its value (:func:`rag.text.bounds.bound_of`)."""
        start, end = self.clause(figure.start)
        return bound_of(self.text[max(start, figure.start - 12) : figure.start], self.text[figure.end : end])


@lru_cache(maxsize=1024)
def compared(text: str, published: datetime.date | None = None) -> Text:
    """A text in the form in which it is compared."""
    cased, places = in_digits_with_places(_folded(text))
    return Text(cased, published, text, tuple(places))


def sources_of(citations: tuple[Citation, ...]) -> list[Text]:
    """What is cited, by document, in the order of its text: a date may take its year from what stands before it."""
    cited: dict[str, list[Citation]] = {}
    for citation in sorted(citations, key=lambda citation: citation.start):
        cited.setdefault(citation.document.id, []).append(citation)
    return [
        compared("\n".join(each.text for each in group), group[0].document.trusted_date) for group in cited.values()
    ]


def is_within(span: Span, other: Span) -> bool:
    """Whether a span lies in another, or is the same."""
    return other[0] <= span[0] and span[1] <= other[1]


def widest(spans: set[Span]) -> list[Span]:
    """The spans that lie in no other, in their order."""
    return sorted(span for span in spans if not any(other != span and is_within(span, other) for other in spans))


def _folded(text: str) -> str:
    """Simplified and half-width, with its capitals; as long as the text."""
    return "".join(
        new.upper() if old.isupper() and len(new.upper()) == 1 else new
        for old, new in zip(text, fold(text), strict=True)
    )


def _enclosing(starts: list[int], place: int) -> Span:
    for start, after in pairwise(starts):
        if place < after:
            return start, after - 1
    return starts[-2], starts[-1] - 1


@lru_cache(maxsize=1024)
def _dates_in(text: str, published: datetime.date | None) -> list[DateMention]:
    return [date for date in dates_in(text, published) if date.word != "now"]


@lru_cache(maxsize=1024)
def _dates_by_span(text: str, published: datetime.date | None) -> list[DateMention]:
    """The dates of cited spans, a line each."""
    found = list(_dates_in(text, published))
    start = 0
    for line in text.split("\n"):
        for date in _dates_in(line, published):
            found.append(replace(date, start=start + date.start, end=start + date.end))
        start += len(line) + 1
    return found


def _bare(text: str) -> str:
    return "".join(character for character in text if character.isalnum() or character == "%")[:_NEIGHBOURS]
