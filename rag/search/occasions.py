"""Occasions: which documents a question means by what is known about them, their title, event, source and day.

``2024年7月的发布会`` or ``新华社记者采访时`` name a document more than its content, so a chunk's document counts beside it.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.index.store import Store
from rag.text.dates import dates_in
from rag.text.mentions import DateMention
from rag.text.terms import terms_of_each

REPORTED_WITHIN = datetime.timedelta(days=62)
PRINTED_WITHIN = datetime.timedelta(days=3)
_OCCASION = re.compile(
    "^.{0,12}?(?:发布会|采访|专访|访谈|会议|通道|论坛|讲话|报道|文章|公布|宣布|介绍|表示|回答|说|谈|press conference|briefing|"
    "interview|article|report|said|announced)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known about the document of a chunk: its day of publication and the terms of its other metadata."""

    day: datetime.date | None
    terms: frozenset[int]


def origins(store: Store, chunks: Iterable[int]) -> dict[int, Origin]:
    """For each chunk id, its document's origin; removed chunks are left out."""
    known = store.described(chunks)
    entries = {entry.id: entry for entry in known.values()}
    texts = [
        "\n".join(filter(None, (each.title, each.event, each.source, *each.speakers))) for each in entries.values()
    ]
    terms = dict(zip(entries, terms_of_each(texts), strict=True))
    return {chunk: Origin(entry.trusted_date, terms[entry.id]) for chunk, entry in known.items()}


class NamedDays:
    """The days that a question names, and which documents they fit."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._mentions = [mention for mention in dates_in(question) if not mention.compared]

    def __bool__(self) -> bool:
        return bool(self._mentions)

    def fit(self, day: datetime.date | None) -> float:
        """1 where a document of this day is likely to be meant, else 0.

        The day of an occasion (``2024年7月的发布会``) is that of publication, or shortly before it; what happened in a month
        is reported then or within the next two, what happened in a year also soon after it.
        """
        return float(day is not None and any(self._fits(mention, day) for mention in self._mentions))

    def _fits(self, mention: DateMention, day: datetime.date) -> bool:
        later = PRINTED_WITHIN if _OCCASION.match(self._question[mention.end :]) else REPORTED_WITHIN
        return mention.period.first <= day <= mention.period.last + later
