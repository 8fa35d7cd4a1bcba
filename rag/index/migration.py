"""Migration: an index of an older format is brought to today's, in a copy that then takes its place.

Each step knows one format and makes the next of it. The old file is kept beside under a name with its version.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from rag.errors import DamageError, StoreError
from rag.index import lexical
from rag.index.conversation_rows import seal_conversations, seal_turns
from rag.index.database import FILE_NAME, VERSION, Connection, connect, damage, is_writable
from rag.index.replacement import copy_whole, replace_file, workplace
from rag.index.seals import SEALED_BEFORE_6, checksum, cyclic, digest, parts_of, seal_known, seal_settings

_COUNTED = ("documents", "chunks", "facts", "vectors", "links", "conversations", "turns")


def is_older(settings: dict[str, str]) -> bool:
    """Whether settings are those of an index of an older format that is known."""
    version = settings.get("version", "")
    # Format 5 brought seals: only damage gives settings that have one an older number.
    return version.isdecimal() and int(version) in _STEPS and ("seal" in settings) == (int(version) > 4)


def migrate(folder: Path) -> None:
    """Brings an index of an older format (:func:`is_older`) to today's.

    Killed at any moment, it leaves the index as it was, or brought up to date.

    Raises:
        StoreError: the index cannot be written, or is damaged.
    """
    file = folder / FILE_NAME
    version = _version(file)
    if not is_writable(file):
        raise StoreError(
            zh=f"索引 {folder} 是旧格式（版本 {version}），需要升级，但文件夹不可写。请检查权限，或把它复制到可写的地方再打开。",
            en=f"The index {folder} has an older format (version {version}) and must be brought up to date, but its folder "
            "cannot be written. Check the permissions, or copy it to where it can.",
        )
    with workplace(folder) as place:
        version = _version(file)  # another process may have done it while this one waited
        if version in _STEPS:
            copy = place / FILE_NAME
            copy_whole(file, copy)
            upgrade(copy, folder)
            replace_file(folder, copy, f"version{version}")


def upgrade(file: Path, folder: Path) -> None:
    """Brings a file that nobody else has open to today's format, step by step; ``folder`` is the index's, for messages.

    Raises:
        DamageError: the file is damaged, or the outcome is not what went in.
    """
    with contextlib.closing(connect(file, writable=True)) as connection:
        connection.folder = folder
        before = _counts(connection)
        while (version := _version_of(connection)) in _STEPS:
            connection.execute("BEGIN IMMEDIATE")
            _STEPS[version](connection)
            connection.execute("UPDATE settings SET value = ? WHERE key = 'version'", (str(version + 1),))
            seal_settings(connection)
            connection.execute("COMMIT")
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok" or _counts(connection) != before or _version_of(connection) != VERSION:
            raise damage(
                folder, f"升级后与升级前不一致：{problem}", f"what was upgraded differs from before: {problem}"
            )


def _seal_everything(connection: Connection) -> None:
    """4 → 5: documents, vectors, postings and turns carry seals."""
    _add_columns(connection)
    for (identifier,) in connection.execute("SELECT id FROM documents").fetchall():
        query = f"SELECT {SEALED_BEFORE_6}, text FROM documents WHERE id = ?"  # noqa: S608
        *known, _, text = connection.execute(query, (identifier,)).fetchone()
        if len(text) != known[11] or checksum(text) != known[12]:
            raise _altered(connection, known[2])
        parts = parts_of(connection, identifier)
        connection.execute(
            "UPDATE documents SET parts = ?, seal = ? WHERE id = ?", (parts, digest([[*known, parts]]), identifier)
        )
    vectors = connection.execute("SELECT id, content, vector FROM vectors").fetchall()
    connection.executemany(
        "UPDATE vectors SET checksum = ? WHERE id = ?",
        ((cyclic(content, vector), number) for number, content, vector in vectors),
    )
    seal_turns(connection, [row[0] for row in connection.execute("SELECT number FROM turns").fetchall()])
    seal_conversations(
        connection, [row[0] for row in connection.execute("SELECT number FROM conversations").fetchall()]
    )
    connection.execute("DROP TABLE postings")
    connection.execute("DROP TABLE segments")
    connection.execute("UPDATE chunks SET segment = NULL")
    lexical.create_tables(connection)
    lexical.catch_up(connection)


def _mark_what_is_not_sure(connection: Connection) -> None:
    """5 → 6: documents tell whether their day is guessed and which of their characters are unsure; in those of before none is.

    Both stand before the text, as in a new index: what stands behind it takes all its pages to read.
    """
    connection.execute("ALTER TABLE documents RENAME COLUMN text TO text_before")
    for column in (
        "date_is_guessed INTEGER NOT NULL DEFAULT 0",
        "unsure TEXT NOT NULL DEFAULT '[]'",
        "text TEXT NOT NULL DEFAULT ''",
    ):
        connection.execute(f"ALTER TABLE documents ADD COLUMN {column}")
    for (identifier,) in connection.execute("SELECT id FROM documents").fetchall():
        query = f"SELECT {SEALED_BEFORE_6}, seal, text_before FROM documents WHERE id = ?"  # noqa: S608
        *known, seal, text = connection.execute(query, (identifier,)).fetchone()
        if digest([known]) != seal or checksum(text) != known[12]:
            raise _altered(connection, known[2])
        connection.execute("UPDATE documents SET text = ? WHERE id = ?", (text, identifier))
        seal_known(connection, identifier)
    connection.execute("ALTER TABLE documents DROP COLUMN text_before")


def _altered(connection: Connection, path: str) -> DamageError:
    return damage(connection.folder, f"文档 {path} 与加入时不同", f"the document {path} is not what was added")


def _add_columns(connection: sqlite3.Connection) -> None:
    for table, column in (
        ("documents", "parts BLOB NOT NULL DEFAULT x''"),
        ("documents", "seal BLOB NOT NULL DEFAULT x''"),
        ("vectors", "checksum INTEGER NOT NULL DEFAULT 0"),
        ("turns", "seal BLOB NOT NULL DEFAULT x''"),
        ("conversations", "seal BLOB NOT NULL DEFAULT x''"),
    ):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _version(file: Path) -> int:
    with contextlib.closing(connect(file, is_writable(file))) as connection:
        return _version_of(connection)


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT value FROM settings WHERE key = 'version'").fetchone()[0])


def _counts(connection: sqlite3.Connection) -> list[int]:
    return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _COUNTED]  # noqa: S608


_STEPS: dict[int, Callable[[Connection], None]] = {4: _seal_everything, 5: _mark_what_is_not_sure}
