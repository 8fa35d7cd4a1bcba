"""Migration: an index of an older format is brought to today's, in a copy that then takes its place.

Each step knows one format and makes the next of it. The old file is kept beside under a name with its version.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from rag.errors import StoreError
from rag.index import lexical
from rag.index.conversation_rows import seal_conversations, seal_turns
from rag.index.database import FILE_NAME, VERSION, Connection, connect, damage, is_writable
from rag.index.replacement import copy_whole, replace_file, workplace
from rag.index.seals import checksum, cyclic, seal_document, seal_settings

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
    documents = connection.execute("SELECT id, path, characters, checksum FROM documents").fetchall()
    for identifier, path, characters, recorded in documents:
        (text,) = connection.execute("SELECT text FROM documents WHERE id = ?", (identifier,)).fetchone()
        if len(text) != characters or checksum(text) != recorded:
            raise damage(connection.folder, f"文档 {path} 与加入时不同", f"the document {path} is not what was added")
        seal_document(connection, identifier)
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


_STEPS: dict[int, Callable[[Connection], None]] = {4: _seal_everything}
