"""Dated values that answer a question: the figure that the reader finds, and the same figure at its other dates.

The value that the best sentence names tells what is measured. Another value of that subject answers, too, where the
reader finds it for the question and one of their sentences bears the other out: nothing here knows words of a place, an
organisation or a plan.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from rag.answering.timeline import Point, are_alike, points_of, series_of
from rag.index.store import Filters, Store
from rag.questions.kinds import asks_for_reason
from rag.questions.words import OPENS_TIME
from rag.reading.evidence import Evidence
from rag.reading.passages import cited_passage
from rag.reading.reader import Reader
from rag.text.dates import dates_in
from rag.text.documents import Document
from rag.text.periods import Period
from rag.text.structure import Sentence

_ASKS_FOR_LATEST = re.compile(r"最新|目前|现在|当前|如今|迄今|至今|\b(?:latest|current|currently|now)\b", re.IGNORECASE)
_ASKS_FOR_COURSE = re.compile("(?:是|经历了?|有)?(?:怎么|如何|怎样|什么|哪些)[^，。？]{0,6}变化(?:过来|过程)?的?")
"""``是怎么一步步变化的``: asks for a value at all its dates; what is before it names the value."""
SURE = 3.0
"""The margin from which on a value answers. Of the values of a few reports those that answer had 4 to 12, others below 2.6."""
MOST_CANDIDATES = 12
"""Values whose sentences are read, newest first."""


@dataclass(frozen=True, slots=True)
class DatedAnswers:
    """Finds dated values that answer a question.

    Attributes:
        store: holds the facts.
        filters: what documents and speakers are limited to.
        structure: gives the sentences of a document.
        reader: judges what a sentence bears out.
    """

    store: Store
    filters: Filters
    structure: Callable[[Document], Sequence[Sentence]]
    reader: Reader

    def find(self, question: str, evidence: Sequence[Evidence], documents: Iterable[str]) -> tuple[Point, ...]:
        """The values that answer a question, newest first; empty where the best sentence says as much.

        A question that names times gets the values of those times, one with 最新 or 目前 the latest, another all of them.

        Args:
            question: a question that stands alone.
            evidence: the sentences chosen for it, best first.
            documents: ids of those that were found for it, whose subjects are looked through.
        """
        if not evidence or asks_for_reason(question):
            return ()
        best = evidence[0]
        with self.store.snapshot():
            subjects = self.store.subjects(self.filters, documents)
            own = self.store.facts(subjects, replace(self.filters, document_id=best.document.id))
            named = {fact.subject for _, fact in own if fact.start == best.sentence.start}
            alike = [each for each in subjects if any(are_alike(each, one) for one in named)]
            points = points_of(self.store, self.store.facts(alike, self.filters))
        asked = _without_times(_ASKS_FOR_COURSE.sub("", question))
        first = next((each for each in points if _stands_in(each, best) and self._answers(asked, each)), None)
        return self._series(question, asked, first, points) if first else ()

    def _series(self, question: str, asked: str, first: Point, points: Sequence[Point]) -> tuple[Point, ...]:
        """The values that answer, of those measured as the first is; empty where the first says as much."""
        times = [mention.period for mention in dates_in(question)]
        alike = [
            each
            for each in points
            if _is_alike(each, first) and (not times or any(_is_of(each, time) for time in times))
        ]
        answering = [each for each in alike[:MOST_CANDIDATES] if each is first or self._answers(asked, each)]
        found = answering if times else self._of_one(first, answering)
        if times and not all(any(_is_of(each, time) for each in found) for time in times):
            return ()
        if not times and _ASKS_FOR_LATEST.search(question):
            found = [each for each in found if each.as_of.last == found[0].as_of.last]
        is_one_day = len({each.as_of for each in found}) < 2
        return () if is_one_day and (first in found or not times) else tuple(found)

    def _of_one(self, first: Point, points: Sequence[Point]) -> list[Point]:
        """Those of some values, newest first, that are of what the first is of: each and another bear one another out."""
        found = [first]
        while added := [
            each
            for each in points
            if each not in found and any(self._bears_out(one, each) or self._bears_out(each, one) for one in found)
        ]:
            found += added
        return [each for each in points if each in found]

    def _answers(self, question: str, point: Point) -> bool:
        """Whether the reader finds this value where it reads its sentence for the question."""
        heading, _, text = cited_passage((point.citation,), self.structure).partition("\n")
        (reading,) = self.reader.read(question, [text], headings=[heading])
        answer = text[slice(*reading.answer)]
        return reading.margin >= SURE and (point.fact.written in answer or answer in point.fact.written)

    def _bears_out(self, point: Point, other: Point) -> bool:
        """Whether another value may stand behind what is said of a value: it is of nobody else and of no other place."""
        before = self._sentence(point).text.partition(point.fact.written)[0]
        said = _without_times(before, point.citation.document.trusted_date)
        evidence = cited_passage((other.citation,), self.structure)
        (echo,) = self.reader.echoes(said, [other.fact.written], [evidence])
        return max(echo) < 0

    def _sentence(self, point: Point) -> Sentence:
        sentences = self.structure(point.citation.document)
        return next(each for each in sentences if each.start == point.citation.start)


def _stands_in(point: Point, evidence: Evidence) -> bool:
    cited = point.citation
    return (cited.document.id, cited.start) == (evidence.document.id, evidence.sentence.start)


def _is_alike(point: Point, other: Point) -> bool:
    """Whether two values are of one subject, measured in one way, both planned or neither."""
    fact, another = point.fact, other.fact
    same = (series_of(fact)[1:], fact.status) == (series_of(another)[1:], another.status)
    return same and are_alike(fact.subject, another.subject)


def _without_times(text: str, published: date | None = None) -> str:
    for mention in reversed(dates_in(text, published)):
        text = f"{OPENS_TIME.sub('', text[: mention.start])}{text[mention.end :]}"
    return text.lstrip("，、和")


def _is_of(point: Point, time: Period) -> bool:
    """Whether a value is of a time: of that very time or, for what is no change, of a day in it, or of one of its years."""
    fact = point.fact
    if fact.period == time:
        return True
    if time.is_day:
        return fact.period.is_day and fact.period.last == time.last
    is_of_years = time.first.year < time.last.year and fact.period.is_years
    return not fact.change and (fact.period.is_day or is_of_years) and time.holds(fact.period)
