"""Timeliness: whether a sentence is of the time that a question asks about.

Both name their times in their own way (:mod:`rag.text.dates`): a question for ``2023年3月底`` is answered by ``截至3月底`` of a
document of April 2023, and one for ``2024年7月的发布会`` by a document of that month.
"""

import datetime
from collections.abc import Sequence

from rag.text.mentions import DateMention

MONTH = 31
QUARTER = 92
YEAR = 360
"""From so many days on a period is a month at most, and a year at least."""


def is_of(asked: DateMention, published: datetime.date | None, told: Sequence[DateMention]) -> bool:
    """Whether a sentence that names these dates, in a document published on that day, is of the time asked about."""
    days = (asked.period.last - asked.period.first).days + 1
    short, whole_year = days <= MONTH, days >= YEAR
    # A document knows how things stood when it was published, and what its year is to bring; a quarter it knows afterwards.
    if published and asked.period.first <= published <= asked.period.last and (short or whole_year):
        return True
    # How things stood 到2023年4月, a document of that month tells without a date.
    undated = all(date.word or (date.period.last - date.period.first).days > QUARTER for date in told)
    if published and asked.up_to and undated and _month(published) == _month(asked.period.last):
        return True
    for date in told:
        same_month = _month(asked.period.last) == _month(date.period.last)
        within = (short or whole_year) and asked.period.holds(date.period)
        at_end = same_month and (asked.period.is_day or date.period.is_day) and not date.word
        if date.period == asked.period or within or at_end:
            return True
    return False


def timeliness(asked: Sequence[DateMention], published: datetime.date | None, told: Sequence[DateMention]) -> float:
    """How well a sentence fits the times a question names: 1 of one of them, -1 of none of them, 0 where that is open.

    A document that was published before the time asked about cannot tell how it was then, unless it names that time.
    """
    if not asked:
        return 0.0
    if any(_is_named(date, told) for date in asked):
        return 1.0
    if any(is_of(date, published, told) for date in asked):
        return 0.5
    if published and all(published < date.period.first for date in asked):
        return -1.0
    return -1.0 if [date for date in told if not date.word and not date.compared] else 0.0


def _is_named(asked: DateMention, told: Sequence[DateMention]) -> bool:
    return is_of(asked, None, [date for date in told if not date.word])


def _month(day: datetime.date) -> tuple[int, int]:
    return day.year, day.month
