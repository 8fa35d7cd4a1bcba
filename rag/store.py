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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag import lexical
from rag.chunks import DEFAULT_SIZE, Chunk
from rag.documents import Document
from rag.duplicates import SIMILAR, Signature, bands, similarity
from rag.errors import StoreError, UsageError

FILE_NAME = "youju.sqlite"
VERSION = 1
WAIT_SECONDS = 60.0
EDITABLE = ("title", "date", "source", "event", "speakers")

_TABLES = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, title TEXT NOT NULL, date TEXT, source TEXT NOT NULL,
    event TEXT NOT NULL, speakers TEXT NOT NULL, page_starts TEXT NOT NULL, encoding TEXT NOT NULL, digest TEXT NOT NULL,
    text TEXT NOT NULL, signature BLOB NOT NULL, edited TEXT NOT NULL, added TEXT NOT NULL
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, length INTEGER NOT NULL, speakers TEXT NOT NULL, content BLOB NOT NULL,
    segment INTEGER, text TEXT NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document_id);
CREATE INDEX chunks_of_segment ON chunks (segment);
CREATE INDEX chunks_of_content ON chunks (content);
CREATE TABLE vectors (content BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE bands (key INTEGER NOT NULL, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE);
CREATE INDEX bands_by_key ON bands (key);
CREATE INDEX bands_of_document ON bands (document_id);
CREATE TABLE links (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    other_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    similarity REAL NOT NULL, PRIMARY KEY (document_id, other_id)
) WITHOUT ROWID;
"""
_MOST_RESCUED = 200_000
_DOCUMENTS = "SELECT id, path, title, date, source, event, speakers, page_starts, encoding, digest, text FROM documents"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of an index, without its text. ``near_duplicates`` are ids of documents with nearly the same text."""

    id: str
    path: str
    title: str
    date: datetime.date | None
    source: str
    event: str
    speakers: tuple[str, ...]
    characters: int
    added: str
    near_duplicates: tuple[str, ...]


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
        after, before: days of publication, both included; a document without a date is left out when either is given.
        speaker, source: part of the name of a speaker or of a source.
        document_id: one document.
    """

    after: datetime.date | None = None
    before: datetime.date | None = None
    speaker: str | None = None
    source: str | None = None
    document_id: str | None = None

    def __bool__(self) -> bool:
        return any((self.after, self.before, self.speaker, self.source, self.document_id))


class Store:
    """An open index folder. Every thread has its own connection to the file."""

    def __init__(self, folder: Path, writable: bool) -> None:
        self.folder = folder
        self.writable = writable
        self._threads = threading.local()
        self._settings: dict[str, str] = {}
        self.document = lru_cache(maxsize=256)(self._document)

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
        """
        file = folder / FILE_NAME
        if not file.exists():
            _make(folder, embedder, dimension, chunk_size)
        store = cls.open_as_it_is(folder)
        if store.embedder != embedder or store.dimension != dimension:
            raise StoreError(
                zh=f"索引 {folder} 是用嵌入模型“{store.embedder}”建的，现在的设置是“{embedder}”，两者的向量不能混用。"
                f"请改回原来的模型（YOUJU_EMBEDDER），或用 youju rebuild --index {folder} 按现在的模型重建。",
                en=f"The index {folder} was built with the embedder '{store.embedder}', but the setting is '{embedder}'; "
                f"their vectors do not mix. Set YOUJU_EMBEDDER back, or run 'youju rebuild --index {folder}' to rebuild "
                "it with the present one.",
            )
        return store

    @classmethod
    def open_as_it_is(cls, folder: Path) -> "Store":
        """Opens an existing index whatever its embedder.

        Raises:
            StoreError: there is no index, it is damaged, or of another version.
        """
        file = folder / FILE_NAME
        if not file.is_file():
            raise StoreError(
                zh=f"{folder} 里没有索引（缺少 {FILE_NAME}）。请用 youju add 文件 --index {folder} 建立。",
                en=f"There is no index in {folder} ({FILE_NAME} is missing). Make one with 'youju add FILE --index {folder}'.",
            )
        store = cls(folder, _is_writable(file))
        with store._errors():
            store._settings = dict(store.connection.execute("SELECT key, value FROM settings"))
        version = store._settings.get("version", "?")
        if version != str(VERSION):
            raise StoreError(
                zh=f"索引 {folder} 的格式版本是 {version}，本程序读写的是 {VERSION}。索引没有被改动；请用建立它的版本打开，"
                "或换一个文件夹重新添加文件。",
                en=f"The index {folder} has format version {version}, this program reads and writes {VERSION}. The index was "
                "not touched; open it with the version that made it, or add the files to another folder.",
            )
        return store

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = _connect(self.folder / FILE_NAME, self.writable)
            self._threads.connection = connection
        return connection

    def close(self) -> None:
        """Closes this thread's connection; the others close with their threads."""
        connection = getattr(self._threads, "connection", None)
        if connection is not None:
            self._threads.connection = None
            with contextlib.suppress(sqlite3.Error):
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
    def generation(self) -> int:
        """Number of changes so far; whatever is derived from the store is tagged with it."""
        with self._errors():
            row = self.connection.execute("SELECT value FROM settings WHERE key = 'generation'").fetchone()
        return int(row[0])

    # -- writing ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One change: it happens as a whole, or, on any error, not at all."""
        if not self.writable:
            raise StoreError(
                zh=f"索引 {self.folder} 是只读的，不能修改。请检查文件夹的权限，或把它复制到可写的地方。",
                en=f"The index {self.folder} is read-only and cannot be changed. Check the folder's permissions, or copy it.",
            )
        with self._errors():
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("UPDATE settings SET value = value + 1 WHERE key = 'generation'")
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def known(self, path: str) -> tuple[str, str] | None:
        """Id and file digest of the document that came from ``path``, or None."""
        with self._errors():
            row = self.connection.execute("SELECT id, digest FROM documents WHERE path = ?", (path,)).fetchone()
        return (row[0], row[1]) if row else None

    def put(
        self, document: Document, chunks: list[Chunk], vectors: NDArray[np.float32], signature: Signature
    ) -> tuple[str, ...]:
        """Writes a document with its chunks in one transaction, in place of the one that came from the same path.

        What a person has edited (title, date, …) of the one before is kept.

        Args:
            chunks: the document's chunks.
            vectors: their unit vectors, shape (number of chunks, dimension).
            signature: the document's MinHash signature.

        Returns:
            ids of the documents with nearly the same text, most similar first.
        """
        with self.transaction() as connection:
            row = connection.execute("SELECT id, edited FROM documents WHERE path = ?", (document.path,)).fetchone()
            edited = json.loads(row[1]) if row else {}
            if row:
                _remove(connection, row[0])
            _insert_document(connection, _with_edits(document, edited), signature, edited)
            self.insert_chunks(connection, document.id, chunks, vectors)
            links = _link(connection, document.id, signature)
        self.document.cache_clear()
        return links

    def insert_chunks(
        self, connection: sqlite3.Connection, document_id: str, chunks: list[Chunk], vectors: NDArray[np.float32]
    ) -> None:
        """Writes the chunks of a document and their vectors, in the caller's transaction."""
        contents = [self.content_key(chunk.text) for chunk in chunks]
        connection.executemany(
            "INSERT OR IGNORE INTO vectors VALUES (?, ?)",
            zip(contents, (vector.tobytes() for vector in vectors.astype("<f2")), strict=True),
        )
        connection.executemany(
            "INSERT INTO chunks (document_id, start, end, length, speakers, content, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (document_id, chunk.start, chunk.end, len(chunk.text), _joined(chunk.speakers), content, chunk.text)
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
        self.document.cache_clear()

    def edit(self, document_id: str, changes: dict[str, Any]) -> None:
        """Changes what is known about a document: any of title, date, source, event, speakers.

        Raises:
            UsageError: the index holds no such document, or a field cannot be edited.
        """
        unknown = set(changes) - set(EDITABLE)
        if unknown:
            raise UsageError(
                zh=f"不能修改 {'、'.join(sorted(unknown))}；可以修改的有：{'、'.join(EDITABLE)}。",
                en=f"{', '.join(sorted(unknown))} cannot be edited; these can: {', '.join(EDITABLE)}.",
            )
        document = replace(self.document(document_id), **changes)
        with self.transaction() as connection:
            row = connection.execute("SELECT edited FROM documents WHERE id = ?", (document_id,)).fetchone()
            edited = json.loads(row[0]) | {key: _plain(getattr(document, key)) for key in changes}
            connection.execute(
                "UPDATE documents SET title = ?, date = ?, source = ?, event = ?, speakers = ?, edited = ? WHERE id = ?",
                (*_metadata(document), json.dumps(edited, ensure_ascii=False), document_id),
            )
        self.document.cache_clear()

    def index_lexically(self) -> None:
        """Brings the lexical index up to date."""
        with self._errors():
            missing = lexical.pending(self.connection)
        if missing and self.writable:
            with self.transaction() as connection:
                lexical.catch_up(connection)

    def adopt(self, embedder: str, dimension: int, chunk_size: int, connection: sqlite3.Connection) -> None:
        """Records another embedder or chunk size, in the caller's transaction, after everything was made anew."""
        values = {"embedder": embedder, "dimension": str(dimension), "chunk_size": str(chunk_size)}
        connection.executemany("UPDATE settings SET value = ? WHERE key = ?", [(v, k) for k, v in values.items()])
        self._settings |= values

    # -- reading ------------------------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """All documents without their texts, newest first, those without a date last."""
        columns = "id, path, title, date, source, event, speakers, length(text), added"
        with self._errors():
            rows = self.connection.execute(f"SELECT {columns} FROM documents ORDER BY date IS NULL, date DESC, path")  # noqa: S608
            found = rows.fetchall()
            links: dict[str, list[str]] = {}
            for one, other in self.connection.execute(
                "SELECT document_id, other_id FROM links ORDER BY similarity DESC"
            ):
                links.setdefault(one, []).append(other)
        return [
            Entry(
                id=row[0],
                path=row[1],
                title=row[2],
                date=_date(row[3]),
                source=row[4],
                event=row[5],
                speakers=_split(row[6]),
                characters=row[7],
                added=row[8],
                near_duplicates=tuple(links.get(row[0], ())),
            )
            for row in found
        ]

    def _document(self, document_id: str) -> Document:
        with self._errors():
            row = self.connection.execute(f"{_DOCUMENTS} WHERE id = ?", (document_id,)).fetchone()
        if row is None:
            raise _unknown(document_id)
        return _document_of(row)

    def chunks(self, identifiers: Iterable[int]) -> dict[int, StoredChunk]:
        """The chunks with the given ids, by id."""
        wanted = [int(identifier) for identifier in identifiers]
        marks = ",".join("?" * len(wanted))
        query = f"SELECT id, document_id, start, end, text, speakers FROM chunks WHERE id IN ({marks})"  # noqa: S608
        with self._errors():
            rows = self.connection.execute(query, wanted).fetchall()
        return {row[0]: StoredChunk(row[0], row[1], row[2], row[3], row[4], _split(row[5])) for row in rows}

    def links(self, document_id: str) -> tuple[str, ...]:
        """Ids of the documents with nearly the same text, most similar first."""
        query = "SELECT other_id FROM links WHERE document_id = ? ORDER BY similarity DESC, other_id"
        with self._errors():
            return tuple(row[0] for row in self.connection.execute(query, (document_id,)))

    def chunk_ids(self) -> NDArray[np.int64]:
        """Ids of all chunks, ascending: shape (number of chunks,)."""
        with self._errors():
            rows = self.connection.execute("SELECT id FROM chunks ORDER BY id").fetchall()
        return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))

    def chunk_lengths(self) -> NDArray[np.int32]:
        """Length of each chunk in characters at the place of its id, 0 where there is none: shape (largest id + 1,)."""
        with self._errors():
            rows = self.connection.execute("SELECT id, length FROM chunks ORDER BY id").fetchall()
        lengths = np.zeros(rows[-1][0] + 1 if rows else 1, dtype=np.int32)
        if rows:
            table = np.array(rows, dtype=np.int64)
            lengths[table[:, 0]] = table[:, 1]
        return lengths

    def vectors(self, identifiers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors of the given chunks, in their order: shape (number of ids, dimension)."""
        result = np.empty((len(identifiers), self.dimension), dtype=np.float32)
        places = {int(identifier): place for place, identifier in enumerate(identifiers)}
        wanted = list(places)
        with self._errors():
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                marks = ",".join("?" * len(part))
                query = f"SELECT c.id, v.vector FROM chunks c JOIN vectors v USING (content) WHERE c.id IN ({marks})"  # noqa: S608
                for identifier, vector in self.connection.execute(query, part):
                    result[places.pop(identifier)] = np.frombuffer(vector, dtype="<f2")
        if places:
            raise StoreError(
                zh=f"索引 {self.folder} 缺少 {len(places)} 个片段的向量。请运行 youju doctor --repair --index {self.folder}。",
                en=f"The index {self.folder} lacks the vectors of {len(places)} chunks. Run 'youju doctor --repair --index "
                f"{self.folder}'.",
            )
        return result

    def cached_vectors(self, texts: list[str]) -> dict[str, NDArray[np.float32]]:
        """Vectors that this index already holds for some of the texts, by text."""
        keys = {self.content_key(text): text for text in texts}
        wanted = list(keys)
        found: dict[str, NDArray[np.float32]] = {}
        with self._errors():
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                marks = ",".join("?" * len(part))
                query = f"SELECT content, vector FROM vectors WHERE content IN ({marks})"  # noqa: S608
                for content, vector in self.connection.execute(query, part):
                    found[keys[content]] = np.frombuffer(vector, dtype="<f2").astype(np.float32)
        return found

    def allowed(self, filters: Filters) -> NDArray[np.bool_] | None:
        """For each chunk id whether the filters let it through: shape (largest id + 1,); None when nothing is filtered."""
        if not filters:
            return None
        conditions: list[str] = []
        values: list[str] = []
        for value, condition in (
            (filters.after and filters.after.isoformat(), "d.date >= ?"),
            (filters.before and filters.before.isoformat(), "d.date <= ?"),
            (filters.speaker and filters.speaker.strip(), "instr(c.speakers, ?)"),
            (filters.source and filters.source.strip(), "instr(d.source, ?)"),
            (filters.document_id, "d.id = ?"),
        ):
            if value:
                conditions.append(condition)
                values.append(value)
        where = " AND ".join(conditions) or "1"
        query = f"SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id WHERE {where}"  # noqa: S608
        with self._errors():
            rows = self.connection.execute(query, values).fetchall()
            largest = self.connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()[0]
        mask = np.zeros(largest + 1, dtype=np.bool_)
        mask[[row[0] for row in rows]] = True
        return mask

    def content_key(self, text: str) -> bytes:
        """Key of a text's vector: text and embedder together."""
        return blake2b(f"{self.embedder}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turns SQLite's errors into ones that say what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise _store_error(error, self.folder) from error


def rescued_documents(folder: Path) -> Iterator[Document]:
    """The documents that can still be read from a damaged store, one by one."""
    connection = sqlite3.connect((folder / FILE_NAME).resolve().as_uri() + "?mode=ro", uri=True)
    with contextlib.closing(connection):
        try:
            identifiers = [row[0] for row in connection.execute("SELECT rowid FROM documents NOT INDEXED")]
        except sqlite3.Error:
            identifiers = list(range(1, _MOST_RESCUED))
        for identifier in identifiers:
            with contextlib.suppress(sqlite3.Error, ValueError, TypeError):
                row = connection.execute(f"{_DOCUMENTS} NOT INDEXED WHERE rowid = ?", (identifier,)).fetchone()
                if row:
                    yield _document_of(row)


def _document_of(row: tuple[Any, ...]) -> Document:
    return Document(
        id=row[0],
        path=row[1],
        title=row[2],
        date=_date(row[3]),
        source=row[4],
        event=row[5],
        speakers=_split(row[6]),
        page_starts=tuple(json.loads(row[7])),
        encoding=row[8],
        digest=row[9],
        text=row[10],
    )


def _connect(file: Path, writable: bool) -> sqlite3.Connection:
    mode = "mode=rw" if writable else "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"{file.resolve().as_uri()}?{mode}",
        uri=True,
        timeout=WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -65536")
    if writable:
        connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _is_writable(file: Path) -> bool:
    """Whether the file and its folder (SQLite writes its journal there) can be written."""
    import os

    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


def _make(folder: Path, embedder: str, dimension: int, chunk_size: int) -> None:
    """Makes an empty index. Of two processes that try, one makes it and the other finds it made."""
    if chunk_size < 50 or chunk_size > 5000:
        raise UsageError(
            zh=f"片段长度应在 50 到 5000 字之间，而不是 {chunk_size}。",
            en=f"The chunk size must be between 50 and 5000 characters, not {chunk_size}.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(folder / FILE_NAME, timeout=WAIT_SECONDS, isolation_level=None)
        with contextlib.closing(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in filter(str.strip, _TABLES.split(";")):
                    connection.execute(statement)
                lexical.create_tables(connection)
                settings = {
                    "version": VERSION,
                    "generation": 0,
                    "embedder": embedder,
                    "dimension": dimension,
                    "chunk_size": chunk_size,
                }
                connection.executemany("INSERT INTO settings VALUES (?, ?)", [(k, str(v)) for k, v in settings.items()])
            connection.execute("COMMIT")
    except OSError as error:
        raise StoreError(
            zh=f"不能在 {folder} 建立索引：{error.strerror}。请换一个文件夹。",
            en=f"No index can be made in {folder}: {error.strerror}. Choose another folder.",
        ) from error
    except sqlite3.Error as error:
        raise _store_error(error, folder) from error


def _insert_document(
    connection: sqlite3.Connection, document: Document, signature: Signature, edited: dict[str, Any]
) -> None:
    connection.execute(
        "INSERT INTO documents (id, path, title, date, source, event, speakers, page_starts, encoding, digest, text,"
        " signature, edited, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            document.path,
            *_metadata(document),
            json.dumps(document.page_starts),
            document.encoding,
            document.digest,
            document.text,
            signature.astype("<u4").tobytes(),
            json.dumps(edited, ensure_ascii=False),
            datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        ),
    )


def _metadata(document: Document) -> tuple[str, str | None, str, str, str]:
    day = document.date.isoformat() if document.date else None
    return document.title, day, document.source, document.event, _joined(document.speakers)


def _with_edits(document: Document, edited: dict[str, Any]) -> Document:
    values = {key: _value(key, value) for key, value in edited.items() if key in EDITABLE}
    return replace(document, **values) if values else document


def _value(key: str, value: Any) -> Any:
    if key == "date":
        return _date(value)
    return tuple(value) if key == "speakers" else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _remove(connection: sqlite3.Connection, document_id: str) -> None:
    contents = connection.execute(
        "SELECT DISTINCT content FROM chunks WHERE document_id = ?", (document_id,)
    ).fetchall()
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
    connection.executemany(
        "DELETE FROM vectors WHERE content = ?1 AND NOT EXISTS (SELECT 1 FROM chunks WHERE content = ?1)", contents
    )


def _link(connection: sqlite3.Connection, document_id: str, signature: Signature) -> tuple[str, ...]:
    """Links a document with those of nearly the same text; returns their ids, most similar first."""
    keys = bands(signature)
    marks = ",".join("?" * len(keys))
    rows = connection.execute(
        f"SELECT DISTINCT d.id, d.signature FROM bands b JOIN documents d ON d.id = b.document_id WHERE b.key IN ({marks})",  # noqa: S608
        keys,
    ).fetchall()
    found = [
        (similarity(signature, np.frombuffer(row[1], dtype="<u4")), row[0]) for row in rows if row[0] != document_id
    ]
    found = sorted((pair for pair in found if pair[0] >= SIMILAR), key=lambda pair: (-pair[0], pair[1]))
    for share, other in found:
        connection.execute("INSERT OR REPLACE INTO links VALUES (?, ?, ?)", (document_id, other, share))
        connection.execute("INSERT OR REPLACE INTO links VALUES (?, ?, ?)", (other, document_id, share))
    connection.executemany("INSERT INTO bands VALUES (?, ?)", ((key, document_id) for key in keys))
    return tuple(other for _, other in found)


def _joined(speakers: tuple[str, ...]) -> str:
    return "\n".join(speakers)


def _split(value: str) -> tuple[str, ...]:
    return tuple(value.split("\n")) if value else ()


def _date(value: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(value) if value else None


def _unknown(document_id: str) -> UsageError:
    return UsageError(
        zh=f"索引里没有编号为 {document_id} 的文档；youju list 列出全部文档和编号。",
        en=f"The index holds no document with the id {document_id}; 'youju list' shows all documents and ids.",
    )


def _store_error(error: sqlite3.Error, folder: Path) -> StoreError:
    text = str(error)
    file = folder / FILE_NAME
    if "locked" in text or "busy" in text:
        return StoreError(
            zh=f"另一个进程正在写索引 {folder}，等了 {WAIT_SECONDS:.0f} 秒还没有结束。请稍后再试；什么都没有丢失。",
            en=f"Another process is writing the index {folder} and did not finish within {WAIT_SECONDS:.0f} seconds. "
            "Try again later; nothing was lost.",
        )
    if "full" in text:
        return StoreError(
            zh=f"磁盘已满，没有写入索引 {folder}。已有的内容没有变化；请腾出空间后再试。",
            en=f"The disk is full; nothing was written to the index {folder}. What was there is unchanged; free some space "
            "and try again.",
        )
    if "readonly" in text or "unable to open" in text:
        return StoreError(
            zh=f"不能打开或写入 {file}（{text}）。请检查文件夹的权限。",
            en=f"{file} cannot be opened or written ({text}). Check the folder's permissions.",
        )
    return StoreError(
        zh=f"索引文件 {file} 已损坏（{text}）。请运行 youju doctor --repair --index {folder}：能读出的文档会被救回，原文件会保留。",
        en=f"The index file {file} is damaged ({text}). Run 'youju doctor --repair --index {folder}': documents that can be "
        "read are rescued and the damaged file is kept.",
    )
