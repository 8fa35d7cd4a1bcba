"""How documents look as rows of the store, and the values that reading the store gives."""

import datetime
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rag.errors import UsageError
from rag.text.documents import Document
from rag.text.facts import Fact
from rag.text.periods import Period
from rag.text.surrogates import is_storable
from rag.text.terms import fold

EDITABLE = ("title", "date", "source", "event", "speakers")
DOCUMENT_COLUMNS = (
    "id, path, title, date, source, event, speakers, page_starts, encoding, digest, date_is_guessed, unsure, text"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of an index, without its text.

    Attributes:
        digest: SHA-256 of the file's bytes, hexadecimal; empty where it came from no file.
        date_is_guessed: whether nothing but the name of the file tells the day.
        near_duplicates: ids of documents with nearly the same text.
    """

    id: str
    path: str
    title: str
    date: datetime.date | None
    source: str
    event: str
    speakers: tuple[str, ...]
    characters: int
    added: str
    digest: str
    near_duplicates: tuple[str, ...]
    date_is_guessed: bool = False

    @property
    def trusted_date(self) -> datetime.date | None:
        """As of a :class:`~rag.text.documents.Document`."""
        return None if self.date_is_guessed else self.date


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as the store knows it: its id, its document, its span and how it reads."""

    id: int
    document_id: str
    start: int
    end: int
    text: str
    speakers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """What retrieval is limited to.

    Attributes:
        after, before: days of publication, both included; a document without a date, or with a guessed one, is left out
            when either is given.
        speaker, source: part of the name of a speaker or of a source.
        document_id: one document.
        document_ids: only these documents; empty for no such limit.
    """

    after: datetime.date | None = None
    before: datetime.date | None = None
    speaker: str | None = None
    source: str | None = None
    document_id: str | None = None
    document_ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.after, self.before, self.speaker, self.source, self.document_id, self.document_ids))

    def conditions(self, speakers: str = "c.speakers") -> dict[str, str]:
        """The filters that are given, as conditions on documents ``d``, each with its value.

        Names are compared folded (``陶靑`` or full-width letters find what is written otherwise) by the SQL function ``fold``,
        which :func:`rag.index.database.connect` defines.

        Args:
            speakers: the column that names who speaks.
        """
        found = {
            "NOT d.date_is_guessed AND d.date >= ?": day_text(self.after),
            "NOT d.date_is_guessed AND d.date <= ?": day_text(self.before),
            f"instr(fold({speakers}), ?)": fold((self.speaker or "").strip()),
            "instr(fold(d.source), ?)": fold((self.source or "").strip()),
            "d.id = ?": self.document_id,
            "d.id IN (SELECT value FROM json_each(?))": json.dumps(self.document_ids) if self.document_ids else "",
        }
        return {condition: value for condition, value in found.items() if value}

    def lets_through(self, speaker: str) -> bool:
        """Whether this person's words are let through, by his name."""
        return fold((self.speaker or "").strip()) in fold(speaker)


def document_of(row: tuple[Any, ...]) -> Document:
    """The document in a row of ``DOCUMENT_COLUMNS``."""
    return Document(
        id=row[0],
        path=row[1],
        title=row[2],
        date=_day(row[3]),
        source=row[4],
        event=row[5],
        speakers=tuple(json.loads(row[6])),
        page_starts=tuple(json.loads(row[7])),
        encoding=row[8],
        digest=row[9],
        date_is_guessed=bool(row[10]),
        unsure=tuple((begin, end) for begin, end in json.loads(row[11])),
        text=row[12],
    )


def fact_row(document_id: str, fact: Fact) -> tuple[Any, ...]:
    """A document's id and a fact as values of ``FACT_COLUMNS``."""
    return (
        document_id,
        fact.subject,
        str(fact.value),
        fact.unit,
        fact.written,
        fact.period.first.isoformat(),
        fact.period.last.isoformat(),
        int(fact.resolved),
        int(fact.dated),
        fact.status,
        fact.change,
        fact.scope,
        fact.qualifier,
        fact.speaker,
        fact.heading,
        fact.start,
        fact.end,
        fact.value_start,
        fact.value_end,
    )


def fact_of(row: tuple[Any, ...]) -> Fact:
    """The fact in a row of ``FACT_COLUMNS``."""
    period = Period(datetime.date.fromisoformat(row[4]), datetime.date.fromisoformat(row[5]))
    return Fact(row[0], Decimal(row[1]), row[2], row[3], period, bool(row[6]), bool(row[7]), *row[8:])


def entry_of(row: tuple[Any, ...], near_duplicates: tuple[str, ...]) -> Entry:
    """The entry in a row of ``SEALED_COLUMNS``."""
    return Entry(
        id=row[1],
        path=row[2],
        title=row[3],
        date=_day(row[4]),
        source=row[5],
        event=row[6],
        speakers=tuple(json.loads(row[7])),
        characters=row[11],
        added=row[15],
        digest=row[10],
        near_duplicates=near_duplicates,
        date_is_guessed=bool(row[16]),
    )


def metadata(document: Document) -> tuple[str, str | None, str, str, str]:
    """Values of the columns that a person may edit, in the order of ``EDITABLE``."""
    return (
        document.title,
        day_text(document.date),
        document.source,
        document.event,
        json.dumps(document.speakers, ensure_ascii=False),
    )


def checked_changes(changes: dict[str, Any]) -> dict[str, Any]:
    """What a person changes about a document, as values of its fields.

    Raises:
        UsageError: a field cannot be edited, or a value is not of its kind.
    """
    unknown = sorted(set(changes) - set(EDITABLE))
    if unknown:
        raise UsageError(
            zh=f"不能修改 {'、'.join(unknown)}；可以修改的有：{'、'.join(EDITABLE)}。",
            en=f"{', '.join(unknown)} cannot be edited; these can: {', '.join(EDITABLE)}.",
        )
    checked = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
    for name, value in checked.items():
        if not _is_possible(name, value):
            raise UsageError(zh=f"{name} 的值不对：{value!r}。", en=f"{value!r} is no possible value for {name}.")
    return checked


def _is_possible(name: str, value: Any) -> bool:
    if name == "date":
        return value is None or isinstance(value, datetime.date)
    texts = value if name == "speakers" else (value,)
    return isinstance(texts, tuple) and all(isinstance(text, str) and is_storable(text) for text in texts)


def edits_to_json(edited: dict[str, Any]) -> str:
    """A person's edits as the store keeps them beside the document."""
    plain = {name: day_text(value) if name == "date" else value for name, value in edited.items()}
    return json.dumps(plain, ensure_ascii=False)


def edits_from_json(text: str) -> dict[str, Any]:
    """A person's edits as values of the document's fields."""
    edited = {name: value for name, value in json.loads(text).items() if name in EDITABLE}
    if "date" in edited:
        edited["date"] = _day(edited["date"])
    if "speakers" in edited:
        edited["speakers"] = tuple(edited["speakers"])
    return edited


def with_edits(document: Document, edited: dict[str, Any]) -> Document:
    """A document as a person has edited it, who is sure of a day."""
    if "date" in edited:
        edited = {**edited, "date_is_guessed": False}
    return replace(document, **edited) if edited else document


def joined(speakers: tuple[str, ...]) -> str:
    """Names of a chunk's speakers in one column, which filters search."""
    return "\n".join(speakers)


def split(value: str) -> tuple[str, ...]:
    """The names in a column made by :func:`joined`."""
    return tuple(value.split("\n")) if value else ()


def day_text(day: datetime.date | None) -> str | None:
    """A day as it is stored: ``2023-04-21``."""
    return day.isoformat()[:10] if day else None


def _day(value: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(value) if value else None
