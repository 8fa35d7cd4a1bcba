"""Changes of the store: a document goes in, is replaced, edited or goes out, each time in one transaction.

A process killed at any moment loses at most the document in flight.
"""

import datetime
import json
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import UsageError
from rag.index import lexical, linking
from rag.index.duplicates import Signature
from rag.index.rows import checked_changes, edits_from_json, edits_to_json, fact_row, joined, metadata, with_edits
from rag.index.seals import FACT_COLUMNS, checksum, cyclic, seal_document
from rag.index.store import Store, unknown_document
from rag.loading.file_limits import FileLimits
from rag.text.chunks import Chunk, speakers_of
from rag.text.documents import Document
from rag.text.facts import facts_of
from rag.text.structure import Sentence, sentences_of

_INSERT_VECTOR = "INSERT OR IGNORE INTO vectors (content, vector, checksum) VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is made of a document's text before it is written.

    Attributes:
        text: checksum of the text it was made of; a document that has another by now is prepared again.
        chunks: the document's chunks.
        vectors: their unit vectors, shape (number of chunks, dimension).
    """

    text: bytes
    chunks: list[Chunk]
    vectors: NDArray[np.float32]


def put_document(
    store: Store,
    document: Document,
    chunks: list[Chunk],
    vectors: NDArray[np.float32],
    signature: Signature,
    edited: dict[str, Any] | None = None,
    sentences: list[Sentence] | None = None,
) -> bool:
    """Writes a document with its chunks and facts in one transaction, in place of the one that came from the same path.

    What a person has edited (title, date, …) of the one before is kept.

    Args:
        chunks: the document's chunks.
        vectors: their unit vectors, shape (number of chunks, dimension).
        signature: the document's MinHash signature.
        edited: what a person has edited, where it is known from elsewhere.
        sentences: the document's sentences, where they are known already.

    Returns:
        whether facts were left out, because there are more than :class:`~rag.loading.file_limits.FileLimits` allow.

    Raises:
        UsageError: a document from another path has the same id.
    """
    with store.transaction() as connection:
        row = connection.execute("SELECT id, edited FROM documents WHERE path = ?", (document.path,)).fetchone()
        edited = (edits_from_json(row[1]) if row else {}) | (edited or {})
        if row:
            _remove(connection, row[0])
        if connection.execute("SELECT 1 FROM documents WHERE id = ?", (document.id,)).fetchone():
            raise UsageError(
                zh=f"{document.path} 的编号 {document.id} 已属于另一份文档；请换一个编号。",
                en=f"The id {document.id} of {document.path} belongs to another document; give it another.",
            )
        known = with_edits(document, edited)
        _insert_document(connection, known, signature, edited)
        shortened = _insert_facts(connection, known, sentences)
        _insert_chunks(store, connection, document.id, chunks, vectors)
        seal_document(connection, document.id)
    return shortened


def remake(
    store: Store,
    embedder: str,
    dimension: int,
    chunk_size: int,
    prepared: dict[str, Prepared],
    prepare: Callable[[str], Prepared],
) -> None:
    """Puts other chunks, vectors and facts in the place of all there are, in one transaction, and records their making.

    Args:
        embedder: name of the embedder that made the vectors.
        dimension: number of values of a vector.
        chunk_size: size of the chunks in characters.
        prepared: chunks and vectors by id of the document.
        prepare: makes those of a document that has come in meanwhile.
    """
    with store.remaking(embedder, dimension, chunk_size) as connection:
        lexical.clear(connection)
        connection.execute("DELETE FROM chunks")
        connection.execute("DELETE FROM facts")
        connection.execute("DELETE FROM vectors")
        for identifier, text in connection.execute("SELECT id, checksum FROM documents ORDER BY rowid").fetchall():
            ready = prepared.get(identifier)
            ready = ready if ready and ready.text == text else prepare(identifier)
            _insert_chunks(store, connection, identifier, ready.chunks, ready.vectors)
            _insert_facts(connection, store.document(identifier, derived=False))
            seal_document(connection, identifier)
        lexical.catch_up(connection)


def renew_document(store: Store, document_id: str, prepare: Callable[[str], Prepared]) -> None:
    """Makes chunks and facts of a document anew, in one transaction; the document itself stays as it is."""
    with store.transaction() as connection:
        connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
        connection.execute("DELETE FROM facts WHERE document_id = ?", (document_id,))
        ready = prepare(document_id)
        _insert_chunks(store, connection, document_id, ready.chunks, ready.vectors)
        _insert_facts(connection, store.document(document_id, derived=False))
        seal_document(connection, document_id)


def remove_document(store: Store, document_id: str) -> None:
    """Removes a document, its chunks and its vectors.

    Raises:
        UsageError: the index holds no such document.
    """
    with store.transaction() as connection:
        if not connection.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone():
            raise unknown_document(document_id)
        _remove(connection, document_id)


def edit_document(store: Store, document_id: str, changes: dict[str, Any]) -> None:
    """Changes what is known about a document: any of title, date, source, event, speakers.

    Raises:
        UsageError: the index holds no such document, a field cannot be edited, or a value is not of its kind.
    """
    changes = checked_changes(changes)
    with store.transaction() as connection:
        document = with_edits(store.document(document_id, derived=False), changes)
        (before,) = connection.execute("SELECT edited FROM documents WHERE id = ?", (document_id,)).fetchone()
        connection.execute(
            "UPDATE documents SET title = ?, date = ?, source = ?, event = ?, speakers = ?, date_is_guessed = ?, edited = ?"
            " WHERE id = ?",
            (
                *metadata(document),
                document.date_is_guessed,
                edits_to_json(edits_from_json(before) | changes),
                document_id,
            ),
        )
        if {"date", "speakers"} & changes.keys():  # facts have their dates and speakers from there
            sentences = sentences_of(document.text, document.speakers)
            connection.execute("DELETE FROM facts WHERE document_id = ?", (document_id,))
            _insert_facts(connection, document, sentences)
            _name_speakers(connection, document_id, sentences)
        seal_document(connection, document_id)


def catch_up(store: Store) -> linking.Links:
    """Indexes lexically and links what has gone in since the last time.

    Returns:
        the documents linked now that have near-equal ones which came before them, by id, with the ids of those.
    """
    missing = lexical.pending(store.connection) or linking.pending(store.connection)
    if not missing or not store.writable:
        return {}
    with store.transaction() as connection:
        lexical.catch_up(connection)
        return linking.catch_up(connection)


def vector_rows(contents: Iterable[bytes], vectors: NDArray[np.float32]) -> Iterator[tuple[bytes, bytes, int]]:
    """Content, vector and checksum as rows of ``vectors`` have them, for unit vectors of shape (number of contents, dimension)."""
    for content, vector in zip(contents, vectors.astype("<f2"), strict=True):
        raw = vector.tobytes()
        yield content, raw, cyclic(content, raw)


def _insert_document(
    connection: sqlite3.Connection, document: Document, signature: Signature, edited: dict[str, Any]
) -> None:
    connection.execute(
        "INSERT INTO documents (id, path, title, date, source, event, speakers, page_starts, encoding, digest,"
        " characters, checksum, signature, edited, added, parts, seal, date_is_guessed, unsure, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'', x'', ?, ?, ?)",
        (
            document.id,
            document.path,
            *metadata(document),
            json.dumps(document.page_starts),
            document.encoding,
            document.digest,
            len(document.text),
            checksum(document.text),
            signature.astype("<u4").tobytes(),
            edits_to_json(edited),
            datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            document.date_is_guessed,
            json.dumps(document.unsure),
            document.text,
        ),
    )
    connection.execute("INSERT INTO unlinked SELECT number FROM documents WHERE id = ?", (document.id,))


def _insert_chunks(
    store: Store,
    connection: sqlite3.Connection,
    document_id: str,
    chunks: list[Chunk],
    vectors: NDArray[np.float32],
) -> None:
    contents = [store.content_key(chunk.text) for chunk in chunks]
    connection.executemany(_INSERT_VECTOR, vector_rows(contents, vectors))
    connection.executemany(
        "INSERT INTO chunks (document_id, start, end, length, speakers, text, vector)"
        " VALUES (?, ?, ?, ?, ?, ?, (SELECT id FROM vectors WHERE content = ?))",
        (
            (document_id, chunk.start, chunk.end, len(chunk.text), joined(chunk.speakers), chunk.text, content)
            for chunk, content in zip(chunks, contents, strict=True)
        ),
    )


def _insert_facts(connection: sqlite3.Connection, document: Document, sentences: list[Sentence] | None = None) -> bool:
    """Writes the facts of a document, the first of them where they are too many; returns whether they are."""
    most = FileLimits.from_environment().facts
    facts = facts_of(document, sentences, most + 1)
    connection.executemany(
        f"INSERT INTO facts (document_id, {FACT_COLUMNS}) VALUES ({','.join('?' * 19)})",  # noqa: S608
        (fact_row(document.id, fact) for fact in facts[:most]),
    )
    return len(facts) > most


def _name_speakers(connection: sqlite3.Connection, document_id: str, sentences: Sequence[Sentence]) -> None:
    """Writes who speaks in each chunk of a document, now that more is known of it. Chunks stay where they are."""
    starts = [sentence.start for sentence in sentences]
    chunks = connection.execute("SELECT id, start, end FROM chunks WHERE document_id = ?", (document_id,)).fetchall()
    connection.executemany(
        "UPDATE chunks SET speakers = ? WHERE id = ?",
        (
            (joined(speakers_of(sentences[bisect_left(starts, start) : bisect_left(starts, end)])), number)
            for number, start, end in chunks
        ),
    )


def _remove(connection: sqlite3.Connection, document_id: str) -> None:
    query = "SELECT number, signature FROM documents WHERE id = ?"
    linking.remove(connection, *connection.execute(query, (document_id,)).fetchone())
    vectors = connection.execute("SELECT DISTINCT vector FROM chunks WHERE document_id = ?", (document_id,)).fetchall()
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
    connection.executemany(
        "DELETE FROM vectors WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM chunks WHERE vector = ?1)", vectors
    )
