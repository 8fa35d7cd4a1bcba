"""The conversations of the chat: their values and their stores, as :mod:`rag.index.conversations` has them."""

from rag.index.conversations import (
    LONGEST_TITLE,
    Conversation,
    Conversations,
    Feedback,
    Rated,
    RememberedConversations,
    SavedConversations,
    Status,
    Summary,
    Turn,
    gone_citations,
    new_id,
    open_conversations,
    title_of,
)

__all__ = [
    "LONGEST_TITLE",
    "Conversation",
    "Conversations",
    "Feedback",
    "Rated",
    "RememberedConversations",
    "SavedConversations",
    "Status",
    "Summary",
    "Turn",
    "gone_citations",
    "new_id",
    "open_conversations",
    "title_of",
]
