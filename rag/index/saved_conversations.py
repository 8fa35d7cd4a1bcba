"""Conversations in the SQLite file of the index they are about.

What is removed is gone from the file: it is overwritten (``secure_delete``) and the write-ahead log is emptied.
"""

import contextlib
import datetime
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rag.errors import StoreError
from rag.index.conversation_rows import (
    CONVERSATION_COLUMNS,
    SAVE_TURN,
    TURN_COLUMNS,
    altered_conversation,
    feedback_values,
    insert_conversation,
    moment_text,
    seal_conversations,
    seal_turns,
    turn_of,
    turn_values,
)
from rag.index.conversations import (
    Conversation,
    Conversations,
    Feedback,
    Notice,
    Rated,
    Summary,
    Turn,
    checked_key,
    checked_title,
    no_conversation,
    no_turn,
    rated_of,
    shown_title,
    title_of,
    words_of,
)
from rag.index.database import FILE_NAME, Connection, connect
from rag.index.remembered_conversations import RememberedConversations
from rag.index.seals import digest
from rag.text.surrogates import without_surrogates
from rag.text.terms import fold

if TYPE_CHECKING:
    from rag.index.store import Store

SECONDS_TO_WIPE = 0.5
READ_ONLY: Notice = (
    "索引是只读的：对话和评价只保留到程序结束。",
    "The index is read-only: conversations and feedback are kept until the program ends.",
)

_CONVERSATION = "c.number, c.id, c.title"
_TURNS_OF = f"SELECT {TURN_COLUMNS}, seal FROM turns WHERE conversation = ? ORDER BY number"  # noqa: S608
_FIRST = "(SELECT question FROM turns WHERE conversation = c.number ORDER BY number LIMIT 1)"
_HOLDS = (
    "(instr(c.searched, ?) OR EXISTS (SELECT 1 FROM turns s WHERE s.conversation = c.number AND instr(s.searched, ?)))"
)


def open_conversations(store: "Store") -> Conversations:
    """The conversations about an index: kept in its file, or, where that cannot be written, until the program ends."""
    return SavedConversations(store) if store.writable else RememberedConversations(READ_ONLY)


class SavedConversations:
    """Conversations in the SQLite file of an index; see :class:`Conversations`.

    Every change is one transaction on a connection of its own, so that any number of threads and processes may use the
    same file. Changes do not count as changes of the index: its generation stays.
    """

    notice: Notice | None = None

    def __init__(self, store: "Store") -> None:
        """Takes the index; of one that cannot be written the conversations can still be read."""
        self._folder = store.folder
        self._writable = store.writable
        self._to_wipe = False

    def list(self, owner: str, query: str = "", limit: int = 200) -> Sequence[Summary]:  # noqa: D102 (see Conversations)
        words = words_of(query)
        select = f"""
            SELECT c.id, coalesce(c.title, {_FIRST}), c.updated, count(*), {CONVERSATION_COLUMNS}, c.seal
            FROM conversations c JOIN turns t ON t.conversation = c.number
            WHERE {" AND ".join(["c.owner = ?", *[_HOLDS] * len(words)])}
            GROUP BY c.number ORDER BY c.updated DESC, c.number DESC LIMIT ?
        """  # noqa: S608
        values = [without_surrogates(owner), *(word for word in words for _ in range(2)), limit]
        with self._reading() as connection:
            rows = connection.execute(select, values).fetchall()
            if any(digest([row[4:-1]]) != row[-1] for row in rows):
                raise altered_conversation(connection)
        return [Summary(row[0], title_of(row[1]), datetime.datetime.fromisoformat(row[2]), row[3]) for row in rows]

    def open(self, owner: str, conversation_id: str) -> Conversation:  # noqa: D102
        with self._reading() as connection:
            return _conversation(connection, *_found(connection, owner, conversation_id))

    def save(self, owner: str, conversation_id: str, turn: Turn) -> None:  # noqa: D102
        key, owner, values = checked_key(conversation_id), checked_key(owner), turn_values(turn)
        with self._change() as connection:
            row = connection.execute("SELECT number, owner FROM conversations WHERE id = ?", (key,)).fetchone()
            if row and row[1] != owner:
                raise no_conversation()
            number = row[0] if row else insert_conversation(connection, owner, key)
            known = "SELECT 1 FROM turns WHERE conversation = ? AND id = ?"
            replaces = connection.execute(known, (number, without_surrogates(turn.id))).fetchone() is not None
            connection.execute(SAVE_TURN, (number, *values))
            _touch(connection, number)
        if replaces or self._to_wipe:
            self._wipe()

    def cut(self, owner: str, conversation_id: str, turn_id: str) -> None:  # noqa: D102
        with self._change() as connection:
            number, _, _ = _found(connection, owner, conversation_id)
            first = _turn_number(connection, number, turn_id)
            connection.execute("DELETE FROM turns WHERE conversation = ? AND number >= ?", (number, first))
            _touch(connection, number)
        self._wipe()

    def rename(self, owner: str, conversation_id: str, title: str) -> None:  # noqa: D102
        title = without_surrogates(checked_title(title))
        with self._change() as connection:
            number, _, _ = _found(connection, owner, conversation_id)
            connection.execute(
                "UPDATE conversations SET title = ?, searched = ? WHERE number = ?", (title, fold(title), number)
            )
            _touch(connection, number)
        self._wipe()

    def delete(self, owner: str, conversation_id: str) -> None:  # noqa: D102
        with self._change() as connection:
            number, _, _ = _found(connection, owner, conversation_id)
            connection.execute("DELETE FROM conversations WHERE number = ?", (number,))
        self._wipe()

    def rate(self, owner: str, conversation_id: str, turn_id: str, feedback: Feedback | None) -> None:  # noqa: D102
        with self._change() as connection:
            number, _, _ = _found(connection, owner, conversation_id)
            turn = _turn_number(connection, number, turn_id)
            connection.execute(
                "UPDATE turns SET good = ?, reason = ?, comment = ? WHERE number = ?",
                (*feedback_values(feedback), turn),
            )
            seal_turns(connection, [turn])
            _touch(connection, number)
        self._wipe()

    def rated(self, owner: str | None = None) -> Sequence[Rated]:  # noqa: D102
        query = f"""
            SELECT {_CONVERSATION} FROM conversations c WHERE (?1 IS NULL OR owner = ?1)
            AND EXISTS (SELECT 1 FROM turns WHERE conversation = c.number AND good IS NOT NULL)
        """  # noqa: S608
        with self._reading() as connection:
            rows = connection.execute(query, (None if owner is None else without_surrogates(owner),)).fetchall()
            return rated_of(_conversation(connection, *row) for row in rows)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        with contextlib.closing(connect(self._folder / FILE_NAME, self._writable)) as connection:
            yield connection

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection that sees the file as it is at one moment."""
        with self._connected() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextlib.contextmanager
    def _change(self) -> Iterator[Connection]:
        """One change: it happens as a whole, or, on any error, not at all, for closing without COMMIT takes it back."""
        with self._connected() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def _wipe(self) -> None:
        """Empties the write-ahead log, which holds what was removed; while others read, that is left to the next change."""
        self._to_wipe = True
        with contextlib.suppress(StoreError), self._connected() as connection:
            connection.execute(f"PRAGMA busy_timeout = {SECONDS_TO_WIPE * 1000:.0f}")
            self._to_wipe = bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])


def _conversation(connection: Connection, number: int, key: str, title: str | None) -> Conversation:
    turns = tuple(turn_of(connection, row) for row in connection.execute(_TURNS_OF, (number,)))
    return Conversation(key, shown_title(title, turns), turns)


def _found(connection: sqlite3.Connection, owner: str, conversation_id: str) -> tuple[int, str, str | None]:
    """Number, id and given title of an owner's conversation."""
    query = f"SELECT {_CONVERSATION} FROM conversations c WHERE id = ? AND owner = ?"  # noqa: S608
    row: tuple[int, str, str | None] | None = connection.execute(
        query, (without_surrogates(conversation_id), without_surrogates(owner))
    ).fetchone()
    if row is None:
        raise no_conversation()
    return row


def _turn_number(connection: sqlite3.Connection, conversation: int, turn_id: str) -> int:
    query = "SELECT number FROM turns WHERE conversation = ? AND id = ?"
    row = connection.execute(query, (conversation, without_surrogates(turn_id))).fetchone()
    if row is None:
        raise no_turn()
    return int(row[0])


def _touch(connection: sqlite3.Connection, number: int) -> None:
    now = moment_text(datetime.datetime.now(datetime.UTC))
    connection.execute("UPDATE conversations SET updated = ? WHERE number = ?", (now, number))
    seal_conversations(connection, [number])
