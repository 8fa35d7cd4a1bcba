"""How conversations look as rows of an index's file, and the seals by which a row shows that it is what was written."""

import datetime
import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from rag.errors import StoreError
from rag.index.conversations import Feedback, Turn, checked_key, searched
from rag.index.database import Connection, damage
from rag.index.seals import digest
from rag.text.surrogates import without_surrogates
from rag.text.terms import fold

CONVERSATION_COLUMNS = "c.number, c.id, c.owner, c.title, c.searched, c.updated"
"""Columns of a conversation ``c`` that its seal covers."""

TURN_COLUMNS = "id, question, status, answer, text, filters, asked, good, reason, comment"
"""Columns of a turn that its seal covers."""

SAVE_TURN = f"""
INSERT INTO turns (conversation, searched, {TURN_COLUMNS}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (conversation, id) DO UPDATE SET searched = excluded.searched, question = excluded.question,
    status = excluded.status, answer = excluded.answer, text = excluded.text, filters = excluded.filters,
    asked = excluded.asked, good = excluded.good, reason = excluded.reason, comment = excluded.comment,
    seal = excluded.seal
"""  # noqa: S608
"""Adds a turn, given by the number of its conversation and :func:`turn_values`, or replaces the one with its id."""


def turn_of(connection: Connection, row: Sequence[Any]) -> Turn:
    """The turn in a row of ``TURN_COLUMNS`` and its seal; one that is not as it was written is not shown."""
    *values, seal = row
    if digest([values]) != seal:
        raise altered_conversation(connection)
    identifier, question, status, answer, text, filters, asked, good, reason, comment = values
    return Turn(
        id=identifier,
        question=question,
        status=status,
        answer=json.loads(answer),
        text=text,
        filters=json.loads(filters),
        asked=datetime.datetime.fromisoformat(asked),
        feedback=None if good is None else Feedback(bool(good), reason, comment),
    )


def altered_conversation(connection: Connection) -> StoreError:
    """The error for a conversation that is not what was written."""
    return damage(connection.folder, "一段对话与写入时不同", "a conversation is not what was written")


def turn_values(turn: Turn) -> tuple[Any, ...]:
    """A turn as values of ``searched``, ``TURN_COLUMNS`` and its seal."""
    values = (
        checked_key(turn.id),
        without_surrogates(turn.question),
        turn.status,
        without_surrogates(json.dumps(turn.answer, ensure_ascii=False)),
        without_surrogates(turn.text),
        without_surrogates(json.dumps(turn.filters, ensure_ascii=False)),
        moment_text(turn.asked),
        *feedback_values(turn.feedback),
    )
    return (searched(turn), *values, digest([values]))


def feedback_values(feedback: Feedback | None) -> tuple[int | None, str, str]:
    """A reader's feedback as values of ``good``, ``reason`` and ``comment``."""
    if feedback is None:
        return None, "", ""
    return int(feedback.good), without_surrogates(feedback.reason), without_surrogates(feedback.comment)


def moment_text(time: datetime.datetime) -> str:
    """A moment as it is stored: in UTC, so that the order of the texts is that of the moments."""
    return time.astimezone(datetime.UTC).isoformat(timespec="microseconds")


def insert_conversation(
    connection: sqlite3.Connection, owner: str, key: str, title: str | None = None, updated: str = ""
) -> int:
    """Makes a conversation and gives its number."""
    made = connection.execute(
        "INSERT INTO conversations (id, owner, title, searched, updated) VALUES (?, ?, ?, ?, ?)",
        (key, owner, title, fold(title or ""), updated or moment_text(datetime.datetime.now(datetime.UTC))),
    )
    return int(made.lastrowid or 0)


def seal_turns(connection: sqlite3.Connection, turns: Iterable[int]) -> None:
    """Writes the seals of turns, given by their numbers, in the caller's transaction that has changed them."""
    for number in turns:
        row = connection.execute(f"SELECT {TURN_COLUMNS} FROM turns WHERE number = ?", (number,)).fetchone()  # noqa: S608
        connection.execute("UPDATE turns SET seal = ? WHERE number = ?", (digest([row]), number))


def seal_conversations(connection: sqlite3.Connection, conversations: Iterable[int]) -> None:
    """The same for conversations themselves: their titles, owners and times."""
    for number in conversations:
        query = f"SELECT {CONVERSATION_COLUMNS} FROM conversations c WHERE number = ?"  # noqa: S608
        row = connection.execute(query, (number,)).fetchone()
        connection.execute("UPDATE conversations SET seal = ? WHERE number = ?", (digest([row]), number))


def damaged_turns(connection: Connection) -> int:
    """How many turns and conversations are not as they were written."""
    queries = f"SELECT {TURN_COLUMNS}, seal FROM turns", f"SELECT {CONVERSATION_COLUMNS}, c.seal FROM conversations c"  # noqa: S608
    return sum(digest([row[:-1]]) != row[-1] for query in queries for row in connection.execute(query))
