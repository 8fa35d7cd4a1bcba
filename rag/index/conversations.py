"""Conversations as the chat keeps them: their values, what a store of them offers, and the rules of every such store."""

import datetime
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from rag.errors import UsageError
from rag.text.surrogates import without_surrogates
from rag.text.terms import fold

if TYPE_CHECKING:
    from rag.index.store import Store

LONGEST_TITLE = 60
LONGEST_KEY = 200
MOST_WORDS = 20
Status = Literal["finished", "stopped", "failed"]
Notice = tuple[str, str]
"""Something for the reader, in Chinese and English."""


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


# -- the rules of every store -----------------------------------------------------------------------------------------


def checked_key(text: str) -> str:
    """An id as it is stored.

    Raises:
        UsageError: it is empty or far longer than those of :func:`new_id`, so that it comes from elsewhere.
    """
    if not 0 < len(text) <= LONGEST_KEY:
        raise UsageError(zh="对话的编号不对；请开始新的对话。", en="This id is not possible; begin a new conversation.")
    return without_surrogates(text)


def checked_title(title: str) -> str:
    """A title that a reader gives, on one line and cut.

    Raises:
        UsageError: it is blank.
    """
    if not title.strip():
        raise UsageError(zh="标题不能为空。", en="A title cannot be blank.")
    return title_of(title)


def shown_title(given: str | None, turns: Sequence[Turn]) -> str:
    """The title that a reader has given, else the first question; empty where there is neither."""
    return given if given is not None else title_of(turns[0].question) if turns else ""


def words_of(query: str) -> Sequence[str]:
    """The words of a query as they are compared; of very many only the first."""
    return fold(without_surrogates(query)).split()[:MOST_WORDS]


def searched(turn: Turn) -> str:
    """What of a turn is searched: its question and its answer, as they are compared."""
    return fold(without_surrogates(f"{turn.question}\n{turn.answer['text'] if turn.answer else turn.text}"))


def rated_of(conversations: Iterable[Conversation]) -> Sequence[Rated]:
    """The turns with feedback of some conversations, oldest first."""
    found = [
        Rated(turn, tuple(Conversation("", "", conversation.turns[:place]).history))
        for conversation in conversations
        for place, turn in enumerate(conversation.turns)
        if turn.feedback
    ]
    return sorted(found, key=lambda rated: rated.turn.asked)


def no_turn() -> UsageError:
    """The error for a turn that a conversation does not have."""
    return UsageError(zh="对话里没有这一问。", en="The conversation has no such turn.")


def no_conversation() -> UsageError:
    """The error for a conversation that its owner does not have."""
    return UsageError(
        zh="没有这个对话；它可能已被删除。", en="There is no such conversation; it may have been deleted."
    )
