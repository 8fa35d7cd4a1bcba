"""Doctor: checks an index thoroughly, and mends what can be mended."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag import lexical
from rag.dense import FILE_NAME as VECTOR_FILE
from rag.dense import DenseIndex
from rag.errors import StoreError
from rag.indexing import Report, add
from rag.store import FILE_NAME, Store, rescued_documents

if TYPE_CHECKING:
    from embeddings import TextEmbedder


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. ``zh`` and ``en`` say it to the user."""

    check: str
    sound: bool
    zh: str
    en: str


def examine(folder: Path) -> list[Finding]:
    """Checks an index: the SQLite file, spans, vectors, the lexical index, the FAISS file.

    Raises:
        StoreError: there is no index in the folder, or it is of another version.
    """
    try:
        store = Store.open_as_it_is(folder)
        with contextlib.closing(store):
            return [check(store) for check in _CHECKS]
    except StoreError as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError):
            return [Finding("file", False, error.zh, error.en)]
        raise


def repair(folder: Path, embedder: "TextEmbedder") -> list[Finding]:
    """Mends an index: makes what is derived anew, or, where the SQLite file is damaged, rescues its documents.

    A damaged file is kept beside the new one under a name with ``damaged`` in it.

    Raises:
        StoreError: the folder cannot be written.
    """
    findings = examine(folder)
    if all(finding.sound for finding in findings):
        return findings
    if not next(finding.sound for finding in findings if finding.check == "file"):
        _rescue(folder, embedder)
    else:
        with contextlib.closing(Store.open_as_it_is(folder)) as store:
            _derive_again(store, embedder)
    return examine(folder)


def _file(store: Store) -> Finding:
    try:
        rows = store.connection.execute("PRAGMA integrity_check(5)").fetchall()
        broken = store.connection.execute("PRAGMA foreign_key_check").fetchall()
        problem = "; ".join(str(row[0]) for row in rows if row[0] != "ok") or ("foreign keys" if broken else "")
    except sqlite3.Error as error:
        problem = str(error)
    number = 0 if problem else len(store.entries())
    if problem:
        return Finding("file", False, f"{FILE_NAME} 已损坏：{problem}", f"{FILE_NAME} is damaged: {problem}")
    return Finding("file", True, f"{FILE_NAME} 完好，{number} 份文档", f"{FILE_NAME} is sound, {number} documents")


def _spans(store: Store) -> Finding:
    query = (
        "SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.document_id"
        " WHERE c.start < 0 OR c.end <= c.start OR c.end > length(d.text)"
    )
    return _counted(store, "spans", query, "个片段超出了文档的范围", "chunks lie outside their documents")


def _vectors(store: Store) -> Finding:
    query = "SELECT count(*) FROM chunks c LEFT JOIN vectors v USING (content) WHERE v.vector IS NULL OR length(v.vector) <> "
    query += str(2 * store.dimension)
    return _counted(store, "vectors", query, "个片段没有可用的向量", "chunks have no usable vector")


def _counted(store: Store, check: str, query: str, zh: str, en: str) -> Finding:
    try:
        number = int(store.connection.execute(query).fetchone()[0])
    except sqlite3.Error as error:
        return Finding(check, False, str(error), str(error))
    return Finding(check, number == 0, f"{number} {zh}", f"{number} {en}")


def _lexical(store: Store) -> Finding:
    try:
        missing = lexical.pending(store.connection)
        query = "SELECT count(*) FROM chunks WHERE segment NOT IN (SELECT id FROM segments)"
        lost = int(store.connection.execute(query).fetchone()[0])
        query = "SELECT count(*) FROM segments s WHERE NOT EXISTS (SELECT 1 FROM postings p WHERE p.segment = s.id)"
        empty = int(store.connection.execute(query).fetchone()[0])
    except sqlite3.Error as error:
        return Finding("lexical", False, str(error), str(error))
    number = missing + lost + empty
    return Finding(
        "lexical",
        number == 0,
        f"词法索引：{number} 处缺失" if number else "词法索引完整",
        f"lexical index: {number} parts missing" if number else "the lexical index is complete",
    )


def _dense(store: Store) -> Finding:
    present = (store.folder / VECTOR_FILE).exists()
    try:
        sound = present and DenseIndex.saved_is_sound(store)
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


_CHECKS: tuple[Callable[[Store], Finding], ...] = (_file, _spans, _vectors, _lexical, _dense)


def _derive_again(store: Store, embedder: "TextEmbedder") -> None:
    """Makes missing vectors, the lexical index and the FAISS file anew from the documents."""
    rows = store.connection.execute(
        "SELECT c.text FROM chunks c LEFT JOIN vectors v USING (content) WHERE v.vector IS NULL OR length(v.vector) <> ?",
        (2 * store.dimension,),
    ).fetchall()
    texts = list(dict.fromkeys(row[0] for row in rows))
    vectors = embedder.documents(texts).astype("<f2") if texts else np.empty((0, store.dimension), "<f2")
    with store.transaction() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
            [(store.content_key(text), vector.tobytes()) for text, vector in zip(texts, vectors, strict=True)],
        )
        lexical.clear(connection)
        lexical.catch_up(connection)
    with contextlib.suppress(OSError):
        (store.folder / VECTOR_FILE).unlink()
    DenseIndex.open(store)


def _rescue(folder: Path, embedder: "TextEmbedder") -> None:
    """Sets a damaged file aside and indexes the documents that can still be read from it."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    damaged = folder / f"youju.damaged-{stamp}.sqlite"
    documents = list(rescued_documents(folder))
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder / f"{FILE_NAME}{suffix}", f"{damaged}{suffix}")
    with contextlib.closing(Store.open(folder, embedder=embedder.name, dimension=embedder.dimension)) as store:
        add(store, embedder, documents, report=Report())
        DenseIndex.open(store)
