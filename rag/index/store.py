"""The store: one SQLite file that is the record of an index, and what is read from it.

It holds documents, their chunks, facts and vectors, the lexical index and settings. A document is compared with its
seals before it is given out. :mod:`rag.index.changes` writes what is read here.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import DamageError, UsageError
from rag.index.database import FILE_NAME, VERSION, damage
from rag.index.index_file import IndexFile
from rag.index.rows import (
    DOCUMENT_COLUMNS,
    Entry,
    Filters,
    StoredChunk,
    document_of,
    edits_from_json,
    entry_of,
    fact_of,
    split,
    with_edits,
)
from rag.index.seals import FACT_COLUMNS, SEALED_COLUMNS, checksum, cyclic, digest, parts_of
from rag.text.documents import Document
from rag.text.facts import Fact

__all__ = ["FILE_NAME", "VERSION", "Entry", "Filters", "Store", "StoredChunk", "unknown_document"]

_VALUES_PER_QUERY = 500
_CHUNKS_WHERE = "FROM chunks c JOIN documents d ON d.id = c.document_id WHERE"
_SEALED = len(SEALED_COLUMNS.split(","))
_FACT_COLUMNS = ", ".join(f"f.{column.strip()}" for column in FACT_COLUMNS.split(","))


class Store(IndexFile):
    """An open index folder: its file, and what can be read in it."""

    def __init__(self, folder: Path, writable: bool) -> None:
        super().__init__(folder, writable)
        self._document = lru_cache(maxsize=256)(self._read_document)
        self._entry = lru_cache(maxsize=10_000)(self._read_entry)
        self._verified: dict[str, bytes] = {}

    # -- documents ----------------------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """All documents without their texts, newest first, those without a date last."""
        query = f"SELECT {SEALED_COLUMNS}, seal FROM documents ORDER BY date IS NULL, date DESC, path"  # noqa: S608
        near: dict[str, list[str]] = {}
        with self.snapshot():
            rows = self.connection.execute(query).fetchall()
            links = "SELECT document_id, other_id FROM links ORDER BY similarity DESC, other_id"
            for one, other in self.connection.execute(links):
                near.setdefault(one, []).append(other)
        return [entry_of(row, tuple(near.get(row[1], ()))) for row in map(self._checked_row, rows)]

    def sizes(self) -> tuple[int, int]:
        """How many documents and chunks there are."""
        query = "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks)"
        documents, chunks = self.connection.execute(query).fetchone()
        return documents, chunks

    def within(self, filters: Filters) -> set[str] | None:
        """Ids of the documents that have something which the filters let through; None if nothing is filtered."""
        conditions = filters.conditions()
        if not conditions:
            return None
        query = f"SELECT DISTINCT d.id {_CHUNKS_WHERE} {' AND '.join(conditions)}"
        return {row[0] for row in self.connection.execute(query, list(conditions.values()))}

    def speakers(self, filters: Filters) -> dict[str, list[str]]:
        """Who speaks in what the filters let through, each with the ids of the documents, the newest of these first."""
        conditions = {**filters.conditions(), "c.speakers != ?": ""}
        query = f"SELECT DISTINCT d.id, c.speakers {_CHUNKS_WHERE} {' AND '.join(conditions)}"
        rows = self.connection.execute(
            f"{query} ORDER BY d.date IS NULL, d.date DESC, d.path", list(conditions.values())
        )
        found: dict[str, dict[str, None]] = {}
        for document_id, names in rows:
            for name in filter(filters.lets_through, split(names)):
                found.setdefault(name, {})[document_id] = None
        return {name: list(documents) for name, documents in found.items()}

    def texts(self) -> dict[str, tuple[str, bytes]]:
        """Path of each document and checksum of its text, by its id, in the order in which they went in."""
        rows = self.connection.execute("SELECT id, path, checksum FROM documents ORDER BY number")
        return {identifier: (path, text) for identifier, path, text in rows}

    def knows(self, path: str) -> bool:
        """Whether the index holds a document that came from ``path``."""
        return self.connection.execute("SELECT 1 FROM documents WHERE path = ?", (path,)).fetchone() is not None

    def holds(self, document: Document) -> bool:
        """Whether the index holds this very document, text and metadata, apart from what a person has edited."""
        query = f"SELECT {DOCUMENT_COLUMNS}, edited FROM documents WHERE path = ?"  # noqa: S608
        row = self.connection.execute(query, (document.path,)).fetchone()
        return row is not None and document_of(row) == with_edits(document, edits_from_json(row[-1]))

    def described(self, chunks: Iterable[int]) -> dict[int, Entry]:
        """What is known about the document of each chunk that is there, by the chunk's id; their links are left out."""
        query = (
            "SELECT c.id, d.id, d.seal FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id IN ({marks})"
        )
        with self.snapshot():
            rows = self._rows_for(query, [int(chunk) for chunk in chunks])
            return {chunk: self._entry(owner, seal) for chunk, owner, seal in rows}

    def _read_entry(self, document_id: str, seal: bytes) -> Entry:
        """Reads what is known about a document; :attr:`_entry` remembers it for as long as it has this seal."""
        query = f"SELECT {SEALED_COLUMNS}, seal FROM documents WHERE id = ?"  # noqa: S608
        return entry_of(self._checked_row(self.connection.execute(query, (document_id,)).fetchone()), ())

    def _checked_row(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row of ``SEALED_COLUMNS`` and the seal, which must be theirs."""
        if digest([row[:_SEALED]]) != row[_SEALED]:
            raise self._altered(str(row[2]), str(row[3]))
        return row

    def document(self, document_id: str, *, derived: bool = True) -> Document:
        """A document with its text, as it is now.

        Args:
            derived: whether its chunks and facts have to be those that were written; no to make them anew.

        Raises:
            UsageError: the index holds no such document.
            DamageError: it is not what was written.
        """
        with self.snapshot():  # its text, chunks and facts are of one moment
            return self._document(document_id, self.generation) if derived else self._sealed_document(document_id)[0]

    def edits(self, document_id: str) -> dict[str, Any]:
        """What a person has edited of a document, by field; empty where that is nothing.

        Raises:
            UsageError: the index holds no such document.
            DamageError: what is known about it is not what was written.
        """
        query = f"SELECT {SEALED_COLUMNS}, seal FROM documents WHERE id = ?"  # noqa: S608
        row = self.connection.execute(query, (document_id,)).fetchone()
        if row is None:
            raise unknown_document(document_id)
        return edits_from_json(self._checked_row(row)[14])

    def document_of(self, chunk: StoredChunk) -> Document:
        """The document that a chunk read in this snapshot stands in.

        Raises:
            DamageError: it is not there, or the chunk is not one of its.
        """
        try:
            return self.document(chunk.document_id)
        except UsageError as error:
            raise damage(self.folder, "有片段不属于任何文档", "a chunk belongs to no document") from error

    def _read_document(self, document_id: str, generation: int) -> Document:
        """Reads a document; those read last are remembered by :attr:`_document`, each for one generation.

        What it is cited with, its chunks and facts, is compared with its seal once in the life of this store.
        """
        document, seal, parts = self._sealed_document(document_id)
        if self._verified.get(document_id) != seal:
            if parts_of(self.connection, document_id) != parts:
                raise self._altered(document.path, document.title)
            self._verified[document_id] = seal
        return document

    def _sealed_document(self, document_id: str) -> tuple[Document, bytes, bytes]:
        """A document with its seal and the checksum of its chunks and facts; refused where it is not what was written."""
        query = f"SELECT {SEALED_COLUMNS}, seal, {DOCUMENT_COLUMNS} FROM documents WHERE id = ?"  # noqa: S608
        row = self.connection.execute(query, (document_id,)).fetchone()
        if row is None:
            raise unknown_document(document_id)
        sealed, seal, columns = self._checked_row(row)[:_SEALED], row[_SEALED], row[_SEALED + 1 :]
        document = document_of(columns)
        if checksum(document.text) != sealed[12]:
            raise self._altered(document.path, document.title)
        return document, seal, sealed[-1]

    def _altered(self, path: str, title: str) -> DamageError:
        named = f"{path}《{title}》" if path else ""
        return damage(
            self.folder, f"文档 {named} 与加入时不同", f"the document {named} is not what was added".replace("  ", " ")
        )

    # -- what is derived from them ------------------------------------------------------------------------------------

    def chunks(self, identifiers: Iterable[int]) -> dict[int, StoredChunk]:
        """The chunks with the given ids, by id."""
        query = "SELECT id, document_id, start, end, text, speakers FROM chunks WHERE id IN ({marks})"
        rows = self._rows_for(query, [int(identifier) for identifier in identifiers])
        return {row[0]: StoredChunk(row[0], row[1], row[2], row[3], row[4], split(row[5])) for row in rows}

    def subjects(self, filters: Filters, documents: Iterable[str] | None = None) -> list[str]:
        """What the facts that the filters let through are about, each subject once.

        Args:
            documents: ids; only what facts of these documents are about (at most 32,000).
        """
        where, values = _conditions_on_facts(filters)
        if documents is not None:
            identifiers = list(documents)
            where = f"{where or 'WHERE 1'} AND f.document_id IN ({','.join('?' * len(identifiers))})"
            values = [*values, *identifiers]
        query = f"SELECT DISTINCT f.subject FROM facts f {where}"  # noqa: S608
        return [row[0] for row in self.connection.execute(query, values)]

    def facts(self, subjects: Iterable[str], filters: Filters) -> list[tuple[str, Fact]]:
        """The facts about the given subjects that the filters let through, each with its document's id.

        They come in the order in which their documents went in and as they stand there, whenever they were made.
        """
        where, values = _conditions_on_facts(filters)
        columns = f"(SELECT number FROM documents WHERE id = f.document_id), f.document_id, {_FACT_COLUMNS}"  # noqa: S608
        query = f"SELECT {columns} FROM facts f {where or 'WHERE 1'} AND f.subject IN "  # noqa: S608
        rows: list[Any] = []
        wanted = list(subjects)
        for start in range(0, len(wanted), _VALUES_PER_QUERY):
            part = wanted[start : start + _VALUES_PER_QUERY]
            rows += self.connection.execute(f"{query}({','.join('?' * len(part))})", [*values, *part]).fetchall()
        try:
            rows.sort(key=lambda row: (row[0], row[-4:]))
            return [(row[1], fact_of(row[2:])) for row in rows]
        except (ValueError, TypeError, ArithmeticError) as error:
            raise damage(self.folder, "有数字与写入时不同", "a figure is not what was written") from error

    def links(self, document_id: str) -> tuple[str, ...]:
        """Ids of the documents with nearly the same text, most similar first."""
        query = "SELECT other_id FROM links WHERE document_id = ? ORDER BY similarity DESC, other_id"
        return tuple(row[0] for row in self.connection.execute(query, (document_id,)))

    def allowed(self, filters: Filters) -> NDArray[np.bool_] | None:
        """For each chunk id whether the filters let it through: shape (largest such id + 1,); None if nothing is filtered."""
        conditions = filters.conditions()
        if not conditions:
            return None
        where = " AND ".join(conditions)
        query = f"SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id WHERE {where}"  # noqa: S608
        rows = self.connection.execute(query, list(conditions.values())).fetchall()
        identifiers = np.array([row[0] for row in rows], dtype=np.int64)
        mask = np.zeros(int(identifiers.max(initial=0)) + 1, dtype=np.bool_)
        mask[identifiers] = True
        return mask

    def chunk_ids(self) -> NDArray[np.int64]:
        """Ids of all chunks, ascending: shape (number of chunks,)."""
        rows = self.connection.execute("SELECT id FROM chunks ORDER BY id").fetchall()
        return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))

    def chunk_lengths(self) -> NDArray[np.int32]:
        """Length of each chunk in characters at the place of its id, 0 where there is none: shape (largest id + 1,)."""
        rows = self.connection.execute("SELECT id, length FROM chunks ORDER BY id").fetchall()
        lengths = np.zeros(rows[-1][0] + 1 if rows else 1, dtype=np.int32)
        if rows:
            table = np.array(rows, dtype=np.int64)
            lengths[table[:, 0]] = table[:, 1]
        return lengths

    def vectors(self, identifiers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors of the given chunks, in their order: shape (number of ids, dimension).

        Raises:
            StoreError: some have none, or none of the right size.
        """
        result = np.empty((len(identifiers), self.dimension), dtype=np.float32)
        places = {int(identifier): place for place, identifier in enumerate(identifiers)}
        query = (
            "SELECT c.id, c.text, v.content, v.vector, v.checksum FROM chunks c JOIN vectors v ON v.id = c.vector"
            " WHERE c.id IN ({marks})"
        )
        for identifier, text, content, vector, check in self._rows_for(query, list(places)):
            if self.is_vector(content, vector, check) and content == self.content_key(text):
                result[places.pop(identifier)] = np.frombuffer(vector, dtype="<f2")
        if places:
            raise DamageError(
                zh=f"索引 {self.folder} 缺少 {len(places)} 个片段的向量。请运行 youju doctor --repair --index {self.folder}。",
                en=f"The index {self.folder} lacks the vectors of {len(places)} chunks. Run 'youju doctor --repair --index "
                f"{self.folder}'.",
            )
        return result

    def cached_vectors(self, texts: list[str]) -> dict[str, NDArray[np.float32]]:
        """Vectors that this index already holds for some of the texts, by text."""
        keys = {self.content_key(text): text for text in texts}
        query = "SELECT content, vector, checksum FROM vectors WHERE content IN ({marks})"
        return {
            keys[content]: np.frombuffer(vector, dtype="<f2").astype(np.float32)
            for content, vector, check in self._rows_for(query, list(keys))
            if self.is_vector(content, vector, check)
        }

    def is_vector(self, content: Any, vector: Any, check: Any) -> bool:
        """Whether a row of ``vectors`` holds the vector that was written into it."""
        sound = isinstance(content, bytes) and isinstance(vector, bytes) and len(vector) == 2 * self.dimension
        return sound and cyclic(content, vector) == check

    def content_key(self, text: str) -> bytes:
        """Key of a text's vector: text and embedder together."""
        return blake2b(f"{self.embedder}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _rows_for(self, query: str, values: list[Any]) -> list[Any]:
        """Rows of a query with ``IN ({marks})`` for any number of values, which SQLite takes some at a time."""
        rows: list[Any] = []
        for start in range(0, len(values), _VALUES_PER_QUERY):
            part = values[start : start + _VALUES_PER_QUERY]
            rows += self.connection.execute(query.format(marks=",".join("?" * len(part))), part).fetchall()
        return rows


def _conditions_on_facts(filters: Filters) -> tuple[str, list[str]]:
    """Join and conditions on facts ``f`` that the filters make, and their values; both empty where nothing is filtered."""
    conditions = filters.conditions("f.speaker")
    if not conditions:
        return "", []
    return f"JOIN documents d ON d.id = f.document_id WHERE {' AND '.join(conditions)}", list(conditions.values())


def unknown_document(document_id: str) -> UsageError:
    """The error for an id that no document of an index has."""
    return UsageError(
        zh=f"索引里没有编号为 {document_id} 的文档；youju list 列出全部文档和编号。",
        en=f"The index holds no document with the id {document_id}; 'youju list' shows all documents and ids.",
    )
