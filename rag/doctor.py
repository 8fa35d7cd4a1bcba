"""Doctor: checks an index thoroughly, and mends what can be mended."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag import lexical
from rag.chunks import DEFAULT_SIZE
from rag.conversations import rescue_conversations
from rag.database import FILE_NAME, connect_damaged, is_damage
from rag.dense import FILE_NAME as VECTOR_FILE
from rag.dense import DenseIndex
from rag.documents import Document
from rag.errors import StoreError
from rag.indexing import Report, add_document, rebuild
from rag.rows import DOCUMENT_COLUMNS, checksum, document_of, edits_from_json
from rag.store import Store
from rag.synchronization import compare

if TYPE_CHECKING:
    from embeddings import TextEmbedder

_MOST_RESCUED = 200_000
_VECTORS_AT_ONCE = 8192
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. ``zh`` and ``en`` say it to the user.

    Attributes:
        sound: whether the index is as it should be.
        notice: whether the user should know of it all the same.
    """

    check: str
    sound: bool
    zh: str
    en: str
    notice: bool = False


def examine(folder: Path) -> list[Finding]:
    """Checks an index: the SQLite file, texts, spans, vectors, the lexical index, the FAISS file.

    Raises:
        StoreError: there is no index in the folder, it cannot be opened, or it is of another version.
    """
    try:
        with contextlib.closing(Store.open_as_it_is(folder)) as store:
            return [check(store) for check in _CHECKS]
    except StoreError as error:
        if is_damage(error):
            return [Finding("file", False, error.zh, error.en)]
        raise


def repair(folder: Path, embedder: "TextEmbedder") -> list[Finding]:
    """Mends an index: makes what is derived anew, or, where the SQLite file is damaged, rescues its documents.

    A damaged file is kept beside the new one under a name with ``damaged`` in it. A document whose text is damaged
    cannot be rescued; adding its file again brings it back.

    Raises:
        StoreError: the folder cannot be written, or the index was made by another embedder.
    """
    findings = examine(folder)
    if all(finding.sound for finding in findings):
        return findings
    damaged = {finding.check for finding in findings if not finding.sound}
    if damaged & {"file", "texts"}:
        _rescue(folder, embedder)
    else:
        Store.open(folder, embedder=embedder.name, dimension=embedder.dimension).close()
        with contextlib.closing(Store.open_as_it_is(folder)) as store:
            if "spans" in damaged:
                rebuild(store, embedder)
            _derive_again(store, embedder)
    return examine(folder)


# -- the checks -------------------------------------------------------------------------------------------------------


def _file(store: Store) -> Finding:
    try:
        rows = store.connection.execute("PRAGMA integrity_check(5)").fetchall()
        broken = store.connection.execute("PRAGMA foreign_key_check").fetchall()
        problem = "; ".join(str(row[0]) for row in rows if row[0] != "ok") or ("foreign keys" if broken else "")
        number = store.connection.execute("SELECT count(*) FROM documents").fetchone()[0]
    except sqlite3.Error as error:
        problem, number = str(error), 0
    if problem:
        return Finding("file", False, f"{FILE_NAME} 已损坏：{problem}", f"{FILE_NAME} is damaged: {problem}")
    return Finding("file", True, f"{FILE_NAME} 完好，{number} 份文档", f"{FILE_NAME} is sound, {number} documents")


def _texts(store: Store) -> Finding:
    def is_damaged(characters: int, recorded: bytes, raw: bytes) -> bool:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return True
        return len(text) != characters or checksum(text) != recorded

    def count() -> int:
        rows = store.connection.execute("SELECT characters, checksum, CAST(text AS BLOB) FROM documents")
        return sum(is_damaged(*row) for row in rows)

    return _counted("texts", count, "份文档的文字与加入时不同", "documents have another text than they came with")


def _spans(store: Store) -> Finding:
    query = (
        "SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.document_id"
        " WHERE c.start < 0 OR c.end <= c.start OR c.end > d.characters"
    )
    return _counted(
        "spans",
        lambda: int(store.connection.execute(query).fetchone()[0]),
        "个片段超出了文档的范围",
        "chunks lie outside their documents",
    )


def _vectors(store: Store) -> Finding:
    return _counted(
        "vectors",
        lambda: len(_chunks_without_vectors(store)),
        "个片段没有可用的向量",
        "chunks have no usable vector",
    )


def _chunks_without_vectors(store: Store) -> list[tuple[int, str]]:
    """Ids and texts of the chunks whose vector is missing, or is no unit vector of the right size."""
    rows = store.connection.execute(
        "SELECT c.id, c.text FROM chunks c LEFT JOIN vectors v ON v.id = c.vector"
        " WHERE v.vector IS NULL OR length(v.vector) <> ?",
        (2 * store.dimension,),
    ).fetchall()
    wrong: list[int] = []
    vectors = store.connection.execute(
        "SELECT id, vector FROM vectors WHERE length(vector) = ?", (2 * store.dimension,)
    )
    while part := vectors.fetchmany(_VECTORS_AT_ONCE):
        matrix = np.frombuffer(b"".join(row[1] for row in part), dtype="<f2").reshape(len(part), -1)
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = np.linalg.norm(matrix.astype(np.float32), axis=1)
            wrong += [part[place][0] for place in np.flatnonzero(~(np.abs(lengths - 1) < 0.01))]
    for vector in wrong:
        rows += store.connection.execute("SELECT id, text FROM chunks WHERE vector = ?", (vector,)).fetchall()
    return rows


def _lexical(store: Store) -> Finding:
    def count() -> int:
        missing = lexical.pending(store.connection)
        query = "SELECT count(*) FROM chunks WHERE segment NOT IN (SELECT id FROM segments)"
        lost = int(store.connection.execute(query).fetchone()[0])
        query = (
            "SELECT count(*) FROM segments s WHERE s.terms <> (SELECT count(*) FROM postings p WHERE p.segment = s.id)"
        )
        return missing + lost + int(store.connection.execute(query).fetchone()[0])

    return _counted("lexical", count, "处词法索引缺失", "parts of the lexical index are missing")


def _dense(store: Store) -> Finding:
    try:
        sound = DenseIndex.saved_is_sound(store)
    except StoreError as error:
        return Finding("faiss", False, error.zh, error.en)
    return Finding(
        "faiss",
        sound,
        f"{VECTOR_FILE} " + ("与记录一致" if sound else "缺失、过期或损坏（下次提问时会自动重建）"),
        f"{VECTOR_FILE} "
        + (
            "agrees with the record" if sound else "is missing, stale or damaged (it is made anew at the next question)"
        ),
    )


def _files(store: Store) -> Finding:
    """Whether files still are what was added; the index is sound whatever became of them."""
    try:
        states = compare(store)
        names = {entry.id: Path(entry.path).name for entry in store.entries()}
    except (StoreError, sqlite3.Error, ValueError) as error:
        return Finding("files", True, f"没有核对文件：{error}", f"files were not compared: {error}", notice=True)
    amiss = {key: state for key, state in states.items() if state != "unchanged"}
    if not amiss:
        zh, en = f"{len(states)} 份文档的文件没有变动", f"the files of {len(states)} documents are as they were added"
        return Finding("files", True, zh, en)
    said_zh = {"changed": "内容已变", "gone": "已不在", "unreadable": "现在读不到"}
    said_en = {"changed": "changed", "gone": "gone", "unreadable": "cannot be read now"}
    first = list(amiss.items())[:_MOST_NAMED]
    zh = "、".join(f"{names[key]}（{said_zh[state]}）" for key, state in first) + (
        "等" if len(amiss) > len(first) else ""
    )
    en = ", ".join(f"{names[key]} ({said_en[state]})" for key, state in first) + (
        ", …" if len(amiss) > len(first) else ""
    )
    return Finding(
        "files",
        True,
        f"{len(amiss)} 份文档的文件加入之后变了：{zh}。youju add --sync 文件夹 可使索引与文件夹一致",
        f"the files of {len(amiss)} documents are no longer as they were added: {en}; 'youju add --sync FOLDER' brings "
        "the index into line",
        notice=True,
    )


def _counted(check: str, count: Callable[[], int], zh: str, en: str) -> Finding:
    """The finding of a check that counts what is wrong."""
    try:
        number = count()
    except sqlite3.Error as error:
        return Finding(check, False, str(error), str(error))
    return Finding(check, number == 0, f"{number} {zh}", f"{number} {en}")


_CHECKS: tuple[Callable[[Store], Finding], ...] = (_file, _texts, _spans, _vectors, _lexical, _dense, _files)


# -- mending ----------------------------------------------------------------------------------------------------------


def _derive_again(store: Store, embedder: "TextEmbedder") -> None:
    """Makes missing vectors, the lexical index and the FAISS file anew from the documents."""
    bad = _chunks_without_vectors(store)
    texts = list(dict.fromkeys(text for _, text in bad))
    vectors = embedder.documents(texts).astype("<f2") if texts else np.empty((0, store.dimension), "<f2")
    with store.transaction() as connection:
        connection.executemany(
            "INSERT INTO vectors (content, vector) VALUES (?, ?) ON CONFLICT (content) DO UPDATE SET vector = excluded.vector",
            [(store.content_key(text), vector.tobytes()) for text, vector in zip(texts, vectors, strict=True)],
        )
        connection.executemany(
            "UPDATE chunks SET vector = (SELECT id FROM vectors WHERE content = ?) WHERE id = ?",
            [(store.content_key(text), chunk) for chunk, text in bad],
        )
        lexical.clear(connection)
        lexical.catch_up(connection)
    _derive_vector_file(store)


def _derive_vector_file(store: Store) -> None:
    with contextlib.suppress(OSError):
        (store.folder / VECTOR_FILE).unlink()
    DenseIndex.open(store)


def _rescue(folder: Path, embedder: "TextEmbedder") -> None:
    """Sets a damaged file aside; what can still be read of its documents and conversations goes into a new one."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    damaged = folder / f"youju.damaged-{stamp}.sqlite"
    documents, chunk_size = _readable(folder / FILE_NAME)
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder / f"{FILE_NAME}{suffix}", f"{damaged}{suffix}")
    opened = Store.open(folder, embedder=embedder.name, dimension=embedder.dimension, chunk_size=chunk_size)
    with contextlib.closing(opened) as store:
        for document, edited in documents:
            add_document(store, embedder, document, Report(), edited)
        rescue_conversations(damaged, store)
        store.catch_up()
        _derive_vector_file(store)


def _readable(file: Path) -> tuple[list[tuple[Document, dict[str, Any]]], int]:
    """What can still be read from a damaged file: unharmed documents with a person's edits, and the size of chunks."""
    query = f"SELECT {DOCUMENT_COLUMNS}, edited, checksum FROM documents NOT INDEXED WHERE rowid = ?"  # noqa: S608
    documents: list[tuple[Document, dict[str, Any]]] = []
    chunk_size = DEFAULT_SIZE
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect_damaged(file)) as connection:
        for number in _document_numbers(connection):
            with contextlib.suppress(sqlite3.Error, ValueError, TypeError):
                row = connection.execute(query, (number,)).fetchone()
                if row and checksum(row[10]) == row[12]:
                    documents.append((document_of(row), edits_from_json(row[11])))
        with contextlib.suppress(ValueError, TypeError):
            chunk_size = int(connection.execute("SELECT value FROM settings WHERE key = 'chunk_size'").fetchone()[0])
    return documents, chunk_size


def _document_numbers(connection: sqlite3.Connection) -> Iterator[int]:
    """Row numbers that documents may have: as listed, and where the list breaks off, all that are possible."""
    last = 0
    try:
        for (last,) in connection.execute("SELECT rowid FROM documents NOT INDEXED ORDER BY rowid"):
            yield last
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
            yield from range(last + 1, last + _MOST_RESCUED)
