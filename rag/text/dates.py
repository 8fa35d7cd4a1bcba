"""Dates in a text: what day or period each names, those without a year worked out from the day of publication.

``2023年3月底``, ``23年3月末``, ``二〇二三年三月底`` and ``the end of March 2023`` are one day; ``一季度`` of a report that was
published in April 2023 is 2023-01-01 to 2023-03-31. What cannot be told for sure is left out.
"""

import re
from collections.abc import Iterator
from datetime import date

from rag.text.chinese_dates import CHINESE, TO
from rag.text.english_dates import ENGLISH
from rag.text.mentions import DateMention, Surroundings
from rag.text.periods import Period

_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)} | {ord("　"): ord(" "), ord("－"): ord("-")}
_BETWEEN = re.compile(rf"{TO}|\s+to\s+")


def dates_in(text: str, published: date | None = None, year: int | None = None) -> list[DateMention]:
    """The dates a text names, in their order.

    A month, quarter or half without a year is one of the year named before it in the text, else of ``year``, else of the
    year of publication. Where it lies after the day of publication, the text must tell whether it is to come
    (``到12月底将建成``: this year) or past (``截至12月底已建成``: the year before); where it does not, the date is left out.

    Args:
        published: day of publication; without it, dates that depend on it are left out.
        year: the year that the text is about, where its surroundings tell.
    """
    folded = text.translate(_HALF_WIDTH)
    around = Surroundings(folded, published, year)
    found: list[DateMention] = []
    matches = [(match, read) for pattern, read in (CHINESE | ENGLISH).items() for match in pattern.finditer(folded)]
    for match, read in sorted(matches, key=lambda pair: (pair[0].start(), -pair[0].end())):
        if found and match.start() < found[-1].end:
            continue
        if mention := read(match, around):
            found.append(mention)
    return list(_joined(folded, found))


def _joined(text: str, mentions: list[DateMention]) -> Iterator[DateMention]:
    """The mentions, two with 至 between them (``2022年3月至2023年6月``) as one."""
    waiting: DateMention | None = None
    for mention in mentions:
        is_range = waiting and _BETWEEN.fullmatch(text, waiting.end, mention.start) and not mention.word
        if waiting and not waiting.word and is_range and waiting.period.first <= mention.period.last:
            whole = Period(waiting.period.first, mention.period.last)
            resolved = waiting.resolved or mention.resolved
            waiting = DateMention(waiting.start, mention.end, whole, resolved, waiting.compared and mention.compared)
            continue
        if waiting:
            yield waiting
        waiting = mention
    if waiting:
        yield waiting
