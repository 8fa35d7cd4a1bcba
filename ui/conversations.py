"""The conversations of the chat: their values and their stores, as :mod:`rag.index` has them."""

from rag.index.conversations import (
    LONGEST_TITLE,
    Conversation,
    Conversations,
    Feedback,
    Rated,
    Status,
    Summary,
    Turn,
    gone_citations,
    new_id,
    title_of,
)
from rag.index.remembered_conversations import RememberedConversations
from rag.index.saved_conversations import SavedConversations, open_conversations

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
