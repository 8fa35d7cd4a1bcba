"""The store: one SQLite file that is the record of an index.

It holds documents, chunks, vectors, the lexical index, settings and a generation that counts every change. Each
document goes in, is replaced or goes out in one transaction, so that a process killed at any moment loses at most the
document in flight, and two processes can write the same index, one waiting for the other.
"""

import contextlib
import datetime
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import DamageError, StoreError, UsageError
from rag.index import lexical, linking
from rag.index.database import (
    FILE_NAME,
    VERSION,
    WAIT_SECONDS,
    Connection,
    check_chunk_size,
    connect,
    damage,
    inode_of,
    is_made,
    is_writable,
    make,
    not_a_folder,
)
from rag.index.duplicates import Signature
from rag.index.migration import is_older, migrate
from rag.index.rows import (
    DOCUMENT_COLUMNS,
    Entry,
    Filters,
    StoredChunk,
    checked_changes,
    document_of,
    edits_from_json,
    edits_to_json,
    entry_of,
    fact_of,
    fact_row,
    joined,
    metadata,
    split,
    with_edits,
)
from rag.index.seals import (
    FACT_COLUMNS,
    SEALED_COLUMNS,
    checksum,
    cyclic,
    digest,
    parts_of,
    seal_document,
    seal_settings,
    settings_are_sealed,
)
from rag.loading.file_limits import FileLimits
from rag.text.chunks import DEFAULT_SIZE, Chunk
from rag.text.documents import Document
from rag.text.facts import Fact, facts_of
from rag.text.structure import Sentence

__all__ = ["FILE_NAME", "VERSION", "Entry", "Filters", "Prepared", "Store", "StoredChunk"]


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


INSERT_VECTOR = "INSERT OR IGNORE INTO vectors (content, vector, checksum) VALUES (?, ?, ?)"
_VALUES_PER_QUERY = 500
_SEALED = len(SEALED_COLUMNS.split(","))
_FACT_COLUMNS = ", ".join(f"f.{column.strip()}" for column in FACT_COLUMNS.split(","))


class Store:
    """An open index folder. Every thread has its own connection to the file."""

    def __init__(self, folder: Path, writable: bool) -> None:
        self.folder = folder
        self.writable = writable
        self._threads = threading.local()
        self._settings: dict[str, str] = {}
        self._document = lru_cache(maxsize=256)(self._read_document)
        self._entry = lru_cache(maxsize=10_000)(self._read_entry)
        self._verified: dict[str, bytes] = {}

    # -- opening ------------------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path, *, embedder: str, dimension: int, chunk_size: int = DEFAULT_SIZE) -> "Store":
        """Opens an index folder, or makes it where there is none.

        Args:
            folder: the folder; made if it is not there.
            embedder: name of the embedder whose vectors the index holds.
            dimension: number of values of its vectors.
            chunk_size: size of chunks in characters, for a new index; an existing one keeps its own.

        Raises:
            StoreError: the folder cannot be used, the file is damaged, of another version, or made by another embedder.
            UsageError: the size of the chunks is out of range.
        """
        check_chunk_size(chunk_size)
        if not is_made(folder / FILE_NAME):
            make(folder, embedder, dimension, chunk_size)
        store = cls.open_as_it_is(folder)
        if store.embedder != embedder or store.dimension != dimension:
            store.close()
            raise StoreError(
                zh=f"索引 {folder} 是用嵌入模型“{store.embedder}”（{store.dimension} 维）建的，现在的设置是“{embedder}”"
                f"（{dimension} 维），两者的向量不能混用。"
                f"请改回原来的模型（YOUJU_EMBEDDER），或用 youju rebuild --index {folder} 按现在的模型重建。",
                en=f"The index {folder} was built with the embedder '{store.embedder}' ({store.dimension} dimensions), but "
                f"the setting is '{embedder}' ({dimension}); their vectors do not mix. Set YOUJU_EMBEDDER back, or run "
                f"'youju rebuild --index {folder}' to rebuild it with the present one.",
            )
        return store

    @classmethod
    def open_as_it_is(cls, folder: Path) -> "Store":
        """Opens an existing index whatever its embedder; one of an older format is brought to ours first.

        Raises:
            StoreError: there is no index, it is damaged, or of a version that cannot be brought to ours.
        """
        file = folder / FILE_NAME
        if not is_made(file):
            if folder.exists() and not folder.is_dir():
                raise not_a_folder(folder)
            raise StoreError(
                zh=f"{folder} 里没有索引（缺少 {FILE_NAME}）。请用 youju add 文件 --index {folder} 建立。",
                en=f"There is no index in {folder} ({FILE_NAME} is missing). Make one with 'youju add FILE --index {folder}'.",
            )
        store = cls(folder, is_writable(file))
        try:
            store._settings = store._read_settings()
            if is_older(store._settings):
                store.close()
                migrate(folder)
                store._settings = store._read_settings()
            check_settings(folder, store._settings)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def connection(self) -> Connection:
        """This thread's connection; every error on it is a ``StoreError``."""
        connection: Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = connect(self.folder / FILE_NAME, self.writable)
            self._threads.connection = connection
        return connection

    def close(self) -> None:
        """Closes this thread's connection; the others close with their threads."""
        connection = getattr(self._threads, "connection", None)
        if connection is not None:
            self._threads.connection = None
            with contextlib.suppress(sqlite3.Error, StoreError):
                connection.close()

    # -- settings -----------------------------------------------------------------------------------------------------

    @property
    def embedder(self) -> str:
        """Name of the embedder that made the vectors."""
        return self._settings["embedder"]

    @property
    def dimension(self) -> int:
        """Number of values of a vector."""
        return int(self._settings["dimension"])

    @property
    def chunk_size(self) -> int:
        """Size of chunks in characters."""
        return int(self._settings["chunk_size"])

    @property
    def identity(self) -> str:
        """What tells this index from any other, so that nothing derived from another is taken for its own."""
        return self._settings["identity"]

    @property
    def generation(self) -> int:
        """Number of changes so far; whatever is derived from the store is tagged with it.

        Raises:
            StoreError: another process has rebuilt the index with another embedder meanwhile, or it cannot be read.
        """
        settings = self._read_settings()
        self._check_embedder(settings)
        return int(settings["generation"])

    def folders(self) -> list[str]:
        """The folders that were added, as absolute paths: what the paths of documents are told relative to."""
        return list(json.loads(self._read_settings().get("folders", "[]")))

    def remember_folders(self, folders: Iterable[str]) -> None:
        """Notes folders that are being added; nothing is written where all are known."""
        if set(folders) <= set(self.folders()):
            return
        with self.transaction() as connection:
            known = sorted({*self.folders(), *folders})
            row = ("folders", json.dumps(known, ensure_ascii=False))
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", row)
            seal_settings(connection)

    def _read_settings(self) -> dict[str, str]:
        settings = dict(self.connection.execute("SELECT key, value FROM settings"))
        if not settings.get("generation", "").isdecimal():
            raise damage(self.folder, "设置缺失", "settings are missing")
        return settings

    def _check_embedder(self, settings: dict[str, str]) -> None:
        """That the index is the one that was opened, with the same embedder."""
        if self.connection.inode != inode_of(self.folder / FILE_NAME):
            raise StoreError(
                zh=f"索引 {self.folder} 刚被另一个进程修复、恢复或移走。请重新打开索引（重新启动本程序）。",
                en=f"Another process has just repaired, restored or moved the index {self.folder}. Open it again (restart "
                "this program).",
            )
        found = settings.get("embedder", "")
        if found != self.embedder:
            raise StoreError(
                zh=f"索引 {self.folder} 刚被另一个进程用嵌入模型“{found}”重建（原来是“{self.embedder}”）。请重新打开索引。",
                en=f"Another process has just rebuilt the index {self.folder} with the embedder '{found}' (it was "
                f"'{self.embedder}'). Open the index again.",
            )

    # -- writing ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One change: it happens as a whole, or, on any error, not at all.

        Raises:
            StoreError: the index is read-only, another process writes it for too long, or writing fails.
        """
        if not self.writable:
            raise StoreError(
                zh=f"索引 {self.folder} 是只读的，不能修改。请检查文件夹的权限，或把它复制到可写的地方。",
                en=f"The index {self.folder} is read-only and cannot be changed. Check the folder's permissions, or copy it.",
            )
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._check_embedder(self._read_settings())
            yield connection
            connection.execute("UPDATE settings SET value = value + 1 WHERE key = 'generation'")
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(StoreError):
                connection.execute("ROLLBACK")
            raise

    def holds(self, document: Document) -> bool:
        """Whether the index holds this very document, text and metadata, apart from what a person has edited."""
        query = f"SELECT {DOCUMENT_COLUMNS}, edited FROM documents WHERE path = ?"  # noqa: S608
        row = self.connection.execute(query, (document.path,)).fetchone()
        return row is not None and document_of(row) == with_edits(document, edits_from_json(row[-1]))

    def knows(self, path: str) -> bool:
        """Whether the index holds a document that came from ``path``."""
        return self.connection.execute("SELECT 1 FROM documents WHERE path = ?", (path,)).fetchone() is not None

    def put(
        self,
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
        with self.transaction() as connection:
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
            self._insert_chunks(connection, document.id, chunks, vectors)
            seal_document(connection, document.id)
        return shortened

    def remake(
        self,
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
        made = {"embedder": embedder, "dimension": str(dimension), "chunk_size": str(chunk_size)}
        before = self._settings
        try:
            with self.transaction() as connection:
                lexical.clear(connection)
                connection.execute("DELETE FROM chunks")
                connection.execute("DELETE FROM facts")
                connection.execute("DELETE FROM vectors")
                self._settings = before | made
                for name, value in made.items():
                    connection.execute("UPDATE settings SET value = ? WHERE key = ?", (value, name))
                seal_settings(connection)
                for identifier, text in connection.execute(
                    "SELECT id, checksum FROM documents ORDER BY rowid"
                ).fetchall():
                    ready = prepared.get(identifier)
                    ready = ready if ready and ready.text == text else prepare(identifier)
                    self._insert_chunks(connection, identifier, ready.chunks, ready.vectors)
                    _insert_facts(connection, self.document(identifier, derived=False))
                    seal_document(connection, identifier)
                lexical.catch_up(connection)
        except BaseException:
            self._settings = before
            raise

    def renew(self, document_id: str, prepare: Callable[[str], Prepared]) -> None:
        """Makes chunks and facts of a document anew, in one transaction; the document itself stays as it is."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
            connection.execute("DELETE FROM facts WHERE document_id = ?", (document_id,))
            ready = prepare(document_id)
            self._insert_chunks(connection, document_id, ready.chunks, ready.vectors)
            _insert_facts(connection, self.document(document_id, derived=False))
            seal_document(connection, document_id)

    def texts(self) -> dict[str, tuple[str, bytes]]:
        """Path of each document and checksum of its text, by its id, in the order in which they went in."""
        rows = self.connection.execute("SELECT id, path, checksum FROM documents ORDER BY number")
        return {identifier: (path, text) for identifier, path, text in rows}

    def _insert_chunks(
        self, connection: sqlite3.Connection, document_id: str, chunks: list[Chunk], vectors: NDArray[np.float32]
    ) -> None:
        contents = [self.content_key(chunk.text) for chunk in chunks]
        connection.executemany(INSERT_VECTOR, vector_rows(contents, vectors))
        connection.executemany(
            "INSERT INTO chunks (document_id, start, end, length, speakers, text, vector)"
            " VALUES (?, ?, ?, ?, ?, ?, (SELECT id FROM vectors WHERE content = ?))",
            (
                (document_id, chunk.start, chunk.end, len(chunk.text), joined(chunk.speakers), chunk.text, content)
                for chunk, content in zip(chunks, contents, strict=True)
            ),
        )

    def remove(self, document_id: str) -> None:
        """Removes a document, its chunks and its vectors.

        Raises:
            UsageError: the index holds no such document.
        """
        with self.transaction() as connection:
            if not connection.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone():
                raise _unknown(document_id)
            _remove(connection, document_id)

    def edit(self, document_id: str, changes: dict[str, Any]) -> None:
        """Changes what is known about a document: any of title, date, source, event, speakers.

        Raises:
            UsageError: the index holds no such document, a field cannot be edited, or a value is not of its kind.
        """
        changes = checked_changes(changes)
        with self.transaction() as connection:
            document = replace(self.document(document_id, derived=False), **changes)
            (before,) = connection.execute("SELECT edited FROM documents WHERE id = ?", (document_id,)).fetchone()
            connection.execute(
                "UPDATE documents SET title = ?, date = ?, source = ?, event = ?, speakers = ?, edited = ? WHERE id = ?",
                (
                    *metadata(document),
                    edits_to_json(edits_from_json(before) | changes),
                    document_id,
                ),
            )
            if {"date", "speakers"} & changes.keys():  # facts have their dates and speakers from there
                connection.execute("DELETE FROM facts WHERE document_id = ?", (document_id,))
                _insert_facts(connection, document)
            seal_document(connection, document_id)

    def catch_up(self) -> linking.Links:
        """Indexes lexically and links what has gone in since the last time.

        Returns:
            the documents linked now that have near-equal ones which came before them, by id, with the ids of those.
        """
        missing = lexical.pending(self.connection) or linking.pending(self.connection)
        if not missing or not self.writable:
            return {}
        with self.transaction() as connection:
            lexical.catch_up(connection)
            return linking.catch_up(connection)

    def fold_journal(self) -> None:
        """Moves what the write-ahead log holds into the file, unless others are using it."""
        if self.writable:
            with contextlib.suppress(StoreError):
                self.connection.execute("PRAGMA busy_timeout = 0")  # else it would wait for every reader
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.connection.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000:.0f}")

    # -- reading ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read within is of one moment, whatever other processes write meanwhile."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

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
            raise _unknown(document_id)
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
            raise _unknown(document_id)
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


def vector_rows(contents: Iterable[bytes], vectors: NDArray[np.float32]) -> Iterator[tuple[bytes, bytes, int]]:
    """Values of ``INSERT_VECTOR`` for unit vectors of shape (number of contents, dimension)."""
    for content, vector in zip(contents, vectors.astype("<f2"), strict=True):
        raw = vector.tobytes()
        yield content, raw, cyclic(content, raw)


def check_settings(folder: Path, settings: dict[str, str]) -> None:
    """That settings are of this version and as they were written.

    Raises:
        DamageError: they are not what was written.
        StoreError: the index is of another version.
    """
    version = settings.get("version", "?")
    # A version that only damage made another is told by the seal.
    if not version.isdecimal() or (
        version != str(VERSION) and settings_are_sealed(settings | {"version": str(VERSION)})
    ):
        raise damage(folder, "版本号与写入时不同", "its version is not the one that was written")
    if version != str(VERSION):
        raise StoreError(
            zh=f"索引 {folder} 的格式版本是 {version}，本程序读写的是 {VERSION}。索引没有被改动；请用建立它的版本打开，"
            "或换一个文件夹重新添加文件。",
            en=f"The index {folder} has format version {version}, this program reads and writes {VERSION}. The index was "
            "not touched; open it with the version that made it, or add the files to another folder.",
        )
    if not settings_are_sealed(settings):
        raise damage(folder, "设置与写入时不同", "its settings are not those that were written")


def _insert_document(
    connection: sqlite3.Connection, document: Document, signature: Signature, edited: dict[str, Any]
) -> None:
    connection.execute(
        "INSERT INTO documents (id, path, title, date, source, event, speakers, page_starts, encoding, digest,"
        " characters, checksum, signature, edited, added, parts, seal, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'', x'', ?)",
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
            document.text,
        ),
    )
    connection.execute("INSERT INTO unlinked SELECT number FROM documents WHERE id = ?", (document.id,))


def _insert_facts(connection: sqlite3.Connection, document: Document, sentences: list[Sentence] | None = None) -> bool:
    """Writes the facts of a document, the first of them where they are too many; returns whether they are."""
    most = FileLimits.from_environment().facts
    facts = facts_of(document, sentences, most + 1)
    connection.executemany(
        f"INSERT INTO facts (document_id, {FACT_COLUMNS}) VALUES ({','.join('?' * 19)})",  # noqa: S608
        (fact_row(document.id, fact) for fact in facts[:most]),
    )
    return len(facts) > most


def _conditions_on_facts(filters: Filters) -> tuple[str, list[str]]:
    """Join and conditions on facts ``f`` that the filters make, and their values; both empty where nothing is filtered."""
    conditions = filters.conditions("f.speaker")
    if not conditions:
        return "", []
    return f"JOIN documents d ON d.id = f.document_id WHERE {' AND '.join(conditions)}", list(conditions.values())


def _remove(connection: sqlite3.Connection, document_id: str) -> None:
    query = "SELECT number, signature FROM documents WHERE id = ?"
    linking.remove(connection, *connection.execute(query, (document_id,)).fetchone())
    vectors = connection.execute("SELECT DISTINCT vector FROM chunks WHERE document_id = ?", (document_id,)).fetchall()
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
    connection.executemany(
        "DELETE FROM vectors WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM chunks WHERE vector = ?1)", vectors
    )


def _unknown(document_id: str) -> UsageError:
    return UsageError(
        zh=f"索引里没有编号为 {document_id} 的文档；youju list 列出全部文档和编号。",
        en=f"The index holds no document with the id {document_id}; 'youju list' shows all documents and ids.",
    )
