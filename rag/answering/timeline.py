"""The same figure at several dates: which facts a topic or a question asks for, as dated points, newest first.

Points are of one series when they measure the same in the same way: a share, a growth rate and a number are three
series, and so are what is there and what is newly built. Plans are never taken for what has happened.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.answers import Citation
from rag.index.store import Filters, Store
from rag.messages import say, shown_day
from rag.text.display import one_line
from rag.text.facts import Fact
from rag.text.periods import Period
from rag.text.terms import fold
from rag.text.view import HAN, HAN_CHARACTER

if TYPE_CHECKING:
    from rich.table import Table

    from embeddings import TextEmbedder

ALIKE = 0.75
"""The share of a subject that the end of another of the same thing has, where neither is the whole end of the other."""
CLOSE_TO_BEST = 0.75
LOWEST_MATCH = 0.45
LOWEST_SIMILARITY = 0.855
SIMILARITY_MARGIN = 0.006
COMPARED_SUBJECTS = 512

_NUMBER_OF = re.compile("(?:总数量?|数量|总量)$")
_PIECE = re.compile(f"[{HAN}]+|[a-z]+[0-9]*|[0-9]+[a-z]+|[0-9]+(?:\\.[0-9]+)?")
DISTINCT_SCOPES = ("新建", "新增", "净增", "人均", "年均", "日均", "单日", "当月")
_COUNTS = frozenset(
    ["", *"个户家座人名位所条项台辆艘架套件次张枚颗栋头只份部款种类批支把站处组对片间列门", "人次", "亿户", "户"]
)


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its date and where it stands.

    Attributes:
        fact: subject, value, unit, period, scope, … as extracted.
        citation: the sentence that says it, an exact span, with other documents that carry it too.
    """

    fact: Fact
    citation: Citation

    @property
    def value(self) -> Decimal:
        """The number, multiples such as 万 multiplied out."""
        return self.fact.value

    @property
    def as_of(self) -> Period:
        """The days that the value is of."""
        return self.fact.period

    @property
    def is_plan(self) -> bool:
        """Whether it is a target, a plan or a forecast."""
        return self.fact.status == "plan"

    @property
    def is_unsure(self) -> bool:
        """Whether a character of the number was recognised unsurely on an image."""
        return bool(self.citation.document.unsure_within(self.fact.value_start, self.fact.value_end))

    @property
    def text(self) -> str:
        """The sentence as it reads."""
        return self.citation.text

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        fact = self.fact
        return {
            "subject": fact.subject,
            "value": plain_number(fact.value),
            "unit": fact.unit,
            "written": fact.written,
            "is_unsure": self.is_unsure,
            "first": fact.period.first.isoformat(),
            "last": fact.period.last.isoformat(),
            "dated": fact.dated,
            "status": fact.status,
            "change": fact.change,
            "scope": fact.scope,
            "qualifier": fact.qualifier,
            "speaker": fact.speaker,
            "value_start": fact.value_start,
            "value_end": fact.value_end,
            "citation": self.citation.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """The points of a topic, newest first."""

    topic: str
    points: tuple[Point, ...]

    def series(self) -> dict[tuple[str, ...], tuple[Point, ...]]:
        """The points by what they measure: subject from the topic on, kind of unit, change and scope; the largest series first."""
        grouped: dict[tuple[str, ...], list[Point]] = {}
        for point in self.points:
            subject, *kind = series_of(point.fact)
            grouped.setdefault((_from(self.topic, subject), *kind), []).append(point)
        return {key: tuple(points) for key, points in sorted(grouped.items(), key=lambda item: -len(item[1]))}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"topic": self.topic, "points": [point.to_dict() for point in self.points]}

    def to_csv(self) -> str:
        """One line a point, with a header. Guessed days of documents and figures on unsure characters are marked."""
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow(
            [
                "last",
                "first",
                "subject",
                "value",
                "unit",
                "status",
                "change",
                "scope",
                "qualifier",
                "speaker",
                "title",
                "quote",
                "date",
                "date_is_guessed",
                "is_unsure",
            ]
        )
        for point in self.points:
            fact, document = point.fact, point.citation.document
            writer.writerow(
                [
                    fact.period.last.isoformat(),
                    fact.period.first.isoformat(),
                    *map(
                        formula_safe,
                        (fact.subject, plain_number(fact.value), fact.unit, fact.status, fact.change, fact.scope),
                    ),
                    *map(formula_safe, (fact.qualifier, fact.speaker, document.title, point.text)),
                    document.date.isoformat() if document.date else "",
                    *("yes" if is_so else "no" for is_so in (document.date_is_guessed, point.is_unsure)),
                ]
            )
        return stream.getvalue()

    def to_table(self) -> "Table":
        """A table for the terminal."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("as_of", "value", "subject", "status", "speaker", "document"):
            table.add_column(say(f"column_{column}"), overflow="fold", no_wrap=column in ("as_of", "value"))
        for point in self.points:
            fact = point.fact
            doubt = say("unsure_value") if point.is_unsure else ""
            kind = " ".join(filter(None, (say(f"status_{fact.status}"), fact.scope, fact.change, doubt)))
            document = point.citation.document
            day = shown_day(document.date, document.date_is_guessed)
            origin = f"《{document.title}》 {day} {say('span', start=fact.start, end=fact.end)}"
            row = (_days(fact.period), f"{fact.qualifier}{fact.written}", fact.subject, kind, fact.speaker, origin)
            table.add_row(*(Text(one_line(cell)) for cell in row))
        return table

    def to_svg(self) -> str:
        """A drawing: one panel for each series, plans as hollow marks."""
        from rag.answering.plot import timeline_svg

        return timeline_svg(self)


def timeline(store: Store, embedder: "TextEmbedder", topic: str, filters: Filters) -> Timeline:
    """All that the documents say about how much ``topic`` was or is planned to be.

    Subjects are matched by their characters; where none matches (a topic in another language), by the embedder.

    Args:
        topic: what is measured, such as ``5G基站``.
        filters: what the documents and speakers are limited to.
    """
    with store.snapshot():  # facts and the documents they stand in are of one moment
        subjects = store.subjects(filters)
        scores = {subject: _match(topic, subject) for subject in subjects}
        best = max(scores.values(), default=0.0)
        if best >= LOWEST_MATCH:
            chosen = [subject for subject, score in scores.items() if score >= max(LOWEST_MATCH, CLOSE_TO_BEST * best)]
        else:
            chosen = _nearest(embedder, topic, subjects)
        return Timeline(topic, points_of(store, store.facts(chosen, filters)))


def points_of(store: Store, facts: Iterable[tuple[str, Fact]]) -> tuple[Point, ...]:
    """Points newest first; the same fact twice in a document, or in documents that are nearly the same, once."""
    kept: dict[tuple[Any, ...], list[Point]] = {}
    ordered = sorted(facts, key=lambda pair: (not pair[1].dated, pair[1].start))
    for identifier, fact in ordered:
        same = kept.setdefault((*series_of(fact), fact.status, fact.value, fact.period), [])
        near = {identifier, *store.links(identifier)}
        document = store.document(identifier)
        place = next((n for n, point in enumerate(same) if point.citation.document.id in near), None)
        if place is None:
            quote = document.text[fact.start : fact.end]
            same.append(Point(fact, Citation(document, fact.start, fact.end, quote, fact.speaker, fact.heading)))
            continue
        citation = same[place].citation
        if document.id != citation.document.id and document not in citation.reprints:
            same[place] = replace(same[place], citation=replace(citation, reprints=(*citation.reprints, document)))
    points = [point for same in kept.values() for point in same]
    return tuple(
        sorted(
            points,
            key=lambda point: (
                point.as_of.last,
                point.as_of.first,
                point.citation.date or point.as_of.last,
                point.value,
            ),
            reverse=True,
        )
    )


def series_of(fact: Fact) -> tuple[str, ...]:
    """What a fact measures: folded subject, kind of unit, change, and scope as far as it is another measure."""
    scope = " ".join(word for word in fact.scope.split() if word in DISTINCT_SCOPES)
    unit = "个" if fact.unit in _COUNTS else fact.unit
    return normal(fact.subject), unit, fact.change, scope


def normal(text: str) -> str:
    """What is measured, folded, without words for "number of"."""
    return _NUMBER_OF.sub("", fold(text))


def are_alike(subject: str, other: str) -> bool:
    """Whether two subjects may be of one thing: they end alike, the shorter wholly, or most of the longer."""
    one, two = normal(subject), normal(other)
    pairs = zip(reversed(one), reversed(two), strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return shared > 0 and (shared == min(len(one), len(two)) or shared >= ALIKE * max(len(one), len(two)))


def pieces(text: str) -> set[str]:
    """Latin words, numbers and pairs of Chinese characters (one that stands alone by itself) of a folded text."""
    found: set[str] = set()
    for match in _PIECE.finditer(text):
        piece = match.group()
        if HAN_CHARACTER.match(piece) and len(piece) > 1:
            found.update(piece[place : place + 2] for place in range(len(piece) - 1))
        else:
            found.add(piece.removesuffix("s") if len(piece) > 3 else piece)
    return found


def _match(topic: str, subject: str) -> float:
    """How well a subject matches a topic, from 0 to 1: all of the topic is in it, and little after it.

    What stands before the topic tells whose it is (``全国充电桩``), what stands after it makes it something else (``充电桩投资``).
    """
    wanted = pieces(normal(topic))
    if not wanted or not wanted <= pieces(normal(subject)):
        return 0.0
    held = pieces(_from(topic, normal(subject)))
    return 2 * len(wanted) / (len(wanted) + len(held))


def _from(topic: str, subject: str) -> str:
    """A normal subject without what stands before the topic."""
    return subject[max(0, subject.find(normal(topic))) :]


def _nearest(embedder: "TextEmbedder", topic: str, subjects: list[str]) -> list[str]:
    """Subjects nearest in meaning to a topic in another language; they share its Latin words and numbers."""
    latin = {piece for piece in pieces(normal(topic)) if any(c.isdigit() for c in piece)}
    if HAN_CHARACTER.search(topic) or not subjects:
        return []
    considered = [subject for subject in subjects if latin <= pieces(normal(subject))][:COMPARED_SUBJECTS]
    if not considered:
        return []
    similarities = embedder.documents(considered) @ embedder.documents([topic])[0]
    best = float(similarities.max())
    if best < LOWEST_SIMILARITY:
        return []
    return [considered[place] for place in np.flatnonzero(similarities >= best - SIMILARITY_MARGIN)]


def _days(period: Period) -> str:
    return str(period.last) if period.is_day else f"{period.first} – {period.last}"


def plain_number(value: Decimal) -> int | float:
    """A number as JSON and spreadsheets have it."""
    return int(value) if value == value.to_integral_value() else float(value)


def formula_safe(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: text of documents is not trusted."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
