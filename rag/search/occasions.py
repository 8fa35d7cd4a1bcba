"""Occasions: which documents a question means by what is known about them, their title, event, source and day.

``2024年7月的发布会`` or ``新华社记者采访时`` name a document more than its content, so a chunk's document counts beside it.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from rag.index.store import Store
from rag.text.dates import dates_in
from rag.text.terms import terms_of_each

REPORTED_WITHIN = datetime.timedelta(days=62)


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
        self._mentions = [mention for mention in dates_in(question) if not mention.compared]

    def __bool__(self) -> bool:
        return bool(self._mentions)

    def fit(self, day: datetime.date | None) -> float:
        """1 where a document of this day is likely to be meant, else 0.

        What happened in a month is reported then or within the next two, what happened in a year also soon after it.
        """
        periods = (mention.period for mention in self._mentions)
        return float(day is not None and any(each.first <= day <= each.last + REPORTED_WITHIN for each in periods))
