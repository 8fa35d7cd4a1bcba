"""Dates as a text mentions them, and what the words around one tell of it.

They tell which year a month without one is of, whether it is past or still to come, whether something is only compared
with it, and whether its last day is meant (``截至2023年3月``) or all the days since (``2019年以来``).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from rag.text.periods import Period, month_of

_CLAUSE = re.compile("[，。；！？,;!?\n]")
POINT_BEFORE = re.compile(r"(?:截至|截止到?|截止至|到|至)\s?$|(?:as of|by|until|up to)\s+(?:the\s+)?$", re.IGNORECASE)
_SINCE_AFTER = re.compile(r"\s?(?:以来|至今|迄今)")
_SINCE_BEFORE = re.compile(r"\bsince\s+$", re.IGNORECASE)
_COMPARED_BEFORE = re.compile(
    r"(?:比|较|与|同|相比于?|[高低快慢]于)\s?$|(?:than(?: in)?|compared (?:with|to)|from|over)\s+$", re.IGNORECASE
)
_COMPARED_AFTER = re.compile(r"\s?(?:同期|同月|同比|相比|的同期)")
_FUTURE = re.compile(
    r"将|预计|预期|左右的?目标|计划|力争|目标|拟|争取|有望|确保|之?前(?=[，,建完实达])|\bwill\b|\bplan|\bexpect|\baim|\btarget",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"截至|已|累计|同比|环比|增长|下降|完成|实现|达到?|为\d|\bas of\b|\bwas\b|\bwere\b|\bha[ds]\b|reached|rose|fell|grew",
    re.IGNORECASE,
)
_EVERY_YEAR = re.compile("[每历]年$")


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date as a text names it.

    Attributes:
        start, end: where it stands in the text.
        period: the days it names. ``2023年3月底`` and ``截至2023年3月`` are one day, ``2023年3月`` is a month.
        resolved: whether the day of publication was needed to know it (``今年``, ``3月底``, ``目前``).
        compared: whether something is only compared with it (``比上年同期``).
        word: ``"now"`` for ``目前`` and its like; otherwise empty.
        up_to: whether the day is the last of a month or longer time that is named (``截至2023年3月``, not ``3月底``).
    """

    start: int
    end: int
    period: Period
    resolved: bool
    compared: bool = False
    word: str = ""
    up_to: bool = False


class Surroundings:
    """What a text and its day of publication tell of the dates in it, which are read from the first to the last.

    Attributes:
        text: half-width.
        published: day of publication; None where it is not known.
        year: of which a date without one is; each date read may tell that of those after it.
        year_resolved: whether the day of publication, or what stands around the text, was needed to know the year.
    """

    def __init__(self, text: str, published: date | None, year: int | None) -> None:
        self.text = text
        self.published = published
        self.year = year
        self.year_resolved = year is not None

    def remember(self, year: int, resolved: bool) -> None:
        """Takes up a year that is named, for the dates after it."""
        self.year, self.year_resolved = year, resolved

    def mention(self, match: re.Match[str], period: Period | None, resolved: bool) -> DateMention | None:
        """A match that names a period, as what stands beside it makes it; None where it names none."""
        if period is None:
            return None
        start, end = match.span()
        end = start + len(match.group().rstrip(" ,"))
        if since := _SINCE_AFTER.match(self.text, end):
            if self.published and self.published >= period.first:
                period = Period(period.first, self.published)
            end = since.end()
        elif _SINCE_BEFORE.search(self.text[:start]) and self.published and self.published >= period.first:
            period = Period(period.first, self.published)
        elif POINT_BEFORE.search(self.text[max(0, start - 12) : start]):
            compared = self.is_compared(start, end)
            return DateMention(start, end, period.end, resolved, compared, up_to=not period.is_day)
        return DateMention(start, end, period, resolved, self.is_compared(start, end))

    def now(self, match: re.Match[str]) -> DateMention | None:
        """The day of publication, for ``目前`` and its like."""
        if not self.published:
            return None
        return DateMention(match.start(), match.end(), Period(self.published, self.published), True, word="now")

    def month_beside(self, step: int) -> Period | None:
        """The month so many after that of publication."""
        if not self.published:
            return None
        place = 12 * self.published.year + self.published.month - 1 + step
        return month_of(place // 12, place % 12 + 1)

    def without_year(self, match: re.Match[str], make: Callable[[int], Period | None]) -> DateMention | None:
        """A match that names a part of a year and not which, where its surroundings tell.

        Args:
            make: gives the days of that part in a year.
        """
        if self.year is not None:
            return self.mention(match, make(self.year), self.year_resolved)
        if not self.published or _EVERY_YEAR.search(self.text[: match.start()]):
            return None
        period = make(self.published.year)
        if period and period.last > self.published and not self.is_compared(match.start(), match.end()):
            began = period.first <= self.published
            is_past = self._is_past(match, began)
            if is_past is None and not began:
                return None
            if is_past and (not began or period.last - self.published > timedelta(days=31)):
                period = make(self.published.year - 1)
        return self.mention(match, period, True)

    def is_beginning(self, end: int) -> bool:
        """Whether what ends there is only where a longer time begins (``去年10月份以来``)."""
        return bool(_SINCE_AFTER.match(self.text, end))

    def is_compared(self, start: int, end: int) -> bool:
        """Whether something is only compared with what stands there."""
        before, after = self.text[max(0, start - 16) : start], self.text[end : end + 8]
        return bool(_COMPARED_BEFORE.search(before) or _COMPARED_AFTER.match(after))

    def _is_past(self, match: re.Match[str], began: bool) -> bool | None:
        """Whether the text speaks of what has happened; None where it does not tell.

        What tells first counts: 截至12月底已建成 is past, 到12月底将建成 to come. Of a time that has begun, any sign of a plan
        counts (全年增长目标).
        """
        clause = max((mark.end() for mark in _CLAUSE.finditer(self.text, 0, match.start())), default=0)
        around = self.text[max(clause, match.start() - 12) : match.end() + 40]
        future, past = _FUTURE.search(around), _PAST.search(around)
        if future is None or past is None:
            return None if future is past else past is not None
        return not began and past.start() < future.start()


Readers = dict[re.Pattern[str], Callable[[re.Match[str], Surroundings], DateMention | None]]
"""What dates of a language look like, each pattern with what reads its matches."""
