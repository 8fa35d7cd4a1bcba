"""Conversations that are kept in memory, and forgotten when the program ends."""

import datetime
import threading
from collections.abc import Sequence
from dataclasses import replace

from rag.index.conversations import (
    Conversation,
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
    searched,
    shown_title,
    words_of,
)
from rag.text.terms import fold

FORGETS: Notice = ("对话只保留到程序结束。", "Conversations are kept until the program ends.")


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
        words = words_of(query)
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
            checked_key(key)
        with self._lock:
            if any(conversation_id in owned for other, owned in self._owned.items() if other != owner):
                raise no_conversation()
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
        title = checked_title(title)
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
            return rated_of(kept for each in owned for kept in each.values())

    def _holds(self, conversation: Conversation, words: Sequence[str]) -> bool:
        texts = [fold(self._titles.get(conversation.id, "")), *map(searched, conversation.turns)]
        return all(any(word in text for text in texts) for word in words)

    def _find(self, owner: str, conversation_id: str) -> Conversation:
        found = self._owned.get(owner, {}).get(conversation_id)
        if found is None:
            raise no_conversation()
        return found

    def _keep(self, owner: str, conversation: Conversation) -> None:
        title = shown_title(self._titles.get(conversation.id), conversation.turns)
        self._owned.setdefault(owner, {})[conversation.id] = replace(conversation, title=title)
        self._updated[conversation.id] = datetime.datetime.now(datetime.UTC)


def _place(conversation: Conversation, turn_id: str) -> int:
    for place, turn in enumerate(conversation.turns):
        if turn.id == turn_id:
            return place
    raise no_turn()
