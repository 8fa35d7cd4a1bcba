"""Conversations as the chat keeps them: their values, what a store of them offers, one that lasts and one that forgets.

The one that lasts keeps them in the SQLite file of the index they are about. What is removed from it is gone from the
file: it is overwritten (``secure_delete``) and the write-ahead log is emptied.
"""

import contextlib
import datetime
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from rag.errors import StoreError, UsageError
from rag.index.database import FILE_NAME, Connection, connect, connect_damaged, damage
from rag.index.seals import digest
from rag.text.surrogates import without_surrogates
from rag.text.terms import fold

if TYPE_CHECKING:
    from rag.index.store import Store

LONGEST_TITLE = 60
LONGEST_KEY = 200
MOST_WORDS = 20
SECONDS_TO_WIPE = 0.5
Status = Literal["finished", "stopped", "failed"]
Notice = tuple[str, str]
"""Something for the reader, in Chinese and English."""

FORGETS: Notice = ("对话只保留到程序结束。", "Conversations are kept until the program ends.")
READ_ONLY: Notice = (
    "索引是只读的：对话和评价只保留到程序结束。",
    "The index is read-only: conversations and feedback are kept until the program ends.",
)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a reader thinks of an answer.

    Attributes:
        good: thumb up or down.
        reason: one of the reasons offered (``wrong_figure``, ``wrong_source``, ``incomplete``, ``should_abstain``,
            ``should_answer``, ``other``); empty for a thumb up.
        comment: in the reader's words.
    """

    good: bool
    reason: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with what came of it.

    Attributes:
        id: of this turn, unique in all conversations.
        question: as asked.
        status: ``stopped`` by the reader, ``failed`` with an error; else ``finished``.
        answer: ``Answer.to_dict()`` of a finished turn; None for the others.
        text: of a stopped turn what had been written, unchecked; of a failed one the error in the reader's language.
        filters: what the search was limited to: ``after``, ``before``, ``speaker``, ``source``, ``document_id``.
        asked: when, in UTC.
        feedback: the reader's, where there is any.
    """

    id: str
    question: str
    status: Status = "finished"
    answer: dict[str, Any] | None = None
    text: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    asked: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list: its title is its first question until it is renamed."""

    id: str
    title: str
    updated: datetime.datetime
    turns: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with its turns, oldest first."""

    id: str
    title: str
    turns: tuple[Turn, ...] = ()

    @property
    def history(self) -> list[tuple[str, str]]:
        """Questions and answers of the finished turns, as ``Assistant.stream`` takes them."""
        return [(turn.question, str(turn.answer["text"])) for turn in self.turns if turn.answer]


@dataclass(frozen=True, slots=True)
class Rated:
    """A turn with feedback; ``history`` are the questions and answers before it, as for :class:`Conversation`."""

    turn: Turn
    history: tuple[tuple[str, str], ...] = ()


class Conversations(Protocol):
    """A store of conversations. Each belongs to an owner (a login name or a browser), who sees only his own.

    Every method may be called from any thread. Those that take ``conversation_id`` raise :class:`UsageError` where the
    owner has no such conversation (``save`` makes it), and those that take ``turn_id`` where it has no such turn. A
    store that lasts raises :class:`StoreError` where its file cannot be read or written; nothing has changed then.

    Attributes:
        notice: what the reader must know about the keeping of conversations; None where they last.
    """

    notice: Notice | None

    def list(self, owner: str, query: str = "", limit: int = 200) -> Sequence[Summary]:
        """The owner's conversations, last changed first; with a query those whose title, questions or answers hold it.

        Each word of the query must stand in one of them; width, case and script (traditional, simplified) do not count.
        Conversations without turns are left out.
        """

    def open(self, owner: str, conversation_id: str) -> Conversation:
        """A conversation with its turns."""

    def save(self, owner: str, conversation_id: str, turn: Turn) -> None:
        """Adds a turn at the end, or replaces the one with its id; makes the conversation with its first turn.

        Raises:
            UsageError: the conversation is someone else's, or an id is not to be used.
        """

    def cut(self, owner: str, conversation_id: str, turn_id: str) -> None:
        """Removes a turn and all after it (before its question is asked again, changed or not)."""

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Gives a conversation a title; blank is refused with :class:`UsageError`, long ones are cut."""

    def delete(self, owner: str, conversation_id: str) -> None:
        """Removes a conversation with its turns and their feedback."""

    def rate(self, owner: str, conversation_id: str, turn_id: str, feedback: Feedback | None) -> None:
        """Sets a turn's feedback, or takes it back."""

    def rated(self, owner: str | None = None) -> Sequence[Rated]:
        """All turns with feedback, oldest first; of every owner where none is given. For export to evaluation."""


def open_conversations(store: "Store") -> Conversations:
    """The conversations about an index: kept in its file, or, where that cannot be written, until the program ends."""
    return SavedConversations(store) if store.writable else RememberedConversations(READ_ONLY)


def new_id() -> str:
    """An id for a conversation, a turn or an owner that cannot be guessed."""
    return secrets.token_urlsafe(16)


def title_of(question: str) -> str:
    """A conversation's first title: its first question on one line, cut to 60 characters."""
    line = " ".join(question.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def gone_citations(store: "Store", answer: Mapping[str, Any]) -> frozenset[int]:
    """Numbers of the citations of a kept answer that no longer stand in the index.

    Their document was removed, or has another text now. Their quotes can still be read in the answer itself.

    Args:
        store: the index.
        answer: ``Answer.to_dict()``.
    """
    return frozenset(citation["number"] for citation in answer["citations"] if not _stands(store, citation))


def _stands(store: "Store", citation: Mapping[str, Any]) -> bool:
    try:
        text = store.document(citation["document_id"]).text
    except UsageError:
        return False
    return text[citation["start"] : citation["end"]] == str(citation["quote"])


# -- the store that lasts ---------------------------------------------------------------------------------------------

_CONVERSATION = "c.number, c.id, c.title"
_SEALED = "c.number, c.id, c.owner, c.title, c.searched, c.updated"
_TURN = "id, question, status, answer, text, filters, asked, good, reason, comment"
_SAVE = f"""
INSERT INTO turns (conversation, searched, {_TURN}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (conversation, id) DO UPDATE SET searched = excluded.searched, question = excluded.question,
    status = excluded.status, answer = excluded.answer, text = excluded.text, filters = excluded.filters,
    asked = excluded.asked, good = excluded.good, reason = excluded.reason, comment = excluded.comment,
    seal = excluded.seal
"""  # noqa: S608
_TURNS_OF = f"SELECT {_TURN}, seal FROM turns WHERE conversation = ? ORDER BY number"  # noqa: S608
_FIRST = "(SELECT question FROM turns WHERE conversation = c.number ORDER BY number LIMIT 1)"
_HOLDS = (
    "(instr(c.searched, ?) OR EXISTS (SELECT 1 FROM turns s WHERE s.conversation = c.number AND instr(s.searched, ?)))"
)


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
        words = _words(query)
        select = f"""
            SELECT c.id, coalesce(c.title, {_FIRST}), c.updated, count(*), {_SEALED}, c.seal
            FROM conversations c JOIN turns t ON t.conversation = c.number
            WHERE {" AND ".join(["c.owner = ?", *[_HOLDS] * len(words)])}
            GROUP BY c.number ORDER BY c.updated DESC, c.number DESC LIMIT ?
        """  # noqa: S608
        values = [without_surrogates(owner), *(word for word in words for _ in range(2)), limit]
        with self._reading() as connection:
            rows = connection.execute(select, values).fetchall()
            if any(digest([row[4:-1]]) != row[-1] for row in rows):
                raise _altered(connection)
        return [Summary(row[0], title_of(row[1]), datetime.datetime.fromisoformat(row[2]), row[3]) for row in rows]

    def open(self, owner: str, conversation_id: str) -> Conversation:  # noqa: D102
        with self._reading() as connection:
            return _conversation(connection, *_found(connection, owner, conversation_id))

    def save(self, owner: str, conversation_id: str, turn: Turn) -> None:  # noqa: D102
        key, owner, values = _key(conversation_id), _key(owner), _turn_values(turn)
        with self._change() as connection:
            row = connection.execute("SELECT number, owner FROM conversations WHERE id = ?", (key,)).fetchone()
            if row and row[1] != owner:
                raise _no_conversation()
            number = row[0] if row else _make(connection, owner, key)
            known = "SELECT 1 FROM turns WHERE conversation = ? AND id = ?"
            replaces = connection.execute(known, (number, without_surrogates(turn.id))).fetchone() is not None
            connection.execute(_SAVE, (number, *values))
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
        title = without_surrogates(_checked_title(title))
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
                (*_feedback_values(feedback), turn),
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
            return _rated_of(_conversation(connection, *row) for row in rows)

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


def seal_turns(connection: sqlite3.Connection, turns: Iterable[int]) -> None:
    """Writes the seals of turns, given by their numbers, in the caller's transaction that has changed them."""
    for number in turns:
        row = connection.execute(f"SELECT {_TURN} FROM turns WHERE number = ?", (number,)).fetchone()  # noqa: S608
        connection.execute("UPDATE turns SET seal = ? WHERE number = ?", (digest([row]), number))


def seal_conversations(connection: sqlite3.Connection, conversations: Iterable[int]) -> None:
    """The same for conversations themselves: their titles, owners and times."""
    for number in conversations:
        query = f"SELECT {_SEALED} FROM conversations c WHERE number = ?"  # noqa: S608
        row = connection.execute(query, (number,)).fetchone()
        connection.execute("UPDATE conversations SET seal = ? WHERE number = ?", (digest([row]), number))


def damaged_turns(connection: Connection) -> int:
    """How many turns and conversations are not as they were written."""
    queries = f"SELECT {_TURN}, seal FROM turns", f"SELECT {_SEALED}, c.seal FROM conversations c"  # noqa: S608
    return sum(digest([row[:-1]]) != row[-1] for query in queries for row in connection.execute(query))


def rescue_conversations(damaged: Path, store: "Store") -> None:
    """Brings into a new index what can still be read of the conversations in a damaged file."""
    turns: dict[int, list[Turn]] = {}
    conversations: Sequence[tuple[Any, ...]] = ()
    with contextlib.suppress(StoreError), contextlib.closing(connect_damaged(damaged)) as connection:
        for _, conversation, *row in _readable(connection, "turns", f"number, conversation, {_TURN}, seal"):
            with contextlib.suppress(StoreError, ValueError, TypeError):
                turns.setdefault(conversation, []).append(_turn(connection, row))
        conversations = _readable(connection, "conversations", "number, id, owner, title, updated")
    with contextlib.closing(connect(store.folder / FILE_NAME, True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for old, key, owner, title, updated in conversations:
            with contextlib.suppress(StoreError, ValueError, TypeError, AttributeError):
                number = _make(connection, owner, key, title, updated)
                connection.executemany(_SAVE, [(number, *_turn_values(turn)) for turn in turns.get(old, ())])
                seal_conversations(connection, [number])
        connection.execute("COMMIT")


def _readable(connection: Connection, table: str, columns: str) -> Sequence[tuple[Any, ...]]:
    """The rows of a damaged table up to the damage from either end, by their number, which is the first column."""
    rows: dict[int, tuple[Any, ...]] = {}
    for order in ("ASC", "DESC"):
        with contextlib.suppress(StoreError):
            for row in connection.execute(f"SELECT {columns} FROM {table} NOT INDEXED ORDER BY number {order}"):  # noqa: S608
                rows[row[0]] = row
    return [rows[number] for number in sorted(rows)]


def _conversation(connection: Connection, number: int, key: str, title: str | None) -> Conversation:
    turns = tuple(_turn(connection, row) for row in connection.execute(_TURNS_OF, (number,)))
    return Conversation(key, _title(title, turns), turns)


def _found(connection: sqlite3.Connection, owner: str, conversation_id: str) -> tuple[int, str, str | None]:
    """Number, id and given title of an owner's conversation."""
    query = f"SELECT {_CONVERSATION} FROM conversations c WHERE id = ? AND owner = ?"  # noqa: S608
    row: tuple[int, str, str | None] | None = connection.execute(
        query, (without_surrogates(conversation_id), without_surrogates(owner))
    ).fetchone()
    if row is None:
        raise _no_conversation()
    return row


def _turn_number(connection: sqlite3.Connection, conversation: int, turn_id: str) -> int:
    query = "SELECT number FROM turns WHERE conversation = ? AND id = ?"
    row = connection.execute(query, (conversation, without_surrogates(turn_id))).fetchone()
    if row is None:
        raise _no_turn()
    return int(row[0])


def _make(connection: sqlite3.Connection, owner: str, key: str, title: str | None = None, updated: str = "") -> int:
    """Makes a conversation and gives its number."""
    made = connection.execute(
        "INSERT INTO conversations (id, owner, title, searched, updated) VALUES (?, ?, ?, ?, ?)",
        (key, owner, title, fold(title or ""), updated or _moment(datetime.datetime.now(datetime.UTC))),
    )
    return int(made.lastrowid or 0)


def _touch(connection: sqlite3.Connection, number: int) -> None:
    now = _moment(datetime.datetime.now(datetime.UTC))
    connection.execute("UPDATE conversations SET updated = ? WHERE number = ?", (now, number))
    seal_conversations(connection, [number])


def _turn(connection: Connection, row: Sequence[Any]) -> Turn:
    """The turn in a row of ``_TURN`` and its seal; one that is not as it was written is not shown."""
    *values, seal = row
    if digest([values]) != seal:
        raise _altered(connection)
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


def _altered(connection: Connection) -> StoreError:
    return damage(connection.folder, "一段对话与写入时不同", "a conversation is not what was written")


def _turn_values(turn: Turn) -> tuple[Any, ...]:
    """A turn as values of ``searched``, the columns of ``_TURN`` and its seal."""
    values = (
        _key(turn.id),
        without_surrogates(turn.question),
        turn.status,
        without_surrogates(json.dumps(turn.answer, ensure_ascii=False)),
        without_surrogates(turn.text),
        without_surrogates(json.dumps(turn.filters, ensure_ascii=False)),
        _moment(turn.asked),
        *_feedback_values(turn.feedback),
    )
    return (_searched(turn), *values, digest([values]))


def _feedback_values(feedback: Feedback | None) -> tuple[int | None, str, str]:
    if feedback is None:
        return None, "", ""
    return int(feedback.good), without_surrogates(feedback.reason), without_surrogates(feedback.comment)


def _moment(time: datetime.datetime) -> str:
    """A moment as it is stored: in UTC, so that the order of the texts is that of the moments."""
    return time.astimezone(datetime.UTC).isoformat(timespec="microseconds")


def _key(text: str) -> str:
    """An id as it is stored.

    Raises:
        UsageError: it is empty or far longer than those of :func:`new_id`, so that it comes from elsewhere.
    """
    if not 0 < len(text) <= LONGEST_KEY:
        raise UsageError(zh="对话的编号不对；请开始新的对话。", en="This id is not possible; begin a new conversation.")
    return without_surrogates(text)


# -- the store that forgets -------------------------------------------------------------------------------------------


class RememberedConversations:
    """Conversations in memory, gone when the program ends; see :class:`Conversations`."""

    def __init__(self, notice: Notice | None = FORGETS) -> None:
        """``notice`` tells the reader why they are not kept."""
        self.notice = notice
        self._owned: dict[str, dict[str, Conversation]] = {}
        self._titles: dict[str, str] = {}
        self._updated: dict[str, datetime.datetime] = {}
        self._lock = threading.Lock()

    def list(self, owner: str, query: str = "", limit: int = 200) -> Sequence[Summary]:  # noqa: D102 (see Conversations)
        words = _words(query)
        with self._lock:
            found = [
                Summary(each.id, each.title, self._updated[each.id], len(each.turns))
                for each in self._owned.get(owner, {}).values()
                if each.turns and self._holds(each, words)
            ]
        return sorted(found, key=lambda summary: summary.updated, reverse=True)[:limit]

    def open(self, owner: str, conversation_id: str) -> Conversation:  # noqa: D102
        with self._lock:
            return self._find(owner, conversation_id)

    def save(self, owner: str, conversation_id: str, turn: Turn) -> None:  # noqa: D102
        for key in (owner, conversation_id, turn.id):
            _key(key)
        with self._lock:
            if any(conversation_id in owned for other, owned in self._owned.items() if other != owner):
                raise _no_conversation()
            found = self._owned.get(owner, {}).get(conversation_id) or Conversation(conversation_id, "")
            if any(each.id == turn.id for each in found.turns):
                turns = tuple(turn if each.id == turn.id else each for each in found.turns)
            else:
                turns = (*found.turns, turn)
            self._keep(owner, replace(found, turns=turns))

    def cut(self, owner: str, conversation_id: str, turn_id: str) -> None:  # noqa: D102
        with self._lock:
            found = self._find(owner, conversation_id)
            self._keep(owner, replace(found, turns=found.turns[: _place(found, turn_id)]))

    def rename(self, owner: str, conversation_id: str, title: str) -> None:  # noqa: D102
        title = _checked_title(title)
        with self._lock:
            found = self._find(owner, conversation_id)
            self._titles[conversation_id] = title
            self._keep(owner, found)

    def delete(self, owner: str, conversation_id: str) -> None:  # noqa: D102
        with self._lock:
            self._find(owner, conversation_id)
            del self._owned[owner][conversation_id]
            del self._updated[conversation_id]
            self._titles.pop(conversation_id, None)

    def rate(self, owner: str, conversation_id: str, turn_id: str, feedback: Feedback | None) -> None:  # noqa: D102
        with self._lock:
            found = self._find(owner, conversation_id)
            place = _place(found, turn_id)
            rated = replace(found.turns[place], feedback=feedback)
            self._keep(owner, replace(found, turns=(*found.turns[:place], rated, *found.turns[place + 1 :])))

    def rated(self, owner: str | None = None) -> Sequence[Rated]:  # noqa: D102
        with self._lock:
            owned = [*self._owned.values()] if owner is None else [self._owned.get(owner, {})]
            return _rated_of(kept for each in owned for kept in each.values())

    def _holds(self, conversation: Conversation, words: Sequence[str]) -> bool:
        texts = [fold(self._titles.get(conversation.id, "")), *map(_searched, conversation.turns)]
        return all(any(word in text for text in texts) for word in words)

    def _find(self, owner: str, conversation_id: str) -> Conversation:
        found = self._owned.get(owner, {}).get(conversation_id)
        if found is None:
            raise _no_conversation()
        return found

    def _keep(self, owner: str, conversation: Conversation) -> None:
        title = _title(self._titles.get(conversation.id), conversation.turns)
        self._owned.setdefault(owner, {})[conversation.id] = replace(conversation, title=title)
        self._updated[conversation.id] = datetime.datetime.now(datetime.UTC)


# -- what both have in common -----------------------------------------------------------------------------------------


def _title(given: str | None, turns: Sequence[Turn]) -> str:
    return given if given is not None else title_of(turns[0].question) if turns else ""


def _checked_title(title: str) -> str:
    if not title.strip():
        raise UsageError(zh="标题不能为空。", en="A title cannot be blank.")
    return title_of(title)


def _words(query: str) -> Sequence[str]:
    """The words of a query as they are compared; of very many only the first."""
    return fold(without_surrogates(query)).split()[:MOST_WORDS]


def _searched(turn: Turn) -> str:
    """What of a turn is searched: its question and its answer, as they are compared."""
    return fold(without_surrogates(f"{turn.question}\n{turn.answer['text'] if turn.answer else turn.text}"))


def _rated_of(conversations: Iterable[Conversation]) -> Sequence[Rated]:
    found = [
        Rated(turn, tuple(Conversation("", "", conversation.turns[:place]).history))
        for conversation in conversations
        for place, turn in enumerate(conversation.turns)
        if turn.feedback
    ]
    return sorted(found, key=lambda rated: rated.turn.asked)


def _place(conversation: Conversation, turn_id: str) -> int:
    for place, turn in enumerate(conversation.turns):
        if turn.id == turn_id:
            return place
    raise _no_turn()


def _no_turn() -> UsageError:
    return UsageError(zh="对话里没有这一问。", en="The conversation has no such turn.")


def _no_conversation() -> UsageError:
    return UsageError(
        zh="没有这个对话；它可能已被删除。", en="There is no such conversation; it may have been deleted."
    )
