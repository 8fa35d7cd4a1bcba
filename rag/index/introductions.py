"""Introductions: what introduces a document, its two sentences and the questions it answers, kept in the index's file.

Each is made when it is first asked for. It belongs to a document as it is sealed (:mod:`rag.index.seals`): once its text or
what is known about it changes, it is made anew, and it goes with the document. Nothing else rests on it, so the table is
made where it is missing, in an index of any age, a row that is not what was written is made anew, and what cannot be
written, or only after waiting, is remembered until the program ends.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.errors import StoreError
from rag.index.database import FILE_NAME, connect
from rag.index.seals import digest
from rag.index.store import Store, unknown_document
from rag.text.gist import in_short

_TABLE = """
CREATE TABLE IF NOT EXISTS introductions (
    document_id TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE, document BLOB NOT NULL, short TEXT NOT NULL,
    questions TEXT NOT NULL, seal BLOB NOT NULL
)
"""
_COLUMNS = "document_id, document, short, questions"
_IS_THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'introductions'"
_SEALS = "SELECT id, seal FROM documents"
_WRITE = f"""
INSERT OR REPLACE INTO introductions ({_COLUMNS}, seal)
SELECT id, seal, ?, ?, ? FROM documents WHERE id = ? AND seal = ?
"""  # noqa: S608
_MILLISECONDS_TO_WRITE = 500
_MAKING = 1
"""Counts the ways in which they were made: those that an older way made are made anew."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What introduces a document.

    Attributes:
        short: two of its own sentences; empty where it has no whole ones, None where they are not made yet.
        questions: what it answers; None where they are not made yet.
    """

    short: str | None = None
    questions: tuple[str, ...] | None = None


class Introductions:
    """The introductions of an index. Safe to use from several threads.

    What is kept does not count as a change of the index: its generation stays.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[bytes, Introduction]] = {}
        self._lock = threading.Lock()

    def known(self) -> dict[str, Introduction]:
        """Those that are made already, of the documents as they are now, by their ids.

        Raises:
            StoreError: the index cannot be read.
        """
        with self._store.snapshot():
            seals: dict[str, bytes] = dict(self._store.connection.execute(_SEALS).fetchall())
            kept = self._kept()
        with self._lock:
            both = [*kept.items(), *self._known.items()]
            self._known = {key: made for key, made in both if seals.get(key) == made[0]}
            return {key: introduction for key, (_, introduction) in self._known.items()}

    def short(self, document_id: str) -> str:
        """What a document says, in two of its own sentences; empty where it has no whole ones.

        Raises:
            UsageError: the index holds no such document.
            StoreError: the index cannot be read.
        """
        seal, introduction = self._of(document_id)
        if introduction.short is None:
            introduction = replace(introduction, short=in_short(self._store.document(document_id)))
            self._keep(document_id, seal, introduction)
        return introduction.short or ""

    def questions(self, document_id: str, make: Callable[[], Sequence[str]]) -> tuple[str, ...]:
        """Questions that a document answers.

        Args:
            make: gives them where they are not known.

        Raises:
            UsageError: the index holds no such document.
            StoreError: the index cannot be read.
        """
        seal, introduction = self._of(document_id)
        if introduction.questions is None:
            introduction = replace(introduction, questions=tuple(make()))
            self._keep(document_id, seal, introduction)
        return introduction.questions or ()

    def _of(self, document_id: str) -> tuple[bytes, Introduction]:
        """The seal of a document as it is now, and what is known of it."""
        with self._store.snapshot():
            row = self._store.connection.execute("SELECT seal FROM documents WHERE id = ?", (document_id,)).fetchone()
            if row is None:
                raise unknown_document(document_id)
            with self._lock:
                known = self._known.get(document_id)
            if known is None or known[0] != row[0]:
                known = self._kept(document_id).get(document_id)
        return row[0], known[1] if known and known[0] == row[0] else Introduction()

    def _kept(self, document_id: str | None = None) -> dict[str, tuple[bytes, Introduction]]:
        """What the file holds, all or of one document, each with the seal of the document that it was made of."""
        connection = self._store.connection
        if connection.execute(_IS_THERE).fetchone() is None:
            return {}
        query = f"SELECT {_COLUMNS}, seal FROM introductions WHERE ?1 IS NULL OR document_id = ?1"  # noqa: S608
        rows = connection.execute(query, (document_id,)).fetchall()
        return {row[0]: (row[1], _introduction(row[2], row[3])) for row in rows if _seal(*row[:4]) == row[4]}

    def _keep(self, document_id: str, seal: bytes, introduction: Introduction) -> None:
        """Keeps what was made of a document that had a seal, unless it has another by now."""
        with self._lock:
            before = self._known.get(document_id)
            if before and before[0] == seal:  # the other half was made meanwhile
                introduction = Introduction(
                    before[1].short if introduction.short is None else introduction.short,
                    before[1].questions if introduction.questions is None else introduction.questions,
                )
            self._known[document_id] = seal, introduction
        if not self._store.writable:
            return
        written = [json.dumps(each, ensure_ascii=False) for each in (introduction.short, introduction.questions)]
        sealed = _seal(document_id, seal, *written)
        with (
            contextlib.suppress(StoreError),
            contextlib.closing(connect(self._store.folder / FILE_NAME, writable=True)) as connection,
        ):
            connection.execute(f"PRAGMA busy_timeout = {_MILLISECONDS_TO_WRITE}")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            connection.execute(_WRITE, (*written, sealed, document_id, seal))
            connection.execute("COMMIT")


def _introduction(short: str, questions: str) -> Introduction:
    made = json.loads(questions)
    return Introduction(json.loads(short), None if made is None else tuple(made))


def _seal(document_id: str, document: bytes, short: str, questions: str) -> bytes:
    return digest([(_MAKING, document_id, document, short, questions)])
