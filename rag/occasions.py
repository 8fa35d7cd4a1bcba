"""Occasions: which documents a question means by what is known about them, their title, event, source and day.

``2024年7月的发布会`` or ``新华社记者采访时`` name a document more than its content, so a chunk's document counts beside it.
"""

import datetime
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from rag.dates import DateMention, dates_in
from rag.lexical import terms_of_each

REPORTED_WITHIN = datetime.timedelta(days=62)
PRINTED_WITHIN = datetime.timedelta(days=3)
_OCCASION = re.compile(
    "^.{0,12}?(?:发布会|采访|专访|访谈|会议|通道|论坛|讲话|报道|文章|公布|宣布|介绍|表示|回答|说|谈|press conference|briefing|"
    "interview|article|report|said|announced)",
    re.IGNORECASE,
)
_VALUES_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known about the document of a chunk: its day of publication and the terms of its other metadata."""

    day: datetime.date | None
    terms: frozenset[int]


def origins(connection: sqlite3.Connection, chunks: Iterable[int]) -> dict[int, Origin]:
    """For each chunk id, its document's origin; removed chunks are left out."""
    identifiers = list(chunks)
    days: dict[str, datetime.date | None] = {}
    texts: dict[str, str] = {}
    documents: dict[int, str] = {}
    for start in range(0, len(identifiers), _VALUES_PER_QUERY):
        part = identifiers[start : start + _VALUES_PER_QUERY]
        marks = ",".join("?" * len(part))
        query = (
            "SELECT c.id, d.id, d.date, d.title, d.event, d.source, d.speakers FROM chunks c"  # noqa: S608
            f" JOIN documents d ON d.id = c.document_id WHERE c.id IN ({marks})"
        )
        for chunk, document, day, *named in connection.execute(query, part):
            documents[chunk] = document
            if document not in texts:
                texts[document] = "\n".join(filter(None, named))
                days[document] = datetime.date.fromisoformat(day) if day else None
    terms = dict(zip(texts, terms_of_each(list(texts.values())), strict=True))
    found = {document: Origin(days[document], terms[document]) for document in texts}
    return {chunk: found[document] for chunk, document in documents.items()}


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
