"""Facts with figures: what a sentence says about how much something was, on which day or in which period.

``截至3月底，我国累计建成5G基站超过264万个`` of a document of April 2023 is: 5G基站, 2,640,000 个, 2023-03-31, 累计, 超过. What a
clause leaves out (its subject, its date) comes from the clauses before it. A figure whose subject cannot be told is left
out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from rag.text.dates import dates_in
from rag.text.documents import Document
from rag.text.measures import COUNTED, Measure, measures_in
from rag.text.mentions import DateMention
from rag.text.periods import Period
from rag.text.structure import Sentence, sentences_of
from rag.text.subjects import LONGEST_SUBJECT, Subjects
from rag.text.view import HAN_CHARACTER

Status = Literal["actual", "plan"]

_STRONG_BREAK = re.compile("[；;。！？!?]")
_PLANNED = re.compile(
    r"(?<!不)将(?!近|军|来)|(?<![动导规划的度体五])计划(?![》”’单实经完外内项])|力争|争取|预计|预期|有望|(?<![虚模草比])拟(?!人|合|定于?$)|确保(?=.{0,12}(?:达|超|增|到|实现|完成))|目标(?=[是为：:达到定设将]|$)|增长目标|要(?=实现|达|建|新增|超|突破|培育)"
    r"|\bwill\b|\bplan(?:s|ned)? to\b|\bexpect(?:s|ed)? to\b|\baims? to\b|\btarget",
    re.IGNORECASE,
)
_HAPPENED = re.compile(
    r"已(?!定)|截至|目前|现在|达到了|超过了|突破了|完成了|建成了|实现了|\bhad\b|\bhas\b", re.IGNORECASE
)
_STATE = re.compile(r"已|目前|现在|迄今|累计|拥有|现有|至今|如今")
_ASIDE = re.compile("《[^《》]*》|[（(][^（()）]*[）)]")
_OF_FIGURE = re.compile(r"的\d")
_OF_FIRST_VALUE = re.compile(r"的.*\d.*(?:提升|提高|增长?|上升|下降|降)(?:到|至)")


@dataclass(frozen=True, slots=True)
class Fact:
    """How much something was, as one sentence says it.

    Attributes:
        subject: what is measured (``5G基站``, ``规模以上工业增加值``).
        value: the number, multiples such as 万 multiplied out.
        unit: ``个``, ``元``, ``%``, …; empty where the text gives none.
        written: number and unit as they read in the text (``264万个``).
        period: the days that the value is of.
        resolved: whether the day of publication was needed to know them.
        dated: whether the sentence itself names a date for the value; otherwise it is of its paragraph or of publication.
        status: ``"plan"`` for targets, plans and forecasts, else ``"actual"``.
        change: ``"增长"``, ``"下降"``, … where the value is how much something changed; empty for how much it is.
        scope: ``累计``, ``新建``, ``净增``, ``同比``, ``占比``, …, with blanks between; empty where there is none.
        qualifier: ``超过``, ``近``, ``约``, ``不到`` or empty.
        speaker: who says it; empty for the narrator.
        heading: the section it stands under.
        start, end: span of the sentence in ``Document.text``.
        value_start, value_end: span of number and unit in ``Document.text``.
    """

    subject: str
    value: Decimal
    unit: str
    written: str
    period: Period
    resolved: bool
    dated: bool
    status: Status
    change: str
    scope: str
    qualifier: str
    speaker: str
    heading: str
    start: int
    end: int
    value_start: int
    value_end: int


def facts_of(document: Document, sentences: Iterable[Sentence] | None = None, most: int | None = None) -> list[Fact]:
    """The facts of a document in their order; none of one without a trusted day or dates of its own.

    Args:
        sentences: its sentences, where they are known already.
        most: how many to look for, for texts that others wrote; all without it.
    """
    found: list[Fact] = []
    context = _Context(document.trusted_date)
    for sentence in sentences_of(document.text, document.speakers) if sentences is None else sentences:
        if sentence.kind in ("question", "note"):
            continue
        context.enter(sentence)
        found += _facts_in(sentence, document, context)
        if most is not None and len(found) >= most:
            return found[:most]
    return found


class _Context:
    """What the sentences before tell: the date their paragraph speaks of, and the last period of the document."""

    def __init__(self, published: date | None) -> None:
        self.published = published
        self.paragraph = -1
        self.mention: DateMention | None = None
        self.span: DateMention | None = None

    def enter(self, sentence: Sentence) -> None:
        if sentence.paragraph != self.paragraph:
            self.paragraph, self.mention = sentence.paragraph, None

    @property
    def year(self) -> int | None:
        return self.mention.period.last.year if self.mention else None

    def remember(self, text: str, mentions: list[DateMention]) -> None:
        """Takes up the date that a sentence is about: the first that is past, no comparison and no 由2018年的15%."""
        for mention in mentions:
            is_future = self.published is not None and mention.period.first > self.published
            is_aside = (
                mention.compared
                or text[: mention.end].endswith(("以来", "至今"))
                or _OF_FIGURE.match(text, mention.end)
            )
            if not is_future and not is_aside:
                self.mention = mention
                if not mention.period.is_day:
                    self.span = mention
                return

    def date_for(self, text: str, measure: Measure, change: str) -> DateMention | None:
        """The date of a value whose sentence names none; None for the day of publication."""
        if change:
            return self.mention if self.mention and not self.mention.period.is_day else self.span
        if self.mention is None or _STATE.search(text[: measure.figure.start]):
            return None
        is_count = measure.unit in COUNTED
        return None if is_count and not self.mention.period.is_day else self.mention


def _facts_in(sentence: Sentence, document: Document, context: _Context) -> Iterator[Fact]:
    text = sentence.text
    if not any(character.isdigit() or character in "分成亿万" for character in text):
        return
    brackets = [match.span() for match in _ASIDE.finditer(text)]
    mentions = [
        mention
        for mention in dates_in(text, document.trusted_date, context.year)
        if not any(start <= mention.start < end for start, end in brackets)
    ]
    measures = list(measures_in(text, mentions))
    subjects = Subjects(text, mentions, measures)
    places = sentence.places(document.text)
    for number, measure in enumerate(measures):
        subject, change, scope = subjects.of(number)
        if not subject or len(subject) > LONGEST_SUBJECT:
            continue
        place = _date_of(text, measure, mentions, change, context)
        if place is None:
            continue
        period, resolved, dated = place
        start, end = measure.figure.start, measure.end
        first, last = (places[start], places[end - 1] + 1) if places else (sentence.start, sentence.end)
        yield Fact(
            subject=subject,
            value=measure.figure.value,
            unit=measure.unit,
            written=text[start:end],
            period=period,
            resolved=resolved,
            dated=dated,
            status=_status(text, measure, period, document.trusted_date),
            change=change,
            scope=scope,
            qualifier=measure.qualifier,
            speaker=sentence.speaker,
            heading=sentence.heading if sentence.kind != "heading" else "",
            start=sentence.start,
            end=sentence.end,
            value_start=first,
            value_end=last,
        )
    context.remember(text, mentions)


def _date_of(
    text: str, measure: Measure, mentions: list[DateMention], change: str, context: _Context
) -> tuple[Period, bool, bool] | None:
    """Period of a measure, whether publication was needed to know it, and whether the sentence names it."""
    start = measure.figure.start
    before = [mention for mention in mentions if mention.end <= start and not mention.compared]
    if before:
        mention = before[-1]
        if text[:start].endswith(("从", "由")) and not mention.period.is_day:
            return None  # 2012年至2022年，从16.98万亿元增加到…: of its beginning, and the text does not say which day that is
        # 由2018年的15%提升到50%: the date of the first value is not that of the second.
        if len(before) > 1 and _OF_FIRST_VALUE.match(text, mention.end, start):
            mention = before[-2]
        return mention.period, mention.resolved, True
    if not HAN_CHARACTER.search(text):
        after = [mention for mention in mentions if mention.start >= measure.end and not mention.compared]
        if after:
            return after[0].period, after[0].resolved, True
    published = context.published
    if inherited := context.date_for(text, measure, change):
        return inherited.period, inherited.resolved, False
    return (Period(published, published), True, False) if published else None


def _status(text: str, measure: Measure, period: Period, published: date | None) -> Status:
    """Whether a value is planned. Of the signs before it, the nearest counts; a day to come is a plan's."""
    if published and period.is_day and period.first > published:
        return "plan"
    start = max((match.end() for match in _STRONG_BREAK.finditer(text, 0, measure.figure.start)), default=0)
    lead = text[start : measure.figure.start]
    planned = max((match.start() for match in _PLANNED.finditer(lead)), default=-1)
    happened = max((match.start() for match in _HAPPENED.finditer(lead)), default=-1)
    if planned > happened or (published and period.first > published):
        return "plan"
    if not HAN_CHARACTER.search(text) and happened < 0 and _PLANNED.search(text):
        return "plan"
    return "actual"
